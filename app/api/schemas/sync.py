"""`POST /api/bookings/sync`: the body that source websites send (Central document)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.api.schemas.kinds import (
    ABSENT,
    Count,
    Currency,
    Day,
    Email,
    Filled50,
    Filled100,
    Filled200,
    Filled300,
    Instant,
    Money,
    Text10,
    Text50,
    Text200,
    Text300,
    Text2000,
    Text5000,
    faults_of,
)
from app.bookings.fields import FIELDS
from app.bookings.receiving import Kind, Message
from app.bookings.status import Status, status_from_word
from app.bookings.writing import FULL, REFUND, STATED
from app.errors import Fault, InvalidPayload
from app.plain import plain

_PLAIN_NAME = re.compile(r"[^\W\d][\w.:-]*\Z")


def _known_status(word: str) -> str:
    if status_from_word(word) is None:
        known = ", ".join(status.value for status in Status)
        raise ValueError(f"Must be one of: {known}")
    return word


def _shown(name: str) -> str:
    """A field's name for the log; what is no plain name may be somebody's address."""
    return name[:60] if _PLAIN_NAME.match(name[:60]) else "(no plain name)"


class _Part(BaseModel):
    """Unknown fields are accepted, and named in the sync log."""

    # A default that is not of the type (ABSENT) means: may be absent, not null.
    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    def unknown(self, prefix: str = "") -> list[str]:
        """Names of the fields that nobody here knows."""
        return [prefix + _shown(name) for name in self.model_extra or {}]

    def said(self) -> set[str]:
        """Fields that were sent: null clears, absent leaves."""
        return self.model_fields_set & type(self).model_fields.keys()


class CustomerPart(_Part):
    """Who booked."""

    name: Filled200 = ABSENT
    email: Email = ABSENT
    phone: Text50 | None = None
    country_code: Text10 | None = None
    special_requests: Text5000 | None = None


class TransportPart(_Part):
    """How they come."""

    type: Text50 | None = None
    hotel_name: Text300 | None = None
    room_number: Text50 | None = None
    non_players: Count | None = None
    private_passengers: Count | None = None
    cost: Money | None = None


class AddonPart(_Part):
    """Something bought beside it."""

    name: Filled300
    quantity: Count = 1
    unit_price: Money = Decimal(0)


class SyncBody(_Part):
    """A message of a source. What a new booking needs is checked once it is known to be new."""

    event: Kind
    source_booking_id: UUID
    """The booking at the source: all its messages name it."""
    event_id: Filled200 | None = None
    """Of this message: the same one again gets the first answer again."""
    updated_at: Instant | None = None
    """When it changed at the source: of every field the newest value stays."""
    website_id: Text200 | None = None
    """If sent, it must be the website of the key."""

    booking_ref: Filled100 = ABSENT
    package_name: Filled300 = ABSENT
    package_price: Money = ABSENT
    venue: Text200 | None = None
    activity_date: Day = ABSENT
    time_slot: Filled50 = ABSENT
    guest_count: Count = ABSENT
    total_amount: Money = ABSENT
    discount_amount: Money | None = None
    currency: Currency | None = None
    status: Annotated[Filled50, AfterValidator(_known_status)] = ABSENT
    """Ours, or a usual word for one: `paid`, `canceled`, `no-show`, …"""
    customer: CustomerPart = ABSENT
    transport: TransportPart | None = None
    addons: Annotated[list[AddonPart], Field(max_length=100)] | None = None
    stripe_payment_intent_id: Text200 | None = None
    created_at: Instant | None = None
    refund_amount: Money | None = None
    """Goes with `booking.refunded`; without it all was refunded."""
    reason: Text2000 | None = None
    """Goes with `booking.cancelled`."""

    def ignored(self) -> list[str]:
        """Unknown fields at every depth."""
        names = self.unknown()
        if "customer" in self.said():
            names += self.customer.unknown("customer.")
        if self.transport:
            names += self.transport.unknown("transport.")
        for addon in self.addons or []:
            names += addon.unknown("addons.")
        return list(dict.fromkeys(names))


_DIRECT = {
    **{name: name for name in ("booking_ref", "package_name", "package_price", "venue")},
    **{name: name for name in ("activity_date", "time_slot", "guest_count", "total_amount")},
    **{name: name for name in ("discount_amount", "currency", "stripe_payment_intent_id")},
    "created_at": "source_created_at",
    "reason": "cancellation_reason",
}
_TRANSPORT = {
    "type": "transport_type",
    "hotel_name": "hotel_name",
    "room_number": "room_number",
    "non_players": "non_players",
    "private_passengers": "private_passengers",
    "cost": "transport_cost",
}


def parse(raw: bytes) -> SyncBody:
    """The body, or InvalidPayload with every fault."""
    try:
        return SyncBody.model_validate_json(raw)
    except ValidationError as error:
        details = faults_of(error.errors(include_url=False, include_input=False))
        raise InvalidPayload("The booking data is not valid.", details) from error


def translate(body: SyncBody, arrived: datetime, default_currency: str) -> Message:
    """The body in our words. Raises InvalidPayload for a `created` that is not complete."""
    registers = _registers(body, default_currency)
    message = Message(
        kind=body.event,
        source_booking_id=body.source_booking_id,
        registers=registers,
        at=body.updated_at or arrived.astimezone(UTC),
        is_timed=body.updated_at is not None,
        digest=digest_of({name: plain(value) for name, value in registers.items()}),
        source_status=_word_of(body, registers),
    )
    if body.event is Kind.CREATED and message.missing:
        details = [Fault(name, "Is required.") for name in message.missing]
        raise InvalidPayload("A new booking needs all required fields.", details)
    return message


def wire_details(details: list[Fault]) -> list[Fault]:
    """The same faults in the field names of the wire."""
    wire = {"customer_name": "customer.name", "customer_email": "customer.email"}
    return [Fault(wire.get(fault.field, fault.field), fault.message) for fault in details]


def digest_of(content: Any) -> bytes:
    """SHA-256 of JSON content, whatever the order of its keys."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def _registers(body: SyncBody, default_currency: str) -> dict[str, Any]:
    said = body.said()
    found: dict[str, Any] = {}
    for wire, name in _DIRECT.items():
        if wire in said:
            found[name] = _or_empty(name, getattr(body, wire))
    if found.get("currency", "") is None or found.get("currency") == FIELDS["currency"].empty:
        found["currency"] = body.currency or default_currency
    if "customer" in said:
        for wire in sorted(body.customer.said()):
            name = wire if wire == "special_requests" else f"customer_{wire}"
            found[name] = getattr(body.customer, wire) or None
    if "transport" in said:
        found.update(_transport(body.transport))
    if "addons" in said:
        found["addons"] = [_addon(addon) for addon in body.addons or []]
    found.update(_status(body, said))
    return found


def _transport(part: TransportPart | None) -> dict[str, Any]:
    said = _TRANSPORT.keys() if part is None else part.said()
    return {
        _TRANSPORT[wire]: _or_empty(_TRANSPORT[wire], getattr(part, wire, None)) for wire in said
    }


def _addon(part: AddonPart) -> dict[str, Any]:
    return {
        "name": part.name,
        "quantity": part.quantity,
        "unit_price": plain(part.unit_price),
    }


def _status(body: SyncBody, said: set[str]) -> dict[str, Any]:
    """What the event itself says: cancelled and refunded outweigh a status beside them."""
    found: dict[str, Any] = {}
    if body.event is Kind.CANCELLED:
        found[STATED] = Status.CANCELLED.value
    elif "status" in said and body.event is not Kind.REFUNDED:
        found[STATED] = str(status_from_word(body.status))
    if body.event is Kind.REFUNDED:
        found[REFUND] = FULL if body.refund_amount is None else body.refund_amount
    elif "refund_amount" in said:
        found[REFUND] = body.refund_amount
    return found


def _word_of(body: SyncBody, registers: Mapping[str, Any]) -> str | None:
    """The source's own word, where it says what the status became."""
    word = body.status if "status" in body.said() else None
    if word is None or status_from_word(word) != registers.get(STATED):
        return None
    return word


def _or_empty(name: str, value: Any) -> Any:
    """Clearing leaves what the field is when nobody fills it; empty text is no text."""
    return FIELDS[name].empty if value in (None, "") else value
