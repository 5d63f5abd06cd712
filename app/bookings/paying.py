"""What payments do to a booking: it waits for a deposit, counts once that is paid, and its own
figures are the sum of its payments, written together with them.

Everything locks the booking first and the payment second, and changes the booking through
`writing`, as every change does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.claims import Terms
from app.bookings.models import Booking
from app.bookings.refunding import ask, payment_event, refund, refund_due
from app.bookings.stamps import load, set_by_staff
from app.bookings.status import Status
from app.bookings.writing import REFUND, STATED, columns_from, write
from app.customers import queries as customers
from app.errors import Conflict, Fault, InvalidPayload, SlotUnavailable
from app.events.actions import record
from app.events.models import Actor
from app.ids import new_id
from app.logs import get_logger
from app.payments import deposits, queries
from app.payments.models import Payment, PaymentKind, PaymentState
from app.payments.state import OPEN, advance
from app.venues.models import Activity
from app.websites.models import Website

__all__ = ["ask_deposit", "refund", "refund_due"]  # and what is defined here

WRONG_AMOUNT = "WRONG_AMOUNT"
"""Of a payment whose provider speaks of another amount than ours: it never counts as paid."""
UNREADABLE = Decimal(-1)
"""In the place of an amount that the provider did not say clearly: equal to none."""
WHILE_PAYING = timedelta(minutes=3)
"""For so long the place is kept for somebody who is just paying."""
WHILE_PENDING = timedelta(days=3)
"""For so long it is kept while the provider has not decided."""

log = get_logger()


@dataclass(frozen=True)
class Captured:
    """What the provider says of money that it took."""

    id: str
    amount: Decimal
    currency: str


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
    _write(session, actor, booking, columns, now)
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
    if not _try_write(session, actor, booking, columns, now):
        return False
    payment.expires_at = max(payment.expires_at or until, until)
    return True


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
        _write(session, actor, booking, {"hold_expires_at": until}, now)
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
        _write(session, actor, booking, {"hold_expires_at": until}, now)
    return payment


def reversed_(session: Session, actor: Actor, payment_id: UUID, now: datetime) -> Payment:
    """The provider took the money back. The booking stays as it is: people decide."""
    booking, payment = locked(session, payment_id)
    if advance(payment, PaymentState.REVERSED, now, "REVERSED"):
        session.flush()
        event = payment_event("payment.failed", booking, payment, problem="REVERSED")
        record(session, actor, event)
        log.error("payment reversed", booking_id=booking.id)
        _write(session, actor, booking, {}, now)
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
        _write(session, actor, booking, {}, now)
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


def locked(session: Session, payment_id: UUID) -> tuple[Booking, Payment]:
    """A payment and its booking, both locked, in the order in which everybody locks them."""
    mine = select(Payment.booking_id).where(Payment.id == payment_id).scalar_subquery()
    query = select(Booking).where(Booking.id == mine).with_for_update()
    booking = session.scalars(query.execution_options(populate_existing=True)).one()
    return booking, queries.lock(session, payment_id)


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


def _seat(session: Session, actor: Actor, booking: Booking, now: datetime) -> str | None:
    """Let a paid booking count. The reason why it cannot; None when it does."""
    status = Status(booking.status)
    if status is Status.PENDING:
        _write(session, actor, booking, {STATED: Status.CONFIRMED.value}, now)
        return None
    if status is Status.EXPIRED:
        columns = {STATED: Status.CONFIRMED.value, "confirmed_at": now}
        if _try_write(session, actor, booking, columns, now):
            return None
    _write(session, actor, booking, {}, now)
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


def _try_write(
    session: Session, actor: Actor, booking: Booking, columns: Mapping[str, Any], now: datetime
) -> bool:
    """The same where it needs a place; False, and nothing written, when there is none."""
    try:
        with session.begin_nested():
            _write(session, actor, booking, columns, now)
    except SlotUnavailable:
        session.refresh(booking)
        return False
    return True


def _write(
    session: Session, actor: Actor, booking: Booking, columns: Mapping[str, Any], now: datetime
) -> None:
    """Change the booking, and bring its figures to the sum of its payments."""
    session.flush()
    sums = queries.tally(session, booking.id)
    new = {"paid_amount": sums.paid, "deposit_amount": sums.deposit, **columns}
    if sums.refunded is not None:  # else it is what the source said of its own money
        new |= columns_from({REFUND: sums.refunded})
    stamps = set_by_staff(load(booking.field_times), columns.keys() & {STATED}, now)
    website = session.get_one(Website, booking.website_id)
    key = customers.data_key(session, booking.customer_id)
    write(session, actor, website, booking, new, stamps, key=key, now=now, terms=Terms.DESK)
