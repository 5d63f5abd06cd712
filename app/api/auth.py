"""Who is calling at the JSON doors of websites: an API key, its scope and its addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime

from flask import g, request

from app.api import limits
from app.apikeys import queries as apikeys
from app.apikeys.models import ApiKey, KeyScope
from app.apikeys.queries import Caller
from app.apikeys.spelling import is_mistyped
from app.errors import AuthFailed, Forbidden, WebsiteNotFound
from app.events.models import Actor
from app.extensions import db
from app.websites.models import Website

MISSING = "Missing API key: send it in the header X-API-Key."


def caller() -> Caller:
    """The key that was presented and is known here, working or not.

    Raises AuthFailed, and RateLimited for an address that tries many.
    """
    presented = request.headers.get("X-API-Key", "").strip()
    fault = fault_of(presented)
    found = None if fault else apikeys.find(db.session(), presented)
    if found is None:
        limits.spend_stranger()
        raise AuthFailed(fault or "Invalid API key")
    return found


def fault_of(presented: str, missing: str = MISSING) -> str:
    """What is wrong with a key before anybody looks for it; empty when nothing is."""
    if not presented:
        return missing
    if is_mistyped(presented):
        return "Invalid API key: its check digits do not match. Copy the whole key once more."
    return "" if len(presented) <= 200 else "Invalid API key"


def admit(found: Caller, scope: KeyScope) -> Website:
    """The website that the key speaks for. Raises AuthFailed, Forbidden, WebsiteNotFound."""
    if not found.works_at(datetime.now(UTC)):
        raise AuthFailed("Invalid API key: it has ended, or its website is switched off.")
    _check_address(found.key)
    if not found.key.allows(scope):
        raise Forbidden(f"This key does not have the scope {scope.value}.")
    if found.website is None:
        raise WebsiteNotFound("This key belongs to no registered website.")
    return found.website


def website_actor(website: Website) -> Actor:
    """A source website as the log knows it."""
    return Actor(
        kind="website",
        id=website.id,
        label=website.name,
        door=website.door,
        request_id=g.get("request_id", ""),
        ip=request.remote_addr or "",
    )


def _check_address(key: ApiKey) -> None:
    if key.allowed_ips and not is_within(request.remote_addr or "", key.allowed_ips):
        raise Forbidden("This key may not be used from this address.")


def is_within(text: str, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks; what is none of either matches nothing."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a proxy may hand on anything
        return False
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return any(address in network for network in map(_network, networks) if network)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
