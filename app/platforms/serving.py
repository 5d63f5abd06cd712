"""Which of a venue's tables a reservation is a booking of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.menus.queries import REGULAR
from app.platforms.models import PlatformConnection
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.models import Activity, Kind

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


def service_at(session: Session, offered: Sequence[Activity], day: date, slot: str) -> Activity:
    """The first that seats guests at that time of that day; where none does, the first at all."""
    regular = [
        each for each in offered if (each.booking_type or REGULAR) == REGULAR and each.is_active
    ]
    if len(regular) < 2:
        return (regular or list(offered))[0]
    [plan] = load(session, [regular[0].venue_id], day, day, [each.id for each in regular])
    now = datetime.now(UTC)
    seating = {
        offer.activity.id
        for offer in plan.offers
        if any(each.is_meant(slot) for each in slots(plan, offer, day, now))
    }
    return next((each for each in regular if each.id in seating), regular[0])
