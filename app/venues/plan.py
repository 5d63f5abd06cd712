"""What the calculator of `availability` works with and what it makes: days, offers, slots."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from app.venues.lasting import said
from app.venues.models import Activity, ActivityPrice, Departure, Venue

DAY_KEY = "day"
"""Key of the one slot of a day on which guests come at any time."""
DAY_MINUTES = 24 * 60
SlotKey = tuple[date, str]
"""A day and the key of one of its slots."""


class State(enum.StrEnum):
    """Whether a slot can be booked."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"
    PAST = "past"
    """Too late: it begins too soon, or has begun."""


@dataclass(frozen=True)
class Hours:
    """One stretch of a day. It ends after midnight where it does not end after it begins."""

    opens: time
    closes: time
    kitchen_opens: time | None = None
    kitchen_closes: time | None = None

    def minutes(self) -> tuple[int, int]:
        """From and to, in minutes after midnight; the end may lie beyond 24 hours."""
        return _span(self.opens, self.closes)

    def kitchen(self) -> tuple[int, int]:
        """The same for the kitchen; the opening hours where it has none of its own."""
        if self.kitchen_opens is None or self.kitchen_closes is None:
            return self.minutes()
        begin, until = self.minutes()
        start, end = _span(self.kitchen_opens, self.kitchen_closes)
        # It may open after midnight, in hours that began before.
        later = start < begin and start + DAY_MINUTES < until
        return (start + DAY_MINUTES, end + DAY_MINUTES) if later else (start, end)


@dataclass(frozen=True)
class Special:
    """A date with hours of its own; none: it is closed."""

    hours: Hours | None
    note: str = ""


@dataclass(frozen=True)
class Closure:
    """Nothing more is sold; without an activity: of the venue, without a slot: that day."""

    day: date
    activity_id: UUID | None
    slot: str | None
    reason: str
    id: UUID | None = None


@dataclass(frozen=True)
class Offer:
    """An activity with its prices, departures by day, and what is taken by (day, slot key)."""

    activity: Activity
    prices: Sequence[ActivityPrice] = ()
    departures: Mapping[date, Sequence[Departure]] = field(default_factory=dict)
    used: Mapping[SlotKey, int] = field(default_factory=dict)
    """Who comes."""
    seated: Mapping[SlotKey, int] = field(default_factory=dict)
    """Who sits there then, also who came before."""


@dataclass(frozen=True)
class Plan:
    """A venue with all that decides what can be booked there over some days."""

    venue: Venue
    currency: str
    week: Mapping[int, Sequence[Hours]]
    """By weekday, 0 is Monday; a missing one is closed."""
    special: Mapping[date, Special]
    closures: Sequence[Closure]
    offers: Sequence[Offer]

    @property
    def zone(self) -> ZoneInfo:
        """The venue's own time zone."""
        return ZoneInfo(self.venue.timezone)

    @property
    def activities(self) -> Sequence[Offer]:
        """The offers, in the order in which managers put them."""
        return self.offers

    def hours(self, day: date) -> Sequence[Hours]:
        """The stretches that begin on a day."""
        if day in self.special:
            hours = self.special[day].hours
            return (hours,) if hours else ()
        return self.week.get(day.weekday(), ())

    def today(self, now: datetime) -> date:
        """The date at the venue."""
        return now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Held:
    """What a booking has already, while one looks for another place for it."""

    guests: int = 0
    slot: SlotKey | None = None
    sits: frozenset[SlotKey] = frozenset()


NOTHING = Held()


@dataclass(frozen=True)
class Slot:
    """A time at which an activity can be booked, and how it stands."""

    activity_id: UUID
    day: date
    key: str
    """As in `slot_usage`: `10:00`, `day`, or the id of a departure."""
    time: str
    """Of the venue's clock: `10:00`; `00:00` for a whole day."""
    starts_at: datetime
    ends_at: datetime
    last_call: datetime
    """Until then it can be booked."""
    capacity: int | None
    used: int
    state: State
    departure_id: UUID | None = None
    last_day: date | None = None
    """Of a departure: the day on which it ends."""
    reason: str = ""
    """Why it is closed, where somebody said so."""
    seats: int | None = None
    """Of tables: how many can sit at once; None without limit."""
    sittings: Sequence[tuple[SlotKey, int]] = ()
    """Of tables: the slots in which a party sits that comes now, and who sits there already."""

    @property
    def sits(self) -> tuple[SlotKey, ...]:
        """The slots in which a party sits that comes now."""
        return tuple(key for key, _ in self.sittings)

    @property
    def seated(self) -> int:
        """Who sits there at this time, also who came before."""
        return dict(self.sittings).get((self.day, self.key), 0)

    @property
    def most(self) -> int | None:
        """The most that an empty slot takes; None without limit."""
        return min((n for n in (self.capacity, self.seats) if n is not None), default=None)

    @property
    def remaining(self) -> int | None:
        """Places left, never below 0; None without limit."""
        return self.left()

    def left(self, held: Held = NOTHING) -> int | None:
        """The same for a booking whose own places count as free."""
        found = []
        if self.capacity is not None:
            own = held.guests if held.slot == (self.day, self.key) else 0
            found.append(self.capacity - self.used + own)
        if self.seats is not None:
            there = (n - held.guests * (key in held.sits) for key, n in self.sittings)
            found.append(self.seats - max(there, default=0))
        return max(min(found), 0) if found else None

    @property
    def days_said(self) -> str:
        """`12–16 Mar`; empty where it takes one day."""
        return said(self.day, self.last_day) if self.last_day and self.last_day > self.day else ""

    @property
    def is_day(self) -> bool:
        """Whether guests come at any time of the day."""
        return self.key == DAY_KEY

    def is_meant(self, key: str) -> bool:
        """Whether somebody means it who says its key; a departure goes by its time too."""
        return key == self.key or (self.departure_id is not None and key == self.time)

    def fits(self, party: int) -> bool:
        """Whether so many more can be booked."""
        return self.state is State.OPEN and (self.remaining is None or party <= self.remaining)


def _span(begin: time, end: time) -> tuple[int, int]:
    start, stop = begin.hour * 60 + begin.minute, end.hour * 60 + end.minute
    return start, stop if stop > start else stop + DAY_MINUTES
