"""Guests accept a place that is held for them, through whichever door."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.bookings import depositing, partnering
from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.status import Status
from app.errors import Conflict
from app.events.models import Actor
from app.payments import deposits
from app.venues.models import Activity


def is_offered(booking: Booking, now: datetime) -> bool:
    """Whether a place is held that only waits for the guest's yes."""
    holds = booking.hold_expires_at is not None and not is_lapsed(booking, now)
    return booking.status == Status.PENDING and holds and booking.deposit_amount is None


def accept(session: Session, actor: Actor, booking: Booking, now: datetime) -> bool:
    """Accept the places that a locked booking holds; a confirmed one stays as it is. Where a
    deposit is due it is asked for, and the booking waits for it. Returns whether anything changed.

    Raises Conflict for what ran out or is over.
    """
    if booking.status == Status.CONFIRMED:
        return False
    if booking.status != Status.PENDING or is_lapsed(booking, now):
        word = "expired" if is_lapsed(booking, now) else booking.status.replace("_", " ")
        raise Conflict(f"The booking is {word}: it cannot be confirmed.")
    if _owes(session, actor, booking, now):
        return True
    return partnering.change(session, actor, booking, Change(), now, status=Status.CONFIRMED)


def _owes(session: Session, actor: Actor, booking: Booking, now: datetime) -> bool:
    """Whether a deposit must be paid before it counts; asked for here, once."""
    activity = session.get(Activity, booking.activity_id) if booking.activity_id else None
    if booking.paid_amount or activity is None:
        return False
    hold = deposits.hold_of(session, booking.website_id, activity, booking.guest_count, now)
    if hold is None:
        return False
    depositing.ask_deposit(session, actor, booking, now)
    return True
