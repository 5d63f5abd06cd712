"""What a customer's record says, as JSON and back: so that a merge can be taken back exactly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.customers.models import Customer

CHOICES: dict[str, tuple[str, ...]] = {
    "name": ("first_name", "last_name"),
    "phone": ("phone", "phone_raw"),
    "email": ("email", "email_hash"),
    "language": ("language",),
}
"""What can be chosen from either of two records, and the columns that belong together."""
HEALTH: dict[str, tuple[str, ...]] = {
    "phone": ("sms_health", "sms_failures", "sms_problem", "sms_checked_at"),
    "email": ("email_health", "email_failures", "email_problem", "email_checked_at"),
}
"""What messages have shown of a number or an address: it goes where that goes."""
OPT_IN = ("sms_opt_in", "sms_opt_in_at", "sms_opt_in_source")
COLUMNS = (
    *(name for names in CHOICES.values() for name in names),
    *(name for names in HEALTH.values() for name in names),
    *OPT_IN,
)
Values = dict[str, Any]


def values_of(customer: Customer) -> Values:
    """The columns of COLUMNS."""
    return {name: getattr(customer, name) for name in COLUMNS}


def fill(customer: Customer, values: Values) -> None:
    """Write columns; what is the same already is left alone."""
    for name, value in values.items():
        if getattr(customer, name) != value:
            setattr(customer, name, value)


def to_json(values: Values) -> Values:
    """Times and bytes as text."""
    return {name: _plain(value) for name, value in values.items()}


def from_json(values: Values) -> Values:
    """The columns back."""
    return {name: _column(name, value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _column(name: str, value: Any) -> Any:
    if value is not None and name.endswith("_at"):
        return datetime.fromisoformat(value)
    if value is not None and name.endswith("_hash"):
        return bytes.fromhex(value)
    return value
