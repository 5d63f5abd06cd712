"""How customers see their own bookings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.api.payment_wire import payment_json
from app.bookings import calling_off, partnering, refunding
from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.status import Status
from app.plain import plain
from app.treks.owning import Trip
from app.venues.models import Venue

_AS_THEY_ARE = ("special_requests", "cancellation_reason", "created_at", "updated_at")
_OF_TRAVELERS = (
    *("id", "traveler_id", "is_primary", "name", "birth_date", "age", "gender", "phone"),
    *("emergency_contact_name", "emergency_contact_phone"),
    *("special_requirements", "medical_notes", "price", "checked_in_at"),
)


def short_json(trip: Trip, now: datetime) -> dict[str, Any]:
    """One of several: nothing that would ask for more than the row."""
    booking = trip.booking
    return {
        "id": str(booking.id),
        "reference": booking.booking_ref,
        "status": Status.EXPIRED.value if is_lapsed(booking, now) else booking.status,
        "trek_id": plain(booking.activity_id),
        "batch_id": plain(booking.departure_id),
        "trek_name": booking.package_name,
        "venue": _venue(trip.venue) if trip.venue else None,
        "first_day": booking.activity_date.isoformat(),
        "last_day": trip.last_day.isoformat(),
        "time": booking.time_slot,
        "starts_at": plain(booking.starts_at),
        "party": booking.guest_count,
        "total": plain(booking.total_amount),
        "currency": booking.currency,
        "held_until": plain(_held_until(booking)),
        "version": booking.version,
    }


def trip_json(session: Session, trip: Trip, now: datetime) -> dict[str, Any]:
    """All that a customer sees of one of their own."""
    booking = trip.booking
    payment = payment_json(session, booking, now)
    until = partnering.deadline(session, booking)
    return {
        **short_json(trip, now),
        **{name: plain(getattr(booking, name)) for name in _AS_THEY_ARE},
        "travelers": [
            {name: each.get(name) for name in _OF_TRAVELERS} for each in booking.travelers
        ],
        "price": {
            "currency": booking.currency,
            "subtotal": plain(booking.total_amount + booking.discount_amount),
            "discount": plain(booking.discount_amount),
            "total": plain(booking.total_amount),
        },
        "payment": payment,
        "refund": {
            "if_cancelled_now": plain(refunding.refund_due(booking, now)),
            "full_until": plain(until),
            "percent_later": trip.venue.late_refund_percent if trip.venue else 0,
        },
        "can_confirm": can_confirm(booking, now) and not payment["required"],
        "can_change": partnering.is_open(session, booking, now),
        "changeable_until": plain(until),
        "can_cancel": calling_off.is_cancellable(booking, now),
        "cancellable_until": plain(booking.starts_at),
    }


def can_confirm(booking: Booking, now: datetime) -> bool:
    """Whether it holds places that wait for an answer."""
    return _held_until(booking) is not None and not is_lapsed(booking, now)


def _held_until(booking: Booking) -> datetime | None:
    return booking.hold_expires_at if booking.status == Status.PENDING else None


def _venue(venue: Venue) -> dict[str, Any]:
    names = ("name", "address", "phone", "timezone")
    return {"id": str(venue.id), **{name: getattr(venue, name) for name in names}}
