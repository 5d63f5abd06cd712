"""Giving money back: what is due by rule, and asking for it. The booking's row is locked.

Only the wish is written here, and leaves through the delivery machine; the booking's own figures
follow when the money is back (`paying.refund_settled`).
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session, object_session

from app.bookings import queries as bookings
from app.bookings.derive import starts_at
from app.bookings.models import Booking
from app.bookings.status import Status
from app.bookings.wording import money
from app.errors import Fault, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.ids import new_id
from app.partners.commission import digits_of
from app.payments import queries
from app.payments.models import Payment, PaymentKind, PaymentState
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.models import Venue
from app.venues.queries import zone_name
from app.websites.models import Website

LONGEST_REASON = 200
"""Characters, as the provider shows it to the payer."""
HOURS = 24
"""Until when all is given back where a booking has no venue to say it."""


def refund(
    session: Session,
    actor: Actor,
    scope: Scope,
    booking_id: UUID,
    amount: Decimal,
    key: str,
    reason: str = "",
) -> list[Payment]:
    """Somebody of staff gives money back. The same `key` again asks for nothing more.

    Raises NotFound, Forbidden, and InvalidPayload for more than what is left.
    """
    booking = bookings.lock(session, scope, booking_id, Permission.PAYMENTS_REFUND)
    if amount <= 0 or amount != round_down(amount, booking.currency):
        fault = Fault("amount", f"Must be an amount in {booking.currency} above nothing.")
        raise InvalidPayload("This amount cannot be given back.", [fault])
    return ask(session, actor, booking, amount, key, reason)


def ask(
    session: Session, actor: Actor, booking: Booking, amount: Decimal, key: str, reason: str = ""
) -> list[Payment]:
    """Ask for a refund of a locked booking, out of what came in last. One row for each payment
    that it is taken from: usually one. Raises InvalidPayload for more than what is left."""
    if there := _asked(session, booking.id, key):
        return there
    left = queries.left_of_booking(session, booking.id)
    if amount > left:
        fault = Fault("amount", f"Only {left} {booking.currency} can still be given back.")
        raise InvalidPayload("This amount cannot be given back.", [fault])
    made: list[Payment] = []
    for deposit in queries.completed_deposits(session, booking.id):
        part = min(amount, queries.left_of(session, deposit))
        if part > 0:
            part_key = f"{key}:{len(made) + 1}" if made else key
            made.append(_refund_of(session, actor, booking, deposit, part, part_key, reason))
            amount -= part
    return made


def refund_due(booking: Booking, now: datetime) -> Decimal:
    """What goes back by rule to who cancels now: all until the venue's hours before the start,
    later its percentage of what is left. In the booking's currency."""
    session = object_session(booking)
    if session is None or not booking.paid_amount:
        return queries.NOTHING
    left = queries.left_of_booking(session, booking.id)
    venue = session.get(Venue, booking.venue_id) if booking.venue_id else None
    hours = venue.cancellation_hours if venue else HOURS
    if now <= _begins(session, booking) - timedelta(hours=hours):
        return left
    percent = venue.late_refund_percent if venue else 0
    return round_down(left * percent / 100, booking.currency)


def on_status(session: Session, actor: Actor, booking: Booking, old: str, now: datetime) -> None:
    """What follows for the money when a booking's status has changed, in the same transaction."""
    status = Status(booking.status)
    if status in (Status.CANCELLED, Status.EXPIRED):
        _close_links(session, booking.id, now)
    if status is Status.CANCELLED and old != Status.REFUNDED:
        amount = refund_due(booking, now)
        if amount > 0:
            ask(session, actor, booking, amount, f"cancel:{booking.version}")


def round_down(amount: Decimal, currency: str) -> Decimal:
    """To what the currency has, in favour of nobody but the books."""
    return amount.quantize(Decimal(1).scaleb(-digits_of(currency)), ROUND_DOWN)


def payment_event(
    name: str, booking: Booking, payment: Payment, *, dispatch: bool = False, **more: Any
) -> NewEvent:
    """An event about one payment of this booking. It makes no version of the booking."""
    amount = money(payment.amount, payment.currency)
    return NewEvent(
        name=name,
        subject_type="payment",
        subject_id=str(payment.id),
        website_id=booking.website_id,
        booking_id=booking.id,
        customer_id=booking.customer_id,
        changes={"payment_amount": [None, amount], "payment_state": [None, payment.state]},
        meta={key: value for key, value in more.items() if value},
        dispatch=dispatch,
    )


def _refund_of(
    session: Session,
    actor: Actor,
    booking: Booking,
    deposit: Payment,
    amount: Decimal,
    key: str,
    reason: str,
) -> Payment:
    now = datetime.now(UTC)
    made = Payment(
        id=new_id(),
        website_id=booking.website_id,
        booking_id=booking.id,
        kind=PaymentKind.REFUND.value,
        provider=deposit.provider,
        of_id=deposit.id,
        amount=amount,
        currency=deposit.currency,
        state=PaymentState.REQUESTED.value,
        capture_id=None,
        reason=reason.strip()[:LONGEST_REASON] or None,
        requested_by=actor.label,
        request_key=key,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    record(session, actor, payment_event("refund.requested", booking, made, dispatch=True))
    return made


def _asked(session: Session, booking_id: UUID, key: str) -> list[Payment]:
    """What was asked for under this key already."""
    mine = (Payment.request_key == key) | Payment.request_key.startswith(f"{key}:", autoescape=True)
    query = select(Payment).where(Payment.booking_id == booking_id, mine)
    return list(session.scalars(query.order_by(Payment.created_at)))


def _close_links(session: Session, booking_id: UUID, now: datetime) -> None:
    """Nobody is asked to pay any more. What the provider knows already is looked after later."""
    session.execute(
        update(Payment)
        .where(
            Payment.booking_id == booking_id,
            Payment.kind == PaymentKind.DEPOSIT,
            Payment.state == PaymentState.REQUESTED,
        )
        .values(state=PaymentState.EXPIRED.value, updated_at=now)
    )


def _begins(session: Session, booking: Booking) -> datetime:
    """When the visit begins; of a slot that is no clock time, when its day does."""
    if booking.starts_at is not None:
        return booking.starts_at
    zone = zone_name(session, booking.venue_id, session.get_one(Website, booking.website_id))
    midnight = starts_at(booking.activity_date, "00:00", zone)
    return midnight or datetime.combine(booking.activity_date, time(), ZoneInfo("UTC"))
