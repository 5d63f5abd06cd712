"""The demo's past: what the loader writes is dated as if it had happened when its story says.

The tables date their rows themselves, and the log cannot be changed afterwards. So the loader sets
the clock that they read: inside its transaction, and only there, their default is a setting of
that transaction. When it ends everything is as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

SETTING = "onebooking.demo_now"
DATED = (
    ("events", "occurred_at"),
    ("sync_logs", "created_at"),
    ("customers", "created_at"),
    ("customers", "updated_at"),
    ("bookings", "created_at"),
    ("bookings", "updated_at"),
)
_DEFAULT = text("""
    SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
    JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = CAST(:table AS regclass) AND a.attname = :column
""")
_FOLLOW = text("""
    UPDATE bookings b SET
        updated_at = e.last_change,
        checked_in_at = CASE WHEN b.checked_in_at IS NOT NULL THEN e.check_in END
    FROM (
        SELECT booking_id, max(occurred_at) AS last_change,
            max(occurred_at) FILTER (WHERE changes -> 'status' ->> 1 = 'checked_in') AS check_in
        FROM events WHERE booking_id IS NOT NULL AND version IS NOT NULL GROUP BY booking_id
    ) AS e
    WHERE e.booking_id = b.id
""")


class Clock:
    """The time of the story, for the transaction of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._moment = ""

    def set(self, now: datetime) -> None:
        """What is written from here on happened then; never in the future."""
        moment = min(now, datetime.now(UTC)).isoformat()
        if moment == self._moment:
            return
        self._moment = moment
        self._session.execute(
            text("SELECT set_config(:name, :value, true)"), {"name": SETTING, "value": moment}
        )

    @contextmanager
    def running(self) -> Iterator[Clock]:
        """Have the tables read this clock; afterwards bookings follow the dates of their events."""
        before = [(table, column, self._default(table, column)) for table, column in DATED]
        for table, column in DATED:
            self._read_from(table, column, f"current_setting('{SETTING}')::timestamptz")
        yield self
        self._session.flush()
        self._session.execute(_FOLLOW)
        for table, column, default in before:
            self._read_from(table, column, default)
        self._session.expire_all()

    def _default(self, table: str, column: str) -> str:
        return str(self._session.scalar(_DEFAULT, {"table": table, "column": column}))

    def _read_from(self, table: str, column: str, default: str) -> None:
        self._session.execute(
            text(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}")
        )
