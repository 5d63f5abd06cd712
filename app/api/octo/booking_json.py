"""A booking as OCTO shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.api.octo.calls import Desk
from app.api.octo.catalogue import DEFAULT, Product, Unit, product_json, unit_json
from app.api.octo.pricing import price_json
from app.api.octo.shelves import Shelf, shelve
from app.api.octo.tickets import contact_json
from app.api.octo.times import slot_id, slot_json, utc
from app.bookings.holds import is_lapsed
from app.bookings.models import Booking
from app.bookings.partnering import is_open
from app.bookings.status import Status

_STATUS = {
    Status.CONFIRMED: "CONFIRMED",
    Status.NO_SHOW: "CONFIRMED",
    Status.CHECKED_IN: "REDEEMED",
    Status.COMPLETED: "REDEEMED",
    Status.CANCELLED: "CANCELLED",
    Status.REFUNDED: "CANCELLED",
    Status.EXPIRED: "EXPIRED",
}
_FIRM = ("CONFIRMED", "REDEEMED")
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


def booking_json(session: Session, desk: Desk, booking: Booking, now: datetime) -> dict[str, Any]:
    """A Booking object in full."""
    return bookings_json(session, desk, [booking], now)[0]


def bookings_json(
    session: Session, desk: Desk, bookings: Sequence[Booking], now: datetime
) -> list[dict[str, Any]]:
    """Booking objects in full."""
    if not bookings:
        return []
    shelf = shelve(session, bookings, now)
    sold = {each.id: each for each in map(shelf.product, bookings)}
    shown = {each.id: product_json(desk, each, now) for each in sold.values()}
    return [
        _booking(desk, shelf, booking, shown[shelf.product(booking).id])
        | {"cancellable": is_open(session, booking, now)}
        for booking in bookings
    ]


def _booking(
    desk: Desk, shelf: Shelf, booking: Booking, shown: Mapping[str, Any]
) -> dict[str, Any]:
    """All but whether it can be cancelled; `shown` is its product."""
    product, slot = shelf.product(booking), shelf.slot(booking)
    status, total = status_of(booking, shelf.now), booking.total_amount
    pricing = price_json(desk, product.plan, total, total + booking.discount_amount)
    holds = status in ("ON_HOLD", "EXPIRED")
    return {
        "id": str(booking.id),
        "uuid": str(booking.partner_uuid),
        "testMode": False,
        "resellerReference": booking.partner_reference,
        "supplierReference": booking.booking_ref,
        "status": status,
        "utcCreatedAt": utc(booking.created_at),
        "utcUpdatedAt": utc(booking.updated_at),
        "utcExpiresAt": utc(booking.hold_expires_at) if holds else None,
        "utcRedeemedAt": utc(booking.checked_in_at),
        "utcConfirmedAt": utc(booking.confirmed_at),
        "productId": product.id,
        "product": shown,
        "optionId": DEFAULT,
        "option": shown["options"][0],
        "cancellation": _cancellation(booking) if status == "CANCELLED" else None,
        "freesale": False,
        "availabilityId": slot_id(slot),
        "availability": slot_json(desk, shelf.planned(booking), slot),
        "contact": contact_json(next(iter(booking.reseller_contact), None) or _contact(booking)),
        "notes": booking.special_requests,
        "deliveryMethods": ["VOUCHER"],
        "voucher": _voucher(booking, status),
        "unitItems": [_item(desk, product, booking, each, status) for each in booking.tickets],
        **({"pricing": pricing} if desk.pricing else {}),
    }


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


def _voucher(booking: Booking, status: str) -> dict[str, Any] | None:
    """The reference as a code: what the desk finds the booking by.

    Before it is confirmed the voucher is there without its code, as the standard's validator has
    it; what is over has none.
    """
    if status not in (*_FIRM, "ON_HOLD", "PENDING"):
        return None
    code = {"deliveryFormat": "QRCODE", "deliveryValue": booking.booking_ref}
    return {
        "redemptionMethod": METHOD,
        "utcRedeemedAt": utc(booking.checked_in_at),
        "deliveryOptions": [code] if status in _FIRM else [],
    }


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
