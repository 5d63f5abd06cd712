"""Migrations and models say the same, and every step goes back."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from app.extensions import Base, db


@pytest.mark.committed
def test_models_and_migrations_agree(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.committed
def test_every_migration_goes_down_and_up_again(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        assert left == set()
        upgrade()
        assert {"bookings", "events"} <= set(inspect(db.engine).get_table_names())


@pytest.mark.committed
@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET name = 'x'", "DELETE FROM events", "TRUNCATE events CASCADE"],
)
def test_nobody_changes_the_log(app: Flask, statement: str) -> None:
    insert = (
        "INSERT INTO events (uid, name, subject_type, subject_id, actor_kind, actor_id,"
        " actor_label, door, request_id, ip, changes)"
        " VALUES (gen_random_uuid(), 'a', 'b', 'c', 'd', 'e', 'f', 'g', '', '', '{}')"
    )
    with app.app_context():
        db.session.execute(text(insert))
        db.session.commit()
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(text(statement))
