"""How websites see their restaurants, menus and table bookings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.api.payment_wire import payment_json
from app.bookings import partnering
from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.status import Status
from app.bookings.tabling import tables
from app.menus.queries import REGULAR, Section
from app.plain import plain
from app.venues.availability import slots
from app.venues.models import Activity
from app.venues.plan import Offer, Plan

NOTICE = {
    "code": "CANNOT_CONFIRM_NOW",
    "message": "Cannot be confirmed now: a booking is kept as a request until the venue confirms.",
}
"""What a website is told where a booking does not count at once."""
_AS_THEY_ARE = (
    *("venue_id", "venue", "activity_id", "starts_at", "total_amount", "currency"),
    *("celebration", "high_chairs", "cancellation_reason", "version"),
    *("created_at", "updated_at"),
)


def venue_json(plan: Plan) -> dict[str, Any]:
    """A restaurant with its tables."""
    venue = plan.venue
    names = ("name", "address", "phone", "timezone", "cancellation_hours", "late_refund_percent")
    return {
        "id": str(venue.id),
        **{name: getattr(venue, name) for name in names},
        "tables": [_tables(plan, offer.activity) for offer in tables(plan)],
    }


def _tables(plan: Plan, activity: Activity) -> dict[str, Any]:
    names = ("name", "description", "duration_minutes", "min_party", "max_party", "needs_choices")
    deposit = {"per_guest": plain(activity.deposit), "from_party": activity.deposit_from_party}
    return {
        "activity_id": str(activity.id),
        **{name: getattr(activity, name) for name in names},
        "booking_type": activity.booking_type or REGULAR,
        "price": plain(activity.price),
        "currency": plan.currency,
        "deposit": deposit if activity.deposit else None,
    }


def times_json(
    plan: Plan, day: date, party: int, offers: Sequence[Offer], now: datetime
) -> dict[str, Any]:
    """When a party can sit down; the shape is that of availability at every door."""
    return {
        "success": True,
        "location_id": str(plan.venue.id),
        "venue_id": str(plan.venue.id),
        "date": day.isoformat(),
        "timezone": plan.venue.timezone,
        "party_size": party,
        "activities": [
            {
                **_tables(plan, offer.activity),
                "kind": offer.activity.kind,
                "slots": _times(plan, offer, day, party, now),
            }
            for offer in offers
        ],
    }


def _times(plan: Plan, offer: Offer, day: date, party: int, now: datetime) -> list[dict[str, Any]]:
    least, most = offer.activity.min_party, offer.activity.max_party
    if party < least or (most is not None and party > most):
        return []
    return [
        {
            "time_slot": slot.time,
            "departure_id": None,
            "capacity": slot.most,
            "remaining": slot.remaining,
        }
        for slot in slots(plan, offer, day, now)
        if slot.fits(party)
    ]


def menu_json(plan: Plan, day: date, sections: Sequence[Section]) -> dict[str, Any]:
    """What can be chosen for a day."""
    return {
        "success": True,
        "venue_id": str(plan.venue.id),
        "date": day.isoformat(),
        "currency": plan.currency,
        "sections": [_section(each) for each in sections],
    }


def _section(found: Section) -> dict[str, Any]:
    section = found.section
    return {
        "id": str(section.id),
        "name": section.name,
        "booking_type": section.booking_type,
        "is_main": section.is_main,
        "items": [
            {
                "id": str(item.id),
                "name": item.name,
                "description": item.description,
                "price": plain(item.price),
                "allergens": item.allergens,
            }
            for item in found.items
        ],
    }


def answer_json(session: Session, booking: Booking, now: datetime) -> dict[str, Any]:
    """What every call about one booking answers."""
    shown = _booking(session, booking, now)
    names = ("booking_id", "booking_reference", "status")
    payment = payment_json(session, booking, now)
    head = {name: shown[name] for name in names}
    waits = shown["status"] == Status.PENDING and booking.hold_expires_at is None
    notice = NOTICE if waits and not payment["required"] else None
    return {"success": True, **head, "payment": payment, "notice": notice, "booking": shown}


def _booking(session: Session, booking: Booking, now: datetime) -> dict[str, Any]:
    return {
        **{name: plain(getattr(booking, name)) for name in _AS_THEY_ARE},
        "booking_id": str(booking.id),
        "booking_reference": booking.booking_ref,
        "status": Status.EXPIRED.value if is_lapsed(booking, now) else booking.status,
        "booking_type": booking.booking_type or REGULAR,
        "date": booking.activity_date.isoformat(),
        "time": booking.time_slot,
        "party_size": booking.guest_count,
        "special_requirements": booking.special_requests,
        "allergies": booking.allergies or [],
        "menu_selections": booking.menu_choices,
        "changeable_until": plain(partnering.deadline(session, booking)),
        "customer": {
            "name": booking.customer_name,
            "mobile_number": booking.customer_phone,
            "email": booking.customer_email or None,
        },
    }
