"""The venues of the demo: all that is sold can be booked, and most bookings have a place."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.venues.availability import calendar
from app.venues.loading import load
from app.venues.models import Activity, DiveSite, SlotRule, SlotUsage, Venue
from app.venues.plan import State
from app.websites.models import Website
from demo.catalogue import BRANDS


def test_every_website_has_its_venues(hub: Session) -> None:
    names = {
        website: set(hub.scalars(select(Venue.name).where(Venue.website_id == website)))
        for website in hub.scalars(select(Website.id))
    }
    assert names["coral-divers"] == {"Coral Divers Kata", "Coral Divers Racha Pier"}
    assert {
        website: len(found) for website, found in names.items() if website != "coral-divers"
    } == {brand.id: 1 for brand in BRANDS if brand.id != "coral-divers"}
    assert len(hub.scalars(select(DiveSite)).all()) == 4


def test_all_of_the_catalogue_is_sold_at_its_venue(hub: Session) -> None:
    query = select(Venue.website_id, Venue.name, Activity.name, Activity.price).join(Activity)
    sold = {(row[0], row[2]): (row[1], row[3]) for row in hub.execute(query)}
    for brand in BRANDS:
        for package in brand.packages:
            venue, price = sold[brand.id, package.name]
            assert price == package.price
            assert package.venue in (None, venue)


def test_every_activity_can_be_booked_within_a_week(hub: Session) -> None:
    now = datetime.now(UTC)
    venues = hub.scalars(select(Venue.id)).all()
    rules = set()
    for plan in load(hub, venues, plan_day(now), plan_day(now, 10)):
        for offer in plan.activities:
            found = calendar(plan, offer, plan_day(now), plan_day(now, 10), now)
            assert any(slot.state is State.OPEN for slot in found), offer.activity.name
            rules.add(offer.activity.slot_rule)
    assert rules == set(SlotRule)


def plan_day(now: datetime, days: int = 0) -> date:
    return (now + timedelta(days=days)).date()


def test_the_test_website_is_open_at_any_moment(hub: Session) -> None:
    (venue,) = hub.scalars(select(Venue).where(Venue.website_id == "test-website"))
    day = datetime.now(UTC).date() + timedelta(days=1)
    (plan,) = load(hub, [venue.id], day, day)
    assert [(h.opens, h.closes) for h in plan.hours(day)] == [
        (h.opens, h.opens) for h in plan.hours(day)
    ]
    (offer,) = plan.activities
    assert (offer.activity.capacity, offer.activity.times) == (10, ["09:00", "12:00", "15:00"])


def test_bookings_take_their_places(hub: Session) -> None:
    """All but those at a time that is on no clock, or of no activity of that name."""
    linked = hub.scalars(select(Booking.activity_id.is_not(None))).all()
    assert sum(linked) / len(linked) > 0.98
    placed = select(Booking).where(Booking.activity_id.is_not(None))
    treks = [b for b in hub.scalars(placed) if b.package_name.endswith(" days")]
    assert treks
    assert all(b.departure_id for b in treks)
    assert sum(hub.scalars(select(SlotUsage.used))) > 500
    overbooked = hub.scalars(select(Booking.overbooked)).all()
    assert sum(overbooked) / len(overbooked) < 0.05
