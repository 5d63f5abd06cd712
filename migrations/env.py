"""Runs the migrations over the application's own engine."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import text

from app.crypto import EncryptedText
from app.extensions import Base, db


def render_item(kind: str, obj: Any, autogen_context: Any) -> str | bool:
    """A migration must not depend on the code of the day: an encrypted column is text."""
    if kind == "type" and isinstance(obj, EncryptedText):
        return "sa.Text()"
    return False


def run() -> None:
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=False,
            render_item=render_item,
        )
        with context.begin_transaction():
            # A large table takes longer than any page may.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            context.run_migrations()


if not current_app:
    raise RuntimeError("run migrations through `flask db`")
run()
