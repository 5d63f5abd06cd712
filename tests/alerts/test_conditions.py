"""Each condition at its threshold; each alert told once when it begins and once when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.alerts import actions
from app.alerts.calls import BOOKINGS, DATABASE
from app.alerts.conditions import Condition, find
from app.alerts.models import Alert, CallMinute
from app.deliveries.models import Destination
from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent, Outbox
from app.extensions import db
from app.messaging.models import Kind, Medium, Message
from app.payments.models import Payment, PaymentKind
from app.platforms.models import PlatformConnection, PlatformReservation
from app.schedule.jobs import Job, Schedule
from app.schedule.models import ScheduledRun
from app.schedule.rhythm import daily
from tests.factories import BookingFactory, VenueFactory, WebsiteFactory
from tests.harness.counting import counted_queries

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("db_session")
Found = list[tuple[str, str]]


@pytest.fixture(autouse=True)
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> Schedule:
    """An installation with one job, due at 11:00."""
    made = Schedule()
    made.use([Job("tidy", daily(11), label="Tidy up", website_id="ours")], ())
    monkeypatch.setattr(actions, "schedule", made)
    return made


def pay(website_id: str, state: str, count: int, ago: timedelta = 5 * MINUTE) -> None:
    booking = BookingFactory(website_id=website_id)
    for _ in range(count):
        at = {"created_at": NOW - ago, "updated_at": NOW - ago}
        what = {"kind": PaymentKind.DEPOSIT, "amount": Decimal(5), "currency": "EUR"}
        row = Payment(website_id=website_id, booking_id=booking.id, state=state, **what, **at)
        db.session.add(row)
    db.session.flush()


def text_to(website_id: str, state: str, count: int, medium: Medium = Medium.SMS) -> None:
    for _ in range(count):
        new = NewEvent("booking.created", "booking", "x", website_id=website_id)
        event_id = record(db.session(), SYSTEM, new)
        what = {"kind": Kind.REMINDER, "medium": medium, "audience": "guest", "state": state}
        at = NOW - timedelta(hours=20)
        row = Message(website_id=website_id, event_id=event_id, created_at=at, **what)
        db.session.add(row)
    db.session.flush()


def called(door: str, calls: int, errors: int = 0, ago: timedelta = MINUTE) -> None:
    row = CallMinute(minute=NOW - ago, door=door, calls=calls, errors=errors)
    db.session.merge(row)
    db.session.flush()


def failing(minutes: int, **fields: Any) -> Destination:
    since = NOW - minutes * MINUTE
    made = Destination(
        channel="webhook", key=f"x:{minutes}", label="Pier 9", failing_since=since, **fields
    )
    db.session.add(made)
    db.session.flush()
    return made


def found(schedule: Schedule | None = None) -> Found:
    return [(each.condition, each.key) for each in find(db.session(), schedule or Schedule(), NOW)]


@pytest.mark.parametrize(
    ("paid", "failed", "fires"), [(38, 2, False), (37, 2, True), (2, 2, False), (3, 2, True)]
)
def test_payments(paid: int, failed: int, fires: bool) -> None:
    """More than 5 %, of at least five; two at least, since one guest's card is no incident."""
    WebsiteFactory(id="ours")
    pay("ours", "completed", paid)
    pay("ours", "declined", failed - 1)
    pay("ours", "failed", 1)
    pay("ours", "expired", 50)
    assert found() == ([(Condition.PAYMENT_FAILURES, "ours")] if fires else [])


def test_payments_of_another_website_do_not_hide_them() -> None:
    for name in ("ours", "theirs"):
        WebsiteFactory(id=name, name=f"The {name}")
    pay("ours", "failed", 5)
    pay("theirs", "completed", 500)
    (finding,) = find(db.session(), Schedule(), NOW)
    assert (finding.website_id, finding.value) == ("ours", 100)
    assert finding.message == "The ours: 5 of 5 payments failed in the last hour."


def test_payments_of_long_ago() -> None:
    WebsiteFactory(id="ours")
    pay("ours", "failed", 9, ago=61 * MINUTE)
    assert found() == []


@pytest.mark.parametrize(
    ("arrived", "lost", "fires"), [(38, 2, False), (37, 2, True), (17, 2, False)]
)
def test_sms(arrived: int, lost: int, fires: bool) -> None:
    WebsiteFactory(id="ours")
    text_to("ours", "delivered", arrived)
    text_to("ours", "undelivered", lost - 1)
    text_to("ours", "failed", 1)
    text_to("ours", "sent", 30)
    text_to("ours", "held_back", 30)
    text_to("ours", "failed", 30, Medium.EMAIL)
    assert found() == ([(Condition.SMS_DELIVERY, "ours")] if fires else [])


@pytest.mark.parametrize(
    ("calls", "errors", "fires"), [(200, 2, False), (199, 2, True), (49, 9, False)]
)
def test_api_errors(calls: int, errors: int, fires: bool) -> None:
    called("sync", calls - 10, errors)
    called("octo", 10)
    called("sync", 1000, 1000, ago=15 * MINUTE)
    called(BOOKINGS, 500, 500)
    assert found() == ([(Condition.API_ERRORS, "")] if fires else [])


@pytest.mark.parametrize(("errors", "fires"), [(2, False), (3, True)])
def test_the_database(errors: int, fires: bool) -> None:
    called(DATABASE, 0, errors)
    called(DATABASE, 0, 50, ago=6 * MINUTE)
    assert found() == ([(Condition.DATABASE, "")] if fires else [])


def test_destinations() -> None:
    failing(15)
    failing(17, is_on=False)
    bad = failing(16, website_id="ours")
    (finding,) = find(db.session(), Schedule(), NOW)
    assert (finding.key, finding.website_id) == (str(bad.id), "ours")
    assert finding.message == "Nothing arrives at Pier 9."


def test_a_platform_that_cannot_be_pulled() -> None:
    for minutes, is_enabled in ((15, True), (16, False), (17, True)):
        venue = VenueFactory(website_id=WebsiteFactory(id=f"site-{minutes}").id, name="The Anchor")
        since = NOW - minutes * MINUTE
        row = PlatformConnection(
            website_id=venue.website_id,
            venue_id=venue.id,
            platform_type="covermanager",
            is_enabled=is_enabled,
            sync_failing_since=since,
        )
        db.session.add(row)
        db.session.flush()
    [finding] = find(db.session(), Schedule(), NOW)
    assert (finding.condition, finding.key, finding.website_id) == (
        *(Condition.PLATFORM, str(row.id)),
        "site-17",
    )
    assert "The Anchor" in finding.message
    assert "CoverManager" in finding.message


@pytest.mark.parametrize(
    ("last_due", "finished", "started", "fires"),
    [
        (0, True, 0, False),
        (0, False, 59, True),
        (24, True, 0, True),
        (24, False, 0, True),
        (None, False, 0, False),
    ],
)
def test_scheduled_work(
    no_jobs: Schedule, last_due: int | None, finished: bool, started: int, fires: bool
) -> None:
    """Due at 11:00, looked at at 12:00."""
    due = NOW - timedelta(hours=1)
    if last_due is not None:
        at = due - timedelta(hours=last_due)
        run = ScheduledRun(job="tidy", due_at=at, started_at=at, lease_until=at)
        run.finished_at = at if finished else None
        db.session.add(run)
        db.session.flush()
    assert found(no_jobs) == ([(Condition.SCHEDULE, "tidy")] if fires else [])


def test_a_first_run_that_has_just_begun_is_not_late(no_jobs: Schedule) -> None:
    due = NOW - timedelta(hours=1)
    begun = NOW - 14 * MINUTE
    db.session.add(ScheduledRun(job="tidy", due_at=due, started_at=begun, lease_until=NOW))
    db.session.flush()
    assert found(no_jobs) == []


def told() -> list[tuple[str, str]]:
    query = select(Event).join(Outbox, Outbox.event_id == Event.id).order_by(Event.id)
    return [(event.name, event.meta["condition"]) for event in db.session.scalars(query)]


def test_an_alert_is_told_once_and_ends_after_two_calm_looks() -> None:
    bad = failing(20, website_id="ours")
    assert actions.check(db.session(), NOW) == 1
    assert actions.check(db.session(), NOW) == 0
    assert actions.check(db.session(), NOW + MINUTE) == 0
    assert told() == [("alert.fired", "A destination fails")]
    since, bad.failing_since = bad.failing_since, None
    assert actions.check(db.session(), NOW + 2 * MINUTE) == 0
    assert actions.check(db.session(), NOW + 2 * MINUTE) == 0, "the same look twice is one"
    # It comes back in between: all of it is one alert.
    bad.failing_since = since
    assert actions.check(db.session(), NOW + 3 * MINUTE) == 0
    bad.failing_since = None
    assert actions.check(db.session(), NOW + 4 * MINUTE) == 0
    assert actions.check(db.session(), NOW + 5 * MINUTE) == 1
    assert told() == [
        ("alert.fired", "A destination fails"),
        ("alert.resolved", "A destination fails"),
    ]
    alert = db.session.scalars(select(Alert)).one()
    assert alert.resolved_at == NOW + 5 * MINUTE
    assert (alert.seen_at, alert.website_id) == (NOW + 3 * MINUTE, "ours")
    bad.failing_since = since
    assert actions.check(db.session(), NOW + 9 * MINUTE) == 1, "later it is another one"
    assert len(db.session.scalars(select(Alert)).all()) == 2


def test_bookings_that_are_not_at_their_platform(no_jobs: Schedule) -> None:
    venue = VenueFactory.create(website_id=WebsiteFactory(id="inn").id, name="The Anchor")
    at = PlatformConnection(website_id="inn", venue_id=venue.id, platform_type="covermanager")
    db.session.add(at)
    db.session.flush()

    def booked(reference: str, state: str, problem: str | None, **fields: Any) -> None:
        place = {"website_id": "inn", "venue_id": venue.id, "starts_at": NOW + 60 * MINUTE}
        booking = BookingFactory(booking_ref=reference, **{**place, **fields})
        row = PlatformReservation(website_id="inn", connection_id=at.id, booking_id=booking.id)
        row.is_ours, row.state, row.problem = True, state, problem
        db.session.add(row)
        db.session.flush()

    booked("TB-1", "live", None)
    booked("TB-2", "refused", "No availability", status="cancelled")
    booked("TB-3", "refused", "No availability", starts_at=NOW - MINUTE)
    assert find(db.session(), no_jobs, NOW) == []
    booked("TB-5", "unknown", "No answer.")
    (found,) = find(db.session(), no_jobs, NOW)
    assert found.message == "The Anchor: not at CoverManager as it should be: TB-5."
    booked("TB-4", "refused", "No availability")
    (found,) = find(db.session(), no_jobs, NOW)
    assert (found.condition, found.website_id) == (Condition.RESERVATION, "inn")
    assert found.message == "The Anchor: not at CoverManager as it should be: TB-4, TB-5."


def test_a_look_takes_few_queries(app: Flask) -> None:
    for number in range(3):
        WebsiteFactory(id=f"w{number}")
        pay(f"w{number}", "failed", 5)
        failing(20 + number)
    actions.check(db.session(), NOW)
    with counted_queries(app) as statements:
        assert actions.check(db.session(), NOW + MINUTE) == 0
    assert len(statements) <= 12 + 6, "what is found, and a note at each of six alerts"


def test_what_is_old_is_forgotten() -> None:
    now = datetime.now(UTC)
    for days in (31, 29):
        minute = (now - timedelta(days=days)).replace(second=0, microsecond=0)
        db.session.add(CallMinute(minute=minute, door="sync"))
    long_ago = now - timedelta(days=401)
    db.session.add(Alert(condition="database", message="x", resolved_at=long_ago))
    db.session.add(Alert(condition="database", message="x", fired_at=long_ago))
    db.session.flush()
    assert actions.prune(db.session()) == 2
    assert actions.prune(db.session()) == 0
