"""Counting the statements that a piece of code sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from app.extensions import db


@contextmanager
def counted_rows(app: Flask) -> Iterator[list[int]]:
    """How many rows each statement inside the block answers or changes."""
    rows: list[int] = []

    def note(_c: Any, cursor: Any, _statement: str, _p: Any, _x: Any, _many: bool) -> None:
        rows.append(max(cursor.rowcount, 0))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", note)
    try:
        yield rows
    finally:
        event.remove(engine, "after_cursor_execute", note)


@contextmanager
def counted_queries(app: Flask) -> Iterator[list[str]]:
    """The statements sent inside the block; savepoints do not count."""
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _p: Any, _x: Any, _many: bool) -> None:
        if "SAVEPOINT" not in statement:
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
