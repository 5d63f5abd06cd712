"""Who is asked for a review: two hours after the visit, once, and not at night."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import Event
from app.extensions import db
from app.messaging import reviews
from app.messaging.models import MessageSettings
from app.venues.models import Activity, Venue
from tests.factories import BookingFactory, PartnerFactory, VenueFactory, WebsiteFactory

ZONES = ("Europe/Madrid", "America/New_York", "Asia/Bangkok", "Australia/Lord_Howe")
MADRID = ZoneInfo("Europe/Madrid")
SUNDAY = date(2026, 10, 25)
"""The clocks of Madrid go back."""
pytestmark = pytest.mark.usefixtures("db_session")


def venue(zone: str = "Europe/Madrid", **settings: Any) -> Venue:
    site = WebsiteFactory(timezone=zone)
    said = {"email_by": "capture", "review_link": "https://example.com/review", **settings}
    db.session.add(MessageSettings(website_id=site.id, **said))
    made: Venue = VenueFactory(website_id=site.id, timezone=zone)
    return made


def visit(of: Venue, begins: datetime, minutes: int | None = 90, **fields: Any) -> Booking:
    activity_id = None
    if minutes is not None:
        activity = Activity(venue_id=of.id, name="Dinner", price=0, duration_minutes=minutes)
        db.session.add(activity)
        db.session.flush()
        activity_id = activity.id
    usual = {
        "website_id": of.website_id,
        "venue_id": of.id,
        "activity_id": activity_id,
        "activity_date": begins.astimezone(ZoneInfo(of.timezone)).date(),
        "starts_at": begins,
        "status": "checked_in",
    }
    made: Booking = BookingFactory(**(usual | fields))
    return made


def noon(zone: ZoneInfo = MADRID) -> datetime:
    return datetime.combine(SUNDAY, time(12), zone).astimezone(UTC)


def asked_at(now: datetime) -> int:
    return reviews.ask_for_reviews(db.session(), now)


@pytest.mark.parametrize(("minutes", "due"), [(90, 210), (30, 150), (None, 180)])
def test_two_hours_after_its_end(minutes: int | None, due: int) -> None:
    visit(venue(), noon(), minutes)
    when = noon() + timedelta(minutes=due)
    assert asked_at(when - timedelta(seconds=1)) == 0
    assert asked_at(when) == 1
    assert asked_at(when + timedelta(minutes=10)) == 0, "once"
    event = db.session.scalars(select(Event).where(Event.name == "message.wanted")).one()
    assert event.changes == {"kind": [None, "review_request"]}


def test_once_also_when_the_time_was_put_right_afterwards() -> None:
    booking = visit(venue(), noon())
    assert asked_at(noon() + timedelta(hours=4)) == 1
    booking.starts_at = noon() - timedelta(hours=1)
    db.session.flush()
    assert asked_at(noon() + timedelta(hours=5)) == 0


@pytest.mark.parametrize(
    ("status", "asked"),
    [("completed", 1), ("confirmed", 0), ("no_show", 0), ("cancelled", 0), ("pending", 0)],
)
def test_only_who_was_there(status: str, asked: int) -> None:
    visit(venue(), noon(), status=status)
    assert asked_at(noon() + timedelta(hours=4)) == asked


@pytest.mark.parametrize("settings", [{"email_by": "off"}, {"review_link": None}])
def test_only_websites_that_ask(settings: dict[str, Any]) -> None:
    visit(venue(**settings), noon())
    assert asked_at(noon() + timedelta(hours=4)) == 0


def test_not_the_guests_of_partners() -> None:
    visit(venue(), noon(), partner_id=PartnerFactory().id)
    assert asked_at(noon() + timedelta(hours=4)) == 0


def test_not_any_more_after_a_day() -> None:
    visit(venue(), noon(), 60)
    assert asked_at(noon() + timedelta(hours=27, minutes=1)) == 0


@pytest.mark.parametrize("zone", ZONES)
def test_a_late_dinner_waits_for_the_morning(zone: str) -> None:
    """Also in the night in which the clocks of the place jump."""
    here = ZoneInfo(zone)
    of = venue(zone)
    begins = datetime.combine(SUNDAY - timedelta(days=1), time(20), here).astimezone(UTC)
    booking = visit(of, begins)
    bare = visit(of, begins, None, venue_id=None)
    told: list[time] = []
    now = begins
    while now < begins + timedelta(hours=20):
        if asked_at(now):
            told.append(now.astimezone(here).time())
        now += timedelta(minutes=10)
    assert told == [time(8)], (booking, bare)


def test_quiet_hours_may_be_switched_off() -> None:
    of = venue()
    of.quiet_from = of.quiet_until = None
    visit(of, noon() + timedelta(hours=8), 60)
    assert asked_at(noon() + timedelta(hours=11)) == 1


def test_an_unknown_zone_stops_nobody_else() -> None:
    lost = venue()
    visit(lost, noon())
    lost.timezone = "Atlantis/Centre"
    visit(venue(), noon())
    assert asked_at(noon() + timedelta(hours=4)) == 1
