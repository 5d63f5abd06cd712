"""What venues, their sites, departures and closures must look like, whichever door they come by.

Hours are in `hours`, activities and prices in `offerrules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from app.venues.lasting import MOST_DAYS
from app.venues.values import (
    Reading,
    Wrong,
    clock,
    day,
    maybe_clock,
    maybe_whole,
    maybe_words,
    whole,
    words,
    yes,
)
from app.websites import choices

VENUE = {
    "name": "Name",
    "timezone": "Time zone",
    "address": "Address",
    "phone": "Phone",
    "hold_minutes": "Minutes a place is held",
    "cancellation_hours": "Hours to cancel before the start",
    "late_refund_percent": "Percent given back later",
    "offer_hours": "Hours an offered place is held",
    "quiet_from": "Quiet from",
    "quiet_until": "Quiet until",
    "sells_without_platforms": "When no booking platform answers",
    "is_active": "Switched on",
}
"""Fields of a venue that people change, and their labels."""
SITE = {
    "name": "Name",
    "description": "Description",
    "max_depth": "Deepest point",
    "level": "For whom",
    "is_active": "Switched on",
}
WITHOUT_PLATFORMS = {
    "yes": "Sell what is free here",
    "no": "Keep it as a request for staff",
}
"""Whether a venue sells its tables while none of its booking platforms answers."""
QUIET = {"quiet_from": time(21), "quiet_until": time(8)}
CAPACITY = (0, 10_000)
LONGEST_SERIES = 366
MOST_DEPARTURES = 1000
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _zone(value: Any) -> str:
    if value not in choices.timezones():
        raise Wrong("This is not a time zone such as Asia/Bangkok.")
    return str(value)


def clean_venue(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a venue as they are stored. Raises InvalidPayload with every fault."""
    reading = Reading(values)
    cleaned = {
        "name": reading.take("name", words(100)),
        "timezone": reading.take("timezone", _zone),
        "address": reading.take("address", maybe_words(300)),
        "phone": reading.take("phone", maybe_words(40)),
        "hold_minutes": reading.take("hold_minutes", whole(1, 1440, 15)),
        "cancellation_hours": reading.take("cancellation_hours", whole(0, 8760, 24)),
        "late_refund_percent": reading.take("late_refund_percent", whole(0, 100, 0)),
        "offer_hours": reading.take("offer_hours", whole(1, 168, 12)),
        **_quiet(reading, values),
        "sells_without_platforms": yes(values.get("sells_without_platforms", True)),
        "is_active": yes(values.get("is_active", True)),
    }
    reading.done("The venue cannot be saved like this.")
    return cleaned


def _quiet(reading: Reading, values: Mapping[str, Any]) -> dict[str, time | None]:
    """When nobody is disturbed; where nothing is said about it, at night."""
    if "quiet_from" not in values and "quiet_until" not in values:
        return dict(QUIET)
    found = {name: reading.take(name, maybe_clock) for name in QUIET}
    if None in found.values() and any(values.get(name) for name in QUIET):
        missing = next(name for name, value in found.items() if value is None)
        if not values.get(missing):
            reading.wrong(missing, "Enter both times, or neither.")
    return found


def clean_site(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a dive site. Raises InvalidPayload with every fault."""
    reading = Reading(values)
    cleaned = {
        "name": reading.take("name", words(100)),
        "description": reading.take("description", maybe_words(1000)),
        "max_depth": reading.take("max_depth", maybe_whole(1, 400)),
        "level": reading.take("level", maybe_words(60)),
        "is_active": yes(values.get("is_active", True)),
    }
    reading.done("The dive site cannot be saved like this.")
    return cleaned


def clean_departure(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Days, time, capacity and note of a new departure. Raises InvalidPayload."""
    reading = Reading(values)
    first = reading.take("day", lambda value: _coming(value, today))
    cleaned = {
        "day": first,
        "last_day": reading.take("last_day", lambda value: _until(value, first)),
        "time": reading.take("time", clock),
        **_places(reading),
    }
    reading.done("The departure cannot be saved like this.")
    return cleaned


def clean_departure_changes(values: Mapping[str, Any], first: date) -> dict[str, Any]:
    """What may change of a departure that leaves on `first`: its last day, its capacity and its
    note. Raises InvalidPayload."""
    reading = Reading(values)
    until = reading.take("last_day", lambda value: _until(value, first))
    cleaned = {"last_day": until, **_places(reading)}
    reading.done("The departure cannot be saved like this.")
    return cleaned


def _places(reading: Reading) -> dict[str, Any]:
    return {
        "capacity": reading.take("capacity", maybe_whole(*CAPACITY)),
        "note": reading.take("note", maybe_words(200)),
    }


def _until(value: Any, first: date | None) -> date | None:
    """A last day; None where nothing is typed: it follows from the activity then."""
    if value in (None, ""):
        return None
    last = day(value)
    if first is not None and not first <= last < first + timedelta(days=MOST_DAYS):
        raise Wrong(f"Must not be before the first day, nor more than {MOST_DAYS} days on.")
    return last


def _coming(value: Any, today: date) -> date:
    parsed = day(value)
    if parsed < today:
        raise Wrong("This day has passed.")
    return parsed


@dataclass(frozen=True)
class Series:
    """Departures on some weekdays within some dates."""

    days: list[date]
    times: list[time]
    capacity: int | None


def clean_series(values: Mapping[str, Any], today: date) -> Series:
    """Weekdays × dates × times. Raises InvalidPayload with every fault."""
    reading = Reading(values)
    first = reading.take("first", lambda value: _coming(value, today))
    last = reading.take("last", day)
    times = reading.take("times", clocks)
    weekdays = {int(each) for each in values.get("weekdays", ()) if str(each) in "0123456"}
    capacity = reading.take("capacity", maybe_whole(*CAPACITY))
    days: list[date] = []
    if not weekdays:
        reading.wrong("weekdays", "Tick at least one weekday.")
    if first and last and last < first:
        reading.wrong("last", "Must not be before the first day.")
    elif first and last and (last - first).days > LONGEST_SERIES:
        reading.wrong("last", "A series is at most a year long.")
    elif first and last:
        days = _between(first, last, weekdays)
        if not days and weekdays:
            reading.wrong("weekdays", "None of these weekdays is between the two dates.")
    if len(days) * len(times or ()) > MOST_DEPARTURES:
        reading.wrong("last", f"These are more than {MOST_DEPARTURES:,} departures: take less.")
    reading.done("The series cannot be saved like this.")
    return Series(days, times or [], capacity)


def _between(first: date, last: date, weekdays: set[int]) -> list[date]:
    every = (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))
    return [each for each in every if each.weekday() in weekdays]


def clocks(value: Any) -> list[time]:
    """`08:00, 13:00` or a list of such times, in order, each once; at least one."""
    given = value if isinstance(value, list | tuple) else str(value or "").replace(",", " ").split()
    try:
        times = sorted({at for each in given if (at := maybe_clock(each)) is not None})
    except Wrong:
        raise Wrong("Write times such as 08:00, 13:00.") from None
    if not times:
        raise Wrong("Write at least one time, such as 08:00.")
    return times


def clean_closure(values: Mapping[str, Any]) -> dict[str, Any]:
    """A day and a reason; slot and activity are looked up by the action. Raises InvalidPayload."""
    reading = Reading(values)
    cleaned = {
        "day": reading.take("day", day),
        "slot": reading.take("slot", maybe_words(60)),
        "reason": reading.take("reason", maybe_words(200)),
    }
    reading.done("This cannot be closed like this.")
    return cleaned
