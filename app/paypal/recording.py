"""Writing down what PayPal says of an order or a refund: the same whoever asked, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import paying
from app.bookings.paying import Captured
from app.events.models import Actor
from app.payments.models import Payment, PaymentState
from app.paypal.answers import Capture, Refusal, capture_of

PAYPAL = Actor(kind="system", id="paypal", label="PayPal", door="paypal")
_LOST = {"DECLINED": PaymentState.DECLINED, "DENIED": PaymentState.DECLINED}
REFUNDS = {
    "COMPLETED": PaymentState.COMPLETED,
    "PENDING": PaymentState.PENDING,
    "FAILED": PaymentState.FAILED,
    "CANCELLED": PaymentState.FAILED,
}
"""PayPal's word for a refund, and ours."""


def order(
    session: Session, actor: Actor, payment_id: UUID, said: dict[str, Any], now: datetime
) -> bool:
    """What an order says of its payment. Returns whether it is decided or pending now."""
    found = capture_of(said)
    if found is not None:
        capture(session, actor, payment_id, found, now)
        return True
    if said.get("status") == "VOIDED":
        paying.failed(session, actor, payment_id, PaymentState.EXPIRED, "VOIDED", now)
        return True
    return False


def capture(
    session: Session, actor: Actor, payment_id: UUID, found: Capture, now: datetime
) -> Payment:
    """What a capture says of its payment."""
    if found.status == "PENDING":
        return paying.pending(session, actor, payment_id, found.id, now)
    if found.status in ("DECLINED", "DENIED", "FAILED"):
        state = _LOST.get(found.status, PaymentState.FAILED)
        return paying.failed(session, actor, payment_id, state, f"CAPTURE_{found.status}", now)
    # COMPLETED, or given back since: a refund tells of itself.
    is_ours = found.custom_id in (None, str(payment_id))
    amount = found.amount if is_ours and found.amount is not None else paying.UNREADABLE
    captured = Captured(found.id, amount, found.currency)
    return paying.received(session, actor, payment_id, captured, now)


def refused(session: Session, payment_id: UUID, state: PaymentState, refusal: Refusal) -> Payment:
    """PayPal refused the payment for good."""
    now = datetime.now(UTC)
    return paying.failed(session, PAYPAL, payment_id, state, refusal.code, now)


def refund(
    session: Session, actor: Actor, payment_id: UUID, said: dict[str, Any], now: datetime
) -> bool:
    """What a refund says of itself. Returns whether PayPal's word for its state is known."""
    state = REFUNDS.get(str(said.get("status")))
    if state is None:
        return False
    refund_id = said.get("id")
    paying.refund_settled(
        session,
        actor,
        payment_id,
        state,
        now,
        refund_id=refund_id if isinstance(refund_id, str) else None,
        problem=f"REFUND_{said.get('status')}" if state is PaymentState.FAILED else None,
    )
    return True
