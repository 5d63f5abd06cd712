"""What the pages of the departures show: the days asked for, and who goes on one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from app.bookings.derive import fold
from app.bookings.models import Booking
from app.bookings.status import ARRIVED
from app.errors import InvalidPayload
from app.manifest.queries import Travelers, Trip
from app.travelers.models import BookingTraveler

NEXT = timedelta(days=14)
MOST_DAYS = timedelta(days=92)
MISSING = "missing"


def typed(args: Mapping[str, str]) -> str:
    """What somebody looks for."""
    return args.get("q", "").strip()[:100].replace("\x00", "")


@dataclass(frozen=True)
class DaysView:
    """The list that an address asks for: departures of some days."""

    today: date
    first: date
    last: date
    website: str = ""
    q: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], today: date) -> DaysView:
        """From the query string: two weeks from today where it does not say. Raises
        InvalidPayload for a date that is none."""
        first = _day(args.get("from")) or today
        last = _day(args.get("to")) or first + NEXT
        last = min(max(last, first), first + MOST_DAYS)
        return cls(today, first, last, args.get("website", ""), typed(args))

    @property
    def is_usual(self) -> bool:
        """Nothing else was chosen."""
        return self.first == self.today and self.last == self.first + NEXT

    def groups(self, trips: Iterable[Trip]) -> Iterator[tuple[date, list[Trip]]]:
        """By their first day; first, together, those that began before the days asked for."""
        before = self.first - timedelta(days=1)
        for day, some in groupby(trips, key=lambda trip: max(trip.departure.day, before)):
            yield day, list(some)


@dataclass(frozen=True)
class Party:
    """A booking and the travelers of it that are named."""

    booking: Booking
    travelers: Sequence[BookingTraveler] = ()

    @property
    def people(self) -> int:
        return max(self.booking.guest_count, len(self.travelers))

    @property
    def unnamed(self) -> int:
        return self.people - len(self.travelers)

    @property
    def is_here(self) -> bool:
        """As a whole."""
        return self.booking.status in ARRIVED

    @property
    def here(self) -> int:
        if self.is_here:
            return self.people
        return sum(traveler.checked_in_at is not None for traveler in self.travelers)

    @property
    def missing(self) -> list[BookingTraveler]:
        return [one for one in self.travelers if one.checked_in_at is None]


@dataclass(frozen=True)
class Shown:
    """What of a party belongs to a view."""

    party: Party
    travelers: Sequence[BookingTraveler]
    unnamed: int


@dataclass(frozen=True)
class Totals:
    """The tiles of a departure. Who cancelled counts nowhere."""

    parties: int
    people: int
    here: int
    unnamed: int
    requirements: int

    @classmethod
    def of(cls, parties: Sequence[Party]) -> Totals:
        return cls(
            parties=len(parties),
            people=sum(party.people for party in parties),
            here=sum(party.here for party in parties),
            unnamed=sum(party.unnamed for party in parties),
            requirements=sum(
                bool(one.special_requirements) for party in parties for one in party.travelers
            ),
        )


@dataclass(frozen=True)
class ManifestView:
    """One departure, as an address asks for it."""

    trip: Trip
    today: date
    now: datetime
    q: str = ""
    show: str = ""

    @classmethod
    def read(cls, trip: Trip, args: Mapping[str, str], now: datetime) -> ManifestView:
        today = now.astimezone(ZoneInfo(trip.venue.timezone)).date()
        show = MISSING if args.get("show") == MISSING else ""
        return cls(trip, today, now, typed(args), show)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.trip.venue.timezone)

    @property
    def takes_arrivals(self) -> bool:
        """From the evening before: earlier a tap would be a slip."""
        return self.today >= self.trip.departure.day - timedelta(days=1)

    def args(self) -> dict[str, Any]:
        """The query string, without what goes without saying."""
        return {"q": self.q or None, "show": self.show or None}

    def url(self, **changes: Any) -> str:
        """The address of this page, with something else chosen."""
        args = {**self.args(), **changes}
        return url_for("manifest.show", departure_id=self.trip.departure.id, **args)

    def tap(self, booking: Booking, *, arrived: bool, travelers: Sequence[UUID] = ()) -> str:
        """Where a tap goes that says who has, or has not, arrived; nobody named: the party."""
        return url_for(
            "manifest.arrived" if arrived else "manifest.not_arrived",
            departure_id=self.trip.departure.id,
            booking_id=booking.id,
            traveler=[str(one) for one in travelers] or None,
            **self.args(),
        )

    def of(self, parties: Iterable[Party]) -> list[Shown]:
        """What of these parties belongs here."""
        return [shown for party in parties if (shown := self._shown(party))]

    def _shown(self, party: Party) -> Shown | None:
        """None for nothing. Who booked stands for the whole party."""
        booking, words, unnamed = party.booking, fold(self.q), party.unnamed
        if self.show == MISSING and not booking.is_expected:
            return None
        kept = party.missing if self.show == MISSING else party.travelers
        if words and not _has(
            words, booking.customer_name, booking.booking_ref, booking.customer_phone
        ):
            kept, unnamed = [one for one in kept if _has(words, one.name, one.phone)], 0
        return Shown(party, kept, unnamed) if kept or unnamed else None

    def poll(self, cursor: str) -> str:
        """Where the open page asks for news."""
        return self.url(after=cursor)


def grouped(bookings: Sequence[Booking], travelers: Travelers) -> tuple[list[Party], list[Party]]:
    """The parties of a departure: those that come, and those that cancelled."""
    found = [Party(booking, travelers.get(booking.id, ())) for booking in bookings]
    coming = [party for party in found if not party.booking.is_gone]
    return coming, [party for party in found if party.booking.is_gone]


def _has(words: Sequence[str], *texts: str | None) -> bool:
    """Whether every word begins a word, or stands in the digits, of these texts."""
    there = [part for text in texts if text for part in fold(text)]
    whole = "".join(there)
    return all(
        any(part.startswith(word) for part in there) or (len(word) > 2 and word in whole)
        for word in words
    )


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidPayload("This is not a date.") from error
    if not 2000 <= day.year < 2100:
        raise InvalidPayload("This date is out of reach.")
    return day
