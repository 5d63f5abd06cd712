"""Venues and what they offer, as managers make them: through the actions."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.menus.models import MenuItem, MenuSection
from app.staff.scope import EVERYTHING
from app.venues import actions, offers
from app.venues.hours import TypedDay
from app.venues.models import Activity, Departure, DiveSite, SlotClosure, SpecialHours, Venue
from tests.bookings.made import MIA

OPEN = {"opens": "09:00", "closes": "17:00"}
VENUE = {"name": "Our pier", "timezone": "Asia/Bangkok"}
SNORKEL: dict[str, Any] = {
    "name": "Snorkel trip",
    "kind": "activity",
    "price": "1900",
    "capacity": "12",
    "slot_rule": "times",
    "times": "10:00, 14:00",
}
TREK: dict[str, Any] = {
    **SNORKEL,
    "name": "Summit trek",
    "kind": "trek",
    "slot_rule": "departures",
    "times": "",
    "capacity": "8",
}


def week(*lines: dict[str, str], closed: tuple[int, ...] = ()) -> list[TypedDay]:
    """The same lines on every day."""
    return [TypedDay(number, number in closed, lines) for number in range(7)]


def a_venue(website_id: str = "ours", name: str = "Our pier", *lines: dict[str, str]) -> Venue:
    """A venue with the same hours on every day; 09:00 to 17:00 where none are given."""
    session = db.session()
    values = {**VENUE, "name": name}
    venue = actions.add(session, MIA, EVERYTHING, website_id, values)
    actions.set_week(session, MIA, EVERYTHING, venue.id, week(*(lines or (OPEN,))))
    return venue


def an_activity(venue: Venue, **fields: Any) -> Activity:
    """A snorkel trip at 10:00 and 14:00 for 12, unless it is said otherwise."""
    return offers.add(db.session(), MIA, EVERYTHING, venue.id, {**SNORKEL, **fields})


def one_of_each(venue: Venue) -> dict[str, UUID]:
    """One of everything that a venue can have, by its name in addresses."""
    trek, mains = an_activity(venue, **TREK), MenuSection(venue_id=venue.id, name="Mains")
    db.session.add(mains)
    db.session.flush()
    rows: dict[str, Any] = {
        "section_id": mains,
        "item_id": MenuItem(section_id=mains.id, name="Roast beef", price=19),
        "departure_id": Departure(activity_id=trek.id, day=date(2026, 12, 1), time=time(6, 30)),
        "site_id": DiveSite(venue_id=venue.id, name="King Cruiser"),
        "special_id": SpecialHours(venue_id=venue.id, day=date(2026, 12, 25), is_closed=True),
        "closure_id": SlotClosure(venue_id=venue.id, day=date(2026, 12, 24), reason="Storm"),
    }
    db.session.add_all(rows.values())
    db.session.flush()
    ids = {name: row.id for name, row in rows.items()}
    return {**ids, "activity_id": trek.id, "trek_id": trek.id, "venue_id": venue.id}


def told(name: str) -> list[Event]:
    """The events of this name, oldest first."""
    query = select(Event).where(Event.name == name).order_by(Event.id)
    return list(db.session.scalars(query))


def typed_week(**changes: str) -> dict[str, str]:
    """The form of the weekly hours: 09:00 to 17:00 on every day, but for what is said."""
    form = {f"d{n}-0-{part}": at for n in range(7) for part, at in OPEN.items()}
    named = {
        name.replace("_", "-", 2) if name[0] == "d" else name: v for name, v in changes.items()
    }
    return {**form, **named}
