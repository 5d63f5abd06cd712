"""Bring the database up to date: `python -m app.runtime.prepare`. Safe on many machines at once."""

import flask_migrate
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.extensions import db

# Any number that nothing else in the database uses as an advisory lock.
PREPARE_LOCK = 7_266_173_001


def migrate(app: Flask) -> None:
    """Migrate, one machine at a time."""
    with app.app_context(), db.engine.connect() as guard:
        guard.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PREPARE_LOCK})
        flask_migrate.upgrade()


if __name__ == "__main__":
    migrate(create_app())
