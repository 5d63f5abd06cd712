"""Columns that follow from others: the shown status, the instant of the slot, the search words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.bookings.status import GONE, Status
from app.crypto import hash_email
from app.customers.phones import digits_for_search, to_e164

_CLOCK = re.compile(r"^\s*(\d{1,2})[:.](\d{2})(?::\d{2})?\s*([ap]\.?m\.?)?", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_LONGEST_WORD = 80
"""Characters. PostgreSQL cannot hold a word of more than 2,046 bytes, and mangles it silently."""


def shown_status(values: Mapping[str, Any], *, refund_is_newer: bool) -> str:
    """The status: as stated, except while a full refund shows over it.

    A refund keeps the cancelled state visible: `refunded` implies cancelled.
    """
    stated = str(values["stated_status"])
    refunded = values.get("refunded_amount")
    total = values["total_amount"]
    full = bool(values.get("refund_is_full")) or (
        refunded is not None and total > 0 and refunded >= total
    )
    over = refund_is_newer or stated in (Status.CANCELLED, Status.REFUNDED)
    return Status.REFUNDED if full and over else stated


def shown_refund(values: Mapping[str, Any]) -> Decimal | None:
    """The refunded amount: the whole total where the source named none."""
    if values.get("refund_is_full"):
        total: Decimal = values["total_amount"]
        return total
    amount: Decimal | None = values.get("refunded_amount")
    return amount


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None  # this machine's tz database does not know it (any more)


def starts_at(day: date, slot: str, timezone: str) -> datetime | None:
    """Instant at which the slot begins; None where the slot is no clock time (`Morning`).

    A time that daylight saving skips or repeats is read with the offset before the change: it
    never fails and never moves the booking. Nor does a zone that is not known here: the instant
    is then not known either.
    """
    clock, zone = clock_of(slot), _zone(timezone)
    return datetime.combine(day, clock, zone) if clock is not None and zone is not None else None


@lru_cache(maxsize=1024)
def clock_of(slot: str) -> time | None:
    """The clock time with which a slot such as `9:30 AM` or `10:00 - 12:00` begins."""
    match = _CLOCK.match(slot)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2]), (match[3] or "").lower()[:1]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def fold(text: str) -> list[str]:
    """The words of a text as search knows them: lower case, without accents, not too long."""
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return clip(_WORD.findall("".join(c for c in bare if not unicodedata.combining(c))))


def clip(words: Iterable[str]) -> list[str]:
    """The words as far as search keeps them; empty ones are none."""
    return [word[:_LONGEST_WORD] for word in words if word]


def search_text(values: Mapping[str, Any], region: str) -> str:
    """What a booking is found by: name, reference (also without its dash), hotel, phone."""
    reference = values["booking_ref"]
    words = fold(values["customer_name"]) + fold(values.get("hotel_name") or "")
    words += [*fold(reference), "".join(fold(reference))]
    phone = values.get("customer_phone")
    if phone:
        e164 = to_e164(phone, values.get("customer_country_code"), region)
        words += digits_for_search(phone, e164)
    return " ".join(dict.fromkeys(clip(words)))


_ENTRY = ("activity_date", "time_slot", "venue", "venue_id", "activity_id")
"""What an entry in a guest's calendar says of time and place."""


def moves_entry(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether calendars must take the booking anew: another time or place, off, or on again."""
    moved = any(old.get(name) != new.get(name) for name in _ENTRY)
    return moved or (old["status"] in GONE) != (new["status"] in GONE)


def derived(values: Mapping[str, Any], timezone: str, region: str) -> dict[str, Any]:
    """The columns that every write computes anew from the fields."""
    return {
        "starts_at": starts_at(values["activity_date"], values["time_slot"], timezone),
        "customer_email_hash": hash_email(values["customer_email"]),
        "search_text": search_text(values, region),
    }
