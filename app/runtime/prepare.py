"""Bring the database up to date: `python -m app.runtime.prepare`. Safe on many machines at once."""

from datetime import UTC, datetime

import flask_migrate
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.config import Settings
from app.extensions import db
from app.runtime.plan import LINK
from app.runtime.production import refuse_unsafe_data
from app.staff.actions import first_admin_link

# Any number that nothing else in the database uses as an advisory lock.
PREPARE_LOCK = 7_266_173_001


def prepare(app: Flask) -> None:
    """Migrate; then load the demo on empty data, or print a way in for the first superadmin.

    Raises UnsafeSettings when production would run on a database that is not safe for it.
    """
    settings: Settings = app.extensions["settings"]
    migrate(app)
    refuse_unsafe_data(app)
    if settings.demo:
        load_demo(app)
    elif link := make_first_admin_link(app, settings.base_url):
        print(f"{LINK}{link}")


def migrate(app: Flask) -> None:
    """Migrate, one machine at a time."""
    with app.app_context(), db.engine.connect() as guard:
        guard.execute(text("SET LOCAL statement_timeout = 0"))
        guard.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PREPARE_LOCK})
        flask_migrate.upgrade()


def load_demo(app: Flask) -> None:
    """The demo installation. Imported here: other installations have no use for it."""
    from demo.load import load_demo as load  # noqa: PLC0415

    load(app)


def make_first_admin_link(app: Flask, base_url: str) -> str | None:
    """A link that works once, as long as nobody can administrate."""
    with app.app_context():
        link = first_admin_link(db.session(), base_url, datetime.now(UTC))
        db.session.commit()
    return link


if __name__ == "__main__":
    prepare(create_app())
