"""What opening hours must look like, and how they are said.

A stretch ends on the next day when it does not close after it opens: 18:00–02:00, and 00:00–00:00
is the whole day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Protocol

from app.errors import Fault, InvalidPayload
from app.venues.rules import WEEKDAYS
from app.venues.values import Reading, clock, day, maybe_clock, maybe_words, yes

DAY = 24 * 60
WEEK = 7 * DAY
PARTS = ("opens", "closes", "kitchen_opens", "kitchen_closes")


class Hours(Protocol):
    """Anything with opening hours: a row of the tables, or a stretch."""

    @property
    def opens(self) -> Any: ...
    @property
    def closes(self) -> Any: ...
    @property
    def kitchen_opens(self) -> Any: ...
    @property
    def kitchen_closes(self) -> Any: ...


@dataclass(frozen=True)
class Stretch:
    """From when to when on one weekday (0 is Monday), in the venue's own clock."""

    weekday: int
    opens: time
    closes: time
    kitchen_opens: time | None = None
    kitchen_closes: time | None = None


@dataclass(frozen=True)
class TypedDay:
    """A weekday as somebody typed it: closed, or lines of times. Closed wins over times."""

    weekday: int
    closed: bool
    lines: Sequence[Mapping[str, Any]]


def minutes(at: time) -> int:
    """Since midnight."""
    return at.hour * 60 + at.minute


def is_overnight(hours: Hours) -> bool:
    """Whether it closes on the next day."""
    return bool(hours.opens and hours.closes and hours.closes <= hours.opens)


def length(hours: Hours) -> int:
    """Minutes from opening to closing, at most a day."""
    return (minutes(hours.closes) - minutes(hours.opens)) % DAY or DAY


def clean_week(days: Iterable[TypedDay]) -> list[Stretch]:
    """The stretches of a week in their order. Raises InvalidPayload with every fault.

    A fault names its field as `d<weekday>-<line>-<part>`.
    """
    faults: list[Fault] = []
    found: list[tuple[str, Stretch]] = []
    for each in days:
        if each.closed:
            continue
        typed = [(n, line) for n, line in enumerate(each.lines) if _is_typed(line)]
        if not typed:
            message = f"{WEEKDAYS[each.weekday]}: say when it opens, or tick Closed."
            faults.append(Fault(f"d{each.weekday}-0-opens", message))
        for number, line in typed:
            prefix = f"d{each.weekday}-{number}-"
            reading = Reading(line, prefix)
            stretch = _stretch(reading, each.weekday)
            faults += reading.faults
            if stretch is not None:
                found.append((prefix, stretch))
    faults += _overlaps(found)
    if faults:
        raise InvalidPayload("The hours cannot be saved like this.", faults)
    return sorted((stretch for _, stretch in found), key=lambda s: (s.weekday, s.opens))


def _is_typed(line: Mapping[str, Any]) -> bool:
    return any(str(line.get(part) or "").strip() for part in PARTS)


def _stretch(reading: Reading, weekday: int) -> Stretch | None:
    opens, closes = reading.take("opens", clock), reading.take("closes", clock)
    kitchen = (
        reading.take("kitchen_opens", maybe_clock),
        reading.take("kitchen_closes", maybe_clock),
    )
    if reading.faults or opens is None or closes is None:
        return None
    stretch = Stretch(weekday, opens, closes, *kitchen)
    _check_kitchen(reading, stretch)
    return None if reading.faults else stretch


def _check_kitchen(reading: Reading, hours: Stretch) -> None:
    opens, closes = hours.kitchen_opens, hours.kitchen_closes
    if opens is None and closes is None:
        return
    if opens is None or closes is None:
        missing = "kitchen_opens" if opens is None else "kitchen_closes"
        reading.wrong(missing, "Give both times of the kitchen, or none.")
        return
    start = (minutes(opens) - minutes(hours.opens)) % DAY
    end = (minutes(closes) - minutes(hours.opens)) % DAY or DAY
    if not start < end <= length(hours):
        reading.wrong("kitchen_opens", "The kitchen's hours must lie within the opening hours.")


def _overlaps(found: list[tuple[str, Stretch]]) -> list[Fault]:
    """A stretch that begins before another one has ended, also over Sunday's midnight."""

    def start(item: tuple[str, Stretch]) -> int:
        return item[1].weekday * DAY + minutes(item[1].opens)

    ordered = sorted(found, key=start)
    faults = []
    for number, (_, stretch) in enumerate(ordered):
        following = ordered[(number + 1) % len(ordered)]
        gap = (start(following) - stretch.weekday * DAY - minutes(stretch.opens)) % WEEK
        if (gap or (0 if len(ordered) > 1 else WEEK)) < length(stretch):
            faults.append(Fault(f"{following[0]}opens", "Overlaps with the hours before it."))
    return faults


def clean_special(values: Mapping[str, Any]) -> dict[str, Any]:
    """One date that is not like its weekday. Raises InvalidPayload with every fault."""
    reading = Reading(values)
    closed = yes(values.get("is_closed"))
    cleaned: dict[str, Any] = {
        "day": reading.take("day", day),
        "is_closed": closed,
        "note": reading.take("note", maybe_words(200)),
        **dict.fromkeys(PARTS),
    }
    if not closed:
        before = len(reading.faults)
        stretch = _stretch(reading, 0)
        if stretch is not None:
            cleaned |= {part: getattr(stretch, part) for part in PARTS}
        elif len(reading.faults) == before:  # only the date was wrong
            cleaned |= dict.fromkeys(PARTS)
    reading.done("This day cannot be saved like this.")
    return cleaned


def said(hours: Hours) -> str:
    """`18:00–02:00 (next day), kitchen 18:30–22:00`; midnight is `24:00`."""
    text = f"{hours.opens:%H:%M}–{hours.closes:%H:%M}"
    if hours.closes == time(0):
        text = "All day" if hours.opens == time(0) else f"{hours.opens:%H:%M}–24:00"
    elif is_overnight(hours):
        text += " (next day)"
    if hours.kitchen_opens is not None and hours.kitchen_closes is not None:
        text += f", kitchen {hours.kitchen_opens:%H:%M}–{hours.kitchen_closes:%H:%M}"
    return text


def said_day(stretches: Sequence[Hours]) -> str:
    """A weekday in words: its stretches, or `Closed`."""
    return "; ".join(said(each) for each in stretches) or "Closed"


def said_special(special: Any) -> str:
    """A special day in words."""
    return "Closed" if special.is_closed or special.opens is None else said(special)
