"""The bookings page at 10,000 and at 1,000,000 rows, and against the bare SQL and template.

Run: `.venv/bin/python -m bench.bookings_page [requests] [rows]`
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from flask import Flask, template_rendered
from flask.testing import FlaskClient

from app.extensions import db
from bench.rows import fill
from bench.servers import Bench, bench
from tests.desk import browser_of
from tests.factories import person

PAGES = {
    "all websites": "/bookings",
    "one website": "/bookings?website=hanuman-world",
    "cancelled": "/bookings?status=cancelled",
    "search by name": "/bookings?q=guest+4711",
    "search by reference": "/bookings?q=HW-0004711",
}
GROWTH_GOAL, BARE_GOAL = 1.3, 4.0
BARE = """SELECT id, website_id, booking_ref, source, version, package_name, venue, activity_date,
time_slot, starts_at, guest_count, total_amount, currency, status, checked_in_at, customer_name,
customer_phone, special_requests, transport_type, hotel_name, room_number, non_players,
private_passengers, admin_notes, created_at FROM bookings WHERE activity_date >= current_date
ORDER BY activity_date, time_slot, id LIMIT 51"""


def milliseconds(act: Callable[[], Any], times: int) -> list[float]:
    """How long each of `times` runs took, after a warm-up."""
    taken = []
    for number in range(times + 5):
        start = time.perf_counter()
        act()
        if number >= 5:
            taken.append((time.perf_counter() - start) * 1000)
    return taken


def p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


@contextmanager
def quiet() -> Any:
    """Keep request logs out of the figures' table."""
    sys.stdout.flush()
    kept, sink = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(sink)


def ask(client: FlaskClient, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 200, response.status


def bare(stand: Bench, client: FlaskClient) -> Callable[[], None]:
    """The same rows by raw psycopg, and the same template with the context of a real request."""
    rendered: list[tuple[Any, dict[str, Any]]] = []

    def keep(_app: Flask, template: Any, context: dict[str, Any], **_: Any) -> None:
        rendered.append((template, context))

    with template_rendered.connected_to(keep, stand.app):
        ask(client, PAGES["all websites"])
    template, context = rendered[-1]
    plain = stand.database_url.replace("postgresql+psycopg", "postgresql")
    connection = psycopg.connect(plain, autocommit=True)

    def run() -> None:
        rows = connection.execute(BARE.encode()).fetchall()
        assert len(rows) == 51
        with stand.app.test_request_context(PAGES["all websites"]):
            template.render(context)

    return run


def measure(stand: Bench, times: int) -> dict[str, list[float]]:
    with stand.app.app_context():
        client = browser_of(stand.app, person("superadmin"))
        db.session.commit()
    figures = {name: milliseconds(partial(ask, client, url), times) for name, url in PAGES.items()}
    return {**figures, "bare SQL + template": milliseconds(bare(stand, client), times)}


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with bench() as stand:
        fill(stand.app, 1, 10_000)
        with quiet():
            few = measure(stand, times)
        fill(stand.app, 10_001, many)
        with quiet():
            full = measure(stand, times)
    print(f"{'':22}{'10,000':>16}{many:>16,}{'p95 grows':>12}")
    for name in few:
        cells = [f"{statistics.median(t):6.1f} /{p95(t):6.1f}" for t in (few[name], full[name])]
        growth = p95(full[name]) / p95(few[name])
        print(f"{name:22}{cells[0]:>16}{cells[1]:>16}{growth:12.2f}")
    ratio = statistics.median(full["all websites"]) / statistics.median(full["bare SQL + template"])
    print(f"milliseconds, median / p95; growth goal < {GROWTH_GOAL}")
    print(f"page / (bare SQL + template) at {many:,} rows: {ratio:.2f} (goal < {BARE_GOAL})")


if __name__ == "__main__":
    main()
