"""Thirty days of twenty activities: the calculator against its bare SQL; and the last seats.

Run: `.venv/bin/python -m bench.availability [runs] [rounds]`
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.venues.availability import calendar
from app.venues.loading import load
from app.venues.models import Activity, Departure, SlotUsage, Venue
from bench.servers import Bench, bench
from tests.api import test_last_seats as seats
from tests.factories import WebsiteFactory
from tests.venues.made import TREK, a_venue, an_activity

ACTIVITIES, DAYS = 20, 30
FIRST = date(2027, 3, 1)
LAST = FIRST + timedelta(days=DAYS - 1)
BARE = (
    "SELECT * FROM venues JOIN websites ON websites.id = website_id WHERE venues.id = %(venue)s",
    "SELECT * FROM activities WHERE venue_id = %(venue)s",
    """SELECT d.* FROM departures d JOIN activities a ON a.id = d.activity_id
       WHERE a.venue_id = %(venue)s AND d.day BETWEEN %(first)s AND %(last)s""",
    """SELECT u.* FROM slot_usage u JOIN activities a ON a.id = u.activity_id
       WHERE a.venue_id = %(venue)s AND u.day BETWEEN %(first)s AND %(last)s""",
)


def fill(app: Flask) -> None:
    """A busy venue: most slots of the next month are partly taken."""
    with app.app_context():
        WebsiteFactory.create(id="ours")
        venue = a_venue("ours")
        for number in range(ACTIVITIES):
            leaves = number % 4 == 0
            activity = an_activity(venue, **{**(TREK if leaves else {}), "name": f"No {number}"})
            for day in range(DAYS):
                at = FIRST + timedelta(days=day)
                row: Any = SlotUsage(activity_id=activity.id, day=at, slot="10:00", used=5)
                if leaves:
                    noon = datetime(2027, 1, 1, 12, tzinfo=UTC).time()
                    row = Departure(activity_id=activity.id, day=at, time=noon)
                db.session.add(row)
        db.session.commit()


def milliseconds(act: Callable[[], Any], runs: int) -> float:
    """The median of so many runs, after a warm-up."""
    taken = []
    for number in range(runs + 3):
        start = time.perf_counter()
        act()
        if number >= 3:
            taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def month(stand: Bench, runs: int) -> None:
    """A month of a venue: how many milliseconds, and how many times the bare SQL."""
    fill(stand.app)
    plain = stand.database_url.replace("postgresql+psycopg", "postgresql")
    now = datetime(2027, 2, 1, tzinfo=UTC)
    with stand.app.app_context(), psycopg.connect(plain, autocommit=True) as connection:
        venue_id = db.session.scalars(select(Venue.id)).one()
        said = {"venue": venue_id, "first": FIRST, "last": LAST}

        def ours() -> None:
            db.session.expunge_all()
            (plan,) = load(db.session(), [venue_id], FIRST, LAST)
            for offer in plan.offers:
                calendar(plan, offer, FIRST, LAST, now)

        def bare() -> None:
            for query in BARE:
                connection.execute(query, said).fetchall()

        took, raw = milliseconds(ours, runs), milliseconds(bare, runs)
    ratio = took / raw
    print(f"30 days of 20 activities: {took:.1f} ms, {ratio:.1f} x bare SQL ({raw:.1f} ms)")


def last_seats(stand: Bench, rounds: int) -> None:
    """200 calls at once for 7 seats, over and over: sold exactly, and how fast."""
    with stand.app.app_context():
        db.session.rollback()
    seats.fill(stand.app, rounds)
    with stand.serving(WEB_PROCESSES="2", RATE_LIMITS="off") as url, stand.app.app_context():
        trips = db.session.scalars(
            select(Activity).where(Activity.name.startswith("Trip")).order_by(Activity.name)
        ).all()
        start = time.perf_counter()
        for trip in trips[:rounds]:
            said = asyncio.run(seats.together(url, trip))
            assert seats.sold_in(said) == (seats.SEATS, seats.CALLS - seats.SEATS), said
        took = time.perf_counter() - start
    calls = seats.CALLS * min(rounds, len(trips))
    print(f"last seats: sold exactly in {rounds} rounds, {calls / took:.0f} calls/s")


if __name__ == "__main__":
    with bench() as stand:
        month(stand, int(sys.argv[1]) if len(sys.argv) > 1 else 50)
        last_seats(stand, int(sys.argv[2]) if len(sys.argv) > 2 else 20)
