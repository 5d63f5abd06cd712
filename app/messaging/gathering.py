"""What messages about some bookings need to be written: read at once, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.customers.models import Customer
from app.menus.models import BookingItem
from app.messaging.models import MessageSettings, MessageTemplate
from app.messaging.values import Subject
from app.payments.models import Payment
from app.venues.lasting import LAST_DAY
from app.venues.models import Activity, Departure, Venue
from app.websites.models import Website

MINUTES = 60
"""Of a visit whose activity is not known."""


class Gathering:
    """The bookings of a batch with everything around them; websites are read when first named."""

    def __init__(self, session: Session, booking_ids: Collection[UUID]) -> None:
        self._session = session
        self._websites: dict[str, Website] = {}
        self._settings: dict[str, MessageSettings | None] = {}
        self._templates: dict[str, Sequence[MessageTemplate]] = {}
        self._rows: dict[UUID, tuple[Booking, Customer, Venue | None, int | None, date | None]] = {}
        self._items: dict[UUID, list[BookingItem]] = defaultdict(list)
        self._payments: dict[UUID, list[Payment]] = defaultdict(list)
        if booking_ids:
            self._read(set(booking_ids))

    def subject(self, booking_id: UUID) -> Subject:
        """One of the bookings. Raises NoResultFound."""
        if booking_id not in self._rows:
            raise NoResultFound
        booking, customer, venue, minutes, last_day = self._rows[booking_id]
        return Subject(
            booking=booking,
            customer=customer,
            website=self.website(booking.website_id),
            venue=venue,
            settings=self.settings(booking.website_id),
            items=self._items[booking_id],
            payments=self._payments[booking_id],
            minutes=minutes or MINUTES,
            last_day=last_day,
        )

    def website(self, website_id: str) -> Website:
        if website_id not in self._websites:
            self._websites[website_id] = self._session.get_one(Website, website_id)
        return self._websites[website_id]

    def settings(self, website_id: str) -> MessageSettings | None:
        if website_id not in self._settings:
            self._settings[website_id] = self._session.get(MessageSettings, website_id)
        return self._settings[website_id]

    def templates(self, website_id: str) -> Sequence[MessageTemplate]:
        """The website's own."""
        if website_id not in self._templates:
            query = select(MessageTemplate).where(MessageTemplate.website_id == website_id)
            self._templates[website_id] = self._session.scalars(query).all()
        return self._templates[website_id]

    def _read(self, ids: Collection[UUID]) -> None:
        query = (
            select(Booking, Customer, Venue, Activity.duration_minutes, LAST_DAY)
            .select_from(Booking)
            .join(Customer, Customer.id == Booking.customer_id)
            .outerjoin(Venue, Venue.id == Booking.venue_id)
            .outerjoin(Activity, Activity.id == Booking.activity_id)
            .outerjoin(Departure, Departure.id == Booking.departure_id)
            .where(Booking.id.in_(ids))
        )
        for booking, customer, venue, minutes, last in self._session.execute(query):
            self._rows[booking.id] = (booking, customer, venue, minutes, last)
        items = select(BookingItem).where(BookingItem.booking_id.in_(ids))
        for item in self._session.scalars(items.order_by(BookingItem.position, BookingItem.id)):
            self._items[item.booking_id].append(item)
        payments = select(Payment).where(Payment.booking_id.in_(ids))
        for payment in self._session.scalars(payments.order_by(Payment.created_at.desc())):
            self._payments[payment.booking_id].append(payment)
