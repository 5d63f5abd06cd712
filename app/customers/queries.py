"""Reading customers."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import DataKey
from app.customers.models import Customer
from app.wall import is_open, lifted


def by_phone(session: Session, e164: str) -> Customer | None:
    """Who has this number; where only a merged record has it, the one that was kept."""
    query = (
        select(Customer)
        .where(Customer.phone == e164)
        .order_by(Customer.merged_into_id.is_(None).desc())
    )
    found = session.scalars(query.limit(1)).one_or_none()
    while found is not None and found.merged_into_id is not None:
        found = session.get(Customer, found.merged_into_id)
    return found


def data_key(session: Session, customer_id: UUID) -> DataKey | None:
    """The key that opens this customer's values in the log; None once erased."""
    return data_keys(session, [customer_id]).get(customer_id)


def data_keys(session: Session, customer_ids: Iterable[UUID]) -> dict[UUID, DataKey]:
    """The keys of several customers; erased ones are missing.

    Whose event somebody may read, its key opens: also where the wall hides the person because
    the booking is another's by now (moved, or of a merge that was undone).
    """
    wanted = set(customer_ids)
    found = _keys(session, wanted)
    if len(found) < len(wanted) and not is_open(session, None):
        with lifted(session):
            found |= _keys(session, wanted - found.keys())
    return {who: DataKey.from_text(text) for who, text in found.items()}


def _keys(session: Session, customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    query = select(Customer.id, Customer.data_key).where(
        Customer.id.in_(customer_ids), Customer.data_key.is_not(None)
    )
    return {row.id: row.data_key for row in session.execute(query)}
