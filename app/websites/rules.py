"""What the fields of a website must look like, whichever door they come through."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.errors import Fault, InvalidPayload
from app.websites import choices

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"({_LABEL}\.)*{_LABEL}(:\d{{1,5}})?")

EDITABLE = {
    "name": "Name",
    "domain": "Domain",
    "logo_url": "Logo",
    "timezone": "Time zone",
    "currency": "Currency",
    "phone_region": "Phone region",
    "webhook_url": "Webhook URL",
    "is_active": "Switched on",
    "keep_payloads_days": "Days to keep what was sent",
}
"""Field to its label for people."""
REQUIRED = ("name", "domain", "timezone", "currency", "phone_region")
OPTIONAL = ("logo_url", "webhook_url")
MOST_DAYS = 3650


class Wrong(ValueError):
    """One value breaks its rule; the message says how."""


def clean(values: Mapping[str, Any], *, https_only: bool) -> dict[str, Any]:
    """The values as they are stored: trimmed, normalised. Raises InvalidPayload with every fault.

    `https_only` is how production runs: what is sent to a website is personal.
    """
    cleaned: dict[str, Any] = {}
    faults = []
    for name, value in values.items():
        try:
            cleaned[name] = _clean(name, value, https_only=https_only)
        except Wrong as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise InvalidPayload("The website cannot be saved like this.", faults)
    return cleaned


def _clean(name: str, value: Any, *, https_only: bool) -> Any:
    if name == "is_active":
        return _yes_or_no(value)
    if name == "keep_payloads_days":
        return _days(value)
    if value is not None and not isinstance(value, str):
        raise Wrong("Must be a text.")
    text = (value or "").strip()
    if "\x00" in text:
        raise Wrong("Must not hold NUL characters.")
    if name in OPTIONAL:
        return url(text, https_only=https_only) if text else None
    if not text:
        raise Wrong("Is required.")
    return _CHECKS[name](text)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("Must be true or false.")
    return value


def _days(value: Any) -> int:
    text = str(value).strip()
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_DAYS:
        raise Wrong(f"Enter a number of days from 1 to {MOST_DAYS:,}.")
    return int(text)


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text) or not 2 <= len(text) <= 60:
        raise Wrong("Use 2 to 60 small letters and digits, with single hyphens between them.")
    return text


def _name(text: str) -> str:
    if len(text) > 100:
        raise Wrong("Use at most 100 characters.")
    return text


def _domain(text: str) -> str:
    """Without the scheme and slash that come along when it is copied from the address bar."""
    domain = re.sub(r"^https?://", "", text.lower()).rstrip("/")
    if not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        raise Wrong("This is not a domain such as example.com.")
    return domain


def _timezone(text: str) -> str:
    if text not in choices.timezones():
        raise Wrong("This is not a time zone such as Asia/Bangkok.")
    return text


def _currency(text: str) -> str:
    if text.upper() not in choices.currencies():
        raise Wrong("This is not an ISO 4217 currency code such as THB.")
    return text.upper()


def _region(text: str) -> str:
    if text.upper() not in choices.regions():
        raise Wrong("This is not an ISO 3166 region such as TH.")
    return text.upper()


def url(text: str, *, https_only: bool) -> str:
    """The address of a webhook. Raises Wrong."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port  # raises for a number that is none
    except ValueError as error:
        raise Wrong("This is not a URL.") from error
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", text):
        raise Wrong("This is not a URL that starts with https://.")
    if https_only and parts.scheme != "https":
        raise Wrong("Must start with https://: what is sent is personal.")
    if parts.username or parts.password or parts.fragment:
        raise Wrong("Must not hold a user name, a password or a fragment.")
    if len(text) > 2000:
        raise Wrong("Use at most 2000 characters.")
    return text


_CHECKS: dict[str, Callable[[str], str]] = {
    "id": _slug,
    "name": _name,
    "domain": _domain,
    "timezone": _timezone,
    "currency": _currency,
    "phone_region": _region,
}
