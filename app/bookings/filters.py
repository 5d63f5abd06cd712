"""What a list of bookings can be narrowed by, and how a search text is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, cast, func
from sqlalchemy.dialects.postgresql import TSQUERY

from app.bookings.derive import fold
from app.bookings.models import LATE_AFTER, PICKUPS, Booking
from app.bookings.status import Status
from app.crypto import hash_email


@dataclass(frozen=True)
class Filters:
    """All optional. Dates are of the activity, `booked_on` of the booking (UTC day)."""

    website_id: str | None = None
    statuses: tuple[str, ...] = ()
    source: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    booked_on: date | None = None
    q: str = ""
    with_pickup: bool = False
    """Only those whom we bring here."""
    with_notes: bool = False
    """Only those with a request of the guest or a note of staff."""
    late_at: datetime | None = None
    """Only those who are late at this instant."""
    newest_first: bool = False
    """Latest activity date first, instead of the next one."""

    def conditions(self) -> list[ColumnElement[bool]]:
        """SQL conditions, all but the website's (the scope handles that)."""
        found: list[ColumnElement[bool]] = []
        if self.statuses:
            found.append(Booking.status.in_(self.statuses))
        if self.source:
            found.append(Booking.source == self.source)
        if self.date_from:
            found.append(Booking.activity_date >= self.date_from)
        if self.date_to:
            found.append(Booking.activity_date <= self.date_to)
        if self.booked_on:
            begin = datetime.combine(self.booked_on, time(), UTC)
            found.append(Booking.created_at >= begin)
            found.append(Booking.created_at < begin + timedelta(days=1))
        if self.with_pickup:
            found.append(Booking.transport_type.in_(PICKUPS))
        if self.with_notes:
            notes = func.concat(Booking.special_requests, Booking.admin_notes)
            found.append(notes != "")
        if self.late_at:
            found.append(late_condition(self.late_at))
        if self.q.strip():
            found.append(search_condition(self.q))
        return found


def late_condition(now: datetime) -> ColumnElement[bool]:
    """The same as `Booking.is_late`, in SQL."""
    return (Booking.status == Status.CONFIRMED) & (Booking.starts_at < now - LATE_AFTER)


def search_condition(text: str) -> ColumnElement[bool]:
    """Exact e-mail when it holds an @; digits of a phone; else prefixes of words, all of them."""
    if "@" in text:
        return Booking.customer_email_hash == hash_email(text)
    digits = re.sub(r"\D", "", text)
    is_phone = len(digits) >= 5 and not re.search(r"[^\d\s()+./-]", text)
    words = [digits] if is_phone else fold(text)
    query = " & ".join(f"'{word}':*" for word in words) or "''"
    condition: ColumnElement[bool] = Booking.search.op("@@")(cast(query, TSQUERY))
    return condition


def sort_key(booking: Any) -> tuple[Any, ...]:
    """The values that order a list and make its cursor."""
    return booking.activity_date, booking.time_slot, booking.id
