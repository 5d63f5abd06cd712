"""The fields of a booking: one table that doors, diff, history and pages share.

To add a field: a column in `models.py` with its migration, a row here, and where sources may send
it a line in `api/schemas/sync.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.plain import plain


@dataclass(frozen=True)
class Field:
    """One field. `label` is for people; `empty` is what clearing it leaves."""

    name: str
    label: str
    required: bool = False
    personal: bool = False
    """Sealed under the customer's key in the log."""
    editable: bool = True
    """By staff."""
    empty: Any = None
    kind: str = "text"
    """`text`, `count`, `money`, `date`, `addons`, `instant`, `id`, `flag`, `tickets`, `words` (a
    list of texts), `choices` (of dishes) or `travelers`."""
    limit: int = 200
    """Most characters of a text, as at the doors of the sources."""
    shown: bool = True
    """In the history. An id says nothing there: the name beside it does."""


_ALL = (
    Field("booking_ref", "Reference", required=True, editable=False, limit=100),
    Field("package_name", "Package", required=True, limit=300),
    Field("package_price", "Price per person", required=True, kind="money"),
    Field("venue", "Venue"),
    Field("activity_date", "Date", required=True, kind="date"),
    Field("time_slot", "Time", required=True, limit=50),
    Field("guest_count", "Guests", required=True, kind="count"),
    Field("total_amount", "Total", required=True, kind="money"),
    Field("discount_amount", "Discount", kind="money", empty=Decimal(0)),
    Field("currency", "Currency", editable=False, empty="THB"),
    Field("status", "Status", editable=False),
    Field("cancellation_reason", "Reason given", personal=True, editable=False, limit=2000),
    Field("deposit_amount", "Deposit", kind="money", editable=False),
    Field("paid_amount", "Paid", kind="money", editable=False, empty=Decimal(0)),
    Field("refunded_amount", "Refunded", kind="money", editable=False),
    Field("customer_name", "Name", required=True, personal=True),
    Field("customer_email", "E-mail", required=True, personal=True, limit=254),
    Field("customer_phone", "Phone", personal=True, limit=50),
    Field("customer_country_code", "Country code", limit=10),
    Field("booking_type", "Table for", editable=False, limit=20),
    Field("allergies", "Allergies", personal=True, kind="words", empty=[]),
    Field("celebration", "Celebration", personal=True),
    Field("high_chairs", "High chairs", kind="count", empty=0),
    Field("menu_choices", "Menu choices", personal=True, editable=False, empty=[], kind="choices"),
    Field("special_requests", "Guest's requests", personal=True, limit=5000),
    Field("transport_type", "Transport", limit=50),
    Field("hotel_name", "Hotel", personal=True, limit=300),
    Field("room_number", "Room", personal=True, limit=50),
    Field("non_players", "Non-players", kind="count", empty=0),
    Field("private_passengers", "Private passengers", kind="count", empty=0),
    Field("transport_cost", "Transport cost", kind="money", empty=Decimal(0)),
    Field("addons", "Add-ons", kind="addons", empty=[]),
    Field("stripe_payment_intent_id", "Stripe payment", editable=False),
    Field("admin_notes", "Staff notes", personal=True, limit=5000),
    Field("source_created_at", "Booked at source", editable=False, kind="instant"),
    Field("venue_id", "Venue's id", editable=False, kind="id", shown=False),
    Field("activity_id", "Activity", editable=False, kind="id", shown=False),
    Field("departure_id", "Departure", editable=False, kind="id", shown=False),
    Field("partner_reference", "Partner's reference", editable=False),
    Field("hold_expires_at", "Held until", editable=False, kind="instant"),
    Field("overbooked", "Overbooked", editable=False, empty=False, kind="flag"),
    Field("travelers", "Travelers", personal=True, editable=False, empty=[], kind="travelers"),
    Field("arrived_count", "Arrived", kind="count", editable=False, empty=0),
    Field("tickets", "Tickets", personal=True, editable=False, empty=[], kind="tickets"),
)

MOST_COUNT = 100_000
MOST_MONEY = Decimal("9999999999.99")

FIELDS: dict[str, Field] = {field.name: field for field in _ALL}
REQUIRED = tuple(field.name for field in _ALL if field.required)
PERSONAL = frozenset(field.name for field in _ALL if field.personal)
GUEST = PERSONAL | {"customer_country_code"}
"""What is overwritten when the guest is erased."""
MONEY = frozenset(field.name for field in _ALL if field.kind == "money") | {
    "stripe_payment_intent_id"
}
"""Amounts, and what leads to them. (Add-ons hold prices, too: see `amounts`.)"""
EDITABLE = frozenset(field.name for field in _ALL if field.editable)
FOR_TABLES = frozenset({"allergies", "celebration", "high_chairs"})
"""What staff set of a table alone."""
STATUS_COMPANIONS = frozenset(
    {"status", "cancellation_reason", "paid_amount", "refunded_amount", "admin_notes"}
    | {"travelers", "arrived_count"}
)
"""What may accompany a status in a `booking.status_changed`."""


def values_of(booking: Any) -> dict[str, Any]:
    """The current value of every field."""
    return {name: getattr(booking, name) for name in FIELDS}


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field: [old, new]} in JSON values, of the fields of `new` that differ."""
    return {
        name: [plain(old.get(name)), plain(value)]
        for name, value in new.items()
        if name in FIELDS and plain(old.get(name)) != plain(value)
    }
