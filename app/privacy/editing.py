"""What people at the desk correct in a guest's record: contact, language, answers, health."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.crypto import hash_email
from app.customers.models import Customer
from app.customers.opting import locked_survivor, set_sms_opt_in
from app.customers.phones import to_e164
from app.errors import Conflict, Fault, Forbidden, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.messaging import health
from app.messaging.models import Medium
from app.privacy import queries
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.wall import lifted

EDIT = Permission.CUSTOMERS_EDIT
FIELDS = ("first_name", "last_name", "phone", "email", "language")
LONGEST = 200
Changes = dict[str, list[str | None]]


@dataclass(eq=False)
class Taken(Conflict):
    """Another record has the phone or the e-mail: `other`, where the asker may see it."""

    other: UUID | None = None
    field: str = "phone"


def shown(customer: Customer) -> dict[str, str]:
    """The fields as a form shows them."""
    said = {name: getattr(customer, name) or "" for name in FIELDS}
    return said | {"phone": customer.phone or customer.phone_raw or ""}


def fingerprint(customer: Customer) -> str:
    """Changes whenever one of the fields does: to know what a form was made of."""
    return hashlib.sha256(json.dumps(shown(customer)).encode()).hexdigest()[:16]


def may_edit(session: Session, scope: Scope, customer_id: UUID) -> bool:
    """Whether the record may be corrected: with the permission at a website they booked at."""
    if scope.can(EDIT):
        return True
    found = queries.websites(session, customer_id)
    return any(scope.can(EDIT, website) for website in found)


def edit(
    session: Session,
    actor: Actor,
    scope: Scope,
    customer_id: UUID,
    said: Mapping[str, str],
    read: str,
    region: str,
    now: datetime,
) -> bool:
    """Correct a record. `read`: the fingerprint of what was read; `region` (ISO 3166): in which a
    national number is read. Returns whether anything changed.

    Raises NotFound, Forbidden, InvalidPayload, Conflict when somebody changed it meanwhile, and
    Taken.
    """
    customer = _locked(session, scope, customer_id)
    if fingerprint(customer) != read:
        raise Conflict("Somebody changed this customer meanwhile. Look at what it says now.")
    before, values = shown(customer), _checked(customer, said, region)
    _demand_free(session, scope, customer, values)
    if values["phone"] != customer.phone:
        health.mended(customer, Medium.SMS, now)
    if values["email_hash"] != customer.email_hash:
        health.mended(customer, Medium.EMAIL, now)
    for name, value in values.items():
        if getattr(customer, name) != value:
            setattr(customer, name, value)
    after = shown(customer)
    changes: Changes = {
        n: [before[n] or None, after[n] or None] for n in FIELDS if before[n] != after[n]
    }
    try:
        session.flush()
    except IntegrityError as error:
        raise Taken("Another customer got this phone or e-mail just now.") from error
    if changes:
        _tell(session, actor, "customer.updated", customer, changes)
    return bool(changes)


def answer(session: Session, actor: Actor, scope: Scope, customer_id: UUID, wanted: bool) -> bool:
    """Note what the guest said at the desk to text messages. Raises NotFound, Forbidden."""
    customer = _locked(session, scope, customer_id)
    return set_sms_opt_in(session, actor, customer.id, wanted, "desk")


def mend(
    session: Session, actor: Actor, scope: Scope, customer_id: UUID, medium: Medium, now: datetime
) -> bool:
    """Say that a number or an address is good again. Returns whether it was not.

    Raises NotFound, Forbidden, and Conflict for a guest who has answered STOP.
    """
    customer = _locked(session, scope, customer_id)
    before = str(getattr(customer, f"{medium}_health"))
    if before == health.STOPPED:
        raise Conflict("The guest has answered STOP: only they can take that back, with START.")
    if health.is_well(customer, medium):
        return False
    health.mended(customer, medium, now)
    session.flush()
    changes: Changes = {f"{medium}_health": [before, health.GOOD]}
    _tell(session, actor, "customer.health_mended", customer, changes, sealed=False)
    return True


def _locked(session: Session, scope: Scope, customer_id: UUID) -> Customer:
    found = queries.demand_visible(session, scope, customer_id)
    if not may_edit(session, scope, found.id):
        raise Forbidden("You may not edit this customer. Ask a manager for the permission.")
    customer = locked_survivor(session, found.id)
    if customer.erased_at is not None:
        raise Conflict("This customer is erased.")
    return customer


def _checked(customer: Customer, said: Mapping[str, str], region: str) -> dict[str, object]:
    """The columns. Raises InvalidPayload."""
    typed = {name: " ".join(said.get(name, "").split()) for name in FIELDS}
    faults = [Fault(n, "Is too long.") for n in FIELDS if len(typed[n]) > LONGEST]
    if not typed["first_name"]:
        faults.append(Fault("first_name", "Is required."))
    same = typed["phone"] == (customer.phone or customer.phone_raw or "")
    phone = customer.phone if same else to_e164(typed["phone"], None, region)
    if typed["phone"] and not phone and not same:
        faults.append(Fault("phone", "This is no phone number. Begin with + and the country."))
    email = typed["email"]
    if email and (email.count("@") != 1 or " " in email or email[0] == "@" or email[-1] == "@"):
        faults.append(Fault("email", "This is no e-mail address."))
    if faults:
        raise InvalidPayload("Please check what you typed.", faults)
    return {
        "first_name": typed["first_name"],
        "last_name": typed["last_name"],
        "phone": phone,
        "phone_raw": customer.phone_raw if same else None,
        "email": email or None,
        "email_hash": hash_email(email) if email else None,
        "language": typed["language"] or None,
    }


def _demand_free(
    session: Session, scope: Scope, customer: Customer, values: Mapping[str, object]
) -> None:
    """Raises Taken when another record is found by the same phone, or by the same e-mail alone."""
    field = "phone" if values["phone"] else "email"
    theirs = Customer.phone == values["phone"]
    if not values["phone"]:
        theirs = (Customer.email_hash == values["email_hash"]) & Customer.phone.is_(None)
    query = select(Customer.id).where(
        theirs, Customer.id != customer.id, Customer.merged_into_id.is_(None)
    )
    with lifted(session):  # that somebody has it is told; who it is only to who may know
        other = session.scalar(query.limit(1))
    if other is None:
        return
    words = f"Another customer has this {'phone' if field == 'phone' else 'e-mail'}"
    if queries.is_visible(session, scope, other):
        raise Taken(f"{words}. If they are one person, merge the two.", other=other, field=field)
    raise Taken(
        f"{words}, at a website where you do not work. Ask somebody who works for all websites.",
        field=field,
    )


def _tell(
    session: Session,
    actor: Actor,
    name: str,
    customer: Customer,
    changes: Changes,
    *,
    sealed: bool = True,
) -> None:
    concerned: list[str | None] = [*sorted(queries.websites(session, customer.id))]
    for website_id in concerned or [None]:
        event = NewEvent(
            name=name,
            subject_type="customer",
            subject_id=str(customer.id),
            website_id=website_id,
            customer_id=customer.id,
            changes=dict(changes),
            personal=frozenset(changes) if sealed else frozenset(),
            key=customer.key,
        )
        record(session, actor, event)
