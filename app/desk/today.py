"""One day as the desk works it: who comes when, who is here, who is late, whom we fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from app.bookings.counting import DayCount
from app.bookings.models import Booking
from app.bookings.predicates import LATE_AFTER
from app.bookings.status import ARRIVED, ARRIVING, GONE, Status
from app.bookings.wording import city

NOTHING = DayCount()
Zones = Mapping[str, ZoneInfo]
"""By the id of a website, and by that of a venue where it may have a clock of its own."""


@dataclass
class Group:
    """The bookings of one time."""

    label: str
    bookings: list[Booking] = field(default_factory=list)

    @property
    def here(self) -> int:
        return sum(booking.status in ARRIVED for booking in self.bookings)

    @property
    def guests(self) -> int:
        return sum(booking.guest_count for booking in self.bookings)

    @property
    def people(self) -> int:
        """Everybody in the car: guests, and those who only watch."""
        return sum(booking.guest_count + booking.non_players for booking in self.bookings)

    @property
    def is_done(self) -> bool:
        """Nobody of this time is awaited any more."""
        return not any(booking.is_expected for booking in self.bookings)


@dataclass(frozen=True)
class Numbers:
    """The tiles of a day."""

    arrivals: int
    to_come: int
    guests: int
    guests_here: int
    checked_in: int
    completed: int
    late: int
    no_shows: int
    cancelled: int
    pickups: int


def numbers(counts: Mapping[str, DayCount]) -> Numbers:
    """From the counts by status. Who cancelled is no arrival."""

    def total(statuses: Sequence[Status], what: str = "bookings") -> int:
        return sum(getattr(counts.get(status, NOTHING), what) for status in statuses)

    coming = [status for status in Status if status not in GONE]
    return Numbers(
        arrivals=total(coming),
        to_come=total(ARRIVING),
        guests=total(coming, "guests"),
        guests_here=total(ARRIVED, "guests"),
        checked_in=total([Status.CHECKED_IN]),
        completed=total([Status.COMPLETED]),
        late=total(coming, "late"),
        no_shows=total([Status.NO_SHOW]),
        cancelled=total(GONE),
        pickups=total([*ARRIVING, *ARRIVED], "pickups"),
    )


def arrivals(bookings: Sequence[Booking]) -> list[Booking]:
    """Who was or is to come. Who cancelled is left out."""
    return [booking for booking in bookings if not booking.is_gone]


def groups(bookings: Sequence[Booking], zones: Zones) -> list[Group]:
    """Bookings by time: slots without a clock time first, then by the instant, then by name."""
    ordered = sorted(bookings, key=lambda b: (*_when(b), b.customer_name.casefold()))
    return _grouped(ordered, zones)


def pickups(bookings: Sequence[Booking], zones: Zones) -> list[Group]:
    """Whom we fetch, by time and hotel."""
    coming = (*ARRIVING, *ARRIVED)
    found = [booking for booking in bookings if booking.needs_pickup and booking.status in coming]
    found.sort(key=lambda b: (*_when(b), (b.hotel_name or "").casefold(), b.room_number or ""))
    return _grouped(found, zones)


def zone_of(booking: Booking, zones: Zones) -> ZoneInfo | None:
    """The clock by which it begins; None where it is not known."""
    return zones.get(str(booking.venue_id), zones.get(booking.website_id))


def _grouped(bookings: Sequence[Booking], zones: Zones) -> list[Group]:
    there = [zone for booking in bookings if (zone := zone_of(booking, zones))]
    several = len({zone.key for zone in there}) > 1
    found: dict[str, Group] = {}
    for booking in bookings:
        label = _label(booking, zones, several)
        found.setdefault(label, Group(label)).bookings.append(booking)
    return list(found.values())


def next_late(bookings: Sequence[Booking], now: datetime) -> datetime | None:
    """When the next booking will count as late, if nobody checks it in."""
    due = [
        booking.starts_at + LATE_AFTER
        for booking in bookings
        if booking.status == Status.CONFIRMED and booking.starts_at and not booking.is_late(now)
    ]
    return min(due, default=None)


def _when(booking: Booking) -> tuple[bool, float, str]:
    start = booking.starts_at
    return start is not None, start.timestamp() if start else 0.0, booking.time_slot


def _label(booking: Booking, zones: Zones, several: bool) -> str:
    """`10:00`, with its zone where the day has more than one; else the slot's own words."""
    zone = zone_of(booking, zones)
    if booking.starts_at is None or zone is None:
        return booking.time_slot
    local = booking.starts_at.astimezone(zone)
    return f"{local:%H:%M} {city(zone)}" if several else f"{local:%H:%M}"
