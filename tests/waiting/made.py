"""A departure, who books it and who waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.bookings import partnering
from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.status import Status
from app.customers.actions import Contact
from app.customers.models import Customer
from app.events.models import SYSTEM, Actor
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import departing
from app.venues.models import SlotUsage
from app.waiting import actions, queries
from app.waiting.models import WaitingEntry
from app.waiting.offering import look_after
from app.waiting.queries import Place
from app.websites.models import Website
from tests.bookings.made import MIA, TODAY
from tests.factories import CustomerFactory
from tests.venues.made import TREK, a_venue, an_activity

DAY = TODAY + timedelta(days=10)
PIA = Actor(kind="customer", id="pia", label="Guest", door="app")


@dataclass(frozen=True)
class Trek:
    """A departure, by its ids."""

    website_id: str
    venue_id: UUID
    activity_id: UUID
    departure_id: UUID
    day: date = DAY

    @property
    def place(self) -> Place:
        return queries.place(db.session(), self.departure_id)

    @property
    def used(self) -> int:
        """How many places are counted as taken."""
        query = select(SlotUsage.used).where(SlotUsage.slot == str(self.departure_id))
        return db.session.scalar(query) or 0

    def book(self, guests: int, **more: Any) -> Booking:
        """Somebody books at a door. Raises SlotUnavailable."""
        session = db.session()
        wish = Wish(
            activity_id=self.activity_id,
            day=self.day,
            guests=guests,
            contact=Contact("Gale Guest"),
            source="direct",
            slot=str(self.departure_id),
            customer_id=somebody(),
            **more,
        )
        return make(session, SYSTEM, session.get_one(Website, self.website_id), wish)

    def join(self, guests: int, customer_id: UUID | None = None) -> WaitingEntry:
        """Somebody waits."""
        session, now = db.session(), datetime.now(UTC)
        return actions.join(session, PIA, self.place, customer_id or somebody(), guests, now)

    def join_of(self, customer_id: UUID) -> WaitingEntry:
        """Where a customer waits, or has an offer."""
        found = queries.open_entry(db.session(), self.departure_id, customer_id)
        assert found is not None
        return found

    def bookings(self) -> list[Booking]:
        """Those that hold places, in the order in which they were made."""
        query = select(Booking).where(
            Booking.departure_id == self.departure_id,
            Booking.status.in_([Status.PENDING, Status.CONFIRMED]),
        )
        return list(db.session.scalars(query.order_by(Booking.id)))


def a_trek(website_id: str = "ours", name: str = "Our pier", **fields: Any) -> Trek:
    """A trek for eight that leaves in ten days, unless it is said otherwise."""
    venue = a_venue(website_id, name)
    activity = an_activity(venue, **{**TREK, **fields})
    return Trek(website_id, venue.id, activity.id, a_departure(venue.id, activity.id))


def a_departure(venue_id: UUID, activity_id: UUID, day: date = DAY, at: str = "06:30") -> UUID:
    """One more of them."""
    values = {"activity_id": str(activity_id), "day": day, "time": at}
    return departing.add(db.session(), MIA, EVERYTHING, venue_id, values, TODAY).id


def somebody(**fields: Any) -> UUID:
    """A new customer."""
    made: Customer = CustomerFactory.create(**fields)
    return made.id


def end(booking: Booking, status: Status = Status.CANCELLED) -> None:
    """Cancel a booking, or confirm it, or let it expire."""
    partnering.change(db.session(), SYSTEM, booking, Change(), datetime.now(UTC), status=status)


def offered(entry: WaitingEntry) -> Booking:
    """What is held for somebody."""
    assert entry.booking_id is not None
    return db.session.get_one(Booking, entry.booking_id)


def look() -> int:
    """What a worker does at a tick."""
    moved = 0
    while found := look_after(db.session()):
        moved += found
    return moved
