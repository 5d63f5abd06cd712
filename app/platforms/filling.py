"""Tables that were booked while their venue was not connected, or the connection off: they are at
no platform yet.

They are not sent by themselves: the restaurant may have typed them in over there.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import Status
from app.errors import Conflict
from app.events.models import Actor
from app.platforms import queries, telling
from app.platforms.deciding import new_row
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.reservations import OPEN
from app.staff.scope import Scope
from app.venues.models import Kind

MOST = 500
"""Bookings that one press sends."""


def missing(session: Session, connection: PlatformConnection, now: datetime) -> int:
    """How many confirmed tables to come the platform does not know, where it is to hold them."""
    if not connection.is_enabled:
        return 0
    unknown = _unknown(connection, now).with_only_columns(func.count())
    return session.scalar(unknown) or 0


def send_missing(
    session: Session, actor: Actor, scope: Scope, connection_id: UUID, now: datetime
) -> int:
    """Have them made there, MOST at a time, the next ones first. Returns how many.

    Raises NotFound, Forbidden, and Conflict where it is switched off.
    """
    connection = queries.lock(session, scope, connection_id)
    if not connection.is_enabled:
        raise Conflict("Switch the connection on first.")
    query = _unknown(connection, now).order_by(Booking.starts_at, Booking.id).limit(MOST)
    bookings = session.scalars(query.with_for_update(of=Booking, skip_locked=True)).all()
    for booking in bookings:
        row = new_row(connection, booking)
        session.add(row)
        session.flush()
        telling.tell(session, connection, row, telling.WANTED, actor)
    return len(bookings)


def _unknown(connection: PlatformConnection, now: datetime) -> Select[Booking]:
    """Those that have a reservation at no platform, nor were refused one; none where another
    platform comes first in the venue's order."""
    known = select(PlatformReservation.id).where(
        PlatformReservation.booking_id == Booking.id,
        PlatformReservation.state.in_((*OPEN, ReservationState.REFUSED)),
    )
    place = tuple_(PlatformConnection.priority, PlatformConnection.id)
    before = select(PlatformConnection.id).where(
        PlatformConnection.venue_id == connection.venue_id,
        PlatformConnection.is_enabled,
        place < (connection.priority, connection.id),
    )
    return select(Booking).where(
        Booking.venue_id == connection.venue_id,
        ~before.exists(),
        Booking.kind == Kind.TABLE,
        Booking.status == Status.CONFIRMED,
        Booking.starts_at > now,
        ~known.exists(),
    )
