"""What a partner's words ask for: bodies of the partner API as wishes of the hub."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.partner.customers import region_of
from app.api.schemas.partner import NewBooking, kind_of
from app.bookings.derive import clock_of
from app.bookings.making import ForPartner, Wish
from app.bookings.partnering import Change
from app.customers import of_partners
from app.customers.actions import Contact
from app.customers.of_partners import Described
from app.errors import Fault, InvalidPayload, NotFound
from app.ids import new_id
from app.partners.callers import PartnerCaller
from app.venues.models import Activity
from app.venues.plan import DAY_KEY
from app.websites.models import Website


def guest_of(session: Session, found: PartnerCaller, body: NewBooking) -> Described:
    """Whom the booking is for: described now, or before. Raises NotFound."""
    if body.customer is not None:
        return body.customer.described()
    if body.customer_id is None:
        raise InvalidPayload("Say who it is for: customer or customer_id.")
    known = of_partners.get(session, found.partner.id, body.customer_id)
    if not known.phone and not known.email:
        raise NotFound("There is no such customer.")  # erased since
    return Described(known.first_name, known.last_name, known.email, known.phone)


def wish_of(
    session: Session, found: PartnerCaller, website: Website, body: NewBooking, guest: Described
) -> Wish:
    """What is to be booked. Raises NotFound and InvalidPayload."""
    partner, dives = found.partner, body.number_of_dives
    return Wish(
        activity_id=_activity(session, body).id,
        day=body.booking_date,
        guests=body.guest_count,
        contact=guest.contact(partner.id, website.phone_region),
        source="partner",
        slot=_slot(body.time_slot, body.departure_id),
        partner=ForPartner(
            partner.id,
            new_id(),
            partner.commission_rate,
            partner.payment_relation,
            body.partner_reference or None,
        ),
        more={
            "special_requests": body.special_requests or None,
            "addons": [{"name": "Dives", "quantity": dives, "unit_price": 0}] if dives else [],
        },
    )


def change_of(found: PartnerCaller, said: dict[str, Any], guest: Described | None) -> Change:
    """What is to be different. Raises InvalidPayload for what is no time."""
    contact = guest.contact(found.partner.id, region_of(found)) if guest else None
    return Change(
        fields=_fields(said, contact),
        contact=contact,
        day=said.get("booking_date"),
        slot=_slot(said.get("time_slot"), said.get("departure_id")),
        guests=said.get("guest_count"),
    )


def _activity(session: Session, body: NewBooking) -> Activity:
    """The activity that is meant. Raises NotFound."""
    query = select(Activity).where(Activity.venue_id == body.location_id, Activity.is_active)
    if body.activity_id:
        query = query.where(Activity.id == body.activity_id)
    elif body.activity_type:
        query = query.where(Activity.kind == kind_of(body.activity_type))
    first = query.order_by(Activity.position, Activity.name, Activity.id).limit(1)
    activity = session.scalar(first)
    if activity is None:
        raise NotFound("There is no such activity at this location.")
    return activity


def _slot(time_slot: str | None, departure_id: UUID | None) -> str | None:
    """The key of the slot that is meant. Raises InvalidPayload for what is no time."""
    if departure_id is not None:
        return str(departure_id)
    if time_slot is None:
        return None
    if time_slot.casefold() == "any time":
        return DAY_KEY
    clock = clock_of(time_slot)
    if clock is None:
        fault = Fault("time_slot", "Must be a time such as 10:00, as availability answers it.")
        raise InvalidPayload("This is not a time.", [fault])
    return f"{clock:%H:%M}"


def _fields(said: dict[str, Any], contact: Contact | None) -> dict[str, Any]:
    """The fields that decide no place, as columns."""
    names = ("special_requests", "partner_reference")
    fields = {name: said[name] or None for name in names if name in said}
    if contact is None:
        return fields
    return {
        **fields,
        "customer_name": contact.name,
        "customer_email": contact.email or "",
        "customer_phone": contact.phone,
        "customer_country_code": contact.country_code,
    }
