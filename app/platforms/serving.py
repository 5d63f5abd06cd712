"""Which of a venue's tables a reservation is a booking of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.menus.queries import REGULAR
from app.platforms.models import PlatformConnection
from app.venues.availability import slots
from app.venues.loading import load_times
from app.venues.models import Activity, Kind
from app.venues.plan import Plan

BY_TIME = "Whichever seats guests at that time"


def services(session: Session, venue_id: UUID) -> Sequence[Activity]:
    """The table services of a venue: those that are sold first, in the order of its page."""
    query = select(Activity).where(Activity.venue_id == venue_id, Activity.kind == Kind.TABLE)
    order = (Activity.is_active.desc(), Activity.position, Activity.name, Activity.id)
    return session.scalars(query.order_by(*order)).all()


def of_connection(session: Session, connection: PlatformConnection) -> Sequence[Activity]:
    """What its reservations can be: what was chosen for it, else each service of the venue."""
    found = services(session, connection.venue_id)
    return [each for each in found if each.id == connection.activity_id] or found


def plan_of(session: Session, offered: Sequence[Activity], days: Collection[date]) -> Plan | None:
    """When those that are sold seat guests, from the first of these days to the last; None where
    that decides nothing. `service_at` takes it for each of these days."""
    regular = _regular(offered)
    if len(regular) < 2 or not days:
        return None
    [plan] = load_times(session, regular, min(days), max(days))
    return plan


def service_at(plan: Plan | None, offered: Sequence[Activity], day: date, slot: str) -> Activity:
    """The first that seats guests at that time of that day; where none does, the first at all."""
    regular = _regular(offered)
    seating = _seating(plan, day, slot) if plan else set()
    return next((each for each in regular if each.id in seating), (regular or list(offered))[0])


def _seating(plan: Plan, day: date, slot: str) -> set[UUID]:
    now = datetime.now(UTC)
    return {
        offer.activity.id
        for offer in plan.offers
        if any(each.is_meant(slot) for each in slots(plan, offer, day, now))
    }


def _regular(offered: Sequence[Activity]) -> list[Activity]:
    """Those among which the time decides."""
    return [e for e in offered if (e.booking_type or REGULAR) == REGULAR and e.is_active]
