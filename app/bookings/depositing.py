"""Asking for a deposit: the booking waits for it, and keeps its place while somebody pays."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.refunding import payment_event
from app.bookings.squaring import locked, square, try_square
from app.bookings.status import Status
from app.bookings.writing import STATED
from app.errors import Conflict, Fault, InvalidPayload
from app.events.actions import record
from app.events.models import Actor
from app.ids import new_id
from app.payments import deposits, queries
from app.payments.models import Payment, PaymentKind, PaymentState
from app.payments.state import OPEN
from app.venues.models import Activity

WHILE_PAYING = timedelta(minutes=3)
"""For so long the place is kept for somebody who is just paying."""


def ask_deposit(session: Session, actor: Actor, booking: Booking, now: datetime) -> Payment:
    """Ask for the deposit of a booking, which the caller has just made or locked. Asked again
    while it can be paid: the same one. A pending booking then waits until the payment's deadline.

    Raises InvalidPayload where the website takes no money, or nothing is due.
    """
    there = queries.open_deposit(session, booking.id)
    if there is not None and not is_over(there, now):
        return there
    if not deposits.takes_money(session, booking.website_id):
        raise InvalidPayload("This website takes no payments: set them up first.")
    amount = booking.deposit_amount or _due(session, booking)
    if amount is None:
        fault = Fault("deposit_amount", "Nothing must be paid for this booking.")
        raise InvalidPayload("There is no deposit to ask for.", [fault])
    until = _pay_by(session, booking, now)
    payment = _new_deposit(session, actor, booking, amount, until, now)
    record(session, actor, payment_event("payment.requested", booking, payment, dispatch=True))
    columns: dict[str, Any] = {"deposit_amount": amount}
    if booking.status == Status.PENDING:
        columns["hold_expires_at"] = until
    square(session, actor, booking, columns, now)
    return payment


def ask_again(session: Session, actor: Actor, payment_id: UUID, now: datetime) -> Payment:
    """A new attempt after one that was declined or failed: a row of its own, the same deadline.

    Raises Conflict when the booking does not wait for money any more.
    """
    booking, payment = locked(session, payment_id)
    newest = queries.latest_deposit(session, booking.id)
    if newest is not None and newest.state in (*OPEN, PaymentState.COMPLETED):
        return newest
    until = booking.hold_expires_at or payment.expires_at
    if booking.status not in (Status.PENDING, Status.CONFIRMED) or not until or until <= now:
        raise Conflict("It is too late to pay.")
    made = _new_deposit(session, actor, booking, payment.amount, until, now)
    record(session, actor, payment_event("payment.requested", booking, made))
    return made


def keep_place(session: Session, actor: Actor, payment_id: UUID, now: datetime) -> bool:
    """Before money is taken: whether the booking still has its place. It is kept for a moment
    longer, or taken again where the hold has just run out and there is room."""
    booking, payment = locked(session, payment_id)
    if booking.status in (Status.CONFIRMED, Status.CHECKED_IN):
        return True
    until = now + WHILE_PAYING
    columns: dict[str, Any] = {"hold_expires_at": until}
    if booking.status == Status.EXPIRED:
        columns[STATED] = Status.PENDING.value
    elif booking.status != Status.PENDING:
        return False
    elif booking.hold_expires_at is None or booking.hold_expires_at >= until:
        return True
    if not try_square(session, actor, booking, columns, now):
        return False
    payment.expires_at = max(payment.expires_at or until, until)
    return True


def is_over(payment: Payment, now: datetime) -> bool:
    """Whether the time to pay has run out."""
    return payment.expires_at is not None and payment.expires_at <= now


def _due(session: Session, booking: Booking) -> Decimal | None:
    activity = session.get(Activity, booking.activity_id) if booking.activity_id else None
    return deposits.due(activity, booking.guest_count) if activity else None


def _pay_by(session: Session, booking: Booking, now: datetime) -> datetime:
    held = booking.hold_expires_at
    if booking.status == Status.PENDING and held is not None and held > now:
        return held
    return deposits.pay_by(session, booking.website_id, now)


def _new_deposit(
    session: Session,
    actor: Actor,
    booking: Booking,
    amount: Decimal,
    until: datetime,
    now: datetime,
) -> Payment:
    made = Payment(
        id=new_id(),
        website_id=booking.website_id,
        booking_id=booking.id,
        kind=PaymentKind.DEPOSIT.value,
        provider="paypal",
        amount=amount,
        currency=booking.currency,
        state=PaymentState.REQUESTED.value,
        requested_by=actor.label,
        expires_at=until,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    return made
