"""The reports over a million bookings against the bare SQL that they send, and what writing costs.

Run: `.venv/bin/python -m bench.reports [times] [rows] [tab]`

`report` builds what a tab shows; `bare SQL` sends the same statements by psycopg; `plain` asks the
bookings themselves instead of the sums. Writing: one booking changed, with and without triggers.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import event, text

from app.extensions import db
from app.reports.actions import merge
from app.reports.gathering import Asked
from app.reports.periods import Period
from app.reports.queries import Wanted
from app.reports.routes import MAKERS
from app.staff.scope import EVERYTHING
from bench.bookings_page import milliseconds, p95
from bench.report_rows import fill
from bench.rows import WEBSITES
from bench.servers import bench

GOAL, RATIO = 300, 1.5
PLAIN = """SELECT source, website_id, currency, count(*) FILTER (WHERE status IN ('confirmed',
'checked_in', 'completed', 'no_show')), sum(guest_count) FILTER (WHERE status IN ('confirmed',
'checked_in', 'completed', 'no_show')), sum(total_amount - coalesce(refunded_amount, 0)) FILTER
(WHERE status IN ('confirmed', 'checked_in', 'completed', 'no_show')) FROM bookings
WHERE booked_day BETWEEN %s AND %s GROUP BY 1, 2, 3"""
CHANGE = """UPDATE bookings SET guest_count = mod(guest_count, 6) + 1
WHERE id = (SELECT id FROM bookings WHERE booking_ref = %s)"""


def asked(days: int, compare: bool) -> Asked:
    """Somebody who sees everything, and the last so many days."""
    today = date.today()  # noqa: DTZ011  (any day does)
    period = Period(today - timedelta(days=days - 1), today)
    before = Wanted(period.before()) if compare else None
    names = dict.fromkeys(WEBSITES, "A website")
    return Asked(db.session(), EVERYTHING, Wanted(period), before, names, sees_amounts=True)


def statements_of(make: Callable[[], Any]) -> list[tuple[str, Any]]:
    """What is sent to the database, to be sent again."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    make()
    event.remove(db.engine, "before_cursor_execute", note)
    return sent


def send(connection: Any, statements: list[tuple[str, Any]]) -> None:
    for statement, values in statements:
        connection.execute(statement, values).fetchall()


def measure(app: Flask, connection: Any, times: int, only: str = "") -> None:
    """One line for each tab and period."""
    print(f"{'':26}{'report':>16}{'bare SQL':>16}{'ratio':>8}")
    for days, compare in ((30, False), (365, False), (730, False), (365, True)):
        for tab, maker in MAKERS.items():
            if only not in ("", tab):
                continue
            make = partial(maker, asked(days, compare))
            bare = partial(send, connection, statements_of(make))
            taken = milliseconds(make, times), milliseconds(bare, times)
            cells = [f"{statistics.median(t):6.1f} /{p95(t):6.1f}" for t in taken]
            ratio = statistics.median(taken[0]) / statistics.median(taken[1])
            name = f"{tab}, {days} days{', compared' if compare else ''}"
            print(f"{name:32}{cells[0]:>16}{cells[1]:>16}{ratio:8.2f}", flush=True)
    first = date.today() - timedelta(days=729)  # noqa: DTZ011
    plain = partial(send, connection, [(PLAIN, (first, first + timedelta(days=729)))])
    print(f"{'plain, 730 days':32}{statistics.median(milliseconds(plain, 3)):>13.1f}")


def write(connection: Any, rows: int, times: int) -> list[float]:
    """Milliseconds of one change after another."""
    taken = []
    for number in range(times):
        start = time.perf_counter()
        connection.execute(CHANGE, (f"HW-{number * 7919 % rows + 1:07}",))
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def measure_writing(connection: Any, rows: int, times: int) -> None:
    """The triggers' share of a change, taken in turns."""
    figures: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
    for _ in range(4):
        for act in figures:
            connection.execute(f"ALTER TABLE bookings {act} TRIGGER USER")
            figures[act] += write(connection, rows, times)
    connection.execute("ALTER TABLE bookings ENABLE TRIGGER USER")
    with_, without = (statistics.median(taken) for taken in figures.values())
    print(f"one change: {with_:.2f} ms with the sums, {without:.2f} without")


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with bench() as stand:
        fill(stand.app, rows)
        plain = stand.database_url.replace("postgresql+psycopg", "postgresql")
        with stand.app.app_context(), psycopg.connect(plain, autocommit=True) as connection:
            start = time.perf_counter()
            while merge(db.session()):
                db.session.commit()
            db.session.commit()
            connection.execute("VACUUM ANALYZE")
            kept = db.session.scalar(text("SELECT count(*) FROM booking_days"))
            print(
                f"{rows:,} bookings, {kept:,} sums, merged in {time.perf_counter() - start:.0f} s"
            )
            measure(stand.app, connection, times, *sys.argv[3:4])
            measure_writing(connection, rows, 200)
    print(f"milliseconds, median / p95; goal < {GOAL}, ratio < {RATIO}")


if __name__ == "__main__":
    main()
