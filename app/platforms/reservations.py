"""Which platform holds what: a venue's connections in their order, and a booking's reservation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session, aliased

from app.bookings.models import Booking
from app.bookings.status import ARRIVING
from app.platforms import registry
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.venues.models import Venue

OPEN = (ReservationState.MAKING, ReservationState.UNKNOWN, ReservationState.LIVE)
"""States of a reservation that is there, or may be: a booking has one of them at most."""


def enabled_at(session: Session, venues: Collection[UUID]) -> dict[UUID, list[PlatformConnection]]:
    """The connections that are on, by venue, the first to be asked first."""
    query = (
        select(PlatformConnection)
        .where(
            PlatformConnection.venue_id.in_(venues),
            PlatformConnection.is_enabled,
            PlatformConnection.platform_type.in_(registry.KINDS),
        )
        .order_by(PlatformConnection.priority, PlatformConnection.id)
    )
    found: dict[UUID, list[PlatformConnection]] = {}
    for connection in session.scalars(query):
        found.setdefault(connection.venue_id, []).append(connection)
    return found


def holder_of(connections: list[PlatformConnection]) -> PlatformConnection | None:
    """Who is to hold a new booking: the first that answers; if none does, the first.

    One that failed a moment ago is passed by, as when it is asked for free tables: so a table is
    made where it was seen to be free.
    """
    now = datetime.now(UTC)
    awake = [each for each in connections if each.quiet_until is None or each.quiet_until <= now]
    return next(iter(awake or connections), None)


@dataclass(frozen=True)
class Trouble:
    """Bookings to come that are not at a platform as they should be: somebody must look."""

    connection: PlatformConnection
    venue: str
    references: list[str]


def troubles(session: Session, now: datetime) -> list[Trouble]:
    """By connection: what was refused, what nobody knows of, what did not take a change."""
    other = aliased(PlatformReservation)
    standing = select(other.id).where(
        other.booking_id == Booking.id,
        other.id != PlatformReservation.id,
        other.state.in_(OPEN),
    )
    refused = (PlatformReservation.state == ReservationState.REFUSED) & ~standing.exists()
    odd = PlatformReservation.state.in_((ReservationState.UNKNOWN, ReservationState.LIVE))
    query = (
        select(PlatformConnection, Venue.name, func.array_agg(distinct(Booking.booking_ref)))
        .join(PlatformReservation, PlatformReservation.connection_id == PlatformConnection.id)
        .join(Booking, Booking.id == PlatformReservation.booking_id)
        .join(Venue, Venue.id == PlatformConnection.venue_id)
        .where(PlatformReservation.problem.is_not(None), refused | odd)
        .where(PlatformReservation.making_since.is_(None))
        .where(Booking.venue_id == Venue.id, Booking.status.in_(ARRIVING))
        .where(Booking.starts_at > now)
        .group_by(PlatformConnection.id, Venue.name)
        .order_by(PlatformConnection.id)
    )
    return [Trouble(row[0], row[1], sorted(row[2])) for row in session.execute(query)]
