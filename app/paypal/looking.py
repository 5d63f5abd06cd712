"""Orders that nobody came back from, captures and refunds that were pending: PayPal is asked.

A chore of the workers. It takes a few payments at a time under a short transaction, asks without
one, and writes what came back: a payment that is being looked at is not looked at again for a
while, whatever becomes of the worker.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.bookings import paying, squaring
from app.bookings.models import Booking
from app.bookings.status import Status
from app.errors import HubError
from app.events.models import SYSTEM
from app.logs import get_logger
from app.outbound import Answer
from app.payments import queries
from app.payments.models import Payment, PaymentKind, PaymentState
from app.payments.state import OPEN
from app.paypal import checkout, http, recording
from app.paypal.answers import refusal_of
from app.paypal.calls import Calls
from app.paypal.client import Account, PayPal, data_of

EVERY = timedelta(minutes=2)
"""For somebody who is at PayPal just now."""
PENDING_EVERY = timedelta(hours=1)
GIVE_UP = timedelta(hours=6)
"""After its deadline an order is looked at for so long: then PayPal has forgotten it."""
AT_ONCE = 4
MOST = 8

log = get_logger()


def look_after(session: Session) -> int:
    """Step: one round. Returns 0: the next round is for the next tick."""
    bind = session.get_bind()
    engine = bind if isinstance(bind, Engine) else bind.engine
    with Session(engine) as taking, taking.begin():
        ids = take_some(taking, datetime.now(UTC))
    if ids:
        with ThreadPoolExecutor(AT_ONCE, "paypal-look") as threads:
            list(threads.map(lambda payment_id: _look(engine, payment_id), ids))
    return 0


def expire(session: Session) -> int:
    """Step: links that nobody followed in time are over."""
    late = select(Payment.id).where(
        Payment.kind == PaymentKind.DEPOSIT,
        Payment.state == PaymentState.REQUESTED,
        Payment.expires_at <= func.now(),
    )
    some = session.scalars(late.limit(200).with_for_update(skip_locked=True)).all()
    if some:
        over = {"state": PaymentState.EXPIRED.value}
        session.execute(update(Payment).where(Payment.id.in_(some)).values(over))
    return len(some)


def take_some(session: Session, now: datetime) -> list[UUID]:
    """A few payments whose turn it is; others do not take them for a while."""
    is_order = and_(Payment.state == PaymentState.CREATED, Payment.updated_at <= now - EVERY)
    is_pending = and_(
        Payment.state == PaymentState.PENDING, Payment.updated_at <= now - PENDING_EVERY
    )
    known = Payment.order_id.is_not(None) | Payment.refund_id.is_not(None)
    query = select(Payment.id).where(Payment.state.in_(OPEN), known, or_(is_order, is_pending))
    some = query.order_by(Payment.updated_at).limit(MOST).with_for_update(skip_locked=True)
    ids = list(session.scalars(some))
    if ids:
        session.execute(update(Payment).where(Payment.id.in_(ids)).values(updated_at=now))
    return ids


def _look(engine: Engine, payment_id: UUID) -> None:
    try:
        with Session(engine) as session:
            look(session, payment_id)
    except Exception as error:  # the others are looked at all the same
        log.error("look at a payment", exc_info=error)


def look(session: Session, payment_id: UUID) -> None:
    """Ask PayPal about one payment, and take the money that a guest has approved. Commits."""
    payment = session.get_one(Payment, payment_id)
    settings = queries.settings_of(session, payment.website_id)
    if settings is None or not settings.secret:
        return
    account = Account.of(settings)
    with suppress(HubError):
        if payment.kind == PaymentKind.REFUND:
            _look_at_refund(session, payment, account)
        else:
            _look_at_order(session, payment, account)


def _look_at_order(session: Session, payment: Payment, account: Account) -> None:
    order_id, about = payment.order_id or "", (payment.website_id, payment.booking_id)
    payment_id = payment.id
    session.commit()
    calls = Calls("order.look")
    answer = http.run(PayPal(account, http.send, calls.note).get_order(order_id))
    calls.write(session, SYSTEM, *about)
    now = datetime.now(UTC)
    said = data_of(answer) if isinstance(answer, Answer) and answer.status == 200 else {}
    decided = bool(said) and recording.order(session, recording.PAYPAL, payment_id, said, now)
    booking, payment = squaring.locked(session, payment_id)
    if decided or payment.state != PaymentState.CREATED:
        session.commit()
    elif said.get("status") == "APPROVED" and _waits(booking, now):
        session.commit()
        checkout.take(session, recording.PAYPAL, payment, account, order_id)
    else:
        _end(session, payment, answer, now)
        session.commit()


def _waits(booking: Booking, now: datetime) -> bool:
    """Whether money may be taken for it: later nobody could say whether there is a place."""
    held = booking.hold_expires_at
    if booking.status == Status.PENDING:
        return held is None or held > now + timedelta(seconds=30)
    return booking.status in (Status.CONFIRMED, Status.CHECKED_IN)


def _end(session: Session, payment: Payment, answer: object, now: datetime) -> None:
    """An order that was not approved in time is over; what cannot be asked for a while longer."""
    answered = isinstance(answer, Answer) and answer.status in (200, 404)
    until = payment.expires_at or now
    if (answered and until <= now) or until + GIVE_UP <= now:
        paying.failed(
            session, recording.PAYPAL, payment.id, PaymentState.EXPIRED, "NOT_APPROVED", now
        )


def _look_at_refund(session: Session, payment: Payment, account: Account) -> None:
    refund_id, about = payment.refund_id or "", (payment.website_id, payment.booking_id)
    payment_id = payment.id
    session.commit()
    calls = Calls("refund.look")
    answer = http.run(PayPal(account, http.send, calls.note).get_refund(refund_id))
    calls.write(session, SYSTEM, *about)
    if isinstance(answer, Answer) and answer.status == 200:
        said = data_of(answer)
        recording.refund(session, recording.PAYPAL, payment_id, said, datetime.now(UTC))
    else:
        log.warning("look at a refund", code=refusal_of(answer).code)
    session.commit()
