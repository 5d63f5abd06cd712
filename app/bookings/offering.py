"""What the desk can book: every choice completed by what is usual, and the times of an edit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.choices import Asked, Choice, Day, Time
from app.bookings.fields import MOST_COUNT
from app.errors import NotFound
from app.partners.queries import Place, places
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.models import Activity
from app.venues.plan import Offer, Plan, State

CREATE = Permission.BOOKINGS_CREATE
USUAL_PARTY = 2
STRIP_DAYS = 7


def choose(session: Session, scope: Scope, asked: Asked, now: datetime) -> Choice | None:
    """What was asked for, and what is usual for the rest; None for who can book nowhere.

    Raises NotFound for a venue or an activity at which this person may not book.
    """
    there = places(session, scope, CREATE)
    if not there:
        return None
    place = _place(session, there, asked)
    today = now.astimezone(ZoneInfo(place.timezone)).date()
    day = day_of(asked.day) or today
    (plan,) = load(session, [place.venue_id], *_days_of(day, today))
    offers = [offer for offer in plan.activities if offer.activity.is_active]
    offer = _offer(offers, asked)
    units, counted = _units(offer, asked)
    party = counted if units else count_of(asked.guests) or 0
    found = slots(plan, offer, day, now) if offer else []
    times = [Time(slot, party, now) for slot in found]
    overbooks = scope.can(Permission.BOOKINGS_OVERBOOK, place.website_id)
    return Choice(
        *(there, place, plan, offers, offer, day, today, party),
        guests=asked.guests or str(USUAL_PARTY),
        units=units,
        slot=_marked(times, asked.slot, overbooks=overbooks),
        times=times,
        strip=_strip(plan, offer, day, today, party, now),
        faults=_faults(asked, offer, party, bool(units)),
    )


def _place(session: Session, there: Sequence[Place], asked: Asked) -> Place:
    by_id = {str(place.venue_id): place for place in there}
    if asked.activity:
        own = _venue_of(session, asked.activity)
        if own not in by_id:
            raise NotFound("This activity does not exist.")
        if not asked.venue:
            return by_id[own]
    if asked.venue:
        if asked.venue not in by_id:
            raise NotFound("This venue does not exist.")
        return by_id[asked.venue]
    if asked.usual in by_id and not asked.website:
        return by_id[asked.usual]
    return next((place for place in there if place.website_id == asked.website), there[0])


def _venue_of(session: Session, activity: str) -> str:
    try:
        query = select(Activity.venue_id).where(Activity.id == UUID(activity))
    except ValueError:
        return ""
    return str(session.scalar(query) or "")


def _offer(offers: Sequence[Offer], asked: Asked) -> Offer | None:
    wanted = (offer for offer in offers if str(offer.activity.id) == asked.activity)
    return next(wanted, offers[0] if offers else None)


def _units(offer: Offer | None, asked: Asked) -> tuple[dict[UUID, int], int]:
    """How many of each price category, and how many guests that is."""
    if offer is None or not offer.prices:
        return {}, 0
    known = [price for price in offer.prices if str(price.id) in asked.counts]
    counts = {price.id: count_of(asked.counts[str(price.id)], 0) or 0 for price in known}
    if not known:  # the first time that this activity is looked at
        first = offer.prices[0]
        party = count_of(asked.guests) or USUAL_PARTY
        counts = {first.id: max(1, party // first.pax)}
    units = {price.id: counts.get(price.id, 0) for price in offer.prices}
    return units, sum(price.pax * units[price.id] for price in offer.prices)


def count_of(text: str, least: int = 1) -> int | None:
    """A typed number of guests; the usual one where nothing was; None where it is none."""
    if not text.strip():
        return USUAL_PARTY if least else 0
    number = int(text) if text.strip().isdecimal() and len(text) < 7 else -1
    return number if least <= number <= MOST_COUNT else None


def day_of(text: str) -> date | None:
    """A typed date of this century; None where it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def _days_of(day: date, today: date) -> tuple[date, date]:
    """The stretch of days, counted from today, in which a day lies."""
    first = today + timedelta(days=(day - today).days // STRIP_DAYS * STRIP_DAYS)
    return first, first + timedelta(days=STRIP_DAYS - 1)


def _strip(
    plan: Plan, offer: Offer | None, day: date, today: date, party: int, now: datetime
) -> list[Day]:
    first, _ = _days_of(day, today)
    days = []
    for number in range(STRIP_DAYS if offer else 0):
        there = first + timedelta(days=number)
        found = slots(plan, offer, there, now) if offer else []
        open_ones = sum(slot.fits(party or 1) for slot in found)
        over = all(slot.state is State.PAST for slot in found)
        full = any(slot.state in (State.OPEN, State.FULL) for slot in found)
        days.append(Day(there, open_ones, is_full=full, is_over=bool(found) and over))
    return days


def _marked(times: Iterable[Time], asked: str, *, overbooks: bool) -> str:
    """The slot that was chosen while it can be had; else the next one with room."""
    there = list(times)
    for time in there:
        if time.slot.key == asked:
            return asked if overbooks or not time.blocked else ""
    free = [time for time in there if not time.blocked]
    coming = [time for time in free if not time.is_late]
    best = coming[:1] or free[-1:]
    return best[0].slot.key if best else ""


def _faults(asked: Asked, offer: Offer | None, party: int, by_units: bool) -> list[tuple[str, str]]:
    found = []
    if offer is None:
        found.append(("activity", "Nothing is sold at this venue: choose another."))
    elif asked.activity != str(offer.activity.id):
        found.append(("activity", "This venue does not offer that: choose again."))
    if not day_of(asked.day):
        found.append(("day", "Choose a day."))
    if not 1 <= party <= MOST_COUNT:
        word = "How many guests are there?" if by_units else "Type how many guests come."
        found.append(("guests", word))
    if not asked.slot:
        found.append(("slot-0", "Choose a time."))
    return found
