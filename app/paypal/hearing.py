"""What PayPal tells by webhook: kept once per event of theirs, applied in any order.

An event that comes before what it rests on (a refund before its payment) waits, and is applied
when that has come.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bookings import paying
from app.ids import new_id
from app.payments.models import Payment, PaymentKind, PaymentSettings, PaymentState, ProviderEvent
from app.paypal import recording
from app.paypal.answers import as_capture, money_of
from app.paypal.looking import EVERY
from app.paypal.naming import deposit_named, payment_named, refund_named

NAME = "paypal"
WAITS = timedelta(days=4)
"""For so long an event waits for what it rests on: longer than PayPal repeats."""
_INSERT = (
    insert(cast(Table, ProviderEvent.__table__))
    .on_conflict_do_nothing(index_elements=["provider", "event_id"])
    .returning(ProviderEvent.id)
)


@dataclass(frozen=True)
class Heard:
    """A webhook, as far as its envelope goes."""

    id: str
    type: str
    resource: dict[str, Any]
    payload: dict[str, Any]


class TooEarly(Exception):
    """What the event rests on has not come yet."""


def read(body: bytes) -> Heard | None:
    """None for what has not the shape of an event."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    event_id, kind, resource = data.get("id"), data.get("event_type"), data.get("resource")
    if not (isinstance(event_id, str) and isinstance(kind, str) and isinstance(resource, dict)):
        return None
    if not 0 < len(event_id) <= 100 or not 0 < len(kind) <= 100 or "\x00" in event_id + kind:
        return None
    return Heard(event_id, kind, resource, data)


def website_of(session: Session, heard: Heard) -> str | None:
    """Whose event it is: that of the payment it names. To be asked without the second wall.

    One that names none of our payments can only be checked where there is but one account.
    """
    payment = payment_named(session, heard.resource)
    if payment is not None:
        return payment.website_id
    configured = select(PaymentSettings.website_id, PaymentSettings.webhook_id).where(
        PaymentSettings.webhook_id != ""
    )
    found = session.execute(configured.order_by(PaymentSettings.website_id)).all()
    return found[0].website_id if len({row.webhook_id for row in found}) == 1 else None


def keep(session: Session, heard: Heard, website_id: str) -> bool:
    """Write a genuine event down and apply it, in the caller's transaction. False: known already.

    Two at the same time: the second waits until the first has committed or failed.
    """
    payment = payment_named(session, heard.resource)
    row = {
        "id": new_id(),
        "provider": NAME,
        "event_id": heard.id,
        "event_type": heard.type,
        "website_id": website_id,
        "booking_id": payment.booking_id if payment else None,
        "payload": heard.payload,
    }
    made: UUID | None = session.execute(_INSERT, row).scalar_one_or_none()
    if made is None:
        return False
    _try(session, session.get_one(ProviderEvent, made), heard)
    if payment is not None:
        catch_up(session, payment.booking_id)
    return True


def catch_up(session: Session, booking_id: UUID) -> int:
    """Apply what waited for this booking. Returns how many were handled."""
    query = select(ProviderEvent).where(
        ProviderEvent.provider == NAME,
        ProviderEvent.booking_id == booking_id,
        ProviderEvent.handled_at.is_(None),
    )
    waiting = session.scalars(query.order_by(ProviderEvent.received_at, ProviderEvent.id)).all()
    return sum(_again(session, event) for event in waiting)


def retry_waiting(session: Session) -> int:
    """Step: what waited for something that came by another way. Returns how many were handled."""
    since = datetime.now(UTC) - WAITS
    query = select(ProviderEvent).where(
        ProviderEvent.provider == NAME,
        ProviderEvent.handled_at.is_(None),
        ProviderEvent.received_at >= since,
    )
    some = query.order_by(ProviderEvent.received_at).limit(20).with_for_update(skip_locked=True)
    return sum(_again(session, event) for event in session.scalars(some).all())


def _again(session: Session, event: ProviderEvent) -> int:
    payload: Any = event.payload
    heard = read(json.dumps(payload).encode()) if payload else None
    if heard is None:
        event.outcome, event.handled_at = "It was not kept long enough.", datetime.now(UTC)
        return 1
    _try(session, event, heard)
    return 0 if event.handled_at is None else 1


def _try(session: Session, event: ProviderEvent, heard: Heard) -> None:
    handler = _HANDLERS.get(heard.type)
    now = datetime.now(UTC)
    try:
        event.outcome = handler(session, heard.resource, now) if handler else "Nothing to do."
    except TooEarly as early:
        event.outcome = str(early)
        return
    event.handled_at = now


def _captured(status: str) -> Callable[[Session, dict[str, Any], datetime], str]:
    def handle(session: Session, resource: dict[str, Any], now: datetime) -> str:
        """The type of the event counts, not the status that its resource has by now."""
        deposit, found = (
            deposit_named(session, resource),
            as_capture({**resource, "status": status}),
        )
        if deposit is None or found is None:
            return "No payment of ours."
        after = recording.capture(session, recording.PAYPAL, deposit.id, found, now)
        return f"The payment is {after.state}{f': {after.problem}' if after.problem else ''}."

    return handle


def _refunded(session: Session, resource: dict[str, Any], now: datetime) -> str:
    ours = refund_named(session, resource) or _same_refund(session, resource)
    if ours is not None:
        recording.refund(
            session, recording.PAYPAL, ours.id, {"status": "COMPLETED", **resource}, now
        )
        return f"The refund is {ours.state}."
    deposit = deposit_named(session, resource)
    if deposit is None:
        return "No payment of ours."
    if deposit.state not in (PaymentState.COMPLETED, PaymentState.REVERSED):
        raise TooEarly("It waits for its payment.")
    amount, currency = money_of(resource.get("amount"))
    if amount is None or amount <= 0 or currency != deposit.currency:
        return "Its amount cannot be read."
    paying.refunded_elsewhere(
        session, recording.PAYPAL, deposit.id, str(resource.get("id")), amount, now
    )
    return "Written down: it was given back at PayPal."


def _same_refund(session: Session, resource: dict[str, Any]) -> Payment | None:
    """One of ours that is under way, of this payment and amount, whose id there we do not know."""
    deposit = deposit_named(session, resource)
    if deposit is None:
        return None
    amount, _ = money_of(resource.get("amount"))
    query = select(Payment).where(
        Payment.of_id == deposit.id,
        Payment.kind == PaymentKind.REFUND,
        Payment.state == PaymentState.REQUESTED,
        Payment.refund_id.is_(None),
        Payment.amount == amount,
    )
    return session.scalars(query.order_by(Payment.created_at)).first() if amount else None


def _reversed(session: Session, resource: dict[str, Any], now: datetime) -> str:
    deposit = deposit_named(session, resource)
    if deposit is None:
        return "No payment of ours."
    if deposit.state not in (PaymentState.COMPLETED, PaymentState.REVERSED):
        raise TooEarly("It waits for its payment.")
    paying.reversed_(session, recording.PAYPAL, deposit.id, now)
    return "PayPal took the payment back."


def _approved(session: Session, resource: dict[str, Any], now: datetime) -> str:
    """The guest approved it: soon somebody looks, if they do not come back by themselves."""
    deposit = deposit_named(session, resource)
    if deposit is None or deposit.state != PaymentState.CREATED:
        return "Nothing to do."
    deposit.updated_at = now - EVERY
    return "It is looked at soon."


_HANDLERS: dict[str, Callable[[Session, dict[str, Any], datetime], str]] = {
    "CHECKOUT.ORDER.APPROVED": _approved,
    "PAYMENT.CAPTURE.COMPLETED": _captured("COMPLETED"),
    "PAYMENT.CAPTURE.DENIED": _captured("DECLINED"),
    "PAYMENT.CAPTURE.DECLINED": _captured("DECLINED"),
    "PAYMENT.CAPTURE.PENDING": _captured("PENDING"),
    "PAYMENT.CAPTURE.REFUNDED": _refunded,
    "PAYMENT.CAPTURE.REVERSED": _reversed,
}
