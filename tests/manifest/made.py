"""A trek that leaves, and the parties who go: who booked and who travels apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.customers.actions import Contact
from app.extensions import db
from app.travelers.models import BookingTraveler
from app.venues.models import Activity, Departure, Venue
from app.websites.models import Website
from tests.bookings.made import MIA, TODAY
from tests.venues.made import TREK, a_venue, an_activity

ROUND_THE_CLOCK = {"opens": "00:00", "closes": "23:59"}


@dataclass
class Leaving:
    """A departure of `ours`."""

    venue: Venue
    trek: Activity
    departure: Departure

    @property
    def path(self) -> str:
        return f"/manifest/{self.departure.id}"

    def book(self, name: str, guests: int, *going: str, **more: Any) -> Booking:
        """A party; `going` names those who travel, the first of them to be called."""
        website = db.session.get_one(Website, self.venue.website_id)
        contact = Contact(name=name, phone=f"+6681{sum(map(ord, name)):07d}", source="customer_app")
        wish = Wish(
            *(self.trek.id, self.departure.day, guests, contact, "customer_app"),
            slot=str(self.departure.id),
            more=more,
        )
        booking = make(db.session(), MIA, website, wish)
        for place, who in enumerate(going):
            traveler(booking, place, who)
        booking.traveler_count = len(going)
        db.session.flush()
        db.session.expire(booking)
        return booking

    def tap(self, booking: Booking, *who: BookingTraveler, arrived: bool = True) -> str:
        """The address of a tap; of nobody in particular: of the party."""
        word = "arrived" if arrived else "not-arrived"
        named = "&".join(f"traveler={one.id}" for one in who)
        return f"{self.path}/bookings/{booking.id}/{word}?{named}"


def traveler(booking: Booking, place: int, name: str, **more: Any) -> BookingTraveler:
    """One who goes, thirty and some, with somebody to be called."""
    made = BookingTraveler(
        booking_id=booking.id,
        website_id=booking.website_id,
        position=place,
        is_primary=place == 0,
        name=name,
        age=30 + place,
        gender="female",
        phone=f"+6680000000{place}",
        emergency_contact_name=f"Aunt of {name}",
        emergency_contact_phone=f"+6690000000{place}",
        **more,
    )
    db.session.add(made)
    db.session.flush()
    return made


def going(booking: Booking) -> list[BookingTraveler]:
    """Who travels, as the database knows them now."""
    query = db.select(BookingTraveler).where(BookingTraveler.booking_id == booking.id)
    fresh = query.order_by(BookingTraveler.position).execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def leaving(
    website_id: str = "ours", day: date = TODAY, at: time = time(15), **of_trek: Any
) -> Leaving:
    """A trek of two days for eight, this afternoon."""
    name = f"Base camp of {website_id}"
    there = db.session.scalars(db.select(Venue).where(Venue.name == name)).one_or_none()
    venue = there or a_venue(website_id, name, ROUND_THE_CLOCK)
    trek = an_activity(venue, **{**TREK, **of_trek})
    trek.days = 2
    departure = Departure(activity_id=trek.id, day=day, time=at)
    db.session.add(departure)
    db.session.flush()
    return Leaving(venue, trek, departure)
