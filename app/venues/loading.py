"""Bringing the calculator what it needs, in at most four queries however many days and things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, time, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.venues.models import (
    Activity,
    ActivityPrice,
    Departure,
    OpeningHours,
    SlotClosure,
    SlotRule,
    SlotUsage,
    SpecialHours,
    Venue,
)
from app.venues.plan import Closure, Hours, Offer, Plan, SlotKey, Special
from app.websites.models import Website

ONE_DAY = timedelta(days=1)


def load(
    session: Session,
    venue_ids: Collection[UUID],
    first: date,
    last: date,
    activities: Collection[UUID] | None = None,
) -> list[Plan]:
    """The plans of these venues for the days from the first to the last, in the order of names.

    `activities`: only these of them. Takes no scope: ask for venues that were read through one.
    """
    ids = list(venue_ids)
    return _plans(session, ids, first, last, _offers(session, ids, first, last, activities))


def load_times(
    session: Session, activities: Collection[Activity], first: date, last: date
) -> list[Plan]:
    """The plans of these activities that tell when, and nothing of prices or of what is taken: in
    one query, and another where something departs."""
    departures = _departures(session, activities, first, last)
    offers: defaultdict[UUID, list[Offer]] = defaultdict(list)
    for each in activities:
        offers[each.venue_id].append(Offer(each, (), departures.get(each.id, {})))
    return _plans(session, list(offers), first, last, offers)


def _plans(
    session: Session,
    ids: list[UUID],
    first: date,
    last: date,
    offers: Mapping[UUID, list[Offer]],
) -> list[Plan]:
    query = (
        select(
            Venue, Website.currency, _of_venue(OpeningHours), _special(first, last),
            _closures(first, last),
        )
        .join(Website, Website.id == Venue.website_id)
        .where(Venue.id.in_(ids))
        .order_by(Venue.name, Venue.id)
    )  # fmt: skip
    return [
        Plan(
            venue=venue,
            currency=currency,
            week=_week(hours or []),
            special={date.fromisoformat(row["day"]): _special_of(row) for row in special or []},
            closures=[_closure_of(row) for row in closures or []],
            offers=offers[venue.id],
        )
        for venue, currency, hours, special, closures in session.execute(query)
    ]


def _of_venue(table: Any, *conditions: Any) -> Any:
    """All rows of a table for a venue, as one JSON value."""
    rows = select(func.jsonb_agg(func.to_jsonb(table.__table__.table_valued()))).select_from(table)
    return rows.where(table.venue_id == Venue.id, *conditions).scalar_subquery()


def _special(first: date, last: date) -> Any:
    # The hours of the day before may reach into the first one, and guests stay into the day after.
    return _of_venue(SpecialHours, SpecialHours.day.between(first - ONE_DAY, last + ONE_DAY))


def _closures(first: date, last: date) -> Any:
    return _of_venue(SlotClosure, SlotClosure.day.between(first, last))


def _offers(
    session: Session,
    venue_ids: list[UUID],
    first: date,
    last: date,
    only_these: Collection[UUID] | None,
) -> Mapping[UUID, list[Offer]]:
    query = (
        select(Activity, ActivityPrice)
        .outerjoin(ActivityPrice, ActivityPrice.activity_id == Activity.id)
        .where(Activity.venue_id.in_(venue_ids))
        .order_by(Activity.position, Activity.name, Activity.id)
        .order_by(ActivityPrice.position, ActivityPrice.id)
    )
    if only_these is not None:
        query = query.where(Activity.id.in_(only_these))
    prices: dict[Activity, list[ActivityPrice]] = {}
    for activity, price in session.execute(query):
        own = prices.setdefault(activity, [])
        if cast("ActivityPrice | None", price) is not None:
            own.append(price)
    ids = [activity.id for activity in prices]
    departures = _departures(session, prices, first, last)
    taken = _taken(session, ids, first, last)
    found: defaultdict[UUID, list[Offer]] = defaultdict(list)
    for activity, own in prices.items():
        counts = taken[activity.id].items()
        used, seated = ({key: both[n] for key, both in counts} for n in (0, 1))
        offer = Offer(activity, own, departures.get(activity.id, {}), used, seated)
        found[activity.venue_id].append(offer)
    return found


def _departures(
    session: Session, activities: Collection[Activity], first: date, last: date
) -> Mapping[UUID, Mapping[date, list[Departure]]]:
    """Of those that depart; where none does nobody is asked."""
    ids = [each.id for each in activities if each.slot_rule == SlotRule.DEPARTURES]
    if not ids:
        return {}
    query = select(Departure).where(
        Departure.activity_id.in_(ids), Departure.day.between(first, last)
    )
    found: defaultdict[UUID, defaultdict[date, list[Departure]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for departure in session.scalars(query.order_by(Departure.day, Departure.time)):
        found[departure.activity_id][departure.day].append(departure)
    return found


def _taken(
    session: Session, activity_ids: list[UUID], first: date, last: date
) -> Mapping[UUID, dict[SlotKey, tuple[int, int]]]:
    """Who comes and who sits there. Guests may stay into the day after."""
    query = select(SlotUsage).where(
        SlotUsage.activity_id.in_(activity_ids), SlotUsage.day.between(first, last + ONE_DAY)
    )
    found: defaultdict[UUID, dict[SlotKey, tuple[int, int]]] = defaultdict(dict)
    for row in session.execute(query.with_only_columns(*SlotUsage.__table__.c)):
        found[row.activity_id][row.day, row.slot] = row.used, row.seated
    return found


def _week(rows: list[dict[str, Any]]) -> dict[int, list[Hours]]:
    week: dict[int, list[Hours]] = {}
    for row in sorted(rows, key=lambda row: (row["weekday"], row["opens"])):
        week.setdefault(row["weekday"], []).append(_hours_of(row))
    return week


def _hours_of(row: Mapping[str, Any]) -> Hours:
    names = ("opens", "closes", "kitchen_opens", "kitchen_closes")
    clocks = {name: time.fromisoformat(row[name]) if row[name] else None for name in names}
    return Hours(**clocks)  # type: ignore[arg-type]  # the first two are never null


def _special_of(row: Mapping[str, Any]) -> Special:
    closed = row["is_closed"] or not row["opens"] or not row["closes"]
    return Special(None if closed else _hours_of(row), row["note"] or "")


def _closure_of(row: Mapping[str, Any]) -> Closure:
    activity = UUID(row["activity_id"]) if row["activity_id"] else None
    day = date.fromisoformat(row["day"])
    return Closure(day, activity, row["slot"], row["reason"] or "", UUID(row["id"]))
