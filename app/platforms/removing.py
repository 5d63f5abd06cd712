"""Taking a connection away, once nothing stands on it any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import GONE
from app.deliveries.models import Destination
from app.errors import Conflict
from app.events.models import Actor
from app.platforms import queries
from app.platforms.actions import tell
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.registry import label_of
from app.platforms.reservations import OPEN
from app.staff.scope import Scope
from app.venues.models import Venue

UNSETTLED = (ReservationState.MAKING, ReservationState.UNKNOWN)


@dataclass(frozen=True)
class Standing:
    """What stands on a connection."""

    live: int
    """Reservations there that are still to come, or of which nobody knows."""
    on_their_way: int
    """Changes that have not arrived there."""
    past: int
    """All reservations of which it is known which booking they are."""

    def hinders(self, label: str) -> str | None:
        """Why it cannot be removed, in a sentence; None when it can."""
        if self.live:
            return (
                f"Reservations at {label} that are still to come: {self.live}."
                " Switch the connection off instead, or wait until they are over."
            )
        if self.on_their_way:
            return (
                f"Changes that have not arrived at {label}: {self.on_their_way}."
                " Send or skip them under Sync first."
            )
        return None


def standing(session: Session, connection: PlatformConnection) -> Standing:
    """What stands on it now."""
    zone = session.get_one(Venue, connection.venue_id).timezone
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    coming = PlatformReservation.state.in_(OPEN) & (
        (Booking.activity_date >= today) & Booking.status.not_in(GONE)
    )
    live = or_(coming, PlatformReservation.state.in_(UNSETTLED))
    query = (
        select(func.count().filter(live), func.count(), queries.on_their_way(connection))
        .select_from(PlatformReservation)
        .join(Booking, Booking.id == PlatformReservation.booking_id)
        .where(PlatformReservation.connection_id == connection.id)
    )
    row = session.execute(query).one()
    return Standing(live=row[0], past=row[1], on_their_way=row[2])


def remove(
    session: Session, actor: Actor, scope: Scope, connection_id: UUID, *, forget: bool = False
) -> str:
    """Take it away; returns what it was called. Bookings, their history and the log of calls stay.

    `forget`: also which bookings were reservations there. Raises Conflict while something stands on
    it, and where that would be forgotten without being said; NotFound and Forbidden.
    """
    found = queries.lock(session, scope, connection_id)
    label, stands = label_of(found.platform_type), standing(session, found)
    if why := stands.hinders(label):
        raise Conflict(why)
    if stands.past and not forget:
        raise Conflict(
            f"Which of {stands.past} past bookings were reservations at {label} would be"
            " forgotten. Tick that this is meant."
        )
    tell(session, actor, found, "platform.removed", {}, forgotten=stands.past)
    own = Destination.key == found.key
    session.execute(
        update(Destination).where(own).values(paused_reason="Its connection was removed.")
    )
    session.execute(delete(PlatformConnection).where(PlatformConnection.id == found.id))
    session.expunge(found)
    return label
