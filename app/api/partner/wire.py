"""How a partner sees its bookings and guests: an explicit list, nothing internal."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.bookings import partnering
from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.status import Status
from app.partners.commission import owed
from app.partners.models import PartnerCustomer
from app.plain import plain
from app.staff.context import now

_AS_THEY_ARE = (
    *("booking_ref", "partner_reference", "activity_id", "departure_id", "time_slot"),
    *("guest_count", "package_price", "total_amount", "discount_amount", "currency"),
    *("special_requests", "cancellation_reason", "refunded_amount", "commission_rate"),
    *("hold_expires_at", "starts_at", "version", "created_at", "updated_at"),
)


def booking_json(session: Session, booking: Booking) -> dict[str, Any]:
    """One of the partner's bookings."""
    return {
        "id": str(booking.id),
        "status": Status.EXPIRED.value if is_lapsed(booking, now()) else booking.status,
        "location_id": plain(booking.venue_id),
        "location": booking.venue,
        "activity_name": booking.package_name,
        "activity_type": booking.kind,
        "booking_date": booking.activity_date.isoformat(),
        **{name: plain(getattr(booking, name)) for name in _AS_THEY_ARE},
        "commission": plain(_commission(booking)),
        "cancellable_until": plain(partnering.deadline(session, booking)),
        "customer": {
            "id": str(booking.customer_id),
            "name": booking.customer_name,
            "email": booking.customer_email or None,
            "phone": booking.customer_phone,
        },
    }


def customer_json(customer: PartnerCustomer) -> dict[str, Any]:
    """A guest as the partner described them."""
    names = ("first_name", "last_name", "email", "phone", "created_at")
    return {
        "id": str(customer.customer_id),
        **{name: plain(getattr(customer, name)) for name in names},
    }


def _commission(booking: Booking) -> Any:
    return owed(
        booking.status, booking.total_amount, booking.refunded_amount, booking.commission_rate
    )
