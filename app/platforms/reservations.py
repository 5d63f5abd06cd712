"""Which platform holds what: a venue's connections in their order, and a booking's reservation."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.platforms import registry
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState

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


def open_of(session: Session, bookings: Collection[UUID]) -> dict[UUID, PlatformReservation]:
    """The reservation that each of these bookings has at a platform, where it has one."""
    query = select(PlatformReservation).where(
        PlatformReservation.booking_id.in_(bookings), PlatformReservation.state.in_(OPEN)
    )
    return {found.booking_id: found for found in session.scalars(query)}
