"""Finding the slot that somebody means, and the activity that a source means by its own words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.errors import NotFound, SlotUnavailable
from app.venues.availability import sits_from, slots
from app.venues.capacity import Limits
from app.venues.loading import load, load_times
from app.venues.models import Activity, Departure, SlotRule, Venue
from app.venues.plan import DAY_KEY, Offer, Plan, Slot, SlotKey, State

_package = bindparam("package", type_=Text)
_MATCH = (
    select(Activity.id, Activity.venue_id, Venue.name, Activity.kind, Activity.booking_type)
    .join(Venue, Venue.id == Activity.venue_id)
    .where(
        Venue.website_id == bindparam("website_id", type_=Text),
        (func.lower(Activity.name) == func.lower(_package))
        | Activity.source_names.op("@>")(func.to_jsonb(_package).cast(JSONB)),
    )
    .order_by(Activity.is_active.desc(), Activity.position, Activity.id)
    .limit(20)
)


@dataclass(frozen=True)
class Found:
    """A slot with its activity and venue."""

    plan: Plan
    offer: Offer
    slot: Slot


class Place(NamedTuple):
    """Where a booking takes its places, whether or not anything is offered there."""

    key: str
    limits: Limits
    departure_id: UUID | None
    sits: tuple[SlotKey, ...] = ()
    """Of tables: the slots in which the party sits."""


class At(NamedTuple):
    """A time at which somebody comes to an activity."""

    activity_id: UUID
    day: date
    clock: time | None


class Linked(NamedTuple):
    """What a source's words mean."""

    activity_id: UUID
    venue_id: UUID
    kind: str
    booking_type: str | None


def slots_on(session: Session, activity_id: UUID, day: date, now: datetime) -> list[Found]:
    """Every slot of an activity on a day. Raises NotFound when there is no such activity."""
    venue_id = session.scalar(select(Activity.venue_id).where(Activity.id == activity_id))
    if venue_id is None:
        raise NotFound("This activity does not exist.")
    (plan,) = load(session, [venue_id], day, day, [activity_id])
    (offer,) = plan.offers
    return [Found(plan, offer, slot) for slot in slots(plan, offer, day, now)]


def slot_on(
    session: Session,
    activity_id: UUID,
    day: date,
    now: datetime,
    *,
    key: str | None = None,
    party: int = 1,
    rather: str = "",
) -> Found:
    """The slot with this key, or the departure at this time; without one the first of the day with
    room for the party, `rather` the one at that time.

    Raises SlotUnavailable with what there is instead, and NotFound.
    """
    found = slots_on(session, activity_id, day, now)
    if key is None:
        fitting = [each for each in found if each.slot.fits(party)]
        if not fitting:
            raise SlotUnavailable("There is no room left on that day.")
        return next((each for each in fitting if each.slot.time == rather), fitting[0])
    wanted = next((each for each in found if each.slot.is_meant(key)), None)
    if wanted is None:
        times = [each.slot.time for each in found if each.slot.state is State.OPEN]
        instead = f" There is {', '.join(times[:12])}." if times else ""
        raise SlotUnavailable(f"Nothing is offered at that time on {day:%d %b %Y}.{instead}")
    return wanted


def place_of(session: Session, activity_id: UUID, day: date, clock: time | None) -> Place:
    """Where a booking at that time counts, from the activity alone: for who is not refused."""
    (place,) = places_of(session, [At(activity_id, day, clock)]).values()
    return place


def places_of(session: Session, wanted: Collection[At]) -> dict[At, Place]:
    """The same for many, in two queries (and one for each that is a table)."""
    query = select(Activity).where(Activity.id.in_({at.activity_id for at in wanted}))
    fresh = query.execution_options(populate_existing=True)
    activities = {found.id: found for found in session.scalars(fresh)}
    dated = [at for at in wanted if activities[at.activity_id].slot_rule == SlotRule.DEPARTURES]
    departures = _departures(session, dated)
    return {at: _place(session, at, activities[at.activity_id], departures) for at in wanted}


def _place(
    session: Session, at: At, activity: Activity, departures: dict[tuple[Any, ...], Departure]
) -> Place:
    limits = Limits(activity.capacity, activity.seats)
    if activity.slot_rule == SlotRule.DAY or at.clock is None:
        return Place(DAY_KEY, limits, None)
    departure = departures.get((at.activity_id, at.day, at.clock))
    if departure is not None:
        own = departure.capacity
        places = activity.capacity if own is None else own
        return Place(str(departure.id), Limits(places), departure.id)
    sits = () if activity.seats is None else _sits(session, activity, at.day, at.clock)
    return Place(f"{at.clock:%H:%M}", limits, None, sits)


def _sits(session: Session, activity: Activity, day: date, clock: time) -> tuple[SlotKey, ...]:
    (plan,) = load_times(session, [activity], day, day)
    return sits_from(plan, plan.offers[0], day, clock.hour * 60 + clock.minute)


def match(session: Session, website_id: str, venue: str | None, package: str) -> Linked | None:
    """The activity that a source sells under these words; None where that is not certain."""
    rows = session.execute(_MATCH, {"website_id": website_id, "package": package}).all()
    named = [row for row in rows if venue and row.name.casefold() == venue.strip().casefold()]
    fitting = named or ([] if len({row.venue_id for row in rows}) > 1 else rows)
    if not fitting:
        return None
    first = fitting[0]
    return Linked(first.id, first.venue_id, first.kind, first.booking_type)


def _departures(session: Session, wanted: Sequence[At]) -> dict[tuple[Any, ...], Departure]:
    """What leaves at these times."""
    if not wanted:
        return {}
    there = (Departure.activity_id, Departure.day, Departure.time)
    keys = [(at.activity_id, at.day, at.clock) for at in wanted if at.clock is not None]
    found = session.scalars(select(Departure).where(tuple_(*there).in_(keys)))
    return {(one.activity_id, one.day, one.time): one for one in found}
