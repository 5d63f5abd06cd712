"""What programs are told of the deposit of a booking."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.status import Status
from app.payments import queries as payments
from app.payments.links import pay_url
from app.plain import plain


def payment_json(session: Session, booking: Booking, now: datetime) -> dict[str, Any]:
    """What must be paid before a booking counts, where, and what was."""
    waits = booking.status == Status.PENDING and not is_lapsed(booking, now)
    deposit = payments.open_deposit(session, booking.id) if booking.deposit_amount else None
    required = waits and deposit is not None
    return {
        "required": required,
        "amount": plain(booking.deposit_amount),
        "currency": booking.currency,
        "url": pay_url(deposit) if required and deposit else None,
        "expires_at": plain(booking.hold_expires_at) if required else None,
        "paid": plain(booking.paid_amount),
        "refunded": plain(booking.refunded_amount),
    }
