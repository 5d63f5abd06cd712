"""A booking as OCTO shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.api.octo.calls import Desk
from app.api.octo.catalogue import (
    DEFAULT,
    Product,
    Unit,
    option_json,
    product_json,
    unit_json,
    units_of,
)
from app.api.octo.pricing import price_json
from app.api.octo.tickets import contact_json
from app.api.octo.times import of_day, slot_id, slot_json, utc
from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.partnering import is_open
from app.bookings.status import Status
from app.venues.availability import Slot
from app.venues.loading import load

_STATUS = {
    Status.CONFIRMED: "CONFIRMED",
    Status.NO_SHOW: "CONFIRMED",
    Status.CHECKED_IN: "REDEEMED",
    Status.COMPLETED: "REDEEMED",
    Status.CANCELLED: "CANCELLED",
    Status.REFUNDED: "CANCELLED",
    Status.EXPIRED: "EXPIRED",
}
METHOD = "DIGITAL"


def status_of(booking: Booking, now: datetime) -> str:
    """The standard's word for where a booking stands."""
    if booking.status == Status.PENDING:
        if booking.hold_expires_at is None:
            return "PENDING"
        return "EXPIRED" if is_lapsed(booking, now) else "ON_HOLD"
    if booking.status == Status.CANCELLED and booking.confirmed_at is None:
        return "CANCELLED" if booking.hold_expires_at else "REJECTED"
    return _STATUS[Status(booking.status)]


def product_of(session: Session, booking: Booking) -> Product:
    """The product of a booking, also where it is not sold any more."""
    day = booking.activity_date
    (plan,) = load(session, [booking.venue_id] if booking.venue_id else [], day, day)
    offer = next(o for o in plan.offers if o.activity.id == booking.activity_id)
    return Product(plan, offer, units_of(offer))


def booking_json(session: Session, desk: Desk, booking: Booking, now: datetime) -> dict[str, Any]:
    """A Booking object in full."""
    product = product_of(session, booking)
    status, slot = status_of(booking, now), _slot(session, product, booking, now)
    total = booking.total_amount
    pricing = price_json(desk, product.plan, total, total + booking.discount_amount)
    confirmed = status in ("CONFIRMED", "REDEEMED")
    return {
        "id": str(booking.id),
        "uuid": str(booking.partner_uuid),
        "testMode": False,
        "resellerReference": booking.partner_reference,
        "supplierReference": booking.booking_ref,
        "status": status,
        "utcCreatedAt": utc(booking.created_at),
        "utcUpdatedAt": utc(booking.updated_at),
        "utcExpiresAt": utc(booking.hold_expires_at) if status == "ON_HOLD" else None,
        "utcRedeemedAt": utc(booking.checked_in_at),
        "utcConfirmedAt": utc(booking.confirmed_at),
        "productId": product.id,
        "product": product_json(desk, product, now),
        "optionId": DEFAULT,
        "option": option_json(desk, product, now),
        "cancellable": is_open(session, booking, now),
        "cancellation": _cancellation(booking) if status == "CANCELLED" else None,
        "freesale": False,
        "availabilityId": slot_id(slot) if slot else None,
        "availability": slot_json(desk, product, slot) if slot else None,
        "contact": contact_json(next(iter(booking.reseller_contact), None) or _contact(booking)),
        "notes": booking.special_requests,
        "deliveryMethods": ["VOUCHER"],
        "voucher": _voucher(booking) if confirmed else None,
        "unitItems": [_item(desk, product, booking, each, status) for each in booking.tickets],
        **({"pricing": pricing} if desk.pricing else {}),
    }


def _slot(session: Session, product: Product, booking: Booking, now: datetime) -> Slot | None:
    """The slot of a booking; None where nothing is offered then any more."""
    found = of_day(session, product, booking.activity_date, now)
    return next((slot for slot in found if slot.key == booking.slot_key), None)


def _cancellation(booking: Booking) -> dict[str, Any]:
    refunded = booking.refunded_amount or 0
    full = refunded > 0 and refunded >= booking.total_amount
    return {
        "refund": "FULL" if full else "PARTIAL" if refunded else "NONE",
        "reason": booking.cancellation_reason,
        "utcCancelledAt": utc(booking.cancelled_at or booking.updated_at),
    }


def _contact(booking: Booking) -> Mapping[str, Any]:
    return {"emailAddress": booking.customer_email or None, "phoneNumber": booking.customer_phone}


def _voucher(booking: Booking) -> dict[str, Any]:
    """The reference as a code: what the desk finds the booking by."""
    code = {"deliveryFormat": "QRCODE", "deliveryValue": booking.booking_ref}
    at = utc(booking.checked_in_at)
    return {"redemptionMethod": METHOD, "utcRedeemedAt": at, "deliveryOptions": [code]}


def _item(
    desk: Desk, product: Product, booking: Booking, ticket: Mapping[str, Any], status: str
) -> dict[str, Any]:
    unit = _unit(product, ticket)
    price = Decimal(str(ticket["price"]))
    return {
        "uuid": ticket["uuid"],
        "resellerReference": ticket["reference"],
        "supplierReference": None,
        "unitId": ticket["unit_id"],
        "unit": unit_json(desk, product, unit, sold=True),
        "status": status,
        "utcRedeemedAt": utc(booking.checked_in_at),
        "contact": contact_json(ticket["contact"]),
        "ticket": None,
        **({"pricing": price_json(desk, product.plan, price)} if desk.pricing else {}),
    }


def _unit(product: Product, ticket: Mapping[str, Any]) -> Unit:
    """The unit as it was sold, also where its category is gone since."""
    for unit in product.units:
        if unit.id == ticket["unit_id"]:
            return unit
    return Unit(ticket["unit_id"], "Ticket", "OTHER", Decimal(str(ticket["price"])))
