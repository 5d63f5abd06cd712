"""Everything that is held about a person, in plain values: for JSON and for the page to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import amounts
from app.bookings.fields import FIELDS, values_of
from app.bookings.models import Booking
from app.crypto import DataKey
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.events.models import Event
from app.messaging.forgetting import of_guest
from app.payments import queries as payments
from app.payments.models import Payment
from app.plain import plain
from app.privacy import queries
from app.privacy.queries import Person
from app.selfservice import queries as requests
from app.signin import people as signing_in
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers import people as travelers
from app.travelers import rows
from app.waiting import people as waiting

HEALTH = Permission.CUSTOMERS_HEALTH
OF_CUSTOMER = (
    *("id", "first_name", "last_name", "phone", "phone_raw", "email", "language", "source"),
    *("sms_opt_in", "sms_opt_in_at", "sms_opt_in_source", "sms_health", "email_health"),
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
OF_PAYMENT = (
    *("id", "website_id", "booking_id", "kind", "provider", "amount", "currency", "state"),
    *("order_id", "capture_id", "refund_id", "reason", "created_at", "completed_at"),
)
OF_CALL = (
    *("id", "direction", "website_id", "booking_id", "event_type", "door", "status"),
    *("http_status", "error_message", "created_at", "request_body", "response_body"),
)


def gather(session: Session, scope: Scope, person: Person, now: datetime) -> dict[str, Any]:
    """All of it, within the bookings that `person` holds: JSON values.

    Amounts come along from the websites where the scope holds `payments:view`.
    """
    ids = [booking.id for booking in person.bookings]
    merged = queries.merged_into(session, person.customer.id)
    keys = {each.id: each.key for each in (person.customer, *merged)}
    return {
        "exported_at": now.astimezone(UTC).isoformat(),
        "customer": _columns(person.customer, OF_CUSTOMER),
        "merged_records": [_columns(each, OF_CUSTOMER) for each in merged],
        "bookings": [_booking(scope, booking) for booking in person.bookings],
        "history": [_event(scope, event, keys) for event in queries.events(session, ids)],
        "calls": [_call(scope, call) for call in queries.calls(session, ids)],
        "messages": [
            {name: plain(value) for name, value in row.items()} for row in of_guest(session, ids)
        ],
        "payments": [
            _columns(payment, OF_PAYMENT)
            for payment in payments.of_bookings(session, ids)
            if amounts.may_see(scope, payment.website_id)
        ],
        "requests": [
            {name: plain(value) for name, value in row.items()}
            for row in requests.of_bookings(session, ids)
        ],
        "waiting_lists": waiting.of_guest(session, scope, person.customer.id),
        "travelers": travelers.of_guest(session, [*keys], health=_sees_health(scope, person)),
        "devices": [
            {name: plain(value) for name, value in row.items()}
            for row in signing_in.of_guest(session, [*keys])
        ],
    }


def labelled(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The filled values with their labels, for people."""
    return [
        (FIELDS[name].label if name in FIELDS else name.replace("_", " ").capitalize(), value)
        for name, value in values.items()
        if value not in (None, "", [])
    ]


def _sees_health(scope: Scope, person: Person) -> bool:
    """Profiles are of no website: who may see medical notes somewhere with this person may here."""
    return scope.can(HEALTH) or any(scope.can(HEALTH, each.website_id) for each in person.bookings)


def _booking(scope: Scope, booking: Booking) -> dict[str, Any]:
    fields = {name: plain(value) for name, value in values_of(booking).items()}
    if not amounts.may_see(scope, booking.website_id):
        fields = amounts.without(fields)
    if not scope.can(HEALTH, booking.website_id):
        fields["travelers"] = rows.without_health(fields["travelers"])
    return {**_columns(booking, OF_BOOKING), **fields}


def _event(scope: Scope, event: Event, keys: Mapping[UUID, DataKey | None]) -> dict[str, Any]:
    """What was said of somebody else, whose booking it was before, stays sealed."""
    changes = event.opened(keys.get(event.customer_id) if event.customer_id else None)
    if not amounts.may_see(scope, event.website_id):
        changes = amounts.without_history(changes)
    if "travelers" in changes and not (event.website_id and scope.can(HEALTH, event.website_id)):
        changes["travelers"] = [rows.without_health(each or []) for each in changes["travelers"]]
    return {**_columns(event, OF_EVENT), "changes": changes}


def _call(scope: Scope, call: SyncLog) -> dict[str, Any]:
    bodies = {
        name: amounts.body_for(scope, call.website_id, getattr(call, name))
        for name in ("request_body", "response_body")
    }
    return {**_columns(call, OF_CALL), **bodies}


def _columns(
    row: Customer | Booking | Event | SyncLog | Payment, names: tuple[str, ...]
) -> dict[str, Any]:
    return {name: plain(getattr(row, name)) for name in names}
