"""Scheduled messages by several workers at once, asked for beside the regular run, and after a
downtime: each guest once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.bookings.models import Booking
from app.events.models import SYSTEM, Event, Outbox
from app.extensions import db
from app.messaging import reminders, reviews
from app.messaging.models import MessageSettings, Notice
from app.schedule import asked
from app.schedule.clock import Clock
from app.schedule.jobs import Job, Schedule
from app.schedule.models import ScheduledRun
from app.schedule.rhythm import instant
from app.venues.models import Venue
from tests.factories import BookingFactory, VenueFactory, WebsiteFactory

ZONE = ZoneInfo("Australia/Lord_Howe")
SUNDAY = date(2026, 4, 5)
"""The clocks go back by half an hour."""
GUESTS = 60
pytestmark = pytest.mark.committed


@pytest.fixture
def park(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Venue]:
    """A venue with many visits on Sunday afternoon, looked at in small batches."""
    for room in (reminders, reviews):
        monkeypatch.setattr(room, "BATCH", 7)
    with app.app_context():
        site = WebsiteFactory(id="ours", timezone=ZONE.key)
        link = {"email_by": "capture", "review_link": "https://example.com/review"}
        db.session.add(MessageSettings(website_id=site.id, **link))
        venue: Venue = VenueFactory(website_id=site.id, timezone=ZONE.key)
        starts = {"starts_at": instant(SUNDAY, time(13), ZONE), "activity_date": SUNDAY}
        made = {"website_id": site.id, "venue_id": venue.id}
        first = BookingFactory(**made, **starts)
        for _ in range(GUESTS - 1):
            BookingFactory(**made, **starts, customer_id=first.customer_id)
        db.session.query(Booking).update({"created_at": datetime(2026, 1, 1, tzinfo=UTC)})
        db.session.commit()
        yield venue
        db.session.remove()


def together(*works: Callable[[], None]) -> None:
    gate = threading.Barrier(len(works))
    faults: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        gate.wait(10)
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []


def clock() -> Clock:
    """A worker of its own."""
    schedule = Schedule()
    schedule.use([reviews.job()], (), [reminders.jobs])
    return Clock(db.engine, schedule)


def at(day: date, clock_time: time, monkeypatch: pytest.MonkeyPatch) -> datetime:
    now = instant(day, clock_time, ZONE)
    monkeypatch.setattr(reminders, "present", lambda: now)
    monkeypatch.setattr(reviews, "present", lambda: now)
    return now


def told() -> tuple[int, int, int]:
    """Guests noted, events written, events to be handed out."""
    db.session.rollback()
    count = func.count()
    wanted = select(count).where(Event.name == "message.wanted")
    guests = select(func.count(Notice.booking_id.distinct()))
    waiting = select(count).select_from(Outbox)
    found = [db.session.scalar(query) or 0 for query in (guests, wanted, waiting)]
    return found[0], found[1], found[2]


def test_two_workers(park: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    now = at(SUNDAY, time(10, 0, 5), monkeypatch)
    first, second = clock(), clock()
    together(lambda: first.tick(now), lambda: second.tick(now))
    assert told() == (GUESTS, GUESTS, GUESTS)
    second.tick(now + timedelta(minutes=5))
    assert told() == (GUESTS, GUESTS, GUESTS)


def test_the_regular_run_and_one_that_was_asked_for(
    park: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "GIVEN_UP_AFTER", timedelta(days=36_500))
    now = at(SUNDAY, time(10, 0, 5), monkeypatch)
    job = job_of(park)
    assert asked.ask(db.session(), SYSTEM, job, now)
    db.session.commit()
    # A worker does what was asked for, another does the regular run.
    first, second = clock(), clock()
    together(first.do_asked, lambda: second.look(job, now))
    assert told() == (GUESTS, GUESTS, GUESTS)
    runs = db.session.scalars(select(ScheduledRun).where(ScheduledRun.job == job.name)).all()
    assert len(runs) == 2
    assert all(run.finished_at for run in runs)


def job_of(park: Venue) -> Job:
    found = {job.name: job for job in reminders.jobs(db.session())}
    return found[f"reminders:{park.id}"]


@pytest.mark.parametrize(
    ("back_at", "day", "expected"),
    [
        (time(12, 30), SUNDAY, GUESTS),
        (time(13), SUNDAY, 0),
        (time(9), SUNDAY + timedelta(days=1), 0),
        (time(9), SUNDAY + timedelta(days=9), 0),
    ],
)
def test_after_a_downtime(
    park: Venue, monkeypatch: pytest.MonkeyPatch, back_at: time, day: date, expected: int
) -> None:
    """Caught up with, but not for visits that have begun; and only what was due last."""
    before = clock()
    before.tick(at(SUNDAY - timedelta(days=3), time(12), monkeypatch))
    runs = told_runs()
    after = clock()
    after.tick(at(day, back_at, monkeypatch))
    assert told() == (expected, expected, expected)
    assert told_runs() == runs * 2


def told_runs() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(ScheduledRun)) or 0


def test_two_workers_ask_for_reviews(park: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    db.session.query(Booking).update({"status": "completed"})
    db.session.commit()
    now = at(SUNDAY, time(16), monkeypatch)
    first, second = clock(), clock()
    together(lambda: first.tick(now), lambda: second.tick(now))
    assert told() == (GUESTS, GUESTS, GUESTS)
    # After a night of downtime nobody is asked again.
    clock().tick(at(SUNDAY + timedelta(days=1), time(9), monkeypatch))
    assert told() == (GUESTS, GUESTS, GUESTS)
