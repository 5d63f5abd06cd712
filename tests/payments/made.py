"""Tables with a deposit, booked and paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.bookings import depositing, holds, making, paying
from app.bookings.making import Wish
from app.bookings.models import Booking
from app.bookings.paying import Captured
from app.bookings.status import Status
from app.customers.actions import Contact
from app.events.models import Actor, Event
from app.extensions import db
from app.payments import deposits, queries
from app.payments.models import Payment, PaymentKind, PaymentSettings
from app.venues.models import Activity, Venue
from app.websites.models import Website
from demo.standins.paypal.server import CLIENT, SECRET
from tests.desk import House
from tests.venues.made import a_venue, an_activity

DAY = date.today() + timedelta(days=30)  # noqa: DTZ011  (any day to come)
GUEST = Actor("customer", "guest", "Guest", "payment page")
PAYPAL = Actor("system", "paypal", "PayPal", "paypal")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Shop:
    """Website `ours`: tables for 8 guests at noon, 5 THB deposit for each."""

    house: House
    venue: Venue
    lunch: Activity

    def book(self, guests: int = 4, **wish: Any) -> Booking:
        """A table that waits for its deposit."""
        session = db.session()
        until = deposits.pay_by(session, "ours", now())
        contact = Contact("Gale Guest", "gale@example.com", "+66811111111")
        wished = Wish(
            activity_id=self.lunch.id,
            day=DAY,
            guests=guests,
            contact=contact,
            source="website",
            slot="12:00",
            **{"status": Status.PENDING, "hold_expires_at": until, **wish},
        )
        booking = making.make(session, GUEST, session.get_one(Website, "ours"), wished)
        depositing.ask_deposit(session, GUEST, booking, now())
        return booking

    def paid(self, guests: int = 4) -> Booking:
        """A table whose deposit came."""
        booking = self.book(guests)
        pay(booking)
        return booking


def open_shop(house: House) -> Shop:
    venue = a_venue("ours")
    lunch = an_activity(venue, name="Lunch", times="12:00", capacity="8")
    lunch.deposit, lunch.kind = Decimal(5), "table"
    settings = {"client_id": CLIENT, "secret": SECRET, "webhook_id": "WH-STANDIN"}
    db.session.add(PaymentSettings(website_id="ours", is_on=True, **settings))
    db.session.flush()
    return Shop(house, venue, lunch)


def deposit_of(booking: Booking) -> Payment:
    found = queries.latest_deposit(db.session(), booking.id)
    assert found is not None
    return found


def refunds_of(booking: Booking) -> list[Payment]:
    """Oldest first."""
    found = queries.of_booking(db.session(), booking.id)
    return [each for each in found if each.kind == PaymentKind.REFUND][::-1]


def pay(booking: Booking, amount: Decimal | None = None, currency: str = "THB") -> Payment:
    """The provider says that the money came."""
    deposit = deposit_of(booking)
    wanted = deposit.amount if amount is None else amount
    captured = Captured(f"CAP-{deposit.id}", wanted, currency)
    return paying.received(db.session(), PAYPAL, deposit.id, captured, now())


def names_of(booking: Booking) -> list[str]:
    """The events of a booking, oldest first."""
    query = select(Event.name).where(Event.booking_id == booking.id).order_by(Event.id)
    return list(db.session.scalars(query))


def figures(booking: Booking) -> tuple[str, Decimal, Decimal | None]:
    """Status, paid, refunded: as the booking says it."""
    return booking.status, booking.paid_amount, booking.refunded_amount


def agrees(booking_id: UUID) -> bool:
    """Whether a booking's figures are the sum of its payments."""
    session = db.session()
    booking, sums = session.get_one(Booking, booking_id), queries.tally(session, booking_id)
    said = (booking.paid_amount, booking.refunded_amount, booking.deposit_amount)
    return said == (sums.paid, sums.refunded, sums.deposit)


def lapse(booking: Booking) -> None:
    """Its hold runs out, and somebody notices."""
    booking.hold_expires_at = now() - timedelta(seconds=1)
    db.session.flush()
    assert holds.expire_lapsed(db.session()) == 1
