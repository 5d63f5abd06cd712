"""Which of our payments something of PayPal's speaks of, whatever shape it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.payments.models import Payment, PaymentKind

LONGEST = 127
"""Characters of an id of theirs."""
Resource = dict[str, Any]


def payment_named(session: Session, resource: Resource) -> Payment | None:
    """The payment that a resource names by our id or by one of theirs; None where it names none."""
    theirs = set(_theirs(resource))
    ours = [found for text in _ours(resource) if (found := as_uuid(text))]
    query = select(Payment).where(
        or_(
            Payment.id.in_(ours),
            Payment.order_id.in_(theirs),
            Payment.capture_id.in_(theirs),
            Payment.refund_id.in_(theirs),
        )
    )
    return session.scalars(query.order_by(Payment.created_at).limit(1)).first()


def deposit_named(session: Session, resource: Resource) -> Payment | None:
    """The deposit that it is about, also where it names a refund of it."""
    found = payment_named(session, resource)
    if found is not None and found.kind == PaymentKind.REFUND and found.of_id is not None:
        return session.get(Payment, found.of_id)
    return found


def refund_named(session: Session, resource: Resource) -> Payment | None:
    """The refund of ours that a refund of theirs is: by its id there, else by the id we gave."""
    is_refund = Payment.kind == PaymentKind.REFUND
    known = select(Payment).where(is_refund, Payment.refund_id == _text(resource.get("id")))
    if found := session.scalars(known).first():
        return found
    named = as_uuid(_text(resource.get("custom_id")))
    if named is None:
        return None
    return session.scalars(select(Payment).where(is_refund, Payment.id == named)).first()


def as_uuid(text: str) -> UUID | None:
    """The id that a text is; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _ours(resource: Resource) -> Iterator[str]:
    yield _text(resource.get("custom_id"))
    for unit in _dicts(resource.get("purchase_units")):
        yield _text(unit.get("custom_id"))


def _theirs(resource: Resource) -> Iterator[str]:
    yield _text(resource.get("id"))
    related = resource.get("supplementary_data")
    ids = related.get("related_ids") if isinstance(related, dict) else None
    if isinstance(ids, dict):
        yield from (_text(value) for value in ids.values())
    for link in _dicts(resource.get("links")):
        if link.get("rel") == "up":
            yield _text(link.get("href")).rpartition("/")[2]
    for unit in _dicts(resource.get("purchase_units")):
        payments = unit.get("payments")
        captures = payments.get("captures") if isinstance(payments, dict) else None
        yield from (_text(each.get("id")) for each in _dicts(captures))
    for one in _dicts(resource.get("disputed_transactions")):
        yield _text(one.get("seller_transaction_id"))


def _dicts(value: Any) -> Iterator[Resource]:
    return (each for each in value[:20] if isinstance(each, dict)) if isinstance(
        value, list
    ) else iter(())  # fmt: skip


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 500 else ""
