"""Guests call a booking off, through whichever door: until it begins, and by the refund rule."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.bookings import partnering
from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.partnering import OPEN_TO_CHANGE, Change
from app.bookings.refunding import refund_due
from app.bookings.status import GONE, Status
from app.errors import Conflict
from app.events.models import Actor


def is_cancellable(booking: Booking, now: datetime) -> bool:
    """Whether it can still be called off: it waits or is confirmed, and has not begun."""
    if is_lapsed(booking, now) or booking.status not in OPEN_TO_CHANGE:
        return False
    return booking.starts_at is None or booking.starts_at > now


def demand_cancellable(booking: Booking, now: datetime) -> None:
    """Raises Conflict once it has begun, or is over."""
    if is_lapsed(booking, now) or booking.status not in OPEN_TO_CHANGE:
        word = "expired" if is_lapsed(booking, now) else booking.status.replace("_", " ")
        raise Conflict(f"The booking is {word}: it cannot be cancelled.")
    if booking.starts_at is not None and booking.starts_at <= now:
        raise Conflict("It is too late: it was booked for a time that has passed.")


def cancel(
    session: Session, actor: Actor, booking: Booking, reason: str | None, now: datetime
) -> Decimal:
    """Cancel a locked booking until it begins. Returns what goes back by the refund rule.

    A cancelled one stays as it is. Raises Conflict.
    """
    if booking.status in GONE and booking.status != Status.EXPIRED:
        return Decimal(0)
    demand_cancellable(booking, now)
    due = refund_due(booking, now)
    gone = Change({"cancellation_reason": reason})
    partnering.change(session, actor, booking, gone, now, status=Status.CANCELLED)
    return due
