"""From a right code to somebody signed in: the customer, the device, its tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from app.crypto import hash_secret, new_token
from app.customers.actions import Contact, find_or_create
from app.customers.models import Customer
from app.errors import AuthFailed
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.signin.models import CustomerDevice, RefreshToken
from app.signin.rules import Rules

SOURCE = "customer_app"
ENDED = "Please sign in again."
SIGNED_IN, SIGNED_OUT = "customer.signed_in", "customer.signed_out"
_CLOCK = func.clock_timestamp()


@dataclass(frozen=True)
class Signed:
    """Who is signed in now, and the token that is exchanged for the next one."""

    customer: Customer
    device: CustomerDevice
    refresh_token: str
    now: datetime
    is_new: bool = False
    """Nobody was known by this phone."""


class Reused(AuthFailed):
    """A refresh token came a second time: its device is signed out."""


def sign_in(
    session: Session,
    actor_of: Callable[[UUID], Actor],
    rules: Rules,
    phone: str,
    label: str,
    address: str,
) -> Signed:
    """Sign in whoever has this phone, which was just proved; make them when nobody has.

    Of merged records it is the one that was kept.
    """
    known = find_or_create(session, Contact(name="", phone=phone, source=SOURCE))
    now: datetime = session.execute(select(_CLOCK)).scalar_one()
    proved = case((Customer.phone == phone, now), else_=Customer.phone_verified_at)
    noted = (
        update(Customer)
        .where(Customer.id == known.id)
        .values(signed_in_at=now, phone_verified_at=proved)
    )
    session.execute(noted.execution_options(synchronize_session=False))
    customer = session.get_one(Customer, known.id, populate_existing=True)
    device = CustomerDevice(
        customer_id=known.id, label=label, address=address, created_at=now, last_seen_at=now
    )
    session.add(device)
    session.flush()
    token = _issue(session, rules, device.id, None, now)
    _tell(session, actor_of(known.id), SIGNED_IN, customer, device)
    return Signed(customer, device, token, now, known.is_new)


def refresh(
    session: Session, actor_of: Callable[[UUID], Actor], rules: Rules, token: str
) -> Signed:
    """The next token for this one, which is spent now.

    A token that was spent before ends the device and all its tokens: one of the two who hold it
    is a thief. Raises Reused then (commit it), AuthFailed for any other that does not work.
    """
    digest = hash_secret(token)
    query = select(RefreshToken.device_id).where(RefreshToken.token_hash == digest)
    device_id = session.execute(query).scalar_one_or_none()
    if device_id is None:
        raise AuthFailed(ENDED)
    # Whatever happens to a family happens one after the other.
    device = session.get_one(
        CustomerDevice, device_id, with_for_update=True, populate_existing=True
    )
    spent = select(RefreshToken, _CLOCK).where(RefreshToken.token_hash == digest)
    row = session.execute(spent.execution_options(populate_existing=True)).one_or_none()
    customer = session.get_one(Customer, device.customer_id, populate_existing=True)
    gone = customer.merged_into_id or customer.erased_at or device.revoked_at
    if row is None or gone is not None:
        raise AuthFailed(ENDED)
    old, now = row
    if old.used_at is not None:
        end(session, actor_of(customer.id), customer, device, "reuse", now)
        raise Reused(ENDED)
    if old.expires_at <= now:
        raise AuthFailed(ENDED)
    old.used_at = device.last_seen_at = now
    return Signed(customer, device, _issue(session, rules, device.id, old.id, now), now)


def end(
    session: Session,
    actor: Actor,
    customer: Customer,
    device: CustomerDevice,
    because: str,
    now: datetime,
) -> bool:
    """End a device and all its tokens. Returns whether it had not been ended before."""
    session.refresh(device, with_for_update=True)
    if device.revoked_at is not None:
        return False
    device.revoked_at, device.revoked_because = now, because
    session.flush()
    _tell(session, actor, SIGNED_OUT, customer, device, because)
    return True


def _issue(
    session: Session, rules: Rules, device_id: UUID, parent_id: UUID | None, now: datetime
) -> str:
    token = new_token()
    row = RefreshToken(
        device_id=device_id,
        parent_id=parent_id,
        token_hash=hash_secret(token),
        expires_at=now + rules.refresh_life,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return token


def _tell(
    session: Session,
    actor: Actor,
    name: str,
    customer: Customer,
    device: CustomerDevice,
    because: str = "",
) -> None:
    event = NewEvent(
        name=name,
        subject_type="customer",
        subject_id=str(customer.id),
        customer_id=customer.id,
        changes={"device": [None, device.label]},
        meta={"because": because} if because else {},
        personal=frozenset({"device"}),
        key=customer.key,
    )
    record(session, actor, event)
