"""Who is reminded when: by the clock of the place, once per time of a visit, never too late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import Event, Outbox
from app.extensions import db
from app.messaging import reminders
from app.messaging.models import MessageSettings, Notice
from app.messaging.reminders import Place, WindowAt
from app.schedule.rhythm import instant
from app.venues.models import Activity, Venue
from tests.factories import BookingFactory, PartnerFactory, VenueFactory, WebsiteFactory
from tests.harness.counting import counted_queries

MADRID = ZoneInfo("Europe/Madrid")
SATURDAY, SUNDAY = date(2026, 3, 28), date(2026, 3, 29)
"""On this Sunday the clocks of Madrid go forward."""
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("db_session")


def website(zone: str = "Europe/Madrid", **settings: Any) -> str:
    made = WebsiteFactory(timezone=zone)
    settings = {"email_by": "capture", **settings}
    db.session.add(MessageSettings(website_id=made.id, **settings))
    db.session.flush()
    return str(made.id)


def venue(zone: str = "Europe/Madrid", **fields: Any) -> Venue:
    made: Venue = VenueFactory(website_id=website(zone), timezone=zone, **fields)
    return made


def place(of: Venue) -> Place:
    return Place(of.website_id, of.id, of.name, ZoneInfo(of.timezone))


def visit(of: Venue, day: date, clock: time | None, **fields: Any) -> Booking:
    starts = None if clock is None else datetime.combine(day, clock, ZoneInfo(of.timezone))
    usual = {
        "website_id": of.website_id,
        "venue_id": of.id,
        "activity_date": day,
        "time_slot": f"{clock:%H:%M}" if clock else "Any time",
        "starts_at": starts,
        "created_at": LONG_AGO,
    }
    made: Booking = BookingFactory(**(usual | fields))
    return made


def run(window: WindowAt, of: Venue, due: datetime, now: datetime | None = None) -> int:
    """What a run that was due then reminds of, done at `now`."""
    here = place(of)
    total, moved = 0, 1
    while moved:
        moved = reminders.remind(db.session(), here, window(here.zone, due), now or due)
        total += moved
    return total


def reminded() -> set[Any]:
    """Ids of the bookings about which channels hear."""
    query = select(Event.booking_id).join(Outbox, Outbox.event_id == Event.id)
    return set(db.session.scalars(query.where(Event.name == "message.wanted")))


def local(day: date, clock: time, zone: ZoneInfo = MADRID) -> datetime:
    return instant(day, clock, zone)


def test_sunday_lunch_on_saturday_at_ten() -> None:
    anchor = venue()
    lunch = visit(anchor, SUNDAY, time(13), booking_type="sunday_lunch")
    visit(anchor, SUNDAY, time(20), booking_type="regular")
    visit(anchor, SUNDAY + timedelta(days=7), time(13), booking_type="sunday_lunch")
    visit(venue(), SUNDAY, time(13), booking_type="sunday_lunch")
    due = local(SATURDAY, time(10))
    assert due.hour == 9, "before the clocks change"
    assert run(reminders.tomorrows_lunch, anchor, due) == 1
    assert reminded() == {lunch.id}
    event = db.session.scalars(select(Event).where(Event.name == "message.wanted")).one()
    assert (event.changes, event.version) == ({"kind": [None, "reminder"]}, None)
    assert (event.website_id, event.customer_id) == (lunch.website_id, lunch.customer_id)
    assert run(reminders.tomorrows_lunch, anchor, due) == 0, "once"


@pytest.mark.parametrize(
    "status", ["pending", "cancelled", "refunded", "no_show", "expired", "checked_in", "completed"]
)
def test_only_who_is_expected(status: str) -> None:
    anchor = venue()
    visit(anchor, SUNDAY, time(13), booking_type="sunday_lunch", status=status)
    assert run(reminders.tomorrows_lunch, anchor, local(SATURDAY, time(10))) == 0


def test_guests_of_partners_hear_from_their_partner() -> None:
    anchor = venue()
    visit(anchor, SUNDAY, time(14), partner_id=PartnerFactory().id)
    assert run(reminders.later_today, anchor, local(SUNDAY, time(10))) == 0


def test_the_day_from_noon_and_the_morning_the_evening_before() -> None:
    """Together the two runs of each day cover every time of a day once."""
    park = venue()
    made = [visit(park, SUNDAY, time(hour, 30)) for hour in (0, 1, 3, 9, 11, 12, 15, 23)]
    any_time = visit(park, SUNDAY, None)
    run(reminders.next_morning, park, local(SATURDAY, time(18)))
    assert reminded() == {booking.id for booking in made[:5]} | {any_time.id}
    run(reminders.later_today, park, local(SUNDAY, time(10)))
    assert reminded() == {booking.id for booking in [*made, any_time]}
    everything = select(Notice).order_by(Notice.visit_at)
    assert len(db.session.scalars(everything).all()) == 9


def test_a_visit_after_midnight_that_is_booked_for_the_day_before() -> None:
    bar = venue()
    late = visit(bar, SATURDAY, time(23), starts_at=local(SUNDAY, time(0, 30)))
    assert run(reminders.later_today, bar, local(SATURDAY, time(10))) == 0
    run(reminders.next_morning, bar, local(SATURDAY, time(18)))
    assert reminded() == {late.id}


def test_a_lunch_booked_after_the_run_is_reminded_of_on_its_day() -> None:
    anchor = venue()
    early = visit(anchor, SUNDAY, time(13), booking_type="sunday_lunch")
    run(reminders.tomorrows_lunch, anchor, local(SATURDAY, time(10)))
    noon = local(SATURDAY, time(12))
    late = visit(anchor, SUNDAY, time(14), booking_type="sunday_lunch", created_at=noon)
    assert run(reminders.later_today, anchor, local(SUNDAY, time(10))) == 1
    assert reminded() == {early.id, late.id}


def test_who_has_just_booked_knows() -> None:
    park = venue()
    due = local(SUNDAY, time(10))
    visit(park, SUNDAY, time(15), created_at=due - timedelta(minutes=119))
    assert run(reminders.later_today, park, due) == 0
    visit(park, SUNDAY, time(15), created_at=due - timedelta(minutes=121))
    assert run(reminders.later_today, park, due) == 1


def test_a_run_that_comes_late_leaves_out_what_has_begun() -> None:
    park = venue()
    visit(park, SUNDAY, time(13))
    later = visit(park, SUNDAY, time(16))
    due = local(SUNDAY, time(10))
    assert run(reminders.later_today, park, due, now=local(SUNDAY, time(13))) == 1
    assert reminded() == {later.id}
    assert run(reminders.later_today, park, due, now=due + timedelta(days=2)) == 0


def test_a_visit_that_moved_is_reminded_of_again() -> None:
    park = venue()
    booking = visit(park, SATURDAY, time(15))
    assert run(reminders.later_today, park, local(SATURDAY, time(10))) == 1
    booking.activity_date = SUNDAY
    booking.starts_at = local(SUNDAY, time(15))
    db.session.flush()
    assert run(reminders.later_today, park, local(SUNDAY, time(10))) == 1
    assert run(reminders.later_today, park, local(SUNDAY, time(10))) == 0


@pytest.mark.parametrize(
    ("zone", "monday"),
    [
        ("Europe/Madrid", date(2026, 3, 23)),
        ("Europe/Madrid", date(2026, 10, 19)),
        ("America/New_York", date(2026, 3, 2)),
        ("America/New_York", date(2026, 10, 26)),
        ("Asia/Bangkok", date(2026, 3, 23)),
        ("Australia/Lord_Howe", date(2026, 3, 30)),
        ("Australia/Lord_Howe", date(2026, 9, 28)),
    ],
)
def test_a_week_in_which_clocks_jump(zone: str, monday: date) -> None:
    """Every visit once, at 10:00 or 18:00 of the clock on the wall; lunch on Saturday at 10:00."""
    park = venue(zone)
    db.session.add(Activity(venue_id=park.id, name="Lunch", price=0, booking_type="sunday_lunch"))
    days = [monday + timedelta(days=n) for n in range(1, 9)]
    regular = [visit(park, day, time(hour)) for day in days for hour in (9, 13, 21)]
    sunday = monday + timedelta(days=6)
    lunch = visit(park, sunday, time(12, 30), booking_type="sunday_lunch")
    told = simulated_week(monday, ZoneInfo(zone))
    for booking in [*regular, lunch]:
        expected = (booking.activity_date, time(10))
        if booking.time_slot == "09:00":
            expected = (booking.activity_date - timedelta(days=1), time(18))
        if booking is lunch:
            expected = (sunday - timedelta(days=1), time(10))
        assert told[booking.id] == expected


def simulated_week(monday: date, zone: ZoneInfo) -> dict[Any, tuple[date, time]]:
    """Nine days of a worker that looks every half hour: when each booking was reminded of."""
    told: dict[Any, tuple[date, time]] = {}
    found = list(reminders.jobs(db.session()))
    assert len(found) == 5, "three for the venue, two for what has none"
    now = instant(monday, time(0), zone)
    done = {job.name: job.rhythm.last_due(now) for job in found}
    seen = 0
    while now < instant(monday + timedelta(days=9), time(0), zone):
        for job in found:
            due = job.rhythm.last_due(now)
            if due != done[job.name]:
                done[job.name] = due
                at_present(now, [task.step for task in job.tasks_at(due)])
        fresh = reminded() - told.keys()
        local_now = now.astimezone(zone)
        told |= dict.fromkeys(fresh, (local_now.date(), local_now.time()))
        seen += len(fresh)
        now += timedelta(minutes=30)
    notices = db.session.scalars(select(Notice.booking_id)).all()
    assert len(notices) == len(set(notices)) == seen
    return told


def at_present(now: datetime, steps: list[Callable[[Any], int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reminders, "present", lambda: now)
        for step in steps:
            while step(db.session()):
                pass


def test_places_of_websites_that_write() -> None:
    silent = WebsiteFactory()
    db.session.add(MessageSettings(website_id=silent.id))
    VenueFactory(website_id=silent.id)
    VenueFactory()
    nowhere = venue()
    nowhere.timezone = "Atlantis/Centre"
    gone = WebsiteFactory(is_active=False)
    db.session.add(MessageSettings(website_id=gone.id, email_by="smtp"))
    good = venue("Asia/Bangkok")
    db.session.flush()
    found = {each.key: each for each in reminders.places(db.session())}
    assert found.keys() == {str(good.id), good.website_id, nowhere.website_id}
    jobs = {job.name: job for job in reminders.jobs(db.session())}
    assert f"sunday-reminders:{good.id}" not in jobs, "it has no Sunday lunch"
    mine = jobs[f"reminders:{good.id}"]
    assert mine.website_id == good.website_id
    assert mine.rhythm.words == "Every day at 10:00, Bangkok time"


def test_bookings_without_a_venue_follow_their_website() -> None:
    site = website("Asia/Bangkok")
    zone = ZoneInfo("Asia/Bangkok")
    other = venue("Asia/Bangkok")
    elsewhere: Venue = VenueFactory(website_id=site)
    visit(elsewhere, SUNDAY, time(15))
    booking = visit(other, SUNDAY, time(15), website_id=site, venue_id=None)
    here = Place(site, None, "Site", zone)
    due = local(SUNDAY, time(10), zone)
    assert reminders.remind(db.session(), here, reminders.later_today(zone, due), due) == 1
    assert reminded() == {booking.id}


def test_in_batches_and_few_queries(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH", 4)
    park = venue()
    for _ in range(10):
        visit(park, SUNDAY, time(15))
    due = local(SUNDAY, time(10))
    window = reminders.later_today(MADRID, due)
    with counted_queries(app) as statements:
        assert reminders.remind(db.session(), place(park), window, due) == 4
    assert len(statements) <= 2 + 4, "a look, the notices, and one event each"
    assert run(reminders.later_today, park, due) == 6
