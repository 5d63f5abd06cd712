"""Who is calling at the doors of the app: a customer, on a device of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import g, request

from app.api import limits
from app.api.customer.tokens import Claims, read_token
from app.customers.models import Customer
from app.errors import AuthFailed
from app.events.models import Actor
from app.extensions import db
from app.signin import devices, queries
from app.signin.queries import SignedIn
from app.staff.context import settings

MISSING = "Please sign in: send your token as Authorization: Bearer <token>."
ENDED = "Please sign in again: this token does not work (any more)."


@dataclass(frozen=True)
class CustomerCaller:
    """Who signed in: neither merged nor erased, on a device that works."""

    customer: Customer
    device_id: UUID
    websites: frozenset[str]
    """Those that have treks: what else there is stays behind the second wall."""

    @property
    def door(self) -> str:
        """Of this customer's calls: their receipts are nobody else's."""
        return f"customer:{self.customer.id}"


def signed_in() -> CustomerCaller:
    """The customer who calls; opens the second wall for them. Raises AuthFailed, RateLimited."""
    claims = _claims()
    session = db.session()
    websites = queries.open_shops(session)
    found = queries.find(session, claims.device_id, claims.customer_id)
    if found is None or not _works(found, claims):
        limits.spend_stranger()
        raise AuthFailed(ENDED)
    limits.spend_key(found.device.id)
    devices.touch(session, found.device, request.remote_addr or "", found.now)
    return CustomerCaller(found.customer, found.device.id, websites)


def customer_actor(caller: CustomerCaller) -> Actor:
    """A customer as the log knows one: by id alone, since it is kept in clear."""
    return actor_of(caller.customer.id)


def actor_of(customer_id: UUID) -> Actor:
    """A customer who has just become known."""
    return Actor(
        kind="customer",
        id=str(customer_id),
        label="Guest",
        door="app",
        request_id=g.get("request_id", ""),
        ip=request.remote_addr or "",
    )


def nobody() -> Actor:
    """Who is not signed in (yet)."""
    return Actor(
        kind="customer",
        id="unknown",
        label="Somebody",
        door="app",
        request_id=g.get("request_id", ""),
        ip=request.remote_addr or "",
    )


def _claims() -> Claims:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given.strip()
    claims = read_token(settings(), given) if kind.lower() == "bearer" and given else None
    if claims is None:
        limits.spend_stranger()
        raise AuthFailed(ENDED if given else MISSING)
    return claims


def _works(found: SignedIn, claims: Claims) -> bool:
    return found.works and claims.is_current(found.now)
