"""Reservations that a platform does not tell any more.

A list can miss one that moved between two of its pages. So one is called off here when two complete
pulls, one after the other, have not told it; and never many at once: then it is the list that is
wrong, and people decide.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import ARRIVING, Status
from app.bookings.writing import STATED
from app.platforms import translating
from app.platforms.merging import Pulled, is_busy, tell
from app.platforms.models import PlatformReservation, ReservationState

FEW = 3
"""So many may be gone at once, of however few."""
SHARE = 0.2
"""So many of all that stand may be gone at once."""
_NOW = {"updated_at": PlatformReservation.updated_at}
"""To be looked at is no change."""


class TooMany(Exception):
    """The message is for staff."""


def note(session: Session, pulled: Pulled, started_at: datetime, last: date) -> dict[UUID, str]:
    """After a complete pull: mark what it did not tell. Returns {row: id there} of what the pull
    before did not tell either. Raises TooMany.
    """
    standing = _standing(pulled, last)
    missing = or_(
        PlatformReservation.seen_at.is_(None), PlatformReservation.seen_at < started_at
    ) & (PlatformReservation.updated_at < started_at)
    of_them = select(PlatformReservation.id).join(
        Booking, Booking.id == PlatformReservation.booking_id
    )
    again = of_them.where(*standing, missing, PlatformReservation.missing_since < started_at)
    named = again.add_columns(PlatformReservation.external_id.label("there"))
    rows = session.execute(named.order_by(PlatformReservation.id))
    gone = {row.id: row.there for row in rows}
    fresh = of_them.where(*standing, missing, PlatformReservation.missing_since.is_(None))
    marked = update(PlatformReservation).where(PlatformReservation.id.in_(fresh))
    session.execute(
        marked.values(missing_since=started_at, **_NOW).execution_options(synchronize_session=False)
    )
    if len(gone) > FEW:
        count = select(func.count()).select_from(of_them.where(*standing).subquery())
        stands = session.scalar(count) or 0
        if len(gone) > stands * SHARE:
            raise TooMany(
                f"{pulled.label} does not list {len(gone)} of {stands} reservations any more. "
                "Nothing was cancelled here: cancel what is gone, or look there."
            )
    return gone


def call_off(session: Session, pulled: Pulled, row_id: UUID) -> bool:
    """Cancel the booking of one that is gone, in the caller's transaction. False: it is not gone
    after all, or a change of ours is on its way there."""
    ids = select(PlatformReservation.booking_id).where(PlatformReservation.id == row_id)
    anew: dict[str, Any] = {"populate_existing": True}
    query = select(Booking).where(Booking.id.in_(ids)).with_for_update()
    booking = session.scalars(query.execution_options(**anew)).one_or_none()
    query_row = select(PlatformReservation).where(PlatformReservation.id == row_id)
    row = session.scalars(query_row.with_for_update().execution_options(**anew)).one_or_none()
    if booking is None or row is None or row.state != ReservationState.LIVE:
        return False
    if row.missing_since is None or booking.status not in ARRIVING:
        return False
    if row.updated_at > pulled.began or is_busy(session, pulled.connection, booking.id):
        return False
    in_step = row.version == booking.version
    registers = {
        STATED: Status.CANCELLED.value,
        "cancellation_reason": f"{pulled.label} does not list it any more.",
    }
    tell(session, pulled, row, booking, registers, row.raw_status)
    if in_step:
        row.version = booking.version
    status = translating.digest(pulled.connection.id, STATED, Status.CANCELLED.value)
    row.told = {**(row.told or {}), STATED: status, "version": row.version}
    row.state = ReservationState.CANCELLED
    return True


def _standing(pulled: Pulled, last: date) -> tuple[ColumnElement[bool], ...]:
    """What should be in the list: of today and later, as the venue's clock has it."""
    today, _ = translating.window(pulled.began, pulled.account.timezone)
    return (
        PlatformReservation.connection_id == pulled.connection.id,
        PlatformReservation.state == ReservationState.LIVE,
        PlatformReservation.external_id.is_not(None),
        Booking.activity_date > today,  # the window begins the day before
        Booking.activity_date <= last,
        Booking.status.in_(ARRIVING),
    )
