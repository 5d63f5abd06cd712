"""What happens to the profiles of travelers: added, changed, removed.

The log hears of it under the customer, every value sealed with the customer's own key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.errors import NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.travelers import queries, rules
from app.travelers.models import Traveler

_SEALED = frozenset(rules.FIELDS) | {"age_on"}


def add(
    session: Session, actor: Actor, customer_id: UUID, values: Mapping[str, Any], now: datetime
) -> Traveler:
    """Keep somebody. Raises InvalidPayload, and Conflict where there are too many."""
    customer = _hold(session, customer_id)
    queries.demand_room(session, customer_id, 1)
    cleaned = rules.clean(values, region=queries.region_of(customer), today=now.date())
    traveler = Traveler(customer_id=customer_id, **cleaned)
    session.add(traveler)
    session.flush()
    changes = {name: [None, value] for name, value in cleaned.items() if value is not None}
    _tell(session, actor, customer, traveler, "traveler.added", changes)
    return traveler


def change(
    session: Session,
    actor: Actor,
    customer_id: UUID,
    traveler_id: UUID,
    values: Mapping[str, Any],
    now: datetime,
    region: str = queries.NOWHERE,
) -> Traveler:
    """Say something else of somebody: what is not in `values` stays. No difference: nothing is
    written. Bookings keep what was said when they were made. `region`: country of numbers without
    one, where the customer has no phone. Raises NotFound, InvalidPayload."""
    customer = _hold(session, customer_id)
    traveler = queries.get(session, customer_id, traveler_id, lock=True)
    said = {**_said_before(traveler, values), **values}
    cleaned = rules.clean(said, region=queries.region_of(customer, region), today=now.date())
    if cleaned["age"] == traveler.age and "age" not in values:
        cleaned["age_on"] = traveler.age_on
    old = {name: getattr(traveler, name) for name in cleaned}
    changes = {name: [old[name], new] for name, new in cleaned.items() if old[name] != new}
    if changes:
        for name, (_, new) in changes.items():
            setattr(traveler, name, new)
        session.flush()
        _tell(session, actor, customer, traveler, "traveler.changed", changes)
    return traveler


def remove(
    session: Session, actor: Actor, customer_id: UUID, traveler_id: UUID, now: datetime
) -> None:
    """Offer somebody no more. Bookings keep who they are of. Raises NotFound."""
    customer = _hold(session, customer_id)
    traveler = queries.get(session, customer_id, traveler_id, lock=True)
    traveler.deleted_at = now
    session.flush()
    _tell(session, actor, customer, traveler, "traveler.removed", {})


def _said_before(traveler: Traveler, values: Mapping[str, Any]) -> dict[str, Any]:
    """What was said until now; a new age takes the place of a date of birth, and the reverse."""
    said = {name: getattr(traveler, name) for name in rules.FIELDS}
    if values.get("age") is not None and "birth_date" not in values:
        said["birth_date"] = None
    if values.get("birth_date") is not None and "age" not in values:
        said["age"] = None
    return said


def _hold(session: Session, customer_id: UUID) -> Customer:
    """The customer, kept from being erased or merged until the transaction ends."""
    query = select(Customer).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    found = session.scalar(query.with_for_update(key_share=True))
    if found is None:
        raise NotFound("There is no such customer.")
    return found


def _tell(
    session: Session,
    actor: Actor,
    customer: Customer,
    traveler: Traveler,
    name: str,
    changes: Mapping[str, list[Any]],
) -> None:
    plain = {
        field: [str(v) if v is not None else None for v in pair] for field, pair in changes.items()
    }
    event = NewEvent(
        name=name,
        subject_type="traveler",
        subject_id=str(traveler.id),
        customer_id=customer.id,
        changes=plain,
        personal=_SEALED,
        key=customer.key,
    )
    record(session, actor, event)
