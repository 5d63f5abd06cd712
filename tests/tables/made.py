"""A restaurant with its menu, Sunday lunch, and parties who come to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.customers.actions import Contact
from app.extensions import db
from app.menus import actions as menus
from app.menus.choosing import Selection
from app.menus.models import MenuItem
from app.staff.scope import EVERYTHING
from app.venues.models import Activity, Venue
from app.websites.models import Website
from tests.bookings.made import MIA
from tests.venues.made import a_venue, an_activity

SUNDAY = date(2026, 11, 22)
KITCHEN = {"opens": "11:00", "closes": "22:00", "kitchen_opens": "12:00", "kitchen_closes": "16:00"}
LUNCH: dict[str, Any] = {
    "name": "Sunday lunch",
    "kind": "table",
    "booking_type": "sunday_lunch",
    "slot_rule": "interval",
    "every_minutes": "30",
    "duration_minutes": "90",
    "capacity": "8",
    "seats": "10",
    "times": "",
    "in_kitchen_hours": "1",
    "last_seating_minutes": "120",
    "needs_choices": "1",
}
"""At 12:00, 12:30, 13:00 and 13:30."""


@dataclass
class Restaurant:
    """The Anchor of `ours`: beef and wellington as mains, crumble as pudding."""

    venue: Venue
    lunch: Activity
    beef: MenuItem
    wellington: MenuItem
    crumble: MenuItem
    day: date = SUNDAY

    def book(self, name: str, guests: int, slot: str, *dishes: Selection, **more: Any) -> Booking:
        """A party on the day; without dishes they have not chosen yet."""
        website = db.session.get_one(Website, self.venue.website_id)
        number = f"+6681{sum(map(ord, name)):07d}"
        contact = Contact(name=name, phone=number, source="phone")
        wish = Wish(
            *(self.lunch.id, self.day, guests, contact, "phone", slot),
            choices=dishes or None,
            more=more,
        )
        return make(db.session(), MIA, website, wish)


def a_dish(venue: Venue, section_id: UUID, name: str, price: str, **more: Any) -> MenuItem:
    """A dish at the end of a section."""
    values = {"name": name, "price": price, **more}
    who = (db.session(), MIA, EVERYTHING)
    return menus.save_item(*who, venue.id, values, section_id=section_id)


def a_restaurant(website_id: str = "ours") -> Restaurant:
    """Open every day; Sunday lunch in the kitchen's hours."""
    venue = a_venue(website_id, "The Anchor", KITCHEN)
    who = (db.session(), MIA, EVERYTHING)
    mains = menus.save_section(*who, venue.id, {"name": "Roasts", "is_main": True})
    sweets = menus.save_section(*who, venue.id, {"name": "Puddings", "is_main": False})
    return Restaurant(
        venue,
        an_activity(venue, **LUNCH),
        beef=a_dish(venue, mains.id, "Roast beef", "19.50", allergens="gluten, milk"),
        wellington=a_dish(venue, mains.id, "Beetroot wellington", "16.50"),
        crumble=a_dish(venue, sweets.id, "Apple crumble", "6.50"),
    )
