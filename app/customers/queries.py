"""Reading customers."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import DataKey
from app.customers.models import Customer


def data_key(session: Session, customer_id: UUID) -> DataKey | None:
    """The key that opens this customer's values in the log; None once erased."""
    return data_keys(session, [customer_id]).get(customer_id)


def data_keys(session: Session, customer_ids: Iterable[UUID]) -> dict[UUID, DataKey]:
    """The keys of several customers in one query; erased ones are missing."""
    query = select(Customer.id, Customer.data_key).where(
        Customer.id.in_(set(customer_ids)), Customer.data_key.is_not(None)
    )
    return {row.id: DataKey.from_text(row.data_key) for row in session.execute(query)}
