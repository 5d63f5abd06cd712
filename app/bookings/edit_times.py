"""The times to which a booking can be moved, as the edit form offers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings.choices import Time
from app.bookings.claims import CLAIMING, held_by
from app.bookings.derive import clock_of
from app.bookings.models import Booking
from app.venues.finding import match, slots_on
from app.venues.plan import NOTHING


@dataclass(frozen=True)
class Option:
    """One of the times. Without room it can be chosen only by who may overbook."""

    value: str
    label: str
    is_chosen: bool = False
    is_off: bool = False


def activity_of(session: Session, booking: Booking, package: str, venue: str | None) -> UUID | None:
    """What a booking is of with these words; None where they name nothing that we know."""
    if (package, venue or None) == (booking.package_name, booking.venue or None):
        return booking.activity_id
    found = match(session, booking.website_id, venue or None, package)
    return found.activity_id if found else None


def times_for(
    session: Session, booking: Booking, activity_id: UUID, day: date, party: int, now: datetime
) -> list[Time]:
    """The times of a day; what the booking holds itself counts as free for it."""
    same = booking.activity_id == activity_id
    own = held_by({name: getattr(booking, name) for name in CLAIMING}) if same else NOTHING
    found = slots_on(session, activity_id, day, now)
    return [Time(each.slot, party, now, own) for each in found]


def options(times: Sequence[Time], typed: str, *, overbooks: bool) -> list[Option]:
    """The times to choose from, and what stands there now, in its own words."""
    found, seen = [], False
    for time in times:
        here = not seen and _means(typed, time)
        seen = seen or here
        off = bool(time.blocked) and not here and not overbooks
        value = typed if here else time.words
        found.append(Option(value, f"{value} ({time.note})", here, off))
    if seen or not typed:
        return found
    return [Option(typed, f"{typed} (not offered on this day)", is_chosen=True), *found]


def _means(typed: str, time: Time) -> bool:
    """Whether words such as `2:00 PM` are this time."""
    if time.slot.is_day or typed == time.words:
        return True
    clock = clock_of(typed)
    return clock is not None and f"{clock:%H:%M}" == time.slot.time
