"""What the fields of a partner must look like, whichever door they come through."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from app.apikeys import rules as keys
from app.errors import Fault, InvalidPayload
from app.partners.models import Relation
from app.websites import rules as websites
from app.websites.rules import Wrong

EDITABLE = {
    "name": "Name",
    "company_name": "Company",
    "contact_email": "Contact e-mail",
    "contact_phone": "Contact phone",
    "commission_rate": "Commission",
    "payment_relation": "Payment",
    "allowed_ips": "Addresses",
    "webhook_url": "Webhook URL",
    "may_change": "May change its bookings",
    "shows_contact": "Is told the guest's contact",
    "is_active": "Switched on",
}
"""Field to its label for people."""
SETTINGS = ("may_change", "shows_contact")
"""Kept together, in the column `settings`."""
REQUIRED = ("name", "company_name", "contact_email")
CONTACT = frozenset({"contact_email", "contact_phone"})
"""Of a person: the log, which cannot forget, keeps no more than how they begin."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_CENT = Decimal("0.01")


def clean(values: Mapping[str, Any], *, https_only: bool) -> dict[str, Any]:
    """The values as they are stored: trimmed, normalised. Raises InvalidPayload with every fault.

    `https_only` is how production runs: what is sent to a partner is personal.
    """
    cleaned: dict[str, Any] = {}
    faults = []
    for name, value in values.items():
        try:
            cleaned[name] = _clean(name, value, https_only=https_only)
        except Wrong as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise InvalidPayload("The partner cannot be saved like this.", faults)
    return cleaned


def _clean(name: str, value: Any, *, https_only: bool) -> Any:
    if name in (*SETTINGS, "is_active"):
        if not isinstance(value, bool):
            raise Wrong("Must be true or false.")
        return value
    if name == "allowed_ips":
        return _addresses(value)
    if name == "commission_rate":
        return _percent(value)
    text = _text(value)
    if name == "webhook_url":
        return websites.url(text, https_only=https_only) if text else None
    if not text and name in REQUIRED:
        raise Wrong("Is required.")
    return _CHECKS[name](text) if text else None


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise Wrong("Must be a text.")
    text = (value or "").strip()
    if "\x00" in text:
        raise Wrong("Must not hold NUL characters.")
    return text


def _short(text: str) -> str:
    if len(text) > 100:
        raise Wrong("Use at most 100 characters.")
    return " ".join(text.split())


def _email(text: str) -> str:
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise Wrong("This is not an e-mail address.")
    return text.lower()


def _phone(text: str) -> str:
    if len(text) > 50 or len(re.findall(r"\d", text)) < 5:
        raise Wrong("This is not a phone number.")
    return text


def _relation(text: str) -> str:
    if text not in set(Relation):
        raise Wrong(f"Must be one of {', '.join(Relation)}.")
    return text


def _percent(value: Any) -> Decimal:
    """Percent of a booking's total, to hundredths."""
    try:
        number = Decimal(str(value).strip().removesuffix("%").strip().replace(",", "."))
    except InvalidOperation as error:
        raise Wrong("Enter a number of percent, such as 15.") from error
    if not number.is_finite() or not 0 <= number <= 100:
        raise Wrong("Must be from 0 to 100 percent.")
    if number != number.quantize(_CENT):
        raise Wrong("Use at most two decimals.")
    return number.quantize(_CENT)


def _addresses(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise Wrong("Must be a list of addresses.")
    try:
        return keys.addresses([str(each) for each in value])
    except keys.Wrong as error:
        raise Wrong(str(error)) from error


_CHECKS: dict[str, Callable[[str], str]] = {
    "name": _short,
    "company_name": _short,
    "contact_email": _email,
    "contact_phone": _phone,
    "payment_relation": _relation,
}


def for_log(name: str, value: Any) -> Any:
    """A value as the log keeps it."""
    if name in CONTACT and value:
        return f"{value[:2]}…{value[-3:]}"
    return str(value) if isinstance(value, Decimal) else value
