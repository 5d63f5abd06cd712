"""What the editable values of a key must look like, whichever door they come through."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.apikeys.models import KeyScope
from app.errors import Fault, InvalidPayload

EDITABLE = {
    "name": "Name",
    "scopes": "May",
    "allowed_ips": "Addresses",
    "expires_at": "Ends",
}
"""Field to its label for people."""
WEBSITE_SCOPES = (KeyScope.MANAGE_BOOKINGS, KeyScope.READ_AVAILABILITY, KeyScope.MANAGE_TABLES)
"""What a website's key may do when nobody says less."""
PARTNER_SCOPES = (KeyScope.MANAGE_BOOKINGS, KeyScope.READ_AVAILABILITY)
"""The same of a partner's key."""
MOST_ADDRESSES = 50
LAST = datetime(2100, 1, 1, tzinfo=UTC)


class Wrong(ValueError):
    """One value breaks its rule; the message says how."""


def clean(values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The values as they are stored. Raises InvalidPayload with every fault."""
    cleaned: dict[str, Any] = {}
    faults = []
    for name, value in values.items():
        try:
            cleaned[name] = _clean(name, value, now)
        except Wrong as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise InvalidPayload("The key cannot be saved like this.", faults)
    return cleaned


def _clean(name: str, value: Any, now: datetime) -> Any:
    match name:
        case "name":
            return _name(value)
        case "scopes":
            return _scopes(value)
        case "allowed_ips":
            return addresses(value)
        case _:
            return _end(value, now)


def _name(value: str) -> str:
    text = value.strip()
    if len(text) > 100:
        raise Wrong("Use at most 100 characters.")
    return text or "API key"


def _scopes(values: list[str]) -> list[str]:
    known = [scope.value for scope in KeyScope]
    if unknown := [value for value in values if value not in known]:
        raise Wrong(f"Unknown: {', '.join(sorted(unknown)[:5])}. Known are {', '.join(known)}.")
    if not values:
        raise Wrong("Choose at least one: a key that may do nothing is of no use.")
    return [scope for scope in known if scope in values]


def addresses(values: list[str]) -> list[str]:
    """Networks in the form in which they are compared; empty means from anywhere. Raises Wrong."""
    if len(values) > MOST_ADDRESSES:
        raise Wrong(f"Use at most {MOST_ADDRESSES} addresses or networks.")
    return list(dict.fromkeys(_network(value.strip()) for value in values if value.strip()))


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise Wrong(
            f"{text[:50]!r} is not an address or network such as 203.0.113.7 or 203.0.113.0/24."
        ) from error
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if single else str(network)


def _end(value: datetime | None, now: datetime) -> datetime | None:
    if value is not None and not now < value < LAST:
        raise Wrong("Must lie in the future. To end a key at once, revoke it.")
    return value
