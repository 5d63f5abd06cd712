"""The list of a reseller's bookings."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.api.octo.calls import Desk
from app.api.octo.catalogue import DEFAULT
from app.api.octo.faults import bad_request
from app.api.schemas.octo import BookingFilter
from app.bookings import partnering
from app.bookings.models import Booking

MOST = 500
"""The standard knows no pages: beyond this a narrower filter is asked for."""


def listed(session: Session, desk: Desk, query: BookingFilter) -> Sequence[Booking]:
    """The bookings that all filters leave, by date of travel. Raises OctoError without any."""
    first = query.local_date or query.local_date_start
    last = query.local_date or query.local_date_end
    if (query.local_date_start is None) != (query.local_date_end is None):
        raise bad_request("localDateStart and localDateEnd go together.")
    if not any((query.reseller_reference, query.supplier_reference, first)):
        raise bad_request(
            "Give resellerReference, supplierReference, localDate, or localDateStart and "
            "localDateEnd."
        )
    found = partnering.own(desk.caller).where(
        Booking.website_id == desk.website.id, Booking.activity_id.is_not(None)
    )
    same = (
        (Booking.partner_reference, query.reseller_reference),
        (Booking.booking_ref, query.supplier_reference),
        (Booking.activity_id, _uuid(query.product_id)),
    )
    for column, value in same:
        if value is not None:
            found = found.where(column == value)
    if first is not None:
        found = found.where(Booking.activity_date.between(first, last))
    if query.option_id not in (None, DEFAULT) or (query.product_id and not _uuid(query.product_id)):
        return []
    order = (Booking.activity_date, Booking.time_slot, Booking.id)
    rows = session.scalars(found.order_by(*order).limit(MOST + 1)).all()
    if len(rows) > MOST:
        raise bad_request(f"More than {MOST} bookings: ask for fewer days at once.")
    return rows


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
