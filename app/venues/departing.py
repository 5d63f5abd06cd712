"""What happens to departures: added one by one or in series, copied, changed, closed, deleted.

`today` is the date at the venue: nothing departs in the past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload, Refused
from app.events.models import Actor
from app.ids import new_id
from app.staff.scope import Scope
from app.venues import queries, rules
from app.venues.models import Activity, Departure, SlotUsage, Venue
from app.venues.queries import Sailing
from app.venues.telling import apply, made, tell

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Added:
    """How many departures are new, and how many were there already."""

    new: int
    there: int


def add(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    values: Mapping[str, Any],
    today: date,
) -> Departure:
    """Add one: `activity_id`, `day`, `last_day` (empty: as many days as the activity takes),
    `time`, `capacity` (empty: the activity's), `note`.

    Raises NotFound, Forbidden and InvalidPayload.
    """
    venue = queries.lock(session, scope, venue_id)
    activity = _activity(session, venue, values)
    cleaned = rules.clean_departure(values, today)
    row = {"id": new_id(), "activity_id": activity.id, **cleaned}
    if not _insert(session, [row]):
        fault = Fault("time", "There is a departure at this time already.")
        raise InvalidPayload("The departure cannot be saved like this.", [fault])
    departure = session.get_one(Departure, row["id"])
    tell(session, actor, venue, "departure.added", made(cleaned), **_about(activity, departure))
    return departure


def add_series(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    values: Mapping[str, Any],
    today: date,
) -> Added:
    """Add all of a series: `activity_id`, `weekdays`, `first`, `last`, `times`, `capacity`.

    What is there already stays as it is. Raises NotFound, Forbidden and InvalidPayload.
    """
    venue = queries.lock(session, scope, venue_id)
    activity = _activity(session, venue, values)
    series = rules.clean_series(values, today)
    rows = [
        {"activity_id": activity.id, "day": day, "time": at, "capacity": series.capacity}
        for day in series.days
        for at in series.times
    ]
    new = _insert(session, rows)
    if new:
        changes: dict[str, list[Any]] = {
            "departures": [None, _said(new)],
            "capacity": [None, series.capacity],
        }
        tell(session, actor, venue, "departure.series_added", changes, activity=activity.name)
    return Added(len(new), len(rows) - len(new))


def copy_week(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, monday: date, today: date
) -> Added:
    """Copy the departures of the week before into the week of `monday`, from today on.

    What is there already stays as it is. Raises NotFound and Forbidden.
    """
    venue = queries.lock(session, scope, venue_id)
    monday -= timedelta(days=monday.weekday())
    before = queries.departures(session, venue.id, monday - WEEK, monday - timedelta(days=1))
    rows = [
        _again(sailing.departure)
        for sailing in before
        if sailing.activity.is_active and sailing.departure.day + WEEK >= today
    ]
    new = _insert(session, rows)
    if new:
        changes: dict[str, list[Any]] = {"departures": [None, _said(new)]}
        tell(session, actor, venue, "departure.week_copied", changes, week=monday)
    return Added(len(new), len(rows) - len(new))


def _again(departure: Departure) -> dict[str, Any]:
    names = ("activity_id", "time", "capacity", "note")
    last = departure.last_day + WEEK if departure.last_day else None
    fields = {name: getattr(departure, name) for name in names}
    return {"day": departure.day + WEEK, "last_day": last, **fields}


def edit(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    departure_id: UUID,
    changes: Mapping[str, Any],
) -> Sailing:
    """Change last day, capacity or note. No difference: nothing is written.

    Fewer places than are taken is possible: it is full then. Raises NotFound, Forbidden and
    InvalidPayload.
    """
    venue = queries.lock(session, scope, venue_id)
    sailing = queries.departure(session, venue, departure_id)
    departure = sailing.departure
    stored = {name: getattr(departure, name) for name in ("last_day", "capacity", "note")}
    cleaned = rules.clean_departure_changes({**stored, **changes}, departure.day)
    difference = apply(departure, cleaned)
    if difference:
        session.flush()
        about = _about(sailing.activity, departure)
        tell(session, actor, venue, "departure.updated", difference, **about)
    return sailing


def close(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    departure_id: UUID,
    *,
    closed: bool,
) -> Sailing:
    """Sell nothing more of it, or sell again. Its bookings stay. Raises NotFound, Forbidden."""
    venue = queries.lock(session, scope, venue_id)
    sailing = queries.departure(session, venue, departure_id)
    difference = apply(sailing.departure, {"is_closed": closed})
    if difference:
        session.flush()
        name = "departure.closed" if closed else "departure.opened"
        tell(session, actor, venue, name, difference, **_about(sailing.activity, sailing.departure))
    return sailing


def remove(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, departure_id: UUID
) -> Sailing:
    """Delete one that nobody ever booked or waited for. Raises Refused for any other, NotFound and
    Forbidden."""
    venue = queries.lock(session, scope, venue_id)
    sailing = queries.departure(session, venue, departure_id)
    departure, about = sailing.departure, _about(sailing.activity, sailing.departure)
    usage = SlotUsage.slot == str(departure_id)
    of_activity = SlotUsage.activity_id == departure.activity_id
    try:
        # The database knows of bookings that this scope does not show.
        with session.begin_nested():
            session.execute(delete(SlotUsage).where(of_activity, usage, SlotUsage.used == 0))
            session.execute(delete(Departure).where(Departure.id == departure_id))
    except IntegrityError:
        raise booked() from None
    if sailing.used:
        raise booked()
    was: dict[str, list[Any]] = {"day": [departure.day, None], "time": [departure.time, None]}
    tell(session, actor, venue, "departure.deleted", was, **about)
    return sailing


def booked() -> Refused:
    """Why a departure is not deleted."""
    why = "It has bookings, perhaps cancelled ones, or somebody waited for it"
    return Refused(f"{why}, so it cannot be deleted. Close it.")


def _activity(session: Session, venue: Venue, values: Mapping[str, Any]) -> Activity:
    given = str(values.get("activity_id") or "")
    for activity in queries.activities(session, [venue.id]):
        if str(activity.id) == given and activity.slot_rule == "departures":
            return activity
    fault = Fault("activity_id", "Choose an activity that has dated departures.")
    raise InvalidPayload("Choose the activity.", [fault])


def _insert(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Departure]:
    """The new ones; what stands at the same time stays as it is."""
    if not rows:
        return []
    values = [{"id": new_id(), "note": None, **row} for row in rows]
    statement = insert(Departure).values(values).on_conflict_do_nothing().returning(Departure)
    return sorted(session.scalars(statement), key=lambda row: (row.day, row.time))


def _said(departures: Sequence[Departure]) -> list[str]:
    return [f"{each.day} {each.time:%H:%M}" for each in departures]


def _about(activity: Activity, departure: Departure) -> dict[str, Any]:
    return {
        "activity": activity.name,
        "departure": f"{departure.day} {departure.time:%H:%M}",
        "departure_id": str(departure.id),
    }
