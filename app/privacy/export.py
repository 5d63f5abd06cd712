"""Everything that is held about a person, in plain values: for JSON and for the page to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.bookings.fields import FIELDS, plain, values_of
from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.events.models import Event
from app.privacy import queries
from app.privacy.queries import Person

OF_CUSTOMER = (
    *("id", "first_name", "last_name", "phone", "phone_raw", "email", "source"),
    *("created_at", "updated_at", "erased_at"),
)
OF_BOOKING = (
    *("id", "website_id", "source_booking_id", "kind", "source", "version", "starts_at"),
    *("checked_in_at", "created_at", "updated_at"),
)
OF_EVENT = (
    *("id", "name", "website_id", "booking_id", "version", "actor_kind", "actor_label", "door"),
    *("occurred_at",),
)
OF_CALL = (
    *("id", "direction", "website_id", "booking_id", "event_type", "door", "status"),
    *("http_status", "error_message", "created_at", "request_body", "response_body"),
)


def gather(session: Session, person: Person, now: datetime) -> dict[str, Any]:
    """All of it, within the bookings that `person` holds: JSON values."""
    ids = [booking.id for booking in person.bookings]
    key = person.customer.key
    return {
        "exported_at": now.astimezone(UTC).isoformat(),
        "customer": _columns(person.customer, OF_CUSTOMER),
        "bookings": [_booking(booking) for booking in person.bookings],
        "history": [
            {**_columns(event, OF_EVENT), "changes": event.opened(key)}
            for event in queries.events(session, ids)
        ],
        "calls": [_columns(call, OF_CALL) for call in queries.calls(session, ids)],
    }


def labelled(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The filled values with their labels, for people."""
    return [
        (FIELDS[name].label if name in FIELDS else name.replace("_", " ").capitalize(), value)
        for name, value in values.items()
        if value not in (None, "", [])
    ]


def _booking(booking: Booking) -> dict[str, Any]:
    fields = {name: plain(value) for name, value in values_of(booking).items()}
    return {**_columns(booking, OF_BOOKING), **fields}


def _columns(row: Customer | Booking | Event | SyncLog, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: plain(getattr(row, name)) for name in names}
