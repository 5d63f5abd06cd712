"""What a platform tells of a reservation, in the words of a booking. Pure.

Only digests of it are kept (keyed, of each field apart), to know later what it tells anew: so a
guest who is erased is not remembered here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from app.bookings.derive import clock_of
from app.bookings.fields import FIELDS
from app.bookings.models import Booking
from app.bookings.status import GONE, Status
from app.bookings.writing import STATED
from app.crypto import keyring
from app.menus.queries import REGULAR
from app.plain import plain
from app.platforms.base import Account, Reservation
from app.platforms.composing import requests_of
from app.platforms.taming import storable
from app.venues.models import Activity, Venue

BEFORE, AHEAD = timedelta(days=1), timedelta(days=60)
"""Of today: the days that are pulled."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
"""Days outside are a fault: the last ones of all cannot even be read back from the database."""
MOST_GUESTS = 1_000
LONGEST_ID = 100
_EMAIL = re.compile(r"[^\s@,;:<>\"\\]{1,64}@[^\s@,;:<>\"\\]{1,250}")
"""One address, and nothing that could be read as two: letters are sent there."""
HARD = ("activity_date", "time_slot", "guest_count")
"""What has one spelling, so that it can be compared with a booking. Names and words have many."""


class Unreadable(Exception):
    """A reservation that cannot be a booking: the message says why, without its guest."""


def window(now: datetime, timezone: str) -> tuple[date, date]:
    """The days to be pulled, of the venue's clock."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    return today - BEFORE, today + AHEAD


def source_id(account: Account, external_id: str) -> UUID:
    """The booking's id at its source: the same when the connection is made anew."""
    return uuid5(account.venue_id, f"{account.type}:{external_id}")


def bounded(said: Reservation) -> Reservation:
    """With texts that can be stored; its word for a status is so in several places."""
    names = ("external_id", "time", "name", "email", "phone", "requests", "reference")
    texts: dict[str, Any] = {name: storable(getattr(said, name)) for name in names}
    word = "".join(c if c.isprintable() else " " for c in said.raw_status[:LONGEST_ID])
    return replace(said, **texts, raw_status=word.strip())


def told_by(account: Account, said: Reservation) -> dict[str, Any]:
    """Register values, as far as it says any. Raises Unreadable."""
    clock = clock_of(said.time)
    if not 0 < len(said.external_id) <= LONGEST_ID or not said.external_id.isprintable():
        raise Unreadable("its id is no word")
    if said.day is None or clock is None or not EARLIEST <= said.day <= LATEST:
        raise Unreadable("it tells no day and time")
    if not 0 < said.party_size <= MOST_GUESTS:
        raise Unreadable("it tells no party")
    words = {
        "customer_name": said.name,
        "customer_email": said.email if _EMAIL.fullmatch(said.email) else "",
        "customer_phone": said.phone,
    }
    known = {name: text for name, value in words.items() if (text := clipped(name, value))}
    status = status_of(account, said.raw_status)
    return {
        "activity_date": said.day,
        "time_slot": f"{clock:%H:%M}",
        "guest_count": said.party_size,
        **known,
        "special_requests": clipped("special_requests", said.requests) or None,
        **({STATED: status} if status else {}),
    }


def status_of(account: Account, raw: str) -> str | None:
    """Ours for its word; None where the word says nothing."""
    status = account.statuses.get(raw, "")
    return status if status in list(Status) else None


def clipped(name: str, text: str) -> str:
    """A text as the field can hold it."""
    breaks = "\n" if name == "special_requests" else ""
    clean = "".join(c if c.isprintable() or c == breaks else " " for c in text).strip()
    return clean[: FIELDS[name].limit]


def digests(connection_id: UUID, told: Mapping[str, Any]) -> dict[str, str]:
    """Of each value apart. Keyed: nobody finds a guest by trying names."""
    return {name: digest(connection_id, name, value) for name, value in told.items()}


def digest(connection_id: UUID, name: str, value: Any) -> str:
    """Of one value of one field."""
    text = json.dumps(plain(value), ensure_ascii=False)
    return keyring.hash(f"told:{connection_id}:{name}:{text}").hex()[:24]


def of_new(
    account: Account, label: str, said: Reservation, told: Mapping[str, Any], service: Activity
) -> dict[str, Any]:
    """All registers of a booking that is new here; it is paid there, or at the table."""
    nothing = Decimal(0)
    return {
        "booking_ref": said.external_id,
        "package_name": service.name,
        "package_price": nothing,
        "total_amount": nothing,
        "customer_name": f"Guest of {label}",
        "customer_email": "",
        STATED: Status.CONFIRMED.value,
        "activity_id": service.id,
        "kind": service.kind,
        "booking_type": service.booking_type or REGULAR,
        **told,
    }


def at(venue: Venue) -> dict[str, Any]:
    """The registers that say where."""
    return {"venue": venue.name, "venue_id": venue.id}


def differs(booking: Booking, name: str, value: Any) -> bool:
    """Whether a booking says something else: `8:00 PM` and `20:00` are the same."""
    if name == "time_slot":
        return clock_of(booking.time_slot) != clock_of(value)
    if name == STATED:
        return booking.status != value and not (booking.status in GONE and value in GONE)
    return bool(plain(getattr(booking, name)) != plain(value))


def without_ours(booking: Booking, words: str) -> str | None:
    """Words without the lines that we sent there of other fields, such as allergies."""
    own = (booking.special_requests or "").splitlines()
    sent = set(requests_of(booking).splitlines()).difference(own)
    return "\n".join(line for line in words.splitlines() if line not in sent) or None
