"""A day of a venue as managers look at it: every slot, how full it is, and why it is not sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.venues import hours
from app.venues.availability import slots
from app.venues.models import SlotRule
from app.venues.plan import Closure, Offer, Plan, Slot, State


@dataclass(frozen=True)
class Line:
    """A slot, and the closure of exactly this slot where there is one."""

    slot: Slot
    closure: Closure | None

    @property
    def is_over(self) -> bool:
        """Whether it holds more than it should."""
        return self.slot.capacity is not None and self.slot.used > self.slot.capacity


@dataclass(frozen=True)
class Sold:
    """An activity on a day."""

    offer: Offer
    lines: Sequence[Line]
    closure: Closure | None
    """Of the whole day of this activity."""

    @property
    def used(self) -> int:
        """Guests of the day."""
        return sum(line.slot.used for line in self.lines)

    @property
    def open(self) -> int:
        """Slots that can be booked."""
        return sum(line.slot.state is State.OPEN for line in self.lines)

    @property
    def left(self) -> int | None:
        """Places that can be booked; None where a slot without limit is open."""
        places = [line.slot.remaining for line in self.lines if line.slot.state is State.OPEN]
        return None if None in places else sum(place or 0 for place in places)

    @property
    def why_none(self) -> str:
        """Why there are no slots."""
        if self.offer.activity.slot_rule == SlotRule.DEPARTURES:
            return "No departure on this day."
        return "The venue is closed at these times on this day."


@dataclass(frozen=True)
class Day:
    """A day of the strip above the preview."""

    day: date
    open: int
    """Slots that can be booked."""
    closed: bool
    """The whole venue: by its hours, or because somebody closed it."""


def said_hours(plan: Plan, day: date) -> str:
    """The venue's hours of a day, in words."""
    return hours.said_day(plan.hours(day))


def note_of(plan: Plan, day: date) -> str:
    """What is special about the day; empty for a usual one."""
    special = plan.special.get(day)
    return "" if special is None else special.note or "Special hours"


def closure_of(
    plan: Plan, day: date, activity_id: UUID | None = None, slot: str | None = None
) -> Closure | None:
    """The closure of exactly this: the venue, an activity's day, or a slot."""
    for closure in plan.closures:
        if (closure.day, closure.activity_id, closure.slot) == (day, activity_id, slot):
            return closure
    return None


def sold_on(plan: Plan, day: date, now: datetime) -> list[Sold]:
    """Every activity that is switched on, with its slots of the day."""
    found = []
    for offer in plan.activities:
        own = offer.activity.id
        if offer.activity.is_active:
            lines = [
                Line(slot, closure_of(plan, day, own, slot.key))
                for slot in slots(plan, offer, day, now)
            ]
            found.append(Sold(offer, lines, closure_of(plan, day, own)))
    return found


def strip(plan: Plan, monday: date, now: datetime) -> list[Day]:
    """The seven days of a week."""
    days = []
    for number in range(7):
        day = monday + timedelta(days=number)
        closed = not plan.hours(day) or closure_of(plan, day) is not None
        days.append(Day(day, sum(sold.open for sold in sold_on(plan, day, now)), closed))
    return days
