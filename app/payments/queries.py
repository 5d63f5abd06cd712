"""Reading payments. Who may see them was asked where the booking was read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.payments.models import Payment, PaymentKind, PaymentSettings, PaymentState
from app.payments.state import OPEN

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Tally:
    """What the payments of a booking come to: what its own columns must say."""

    paid: Decimal
    refunded: Decimal | None
    deposit: Decimal | None


def of_booking(session: Session, booking_id: UUID) -> Sequence[Payment]:
    """Deposits and refunds, newest first."""
    query = select(Payment).where(Payment.booking_id == booking_id)
    return session.scalars(query.order_by(Payment.created_at.desc(), Payment.id.desc())).all()


def website_of(session: Session, payment_id: UUID) -> str | None:
    """The website of a payment. To be asked without the second wall: it says what to open."""
    query = select(Payment.website_id).where(Payment.id == payment_id)
    return session.scalars(query).one_or_none()


def lock(session: Session, payment_id: UUID) -> Payment:
    """A payment with its row locked; its booking was locked before."""
    query = select(Payment).where(Payment.id == payment_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def latest_deposit(session: Session, booking_id: UUID) -> Payment | None:
    """The deposit that counts: each new attempt has a row of its own."""
    query = select(Payment).where(
        Payment.booking_id == booking_id, Payment.kind == PaymentKind.DEPOSIT
    )
    newest = query.order_by(Payment.created_at.desc(), Payment.id.desc()).limit(1)
    return session.scalars(newest.execution_options(populate_existing=True)).first()


def open_deposit(session: Session, booking_id: UUID) -> Payment | None:
    """The deposit that can still be paid: what a message links to."""
    found = latest_deposit(session, booking_id)
    return found if found is not None and found.state in OPEN else None


def completed_deposits(session: Session, booking_id: UUID) -> Sequence[Payment]:
    """What came in, newest first."""
    return [
        payment
        for payment in of_booking(session, booking_id)
        if payment.kind == PaymentKind.DEPOSIT and payment.state == PaymentState.COMPLETED
    ]


def left_of(session: Session, deposit: Payment) -> Decimal:
    """What can still be given back of a deposit: what was asked back already is spoken for."""
    if deposit.state != PaymentState.COMPLETED:
        return NOTHING
    gone = select(func.coalesce(func.sum(Payment.amount), 0)).where(
        Payment.of_id == deposit.id, Payment.state != PaymentState.FAILED
    )
    return max(deposit.amount - Decimal(session.scalar(gone) or 0), NOTHING)


def left_of_booking(session: Session, booking_id: UUID) -> Decimal:
    """The same of all that was paid for a booking."""
    found = completed_deposits(session, booking_id)
    return sum((left_of(session, deposit) for deposit in found), NOTHING)


def tally(session: Session, booking_id: UUID) -> Tally:
    """The sum of the payments of a booking."""
    found = of_booking(session, booking_id)
    deposits = [each for each in found if each.kind == PaymentKind.DEPOSIT]
    done = PaymentState.COMPLETED
    back = [e.amount for e in found if e.kind == PaymentKind.REFUND and e.state == done]
    return Tally(
        paid=sum((each.amount for each in deposits if each.state == done), NOTHING),
        refunded=sum(back, NOTHING) if back else None,
        deposit=deposits[0].amount if deposits else None,
    )


def settings_of(session: Session, website_id: str) -> PaymentSettings | None:
    """How a website takes money; None where nobody has said."""
    return session.get(PaymentSettings, website_id)


def of_same_booking(session: Session, payment_id: UUID) -> Sequence[Payment]:
    """All payments of the booking that this one is of."""
    booking_id = session.get_one(Payment, payment_id).booking_id
    return of_booking(session, booking_id)


def of_bookings(session: Session, booking_ids: Collection[UUID]) -> Sequence[Payment]:
    """The payments of these bookings, oldest first."""
    query = select(Payment).where(Payment.booking_id.in_(booking_ids))
    return session.scalars(query.order_by(Payment.created_at, Payment.id)).all()
