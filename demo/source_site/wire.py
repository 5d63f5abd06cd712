"""The site's fields and their places in the body of the sync call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Booking = dict[str, Any]
"""One booking: the fields of FIELDS by name, and what `orders` and `receiving` keep beside them."""

FIELDS: dict[str, tuple[str, str]] = {
    **{
        name: ("", name)
        for name in (
            "booking_ref",
            "package_name",
            "package_price",
            "venue",
            "activity_date",
            "time_slot",
            "guest_count",
            "total_amount",
            "discount_amount",
            "currency",
            "status",
        )
    },
    "customer_name": ("customer", "name"),
    "customer_email": ("customer", "email"),
    "customer_phone": ("customer", "phone"),
    "customer_country_code": ("customer", "country_code"),
    "special_requests": ("customer", "special_requests"),
    "transport_type": ("transport", "type"),
    "hotel_name": ("transport", "hotel_name"),
    "room_number": ("transport", "room_number"),
    "non_players": ("transport", "non_players"),
    "private_passengers": ("transport", "private_passengers"),
    "transport_cost": ("transport", "cost"),
    "addons": ("", "addons"),
    "stripe_payment_intent_id": ("", "stripe_payment_intent_id"),
    "source_created_at": ("", "created_at"),
}
"""Name of a field (as webhooks use it) to (group, name) in the sync call."""

HUB_ONLY = ("admin_notes", "cancellation_reason", "refunded_amount")
"""Fields that webhooks bring and this site never sends under these names."""


def instant(moment: datetime | None = None) -> str:
    """An instant as JSON carries it; now if none is given."""
    at = (moment or datetime.now(UTC)).astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: Any) -> datetime:
    """The instant that a JSON text means; the beginning of time where it means none."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def body(booking: Booking, event: str, event_id: str, names: Iterable[str] = FIELDS) -> Booking:
    """The sync call about these fields of a booking."""
    sent: dict[str, Any] = {
        "event": event,
        "event_id": event_id,
        "source_booking_id": booking["source_booking_id"],
        "updated_at": booking["updated_at"],
    }
    for name in names:
        group, wire = FIELDS[name]
        if name in booking:
            target = sent.setdefault(group, {}) if group else sent
            target[wire] = booking[name]
    return sent
