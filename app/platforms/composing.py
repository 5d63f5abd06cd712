"""A booking as a platform is told of it. Pure: rows in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.bookings.models import Booking
from app.bookings.status import GONE, Status
from app.customers.phones import to_e164
from app.platforms.base import Account, Wanted
from app.venues.models import Kind

TOLD = frozenset(
    (
        *("activity_date", "time_slot", "guest_count", "customer_name", "customer_email"),
        *("customer_phone", "customer_country_code", "special_requests", "allergies"),
        *("celebration", "high_chairs"),
    )
)
"""Fields of a booking that a platform is told; a change of others concerns it not."""
WHERE = frozenset({"status", "venue_id"})
"""Fields that decide whether there is to be a reservation, and at whose."""
NOWHERE = ".invalid"
"""The end of addresses that cannot exist: of guests who gave none."""
_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")


@dataclass(frozen=True)
class Change:
    """One version of a booking, as the log tells it."""

    version: int
    door: str
    fields: Mapping[str, Any]


def reference_of(booking_id: UUID) -> str:
    """By which a platform's reservation is known as this booking's."""
    return str(booking_id)


def wanted_of(booking: Booking, account: Account, language: str | None, again: int) -> Wanted:
    """What the platform is asked for. `again`: see `Wanted.again`."""
    first, _, last = booking.customer_name.strip().partition(" ")
    phone = booking.customer_phone or ""
    email = booking.customer_email
    return Wanted(
        reference=reference_of(booking.id),
        day=booking.activity_date,
        time=booking.time_slot,
        party_size=booking.guest_count,
        first_name=first,
        last_name=last.strip(),
        email="" if email.endswith(NOWHERE) else email,
        phone=to_e164(phone, booking.customer_country_code, account.region) or "" if phone else "",
        requests=requests_of(booking),
        language=language or "en",
        again=again,
    )


def requests_of(booking: Booking) -> str:
    """What the restaurant must know of the party, line by line."""
    chairs = booking.high_chairs
    lines = (
        (booking.special_requests or "").strip(),
        f"Allergies: {', '.join(booking.allergies)}" if booking.allergies else "",
        f"Celebration: {booking.celebration}" if booking.celebration else "",
        f"High chairs: {chairs}" if chairs else "",
    )
    return "\n".join(line for line in lines if line)


def as_of(wanted: Wanted, version: int, changes: Sequence[Change]) -> Wanted:
    """When and for how many it was in an earlier version: so the platform may know it."""
    before: dict[str, Any] = {}
    for change in changes:  # the earliest after that version says what stood there
        if change.version > version:
            for name in ("activity_date", "time_slot", "guest_count"):
                pair = change.fields.get(name)
                if isinstance(pair, list) and pair[0] is not None:
                    before.setdefault(name, pair[0])
    day = before.get("activity_date")
    return replace(
        wanted,
        day=date.fromisoformat(day) if day else wanted.day,
        time=str(before.get("time_slot", wanted.time)),
        party_size=int(before.get("guest_count", wanted.party_size)),
    )


def news(version: int | None, key: str, changes: Sequence[Change]) -> bool:
    """Whether the booking changed after this version in what a platform is told, by anybody but
    the platform `key` itself."""
    return any(
        change.version > (version or 0)
        and change.door != key
        and not TOLD.isdisjoint(change.fields)
        for change in changes
    )


def moved(version: int | None, key: str, changes: Sequence[Change]) -> bool:
    """The same, where a new status or place counts as well."""
    return any(
        change.version > (version or 0)
        and change.door != key
        and not (TOLD | WHERE).isdisjoint(change.fields)
        for change in changes
    )


def is_wanted_at(booking: Booking, venue_id: UUID) -> bool:
    """Whether there is to be a reservation at this venue."""
    return booking.status == Status.CONFIRMED and is_table_at(booking, venue_id)


def is_off(booking: Booking, venue_id: UUID) -> bool:
    """Whether nobody comes to this venue for it."""
    return booking.status in GONE or not is_table_at(booking, venue_id)


def is_table_at(booking: Booking, venue_id: UUID) -> bool:
    """Whether it is a table there."""
    return booking.kind == Kind.TABLE and booking.venue_id == venue_id


def begins(booking: Booking, timezone: str) -> datetime | None:
    """When the party comes, by the venue's clock; None where its time is no clock time."""
    if not _CLOCK.match(booking.time_slot):
        return None
    at = datetime.combine(booking.activity_date, time.fromisoformat(booking.time_slot))
    return at.replace(tzinfo=ZoneInfo(timezone))
