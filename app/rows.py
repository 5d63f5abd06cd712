"""Many rows in one statement: as one JSON text that PostgreSQL takes apart.

Of the ways to insert thousands of rows this is the one that is one statement (so a trigger for
statements runs once), knows conflicts, and costs Python next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_rows(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], *, then: str = ""
) -> list[Any]:
    """Insert rows that all have the same columns. A column that a row has and the table has not is
    left out, and one that no row has gets its default in the database.

    `then`: what follows in SQL, such as `ON CONFLICT DO NOTHING RETURNING id`: what it returns is
    returned.
    """
    if not rows:
        return []
    names = [column.name for column in table.c if column.name in rows[0]]
    encoders = {
        name: kind for name in names if isinstance(kind := table.c[name].type, TypeDecorator)
    }
    data = [{name: row[name] for name in names} for row in rows]
    for name, kind in encoders.items():
        for row in data:
            row[name] = kind.process_bind_param(row[name], _DIALECT)
    listed = ", ".join(names)
    statement = text(
        f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM"  # noqa: S608 (our own names)
        f" json_populate_recordset(NULL::{table.name}, CAST(:rows AS json)) {then}"
    )
    result = session.execute(statement, {"rows": json.dumps(data, default=_plain)})
    return list(result.scalars()) if "RETURNING" in then else []


def _plain(value: Any) -> str:
    """A value as PostgreSQL reads it."""
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} cannot be sent")
