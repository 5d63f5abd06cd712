"""What comes of payments: a booking counts once its deposit is paid, and its own figures are the
sum of its payments, written together with them.

Everything locks the booking first and the payment second, and changes the booking through
`writing`, as every change does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings.depositing import WHILE_PAYING
from app.bookings.models import Booking
from app.bookings.refunding import ask, payment_event
from app.bookings.squaring import locked, square, try_square
from app.bookings.status import Status
from app.bookings.writing import STATED
from app.events.actions import record
from app.events.models import Actor
from app.ids import new_id
from app.logs import get_logger
from app.payments import deposits
from app.payments.models import Payment, PaymentKind, PaymentState
from app.payments.state import advance

WRONG_AMOUNT = "WRONG_AMOUNT"
"""Of a payment whose provider speaks of another amount than ours: it never counts as paid."""
UNREADABLE = Decimal(-1)
"""In the place of an amount that the provider did not say clearly: equal to none."""
WHILE_PENDING = timedelta(days=3)
"""For so long it is kept while the provider has not decided."""

log = get_logger()


@dataclass(frozen=True)
class Captured:
    """What the provider says of money that it took."""

    id: str
    amount: Decimal
    currency: str


def created(
    session: Session, payment_id: UUID, order_id: str, approve_url: str, now: datetime
) -> Payment:
    """The provider has an order for it, which the guest can approve."""
    _, payment = locked(session, payment_id)
    if advance(payment, PaymentState.CREATED, now):
        payment.order_id, payment.approve_url = order_id, approve_url
    return payment


def received(
    session: Session, actor: Actor, payment_id: UUID, captured: Captured, now: datetime
) -> Payment:
    """The provider took the money. Told twice it counts once; another amount never counts.

    What came for a booking that has no place any more, or came twice, goes back in full.
    """
    booking, payment = locked(session, payment_id)
    if payment.state in (PaymentState.COMPLETED, PaymentState.REVERSED):
        return payment
    payment.capture_id = captured.id
    if (captured.amount, captured.currency) != (payment.amount, payment.currency):
        _wrong(session, actor, booking, payment, captured, now)
        return payment
    paid_before = booking.paid_amount > 0
    advance(payment, PaymentState.COMPLETED, now)
    session.flush()
    record(session, actor, payment_event("payment.received", booking, payment))
    why = _seat(session, actor, booking, now)
    if why is None and paid_before and booking.paid_amount > (booking.deposit_amount or 0):
        why = "It was paid twice."
    if why is not None:
        ask(session, actor, booking, payment.amount, f"returned:{payment.id}", why)
    return payment


def pending(
    session: Session, actor: Actor, payment_id: UUID, capture_id: str, now: datetime
) -> Payment:
    """The provider has the money and has not decided: the place is kept meanwhile."""
    booking, payment = locked(session, payment_id)
    if not advance(payment, PaymentState.PENDING, now):
        return payment
    payment.capture_id = payment.capture_id or capture_id
    until = now + WHILE_PENDING
    if booking.starts_at is not None:
        until = max(now + WHILE_PAYING, min(until, booking.starts_at))
    payment.expires_at = until
    if booking.status == Status.PENDING:
        square(session, actor, booking, {"hold_expires_at": until}, now)
    return payment


def failed(
    session: Session,
    actor: Actor,
    payment_id: UUID,
    state: PaymentState,
    problem: str,
    now: datetime,
) -> Payment:
    """It was declined, failed or ran out. The booking goes on waiting until its hold ends; after
    a long wait for the provider the guest has the usual time to pay in another way."""
    booking, payment = locked(session, payment_id)
    was_pending = payment.state == PaymentState.PENDING
    if not advance(payment, state, now, problem):
        return payment
    if state is not PaymentState.EXPIRED:
        event = payment_event("payment.failed", booking, payment, problem=problem)
        record(session, actor, event)
    if was_pending and booking.status == Status.PENDING:
        until = deposits.pay_by(session, booking.website_id, now)
        square(session, actor, booking, {"hold_expires_at": until}, now)
    return payment


def reversed_(session: Session, actor: Actor, payment_id: UUID, now: datetime) -> Payment:
    """The provider took the money back. The booking stays as it is: people decide."""
    booking, payment = locked(session, payment_id)
    if advance(payment, PaymentState.REVERSED, now, "REVERSED"):
        session.flush()
        event = payment_event("payment.failed", booking, payment, problem="REVERSED")
        record(session, actor, event)
        log.error("payment reversed", booking_id=booking.id)
        square(session, actor, booking, {}, now)
    return payment


def refund_settled(
    session: Session,
    actor: Actor,
    payment_id: UUID,
    state: PaymentState,
    now: datetime,
    *,
    refund_id: str | None = None,
    problem: str | None = None,
) -> Payment:
    """The provider gave the money back, refused to, or takes its time."""
    booking, payment = locked(session, payment_id)
    if refund_id and payment.refund_id is None:
        payment.refund_id = refund_id
    if not advance(payment, state, now, problem):
        return payment
    session.flush()
    if state is PaymentState.COMPLETED:
        record(session, actor, payment_event("refund.completed", booking, payment))
        square(session, actor, booking, {}, now)
    elif state is PaymentState.FAILED:
        event = payment_event("refund.failed", booking, payment, problem=problem)
        record(session, actor, event)
        log.error("refund failed", booking_id=booking.id, code=problem)
    return payment


def refunded_elsewhere(
    session: Session,
    actor: Actor,
    deposit_id: UUID,
    refund_id: str,
    amount: Decimal,
    now: datetime,
) -> Payment:
    """Somebody gave money back at the provider itself: it is written down like one of ours."""
    booking, deposit = locked(session, deposit_id)
    made = Payment(
        id=new_id(),
        website_id=booking.website_id,
        booking_id=booking.id,
        kind=PaymentKind.REFUND.value,
        provider=deposit.provider,
        of_id=deposit.id,
        amount=amount,
        currency=deposit.currency,
        refund_id=refund_id,
        requested_by=actor.label,
        request_key=f"elsewhere:{refund_id}",
        state=PaymentState.REQUESTED.value,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    return refund_settled(session, actor, made.id, PaymentState.COMPLETED, now)


def _seat(session: Session, actor: Actor, booking: Booking, now: datetime) -> str | None:
    """Let a paid booking count. The reason why it cannot; None when it does."""
    status = Status(booking.status)
    if status is Status.PENDING:
        square(session, actor, booking, {STATED: Status.CONFIRMED.value}, now)
        return None
    if status is Status.EXPIRED:
        columns = {STATED: Status.CONFIRMED.value, "confirmed_at": now}
        if try_square(session, actor, booking, columns, now):
            return None
    square(session, actor, booking, {}, now)
    if status is Status.EXPIRED:
        return "It was paid too late: the place was sold."
    return "The booking was cancelled." if booking.is_gone else None


def _wrong(
    session: Session,
    actor: Actor,
    booking: Booking,
    payment: Payment,
    captured: Captured,
    now: datetime,
) -> None:
    said = f"{captured.amount} {captured.currency}"
    if advance(payment, PaymentState.FAILED, now, WRONG_AMOUNT):
        event = payment_event(
            "payment.failed", booking, payment, problem=WRONG_AMOUNT, payment_said=said
        )
        record(session, actor, event)
        log.error("payment of a wrong amount", booking_id=booking.id)
