"""Counting calls, in memory first: nobody who calls waits for it, and nobody's call fails for it.

Each process adds its sums to the minutes of the table every few seconds. What cannot be written
just now stays in memory and goes along later; so failures to reach the database are counted too.
"""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session

from app.logs import get_logger

FLUSH_EVERY = 10.0
"""Seconds."""
MOST_ROWS = 2_000
"""Minutes and doors kept in memory; the oldest are given up first."""
BOUNDS = (25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
"""Milliseconds; what took longer is under `more`."""
MORE = "more"
DATABASE = "(database)"
"""The door whose errors are failures to reach the database."""
BOOKINGS = "(bookings)"
"""The door that counts the wishes to book, whichever way they came."""

log = get_logger()

_ADD = text("""
    INSERT INTO call_minutes AS c (minute, door, calls, errors, refusals, total_ms, over)
    VALUES (:minute, :door, :calls, :errors, :refusals, :total_ms, CAST(:over AS jsonb))
    ON CONFLICT (minute, door) DO UPDATE SET
        calls = c.calls + excluded.calls,
        errors = c.errors + excluded.errors,
        refusals = c.refusals + excluded.refusals,
        total_ms = c.total_ms + excluded.total_ms,
        over = (
            SELECT coalesce(jsonb_object_agg(key, n), '{}'::jsonb) FROM (
                SELECT key, sum(value::bigint) AS n FROM (
                    SELECT * FROM jsonb_each_text(c.over)
                    UNION ALL SELECT * FROM jsonb_each_text(excluded.over)
                ) AS every GROUP BY key
            ) AS sums
        )
""")


@dataclass
class Tally:
    """What one door saw in one minute."""

    calls: int = 0
    errors: int = 0
    refusals: int = 0
    total_ms: int = 0
    over: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add the other's sums."""
        self.calls += other.calls
        self.errors += other.errors
        self.refusals += other.refusals
        self.total_ms += other.total_ms
        self.over.update(other.over)


Key = tuple[datetime, str]


def present() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def bound(ms: float) -> str:
    """The smallest bound that a call kept."""
    place = bisect_left(BOUNDS, ms)
    return str(BOUNDS[place]) if place < len(BOUNDS) else MORE


class Recorder:
    """The counts of this process. Safe for threads; after a fork each process has its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[Key, Tally] = {}
        self._engine: Engine | None = None
        self._process = 0
        self._stopping = threading.Event()

    def write_to(self, engine: Engine) -> None:
        """Write to this database by itself from now on; `close` at the end of the process."""
        self._engine = engine
        watch(engine)

    def call(self, door: str, status: int, ms: float) -> None:
        """Note one answer."""
        error, refusal = int(status >= 500), int(400 <= status < 500)
        self._note(door, Tally(1, error, refusal, round(ms), Counter({bound(ms): 1})))

    def unreachable(self) -> None:
        """Note that the database could not be reached."""
        self._note(DATABASE, Tally(errors=1))

    def flush(self, session: Session) -> int:
        """Write what was counted, in the caller's transaction. Returns how many rows."""
        return _write(session, self.take())

    def take(self) -> dict[Key, Tally]:
        """Everything counted so far; from here on it is the caller's."""
        with self._lock:
            taken, self._rows = self._rows, {}
        return taken

    def restore(self, rows: Mapping[Key, Tally]) -> None:
        """Put back what could not be written."""
        with self._lock:
            for key, tally in rows.items():
                self._rows.setdefault(key, Tally()).add(tally)
            self._stay_small()

    def close(self) -> None:
        """Write the rest, once more."""
        self._stopping.set()
        self._save()

    def _note(self, door: str, tally: Tally) -> None:
        minute = present().replace(second=0, microsecond=0)
        with self._lock:
            self._rows.setdefault((minute, door), Tally()).add(tally)
            self._stay_small()
            begins = self._engine is not None and self._process != os.getpid()
            if begins:
                self._process = os.getpid()
        if begins:
            threading.Thread(target=self._keep_writing, name="calls", daemon=True).start()

    def _stay_small(self) -> None:
        while len(self._rows) > MOST_ROWS:
            del self._rows[min(self._rows)]

    def _keep_writing(self) -> None:
        while not self._stopping.wait(FLUSH_EVERY):
            self._save()

    def _save(self) -> None:
        rows = self.take()
        if not rows or self._engine is None:
            return
        try:
            with Session(self._engine) as session, session.begin():
                _write(session, rows)
        except Exception as error:
            self.restore(rows)
            log.warning("calls not counted yet", kind=type(error).__name__)


def _write(session: Session, rows: Mapping[Key, Tally]) -> int:
    if rows:
        # In one order, so that two processes never wait for each other.
        session.execute(_ADD, [_row(key, rows[key]) for key in sorted(rows)])
    return len(rows)


def _row(key: Key, tally: Tally) -> dict[str, Any]:
    return {
        "minute": key[0],
        "door": key[1],
        "calls": tally.calls,
        "errors": tally.errors,
        "refusals": tally.refusals,
        "total_ms": tally.total_ms,
        "over": json.dumps(tally.over),
    }


recorder = Recorder()
"""Of this process."""


def watch(engine: Engine) -> None:
    """Count when this engine cannot connect, or loses a connection."""
    if not event.contains(engine, "handle_error", _failed):
        event.listen(engine, "handle_error", _failed)


def _failed(context: ExceptionContext) -> None:
    if context.connection is None or context.is_disconnect:
        recorder.unreachable()
