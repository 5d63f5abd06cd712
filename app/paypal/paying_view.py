"""What the page of a payment shows: one state, in clear words, and what the guest can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.bookings import depositing, paying
from app.bookings.models import Booking
from app.bookings.status import Status
from app.bookings.wording import long_day, money
from app.payments import queries
from app.payments.models import Payment, PaymentState
from app.venues.models import Venue
from app.venues.queries import zone_name
from app.websites.models import Website


@dataclass(frozen=True)
class Shown:
    """The page. `state`: `open`, `declined`, `paid`, `pending`, `checking`, `late`, `gone`,
    `returned` or `trouble`."""

    state: str
    website: str
    place: str
    what: str
    day: str
    time: str
    guests: int
    amount: str
    reference: str
    until: datetime | None
    zone: ZoneInfo
    phone: str

    @property
    def can_pay(self) -> bool:
        return self.state in ("open", "declined")


def shown(session: Session, payment_id: object, now: datetime) -> Shown:
    """The page of a payment, or of the newest attempt at the same deposit."""
    asked = session.get_one(Payment, payment_id)
    booking = session.get_one(Booking, asked.booking_id)
    payment = queries.latest_deposit(session, booking.id) or asked
    paid = queries.completed_deposits(session, booking.id)
    website = session.get_one(Website, booking.website_id)
    venue = session.get(Venue, booking.venue_id) if booking.venue_id else None
    return Shown(
        state=_state(session, booking, payment, paid[0] if paid else None, now),
        website=website.name,
        place=venue.name if venue else booking.venue or "",
        what=booking.package_name,
        day=long_day(booking.activity_date),
        time=booking.time_slot,
        guests=booking.guest_count,
        amount=money(payment.amount, payment.currency),
        reference=booking.booking_ref,
        until=payment.expires_at,
        zone=ZoneInfo(zone_name(session, booking.venue_id, website)),
        phone=(venue.phone or "") if venue else "",
    )


def _state(
    session: Session, booking: Booking, payment: Payment, paid: Payment | None, now: datetime
) -> str:
    if paid is not None:
        return "paid" if queries.left_of(session, paid) > 0 else "returned"
    if payment.state == PaymentState.PENDING:
        return "pending"
    if booking.status in (Status.CANCELLED, Status.REFUNDED):
        return "gone"
    if booking.status == Status.EXPIRED or depositing.is_over(payment, now):
        return "late"
    if payment.state == PaymentState.DECLINED:
        return "declined"
    if payment.problem == paying.WRONG_AMOUNT or payment.state == PaymentState.REVERSED:
        return "trouble"
    return "late" if payment.state == PaymentState.EXPIRED else "open"
