"""What goes to Restoo and what its answers mean. Pure, and tolerant where nothing is certain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.bookings.derive import clock_of, starts_at
from app.platforms.base import PlatformError, Wanted
from app.platforms.calling import Complaint
from app.platforms.restoo_choices import REASONS

MARK = 15
"""Minutes: a booking begins at a multiple of it."""
_MEANS = {
    "BOOKED_ANOTHER_PLACE": re.compile(r"\b(another|other|different) (place|restaurant)|elsewhere"),
    "CHANGED_PLANS": re.compile(r"\bchang\w* (of |their |our |my )?plan|\bplans? .{0,12}chang"),
}
_LISTS = ("availability", "slots", "times", "data")
_MOMENTS = ("bookingAt", "time", "startsAt", "start")


def booking_at(day: date, time: str, timezone: str) -> str:
    """`2025-06-26T19:30:00+02:00`: the clock of the venue with its offset at that moment.

    A time that daylight saving skips is told as the one that the clock shows then; of one that
    comes twice, the first is meant. Raises PlatformError for what is not on a 15-minute mark:
    a table at another time than the guest was promised is worse than none.
    """
    clock, begins = clock_of(time), starts_at(day, time, timezone)
    if clock is None or begins is None:
        raise PlatformError(f"There is no time {time!r} at the venue.", permanent=True, code="time")
    if clock.minute % MARK:
        before, after = marks_around(day, time)
        raise PlatformError(
            f"Restoo takes bookings at :00, :15, :30 and :45. {time} is none of them: "
            f"the nearest are {before} and {after}. Nothing was sent.",
            permanent=True,
            code="mark",
        )
    return begins.astimezone(UTC).astimezone(begins.tzinfo).isoformat(timespec="seconds")


def marks_around(day: date, time: str) -> tuple[str, str]:
    """The mark at or before this time of the clock, and the next one."""
    moment = datetime.combine(day, clock_of(time) or datetime.min.time())
    before = moment - timedelta(minutes=moment.minute % MARK)
    after = before + timedelta(minutes=MARK)
    next_day = "" if after.date() == day else " of the next day"
    return f"{before:%H:%M}", f"{after:%H:%M}{next_day}"


def external_id(prefix: str, wanted: Wanted) -> str:
    """Our name of a booking there. What a name that was used before does is unknown: one that is
    made anew after a cancellation gets another."""
    anew = f"-{wanted.again + 1}" if wanted.again else ""
    return f"{prefix}-{wanted.reference}{anew}"


def customer_of(wanted: Wanted) -> dict[str, str]:
    """Who comes; what is not known is left out."""
    name = f"{wanted.first_name} {wanted.last_name}".strip()
    said = {"name": name, "email": wanted.email, "phoneE164": wanted.phone}
    return {key: value for key, value in said.items() if value}


def reason_for(words: str, usual: str) -> str:
    """One of REASONS for why a booking was cancelled, in anybody's words; else the usual one."""
    if words.strip().upper() in REASONS:
        return words.strip().upper()
    plain = words.casefold()
    return next((reason for reason, means in _MEANS.items() if means.search(plain)), usual)


def complaint_of(said: Any) -> Complaint | None:
    """`error` and `message` of a refusal; beside a success they are no complaint."""
    if not isinstance(said, Mapping):
        return None
    texts = dict.fromkeys(_words(said.get(name)) for name in ("error", "message"))
    found = ": ".join(filter(None, texts))
    return Complaint(found, only_explains=True) if found else None


def _words(said: Any) -> str:
    if isinstance(said, Mapping):
        return _words(said.get("message"))
    if isinstance(said, list):
        return ", ".join(each for each in said if isinstance(each, str))
    return said if isinstance(said, str) else ""


def free_times(said: Any, day: date, time: str, timezone: str) -> list[str] | None:
    """What can be read of an answer about free tables: `{"available": true}` about `time`, or a
    list of times or of `{"time": …, "available": …}`. None: it is neither.

    No answer was ever seen: these are the shapes that are likely.
    """
    if isinstance(said, Mapping):
        flag = said.get("available", said.get("availability"))
        if isinstance(flag, bool):
            return [time] if flag else []
        said = next((said[name] for name in _LISTS if isinstance(said.get(name), list)), None)
    if not isinstance(said, list):
        return None
    found = set()
    for each in said:
        is_row = isinstance(each, Mapping)
        raw = next((each[n] for n in _MOMENTS if n in each), None) if is_row else each
        moment = _moment(raw, day, timezone)
        if moment is None:
            return None
        if moment[0] == day and not (is_row and each.get("available") is False):
            found.add(moment[1])
    return sorted(found)


def _moment(raw: Any, day: date, timezone: str) -> tuple[date, str] | None:
    """Day and time by the venue's clock, of `20:00` or of a moment with an offset."""
    if not isinstance(raw, str):
        return None
    if re.fullmatch(r"\d\d:\d\d(:\d\d)?", raw):
        return day, raw[:5]
    try:
        moment = datetime.fromisoformat(raw)
        if moment.tzinfo is not None:
            moment = moment.astimezone(ZoneInfo(timezone))
    except (ValueError, OverflowError):  # such as the first or last day of all
        return None
    return moment.date(), f"{moment:%H:%M}"


def number_of(text: str, usual: float, most: float) -> float:
    """A number that somebody wrote into an option; the usual one where it is none."""
    try:
        number = float(text)
    except ValueError:
        return usual
    return min(number, most) if 1 <= number < float("inf") else usual


def text_of(said: Mapping[str, Any], name: str) -> str:
    """A value as text; empty where there is none."""
    value = said.get(name)
    return str(value).strip() if isinstance(value, str | int) else ""
