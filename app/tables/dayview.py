"""A day of a restaurant: its sittings, how full each time is, and who comes then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import url_for

from app.bookings.models import Booking
from app.bookings.status import ARRIVED, Status
from app.menus.choosing import mains_short
from app.menus.queries import Section
from app.venues.availability import slots
from app.venues.models import Activity, Kind, Venue
from app.venues.plan import Plan, Slot

ONE_DAY = timedelta(days=1)
STRIP = 7


@dataclass(frozen=True)
class TableView:
    """What the address asks for: a day of a venue."""

    here: date
    """Today at the venue."""
    now: datetime
    day: date
    venue: Venue

    @property
    def name(self) -> str:
        """The heading."""
        near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}
        return near.get((self.day - self.here).days, f"{self.day:%A} {self.day.day} {self.day:%B}")

    @property
    def is_to_come(self) -> bool:
        return self.day > self.here

    @property
    def strip(self) -> list[TableView]:
        """The days around, this one in the middle."""
        return [self.on(self.day + ONE_DAY * n) for n in range(-(STRIP // 2), STRIP // 2 + 1)]

    def on(self, day: date) -> TableView:
        """Another day."""
        return replace(self, day=day)

    def url(self) -> str:
        """The address of this day."""
        return self._url("tables.index")

    def kitchen(self) -> str:
        """The address of its kitchen list."""
        return self._url("tables.kitchen")

    def poll(self, cursor: str) -> str:
        """Where the open page asks for news. It names its day: at midnight it stays what it is."""
        day = self.day.isoformat()
        return url_for("tables.index", venue=self.venue.id, day=day, after=cursor)

    def _url(self, endpoint: str) -> str:
        day = None if self.day == self.here else self.day.isoformat()
        return url_for(endpoint, venue=self.venue.id, day=day)


@dataclass(frozen=True)
class Party:
    """Who comes to a table, and how many of them have not chosen a main dish."""

    booking: Booking
    missing: int = 0

    @property
    def is_awaited(self) -> bool:
        """Whether the kitchen cooks for them."""
        return self.booking.status != Status.NO_SHOW


@dataclass
class Time:
    """A time of a sitting; `slot` is None where it is none that can be booked today."""

    label: str
    slot: Slot | None = None
    parties: list[Party] = field(default_factory=list)

    @property
    def here(self) -> int:
        return sum(party.booking.status in ARRIVED for party in self.parties)

    @property
    def guests(self) -> int:
        return sum(party.booking.guest_count for party in self.parties if party.is_awaited)

    @property
    def is_done(self) -> bool:
        """Nobody of this time is awaited any more."""
        return not any(party.booking.is_expected for party in self.parties)


@dataclass(frozen=True)
class Sitting:
    """What people come for: one kind of tables."""

    key: str
    name: str
    activity: Activity | None
    times: Sequence[Time]

    @property
    def parties(self) -> list[Party]:
        return [party for time in self.times for party in time.parties]

    @property
    def guests(self) -> int:
        return sum(time.guests for time in self.times)

    @property
    def slots(self) -> list[Slot]:
        return [time.slot for time in self.times if time.slot is not None]


@dataclass(frozen=True)
class Totals:
    """The tiles of a day. No-shows count as themselves only."""

    parties: int
    guests: int
    guests_here: int
    allergies: int
    high_chairs: int
    missing: int
    no_shows: int


def sittings(
    plan: Plan, day: date, now: datetime, bookings: Sequence[Booking], menu: Sequence[Section]
) -> list[Sitting]:
    """Every kind of tables of a venue that has a time or a party on this day, in its order."""
    tables = [offer for offer in plan.offers if offer.activity.kind == Kind.TABLE]
    of_activity: defaultdict[UUID | None, list[Booking]] = defaultdict(list)
    known = {offer.activity.id for offer in tables}
    for booking in bookings:
        of_activity[booking.activity_id if booking.activity_id in known else None].append(booking)
    found = []
    for offer in tables:
        activity = offer.activity
        there = slots(plan, offer, day, now) if activity.is_active else []
        times = _times(there, _parties(activity, of_activity[activity.id], menu))
        found.append(Sitting(str(activity.id), activity.name, activity, times))
    others = _times([], [Party(booking) for booking in of_activity[None]])
    found.append(Sitting("others", "Other tables", None, others))
    return [sitting for sitting in found if sitting.times]


def totals(found: Sequence[Sitting]) -> Totals:
    """Of all sittings together."""
    everybody = [party for sitting in found for party in sitting.parties]
    awaited = [party for party in everybody if party.is_awaited]
    bookings = [party.booking for party in awaited]
    return Totals(
        parties=len(awaited),
        guests=sum(b.guest_count for b in bookings),
        guests_here=sum(b.guest_count for b in bookings if b.status in ARRIVED),
        allergies=sum(bool(b.allergies) for b in bookings),
        high_chairs=sum(b.high_chairs for b in bookings),
        missing=sum(party.missing for party in awaited),
        no_shows=len(everybody) - len(awaited),
    )


def _parties(
    activity: Activity, bookings: Sequence[Booking], menu: Sequence[Section]
) -> list[Party]:
    if not activity.needs_choices:
        return [Party(booking) for booking in bookings]
    mains = {item.id for part in menu if part.section.is_main for item in part.items}
    known = {item.id for part in menu for item in part.items}
    return [Party(booking, _missing(booking, mains, known)) for booking in bookings]


def _missing(booking: Booking, mains: Collection[UUID], known: Collection[UUID]) -> int:
    return mains_short(booking.guest_count, booking.menu_choices, mains, known)


def _times(there: Sequence[Slot], parties: Sequence[Party]) -> list[Time]:
    """By time; parties at a time that is not offered (any more) have it between the others."""
    found: dict[str, Time] = {slot.time: Time(slot.time, slot) for slot in there}
    for party in parties:
        label = _label(party.booking, found)
        found.setdefault(label, Time(label)).parties.append(party)
    return sorted(found.values(), key=lambda time: time.label)


def _label(booking: Booking, found: Mapping[str, Time]) -> str:
    text = booking.time_slot.strip()
    return f"0{text}" if f"0{text}" in found else text
