"""What somebody at the desk chose so far, and the times that this leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from app.bookings.claims import shown_time
from app.bookings.elsewhere import Heard
from app.bookings.making import priced
from app.partners.queries import Place
from app.venues.models import Kind
from app.venues.plan import NOTHING, Held, Offer, Plan, Slot, State
from app.venues.prices import Sum


@dataclass(frozen=True)
class Asked:
    """What a form or an address says, as it was typed."""

    website: str = ""
    venue: str = ""
    activity: str = ""
    day: str = ""
    guests: str = ""
    slot: str = ""
    counts: Mapping[str, str] = field(default_factory=dict)
    """By id of the price category."""
    usual: str = ""
    """The venue to begin with where nothing says which, if one may book there."""


@dataclass(frozen=True)
class Time:
    """A slot as the desk books it for a party: also when it is too late for others."""

    slot: Slot
    party: int
    now: datetime
    own: Held = NOTHING
    """Places that the booking in question holds already."""
    elsewhere: str = ""
    """Why who sells the same tables does not have it; empty where nobody says so."""

    @property
    def words(self) -> str:
        """`10:00`, or `Any time`."""
        return shown_time(self.slot)

    @property
    def left(self) -> int | None:
        """Places left for this booking; None without limit."""
        return self.slot.left(self.own)

    @property
    def is_late(self) -> bool:
        """Nobody but the desk can book it any more."""
        return self.slot.state is State.PAST

    @property
    def blocked(self) -> str:
        """Why it cannot be had without overbooking; empty where it can."""
        if self.slot.state is State.CLOSED:
            return f"Closed: {self.slot.reason}" if self.slot.reason else "Closed"
        if self.left is None or self.left >= self.party:
            return self.elsewhere
        return f"Only {self.left} left" if self.left else "Full"

    @property
    def is_asked_elsewhere(self) -> bool:
        """Whether others are asked for it: it can be had here, and is still to come."""
        return not (self.blocked or self.is_late or self.slot.is_day)

    @property
    def note(self) -> str:
        """What stands beside the time."""
        found = [self.blocked or ("Free" if self.left is None else f"{self.left} left")]
        if self.is_late:
            found.append("began" if self.slot.starts_at <= self.now else "last minute")
        return ", ".join(found)


@dataclass(frozen=True)
class Day:
    """A day of the strip; `open` counts the times with room for the party."""

    day: date
    open: int
    is_full: bool
    is_over: bool

    @property
    def note(self) -> str:
        """`3 open`, or why there is none."""
        if self.open:
            return f"{self.open} open"
        return "Over" if self.is_over else "Full" if self.is_full else "Closed"


@dataclass(frozen=True)
class Choice:
    """What was chosen, completed by what is usual."""

    places: Sequence[Place]
    place: Place
    plan: Plan
    offers: Sequence[Offer]
    """What is sold at the venue."""
    offer: Offer | None
    """None where nothing is."""
    day: date
    today: date
    party: int
    guests: str
    """As typed, or the usual number."""
    units: Mapping[UUID, int]
    slot: str
    """Key of the slot that is marked; empty for none."""
    times: Sequence[Time]
    strip: Sequence[Day]
    faults: Sequence[tuple[str, str]] = ()
    """What keeps it from being booked: (id of the input, sentence)."""

    @property
    def price(self) -> Sum | None:
        """What the party pays."""
        return priced(self.offer, self.party, self.units) if self.offer and self.party else None

    @property
    def activity_choices(self) -> list[tuple[UUID, str]]:
        """What can be chosen: (id, name)."""
        return [(offer.activity.id, offer.activity.name) for offer in self.offers]

    @property
    def beside(self) -> tuple[date, date]:
        """The day before and the day after."""
        return self.day - timedelta(days=1), self.day + timedelta(days=1)

    @property
    def asked_elsewhere(self) -> list[Time]:
        """Of a table: the times for which others are asked who sell the same."""
        is_table = self.offer is not None and self.offer.activity.kind == Kind.TABLE
        return [time for time in self.times if is_table and time.is_asked_elsewhere]

    def heard(self, heard: Heard) -> Choice:
        """The same after others were asked: what they do not have cannot be had."""
        without = [each for each in self.asked_elsewhere if not heard.has(each.slot.time)]
        times = [
            replace(one, elsewhere="Not free there") if one in without else one
            for one in self.times
        ]
        gone = {one.slot.key for one in without}
        return replace(self, times=times, slot="" if self.slot in gone else self.slot)

    @property
    def is_tight(self) -> bool:
        """Whether a time of the day cannot be had without overbooking."""
        return any(time.blocked for time in self.times)

    @property
    def odd_party(self) -> str:
        """A hint where the activity is meant for other numbers; it refuses nobody here."""
        activity = self.offer.activity if self.offer else None
        if activity is None or not self.party:
            return ""
        least, most = activity.min_party, activity.max_party
        if least <= self.party and (most is None or self.party <= most):
            return ""
        size = f"from {least} guests" if most is None else f"for {least} to {most} guests"
        return f"This is usually {size}. You can book it all the same."
