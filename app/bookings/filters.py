"""What a list of bookings can be narrowed by, and how a search text is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, cast, func, literal
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from app.bookings.derive import clip, fold
from app.bookings.models import Booking
from app.bookings.predicates import LATE_AFTER, PICKUPS
from app.bookings.status import Status
from app.crypto import hash_email


@dataclass(frozen=True)
class Filters:
    """All optional. Dates are of the activity, `booked_on` of the booking (UTC day)."""

    website_id: str | None = None
    statuses: tuple[str, ...] = ()
    source: str | None = None
    partner_id: UUID | None = None
    venue_id: UUID | None = None
    date_from: date | None = None
    date_to: date | None = None
    booked_on: date | None = None
    q: str = ""
    found: tuple[UUID, ...] | None = None
    """The hits of `q`, once somebody has looked (see `searching`)."""
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
        return [*self._when(), *self._what()]

    def _when(self) -> Iterator[ColumnElement[bool]]:
        if self.date_from:
            yield Booking.activity_date >= self.date_from
        if self.date_to:
            yield Booking.activity_date <= self.date_to
        if self.booked_on:
            begin = datetime.combine(self.booked_on, time(), UTC)
            yield Booking.created_at >= begin
            yield Booking.created_at < begin + timedelta(days=1)
        if self.late_at:
            yield late_condition(self.late_at)

    def _what(self) -> Iterator[ColumnElement[bool]]:
        if self.statuses:
            yield Booking.status.in_(self.statuses)
        if self.source:
            yield Booking.source == self.source
        if self.partner_id:
            yield Booking.partner_id == self.partner_id
        if self.venue_id:
            yield Booking.venue_id == self.venue_id
        if self.with_pickup:
            yield Booking.transport_type.in_(PICKUPS)
        if self.with_notes:
            yield func.concat(Booking.special_requests, Booking.admin_notes) != ""
        if self.found is not None:
            yield Booking.id == func.any(literal(list(self.found), ARRAY(Uuid)))
        elif self.q.strip():
            yield search_condition(self.q)


def late_condition(now: datetime) -> ColumnElement[bool]:
    """The same as `Booking.is_late`, in SQL."""
    return (Booking.status == Status.CONFIRMED) & (Booking.starts_at < now - LATE_AFTER)


def search_condition(text: str) -> ColumnElement[bool]:
    """Exact e-mail when it holds an @; digits of a phone; else prefixes of words, all of them."""
    if "@" in text:
        return Booking.customer_email_hash == hash_email(text)
    query = " & ".join(f"'{word}':*" for word in _words(text))  # without words: nothing
    condition: ColumnElement[bool] = Booking.search.op("@@")(cast(query, TSQUERY))
    return condition


def _words(text: str) -> list[str]:
    """The words to look for. A reference is one word, however it is written: the letters in front
    of its number stand in every booking and would make the search read all of them."""
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 5 and not re.search(r"[^\d\s()+./-]", text):
        return [digits]
    words: list[str] = []
    for part in text.split():
        is_reference = any(c.isdigit() for c in part) and any(c.isalpha() for c in part)
        words += ["".join(fold(part))] if is_reference else fold(part)
    return clip(words)


def sort_key(booking: Any) -> tuple[Any, ...]:
    """The values that order a list and make its cursor."""
    return booking.activity_date, booking.time_slot, booking.id
