"""What staff decide about a booking's reservation at a platform, where nobody else can."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings import queries as bookings
from app.bookings.models import Booking
from app.errors import Conflict, Fault, InvalidPayload, NotFound
from app.events.models import Actor
from app.platforms import telling
from app.platforms.composing import is_wanted_at
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.reservations import OPEN
from app.staff.permissions import Permission
from app.staff.scope import Scope

EDIT = Permission.BOOKINGS_EDIT
LONGEST_ID = 100
SETTLED = "Somebody was quicker: look at how it stands now."


def is_lost(row: PlatformReservation) -> bool:
    """Whether staff must say if it is there; while its call is under way nobody need."""
    return row.state == ReservationState.UNKNOWN and row.problem is not None


def may_go_again(
    row: PlatformReservation, booking: Booking, connection: PlatformConnection
) -> bool:
    """Whether it was refused, and is still to be so."""
    if row.state == ReservationState.LIVE:
        return row.problem is not None and row.making_since is None
    return row.state == ReservationState.REFUSED and is_wanted_at(booking, connection.venue_id)


def send_again(
    session: Session, actor: Actor, scope: Scope, booking_id: UUID, reservation_id: UUID
) -> PlatformReservation:
    """Send what was refused, or what staff did not find there.

    Raises NotFound, Forbidden, and Conflict where there is nothing to be sent (any more).
    """
    booking, row, connection = _lock(session, scope, booking_id, reservation_id)
    if not is_lost(row) and not may_go_again(row, booking, connection):
        raise Conflict(SETTLED)
    if row.state != ReservationState.LIVE:
        _check_alone(session, row)
        row.state, row.making_since = ReservationState.MAKING.value, None
        row.problem = None
    telling.tell(session, connection, row, telling.WANTED, actor)
    return row


def say_found(
    session: Session,
    actor: Actor,
    scope: Scope,
    booking_id: UUID,
    reservation_id: UUID,
    external_id: str,
) -> PlatformReservation:
    """It is there, by this id: later changes go to it, and so does what changed meanwhile.

    Raises NotFound, Forbidden, InvalidPayload, and Conflict where that is no question (any more).
    """
    _, row, connection = _lock(session, scope, booking_id, reservation_id)
    if not is_lost(row):
        raise Conflict(SETTLED)
    found = external_id.strip()
    if not found or len(found) > LONGEST_ID or not found.isprintable():
        fault = Fault("external_id", f"Type the id that the platform shows, {LONGEST_ID} at most.")
        raise InvalidPayload("The id is missing.", [fault])
    row.state, row.external_id = ReservationState.LIVE.value, found
    row.problem = row.making_since = None
    telling.tell(session, connection, row, telling.FOUND, actor)
    return row


def _lock(
    session: Session, scope: Scope, booking_id: UUID, reservation_id: UUID
) -> tuple[Booking, PlatformReservation, PlatformConnection]:
    booking = bookings.lock(session, scope, booking_id, EDIT)
    query = select(PlatformReservation).where(
        PlatformReservation.id == reservation_id, PlatformReservation.booking_id == booking.id
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalars(locked).one_or_none()
    if row is None:
        raise NotFound("This reservation does not exist.")
    return booking, row, session.get_one(PlatformConnection, row.connection_id)


def _check_alone(session: Session, row: PlatformReservation) -> None:
    query = select(PlatformReservation.id).where(
        PlatformReservation.booking_id == row.booking_id,
        PlatformReservation.id != row.id,
        PlatformReservation.state.in_(OPEN),
    )
    if session.scalar(query.limit(1)) is not None:
        raise Conflict("The booking has another reservation by now.")
