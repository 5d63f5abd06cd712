"""From a link to the booking that it opens: that one, and nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings import links
from app.bookings.models import Booking
from app.customers.models import Customer
from app.errors import NotFound
from app.venues.lasting import last_day
from app.venues.models import Activity, Departure, Venue
from app.wall import lifted, open_for
from app.websites.models import Website


@dataclass(frozen=True)
class Visit:
    """A booking with what it is of, as far as that is still known."""

    booking: Booking
    website: Website
    venue: Venue | None
    activity: Activity | None
    departure: Departure | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.venue.timezone if self.venue else self.website.timezone)

    @property
    def place(self) -> str:
        return self.venue.name if self.venue else self.booking.venue or self.website.name

    @property
    def phone(self) -> str:
        """Where they are called."""
        return (self.venue.phone or "") if self.venue else ""

    @property
    def last_day(self) -> date:
        """The day on which the visit ends."""
        if self.activity is None or self.departure is None:
            return self.booking.activity_date
        return last_day(self.activity, self.departure)


def open_link(session: Session, token: str, now: datetime, *, lock: bool = False) -> Visit:
    """The booking of a link; afterwards the rows of its website are open.

    Not of who was erased, nor long after the visit. `lock`: its row, until the transaction ends.
    Raises NotFound, always with the same words.
    """
    booking_id = links.read(token)
    website_id = _website_of(session, booking_id) if booking_id else None
    if booking_id is None or website_id is None:
        raise _nothing()
    open_for(session, frozenset({website_id}))
    if lock:
        locked = select(Booking.id).where(Booking.id == booking_id).with_for_update()
        session.execute(locked)
    visit = _read(session, booking_id)
    today = now.astimezone(visit.zone).date()
    if not links.is_of_own_guest(visit.booking) or links.is_over(
        visit.booking, visit.last_day, today
    ):
        raise _nothing()
    return visit


def _website_of(session: Session, booking_id: UUID) -> str | None:
    """Whose booking it is; None where its guest was erased."""
    query = (
        select(Booking.website_id)
        .join(Customer, Customer.id == Booking.customer_id)
        .where(Booking.id == booking_id, Customer.erased_at.is_(None))
    )
    with lifted(session):
        return session.scalar(query)


def _read(session: Session, booking_id: UUID) -> Visit:
    query = (
        select(Booking, Website, Venue, Activity, Departure)
        .join(Website, Website.id == Booking.website_id)
        .outerjoin(Venue, Venue.id == Booking.venue_id)
        .outerjoin(Activity, Activity.id == Booking.activity_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
        .where(Booking.id == booking_id)
        .execution_options(populate_existing=True)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise _nothing()
    return Visit(*row)


def _nothing() -> NotFound:
    return NotFound("This link does not lead to a booking.")
