"""The treks that are for sale, and their batches: departures with what is left of them.

What is for sale is nobody's secret: nothing here takes a scope. What is left is said by the one
calculator (`venues.availability`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.models import Activity, ActivityPrice, Departure, Kind, SlotRule, Venue
from app.venues.plan import Offer, Plan, Slot, State
from app.web import decode_cursor, encode_cursor
from app.websites.models import Website

AHEAD = timedelta(days=365)
"""How far one looks for departures where nobody says until when."""
SOON = timedelta(days=180)
"""How far for the next one, in lists."""
_LIKE = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


@dataclass(frozen=True)
class Trek:
    """Something that is for sale, and its batches of the days that were asked for."""

    plan: Plan
    offer: Offer
    website: str
    """Who sells it."""
    batches: Sequence[Slot]

    @property
    def activity(self) -> Activity:
        return self.offer.activity

    @property
    def venue(self) -> Venue:
        return self.plan.venue

    @property
    def prices(self) -> Sequence[ActivityPrice]:
        """Its price categories, in the venue's order."""
        return self.offer.prices

    @property
    def next_batch(self) -> Slot | None:
        """The first with room."""
        return next((batch for batch in self.batches if batch.state is State.OPEN), None)


def page(
    session: Session,
    now: datetime,
    *,
    q: str = "",
    venue_id: UUID | None = None,
    after: str = "",
    limit: int = 50,
) -> tuple[list[Trek], str | None]:
    """Treks by name, each with the departures of the next months; and the cursor of the next page.

    Raises InvalidPayload for a cursor that is none of ours.
    """
    name_key = func.lower(Activity.name)
    query = _for_sale().order_by(name_key, cast(Activity.id, Text))
    for word in q.split():
        like = f"%{word.translate(_LIKE)}%"
        query = query.where(Activity.name.ilike(like) | Venue.name.ilike(like))
    if venue_id is not None:
        query = query.where(Venue.id == venue_id)
    if after:
        name, last_id = decode_cursor(after, 2)
        later = (name_key == name) & (cast(Activity.id, Text) > last_id)
        query = query.where((name_key > name) | later)
    rows = session.execute(query.limit(limit + 1)).all()
    shown = rows[:limit]
    found = _read(session, shown, _yesterday(now), now.date() + SOON, now)
    following = encode_cursor([shown[-1][3], shown[-1][0]]) if len(rows) > limit else None
    return [found[row[0]] for row in shown], following


def get(
    session: Session,
    trek_id: UUID,
    now: datetime,
    first: date | None = None,
    last: date | None = None,
) -> Trek:
    """One trek with its batches from `first` (today at the venue) to `last`. Raises NotFound."""
    rows = session.execute(_for_sale().where(Activity.id == trek_id)).all()
    if not rows:
        raise NotFound("There is no such trek.")
    begin = max(first or _yesterday(now), _yesterday(now))
    return _read(session, rows, begin, last or begin + AHEAD, now)[trek_id]


def batch(session: Session, trek_id: UUID, batch_id: UUID, now: datetime) -> tuple[Trek, Slot]:
    """One departure of a trek that is for sale, also a closed one. Raises NotFound."""
    departure = session.get(Departure, batch_id)
    if departure is not None and departure.activity_id == trek_id:
        trek = get(session, trek_id, now, departure.day, departure.day)
        for slot in trek.batches:
            if slot.departure_id == batch_id:
                return trek, slot
    raise NotFound("There is no such departure of this trek.")


def _yesterday(now: datetime) -> date:
    """Somewhere it still is; `_coming` leaves out what has passed where the venue is."""
    return now.date() - timedelta(days=1)


def _for_sale() -> Select[Any]:
    """Rows of activity, venue, name of the website, and the key of their order."""
    return (
        select(Activity.id, Activity.venue_id, Website.name, func.lower(Activity.name))
        .join(Venue, Venue.id == Activity.venue_id)
        .join(Website, Website.id == Venue.website_id)
        .where(
            Activity.kind == Kind.TREK,
            Activity.slot_rule == SlotRule.DEPARTURES,
            Activity.is_active,
            Venue.is_active,
            Website.is_active,
        )
    )


def _read(
    session: Session, rows: Sequence[Any], first: date, last: date, now: datetime
) -> dict[UUID, Trek]:
    """These treks by their ids, in the queries of the calculator however many they are."""
    sellers = {row[0]: row[2] for row in rows}
    plans = load(session, {row[1] for row in rows}, first, last, sellers) if rows else ()
    return {
        offer.activity.id: Trek(plan, offer, sellers[offer.activity.id], _coming(plan, offer, now))
        for plan in plans
        for offer in plan.offers
    }


def _coming(plan: Plan, offer: Offer, now: datetime) -> list[Slot]:
    today = plan.today(now)
    days = sorted(day for day in offer.departures if day >= today)
    return [slot for day in days for slot in slots(plan, offer, day, now)]
