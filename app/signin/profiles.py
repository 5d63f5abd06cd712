"""What customers say of themselves in the app: their name and their e-mail."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.crypto import hash_email
from app.customers.models import Customer
from app.errors import AuthFailed
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.signin.signing_in import ENDED


def change(
    session: Session, actor: Actor, customer: Customer, said: Mapping[str, str | None]
) -> bool:
    """Take `name` and `email`, as far as they are said. Returns whether anything changed.

    An e-mail by which another record is found stays theirs: it is written to, but nobody is found
    by it here. So it says nothing about who else there is, and takes nobody's bookings.
    """
    session.refresh(customer, with_for_update={"key_share": True})
    if customer.erased_at is not None or customer.merged_into_id is not None:
        raise AuthFailed(ENDED)
    before = _shown(customer)
    if "name" in said:
        first, _, last = (said["name"] or "").strip().rpartition(" ")
        customer.first_name, customer.last_name = first or last, last if first else ""
    if "email" in said and said["email"] != customer.email:
        customer.email = said["email"]
        customer.email_hash = _free_hash(session, customer, said["email"])
        customer.email_health, customer.email_failures, customer.email_problem = "good", 0, None
    session.flush()
    after = _shown(customer)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changes:
        event = NewEvent(
            name="customer.updated",
            subject_type="customer",
            subject_id=str(customer.id),
            customer_id=customer.id,
            changes=dict(changes),
            personal=frozenset(changes),
            key=customer.key,
        )
        record(session, actor, event)
    return bool(changes)


def _free_hash(session: Session, customer: Customer, email: str | None) -> bytes | None:
    if not email:
        return None
    digest = hash_email(email)
    theirs = select(Customer.id).where(
        Customer.email_hash == digest,
        Customer.id != customer.id,
        Customer.merged_into_id.is_(None) | (Customer.merged_into_id != customer.id),
    )
    return None if session.scalars(theirs.limit(1)).first() else digest


def _shown(customer: Customer) -> dict[str, str | None]:
    return {
        "first_name": customer.first_name or None,
        "last_name": customer.last_name or None,
        "email": customer.email,
    }
