"""The venues of the demo: where its businesses are, when they are open, what can be booked there.

Written through the actions of the venues, so that their history is true. What is sold, and for how
much, is in `catalogue`; here is how many guests fit in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.events.models import SYSTEM
from app.staff.scope import EVERYTHING
from app.venues import actions, closing, departing, offers
from app.venues.hours import TypedDay
from app.venues.models import Activity, Venue
from demo.catalogue import MOONLIGHT, Brand, Package

Line = Mapping[str, str]
BEFORE, AHEAD = timedelta(days=14), timedelta(days=90)
"""From when until when treks leave."""


def _open(opens: str, closes: str, kitchen: tuple[str, str] | None = None) -> Line:
    line = {"opens": opens, "closes": closes}
    return line | ({"kitchen_opens": kitchen[0], "kitchen_closes": kitchen[1]} if kitchen else {})


@dataclass(frozen=True)
class Place:
    """A venue of a brand. `hours` are the stretches of a day, `weekend` those of Fri and Sat."""

    name: str
    address: str
    hours: tuple[Line, ...]
    weekend: tuple[Line, ...] = ()
    sites: tuple[tuple[str, str, int], ...] = ()
    """Dive sites: name, for whom, metres."""
    more: tuple[dict[str, Any], ...] = ()
    """Activities beside the catalogue's."""


@dataclass(frozen=True)
class Sold:
    """How a package of the catalogue is sold at its venue."""

    capacity: int
    minutes: int
    kind: str = "activity"
    more: dict[str, Any] = field(default_factory=dict)


def _family(adult: int, child: int) -> list[dict[str, Any]]:
    return [
        {"category": "adult", "label": "Adult", "price": adult, "min_age": 12},
        {"category": "child", "label": "Child", "price": child, "min_age": 4, "max_age": 11,
         "needs_adult": True},
    ]  # fmt: skip


def _trek(days: int, min_age: int, difficulty: str, prices: list[dict[str, Any]]) -> Sold:
    discounts = [{"guests": 4, "percent": 5}, {"guests": 8, "percent": 10}]
    of_treks = {"days": days, "min_age": min_age, "difficulty": difficulty}
    more = {"lead_minutes": 2880, "prices": prices, "group_discounts": discounts, **of_treks}
    return Sold(16, days * 1440, "trek", more)


PARK = (_open("08:00", "18:00"),)
LUNCH = _open("11:30", "15:30", ("12:00", "14:30"))
DIVE_DAY = (_open("07:00", "20:00"),)
NIGHT = [f"{hour:02}:{minute}" for hour in range(18, 24) for minute in ("00", "30")]

PLACES: dict[str, tuple[Place, ...]] = {
    "hanuman-world": (
        Place(
            "Hanuman World Park",
            "1 Made-up Road, Wichit, Phuket",
            (_open("08:00", "00:00"),),
            more=(
                {"name": MOONLIGHT, "price": 2690, "capacity": 16, "times": NIGHT},
                {"name": "Park Day Pass", "price": 500, "capacity": 300, "slot_rule": "day",
                 "duration_minutes": 480, "prices": _family(500, 250)},
            ),
        ),
    ),
    "flying-hanuman": (Place("Flying Hanuman Park", "2 Made-up Road, Kathu, Phuket", PARK),),
    "hanuman-luge": (Place("Hanuman Luge Track", "3 Made-up Road, Kathu, Phuket", PARK),),
    "coral-divers": (
        Place(
            "Coral Divers Kata",
            "4 Imaginary Beach Road, Kata, Phuket",
            DIVE_DAY,
            sites=(("Kata Reef", "Beginners", 14), ("Koh Pu Wall", "Advanced", 26)),
        ),
        Place(
            "Coral Divers Racha Pier",
            "5 Imaginary Pier, Chalong, Phuket",
            DIVE_DAY,
            sites=(("Racha Yai Bay", "Beginners", 18), ("Racha Noi South Tip", "Advanced", 35)),
        ),
    ),
    "the-anchor": (
        Place(
            "The Anchor",
            "6 Nowhere Quay, London",
            (LUNCH, _open("17:30", "23:30", ("18:00", "21:30"))),
            (LUNCH, _open("17:30", "00:30", ("18:00", "22:00"))),
            more=(
                {"name": "Bar Table", "price": 0, "kind": "table", "capacity": 12,
                 "slot_rule": "interval", "every_minutes": 15, "in_kitchen_hours": True,
                 "duration_minutes": 90, "max_party": 4, "seats": 24},
                {"name": "Sunday Lunch", "price": 18, "kind": "table", "capacity": 16,
                 "times": ["12:00", "12:30", "13:00", "13:30", "14:00"], "seats": 36,
                 "booking_type": "sunday_lunch", "needs_choices": True, "deposit": 5,
                 "duration_minutes": 90, "max_party": 10},
            ),
        ),
    ),
    "himalaya-treks": (
        Place("Himalaya Treks Thamel", "7 Sample Marg, Kathmandu", (_open("04:00", "20:00"),)),
    ),
    "test-website": (Place("Test Venue", "8 Test Street", (_open("00:00", "00:00"),)),),
}  # fmt: skip
SOLD: dict[str, Sold] = {
    "World A+": Sold(24, 240, more={"prices": _family(3490, 2490)}),
    "World B+": Sold(24, 180, more={"group_discounts": [{"guests": 6, "percent": 10}]}),
    "World C": Sold(20, 120),
    "Roller and Skywalk": Sold(16, 90),
    "Flying A": Sold(20, 180, more={"prices": _family(3290, 2290)}),
    "Flying B": Sold(20, 120),
    "1 Ride": Sold(30, 30),
    "3 Rides": Sold(30, 60),
    "5 Rides and Skyride": Sold(24, 120, more={"prices": _family(1290, 890)}),
    "Two-Tank Fun Dive": Sold(12, 360, "dive", {"lead_minutes": 720}),
    "Discover Scuba": Sold(12, 300, "dive", {"lead_minutes": 720}),
    "Snorkelling Day Trip": Sold(20, 480, more={"prices": _family(1900, 1200)}),
    "Night Dive": Sold(12, 150, "dive", {"lead_minutes": 180}),
    "Table for Lunch": Sold(24, 90, "table", {"max_party": 10}),
    "Table for Dinner": Sold(30, 120, "table", {"max_party": 10}),
    "Captain's Tasting Menu": Sold(12, 180, "table", {"lead_minutes": 1440, "max_party": 8}),
    "Annapurna Base Camp, 9 days": _trek(9, 14, "Demanding", _family(98000, 78000)),
    "Poon Hill, 5 days": _trek(5, 8, "Moderate", _family(52000, 39000)),
    "Everest View, 7 days": _trek(7, 12, "Demanding", []),
    "Nagarkot Sunrise Hike": Sold(15, 300, "trek"),
    "Test Package": Sold(10, 60),
}


def open_venues(session: Session, brand: Brand, now: datetime) -> None:
    """The venues of a brand with all that can be booked there."""
    for place in PLACES[brand.id]:
        values: dict[str, Any] = {
            "name": place.name,
            "address": place.address,
            "timezone": brand.timezone,
        }
        venue = actions.add(session, SYSTEM, EVERYTHING, brand.id, values)
        actions.set_week(session, SYSTEM, EVERYTHING, venue.id, _week(place))
        for name, level, depth in place.sites:
            site: dict[str, Any] = {"name": name, "level": level, "max_depth": depth}
            actions.save_site(session, SYSTEM, EVERYTHING, venue.id, site)
        packages = [each for each in brand.packages if each.venue in (None, place.name)]
        for position, package in enumerate(packages):
            _sell(session, venue, package, position, now)
        for number, extra in enumerate(place.more):
            usual: dict[str, Any] = {
                "kind": "activity",
                "slot_rule": "times",
                "duration_minutes": 60,
            }
            values = {**usual, **extra, "position": len(packages) + number}
            offers.add(session, SYSTEM, EVERYTHING, venue.id, values)
        _exceptions(session, venue, now)


def _week(place: Place) -> Sequence[TypedDay]:
    lines = {4: place.weekend, 5: place.weekend}
    return [TypedDay(day, False, lines.get(day) or place.hours) for day in range(7)]


def _sell(
    session: Session, venue: Venue, package: Package, position: int, now: datetime
) -> Activity:
    """A package as an activity; one that is not on every day leaves at dated departures."""
    sold = SOLD[package.name]
    times = [each for each in package.times if ":" in each]
    dated = len(package.days) < 7
    values = {
        "name": package.name,
        "price": package.price,
        "kind": sold.kind,
        "capacity": sold.capacity,
        "duration_minutes": sold.minutes,
        "slot_rule": "departures" if dated else "times",
        "times": times,
        "position": position,
        **sold.more,
    }
    activity = offers.add(session, SYSTEM, EVERYTHING, venue.id, values)
    if dated:
        today = now.astimezone(ZoneInfo(venue.timezone)).date()
        series = {
            "activity_id": activity.id,
            "weekdays": package.days,
            "first": today - BEFORE,
            "last": today + AHEAD,
            "times": times,
        }
        departing.add_series(session, SYSTEM, EVERYTHING, venue.id, series, today - BEFORE)
    return activity


def _exceptions(session: Session, venue: Venue, now: datetime) -> None:
    """Something out of the usual, after the days on which the demo has bookings."""
    day = now.astimezone(ZoneInfo(venue.timezone)).date() + timedelta(days=40)
    if venue.name == "Hanuman World Park":
        short = {"day": day, "opens": "08:00", "closes": "15:00", "note": "Rope inspection"}
        actions.set_special_day(session, SYSTEM, EVERYTHING, venue.id, short)
    if venue.name == "The Anchor":
        party = {"day": day, "is_closed": True, "note": "Private party"}
        actions.set_special_day(session, SYSTEM, EVERYTHING, venue.id, party)
    if venue.name == "Coral Divers Racha Pier":
        storm = {"day": day, "reason": "Pier works"}
        closing.close(session, SYSTEM, EVERYTHING, venue.id, storm, now)
