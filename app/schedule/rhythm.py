"""When work is due: at a time of some place's clock, or every so many minutes.

Wall clocks jump. A time that a day skips is due at the first instant after the gap; a time that a
day has twice is due at the first of the two, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Rhythm(Protocol):
    """The instants at which something is due. Two that are equal are due at the same ones."""

    def last_due(self, now: datetime) -> datetime:
        """The latest instant that is not to come, in UTC."""

    def next_due(self, now: datetime) -> datetime:
        """The first instant that is still to come, in UTC."""

    @property
    def words(self) -> str:
        """For people: `Every day at 10:00, Bangkok time`."""


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a place's clock first shows this time, or has passed it."""
    local = datetime.combine(day, clock, zone)
    before = local.astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return before
    # Skipped: `before` reads it with the offset before the jump and lies after it, fold 1 the
    # other way round. The jump is in between, at a whole second.
    early, late = local.replace(fold=1).astimezone(UTC), before
    old = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            early = middle
        else:
            late = middle
    return late


@dataclass(frozen=True)
class AtClock:
    """Every day, or every week on one day (0 is Monday), at a time of the zone's clock."""

    clock: time
    zone: ZoneInfo
    weekday: int | None = None

    def last_due(self, now: datetime) -> datetime:
        return max(each for each in self._around(now) if each <= now)

    def next_due(self, now: datetime) -> datetime:
        return min(each for each in self._around(now) if each > now)

    @property
    def words(self) -> str:
        days = "Every day" if self.weekday is None else f"Every {_DAYS[self.weekday]}"
        place = self.zone.key.rpartition("/")[2].replace("_", " ")
        return f"{days} at {self.clock:%H:%M}, {place}{'' if place == 'UTC' else ' time'}"

    def _around(self, now: datetime) -> Iterator[datetime]:
        """Those of the days around, two of them at least on each side."""
        reach = 2 if self.weekday is None else 8
        today = now.astimezone(self.zone).date()
        for away in range(-reach, reach + 1):
            day = today + away * ONE_DAY
            if self.weekday in (None, day.weekday()):
                yield instant(day, self.clock, self.zone)


@dataclass(frozen=True)
class Every:
    """Again and again, at whole multiples of the length since 1970: the same for all workers."""

    length: timedelta

    def last_due(self, now: datetime) -> datetime:
        return now.astimezone(UTC) - (now - _EPOCH) % self.length

    def next_due(self, now: datetime) -> datetime:
        return self.last_due(now) + self.length

    @property
    def words(self) -> str:
        minutes = self.length // timedelta(minutes=1)
        return "Every minute" if minutes == 1 else f"Every {minutes} minutes"


def daily(hour: int, minute: int = 0, zone: str = "UTC") -> AtClock:
    """Every day at this time."""
    return AtClock(time(hour, minute), ZoneInfo(zone))


def weekly(weekday: int, hour: int, zone: str) -> AtClock:
    """Every week on this day (0 is Monday), at this hour."""
    return AtClock(time(hour), ZoneInfo(zone), weekday)
