"""Reading travelers: the profiles that a customer keeps."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.errors import Conflict, NotFound
from app.travelers.models import Traveler

MOST = 100
"""Profiles of one customer."""
NOWHERE = "ZZ"
"""No country is known: numbers without one are kept as they were given."""


def kept(session: Session, customer_id: UUID) -> Sequence[Traveler]:
    """A customer's profiles in the order in which they were made."""
    query = select(Traveler).where(
        Traveler.customer_id == customer_id, Traveler.deleted_at.is_(None)
    )
    return session.scalars(query.order_by(Traveler.id)).all()


def demand_room(session: Session, customer_id: UUID, more: int) -> None:
    """Raises Conflict where so many more would be too many for one customer."""
    query = select(func.count()).where(
        Traveler.customer_id == customer_id, Traveler.deleted_at.is_(None)
    )
    if (session.scalar(query) or 0) + more > MOST:
        raise Conflict(f"At most {MOST} travelers are kept: remove some first.")


def region_of(customer: Customer | None, otherwise: str = NOWHERE) -> str:
    """The country in which a customer's phone is: numbers without one are read as of there.

    `otherwise`: that of the website, where the customer has no phone.
    """
    import phonenumbers  # noqa: PLC0415 (large)

    if customer is None or not customer.phone:
        return otherwise
    number = phonenumbers.parse(customer.phone)
    return phonenumbers.region_code_for_number(number) or otherwise


def get(session: Session, customer_id: UUID, traveler_id: UUID, *, lock: bool = False) -> Traveler:
    """One of them. Raises NotFound, also for another customer's."""
    query = select(Traveler).where(
        Traveler.id == traveler_id,
        Traveler.customer_id == customer_id,
        Traveler.deleted_at.is_(None),
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("There is no such traveler.")
    return found
