"""Who is calling at the doors of partners: a key, a key and its secret, or a token."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

from flask import g, request

from app.api import auth, limits
from app.api.partner.tokens import read_token
from app.apikeys import queries as apikeys
from app.apikeys.models import ApiKey, KeyScope
from app.crypto import hash_secret
from app.errors import AuthFailed, Forbidden
from app.events.models import Actor
from app.extensions import db
from app.partners import callers
from app.partners.callers import PartnerCaller
from app.staff.context import settings

MISSING = "Missing API key: send it as Authorization: Bearer <key>."


def admitted(scope: KeyScope) -> PartnerCaller:
    """The partner that calls, if its key may do this from here.

    Raises AuthFailed, Forbidden and RateLimited.
    """
    found = presented()
    limits.spend_key(found.key.id)
    admit(found, scope)
    apikeys.touch(db.session(), found.key, datetime.now(UTC))
    return found


def presented() -> PartnerCaller:
    """The partner behind what was presented, working or not. Raises AuthFailed, RateLimited."""
    try:
        return _by_bearer() or _by_pair()
    except AuthFailed:
        limits.spend_stranger()
        raise


def admit(found: PartnerCaller, scope: KeyScope | None) -> None:
    """Raises AuthFailed for a key that has ended, Forbidden for another place or scope."""
    if not found.works_at(datetime.now(UTC)):
        raise AuthFailed("Invalid API key: it has ended, or your account is switched off.")
    for networks in found.allowed_ips:
        if networks and not auth.is_within(request.remote_addr or "", networks):
            raise Forbidden("This key may not be used from this address.")
    if scope is not None and not found.key.allows(scope):
        raise Forbidden(f"This key does not have the scope {scope.value}.")


def partner_actor(found: PartnerCaller, door: str = "") -> Actor:
    """A partner as the log knows it."""
    return Actor(
        kind="partner",
        id=str(found.partner.id),
        label=found.partner.name,
        door=door or found.partner.door,
        request_id=g.get("request_id", ""),
        ip=request.remote_addr or "",
    )


def demand_secret(key: ApiKey, secret: str) -> None:
    """Raises AuthFailed unless this is the second half of the key."""
    stored = key.secret_hash
    if stored is None or not hmac.compare_digest(stored, hash_secret(secret)):
        raise AuthFailed("Invalid API key or secret")


def by_key(clear_text: str) -> PartnerCaller:
    """The partner behind a key in clear. Raises AuthFailed."""
    fault = auth.fault_of(clear_text, MISSING)
    found = None if fault else callers.find(db.session(), clear_text)
    if found is None:
        raise AuthFailed(fault or "Invalid API key")
    return found


def _by_bearer() -> PartnerCaller | None:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given.strip()
    if kind.lower() != "bearer" or not given:
        return None
    key_id = read_token(settings(), given) if given.count(".") == 2 else None
    found = callers.find_by_id(db.session(), key_id) if key_id else None
    return found or by_key(given)


def _by_pair() -> PartnerCaller:
    key = request.headers.get("X-API-Key", "").strip()
    found = by_key(key)
    secret = request.headers.get("X-API-Secret", "").strip()
    if not secret:
        raise AuthFailed("Missing X-API-Secret: it goes with X-API-Key.")
    demand_secret(found.key, secret)
    return found
