"""Forgetting a guest: bookings and figures stay, who it was does not.

No version is made and nothing is sent: a source is not told of values that mean nothing. The log
keeps its sealed values, which nobody can open without the customer's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.derive import derived
from app.bookings.fields import GUEST, values_of
from app.bookings.models import Booking
from app.bookings.stamps import dump, load, set_by_staff
from app.customers.actions import ERASED
from app.payments import retention
from app.travelers import rows
from app.venues.queries import zone_name
from app.websites.models import Website

EMAIL = "erased@guest.invalid"
"""An address that cannot exist (RFC 2606), so that forms and checks go on working."""
NEUTRAL: dict[str, Any] = {
    **dict.fromkeys(GUEST),
    "customer_name": ERASED,
    "customer_email": EMAIL,
}
NAMELESS = {"guest_name": None, "special_requests": None}
"""Of a dish that was chosen: what was served stays."""
NO_DIGEST = b""
"""In the place of the digest of what the source sent: no message has it."""


def forget(session: Session, customer_id: UUID, now: datetime) -> Sequence[UUID]:
    """Overwrite what is personal in all bookings of a customer, locked. Returns their ids.

    What is overwritten counts as set now, so that an older message that comes late changes none
    of it back.
    """
    query = select(Booking).where(Booking.customer_id == customer_id).order_by(Booking.id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    bookings = session.scalars(locked).all()
    names = {booking.website_id for booking in bookings}
    websites = {w.id: w for w in session.scalars(select(Website).where(Website.id.in_(names)))}
    for booking in bookings:
        website = websites[booking.website_id]
        zone = zone_name(session, booking.venue_id, website)
        _overwrite(booking, zone, website.phone_region, now)
    session.flush()
    ids = [booking.id for booking in bookings]
    retention.forget(session, ids)
    return ids


def _overwrite(booking: Booking, zone: str, region: str, now: datetime) -> None:
    values = {**values_of(booking), **NEUTRAL}
    columns = {
        **NEUTRAL,
        "menu_choices": [{**dish, **NAMELESS} for dish in booking.menu_choices],
        "travelers": rows.nameless(booking.travelers),
        **derived(values, zone, region),
        "created_digest": NO_DIGEST,
        "reseller_contact": [],
        "field_times": dump(set_by_staff(load(booking.field_times), NEUTRAL.keys(), now)),
    }
    for name, value in columns.items():
        setattr(booking, name, value)
