"""Reserve, confirm, update, extend and cancel: OCTO's verbs as the hub's actions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app.api.octo.calls import Desk
from app.api.octo.catalogue import Product, demand_option, product
from app.api.octo.faults import OctoError, unprocessable
from app.api.octo.restrictions import demand_sellable
from app.api.octo.shelves import shelve
from app.api.octo.tickets import kept_contact, tickets_of, units_of
from app.api.octo.times import day_of, find, slot_of
from app.api.partner.caller import partner_actor
from app.api.schemas.octo import Confirmation, Contact, Reservation, UnitItem, Update
from app.bookings import partnering
from app.bookings.holds import is_lapsed
from app.bookings.making import ForPartner, Wish, make
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.status import Status
from app.customers import of_partners
from app.customers.of_partners import Described
from app.errors import Conflict
from app.venues.plan import Slot

LONGEST_HOLD = timedelta(hours=2)
NOBODY = "Guest of"
"""Name of who comes, while the reseller has not said it."""


def uuid_of(value: object) -> UUID:
    """A booking's uuid as the client wrote it. Raises OctoError."""
    try:
        return UUID(str(value))
    except ValueError as error:
        raise OctoError("INVALID_BOOKING_UUID", sent=value) from error


def known(session: Session, desk: Desk, uuid: object, *, locked: bool = False) -> Booking:
    """One of this reseller's bookings at this supplier. Raises OctoError."""
    found = partnering.by_uuid(session, desk.caller, uuid_of(uuid), locked=locked)
    if found is None or found.website_id != desk.website.id or found.activity_id is None:
        raise OctoError("INVALID_BOOKING_UUID", sent=uuid)
    return found


def reserve(session: Session, desk: Desk, body: Reservation, now: datetime) -> Booking:
    """Hold places. The same uuid with the same content is the same booking.

    Raises OctoError, SlotUnavailable and InvalidPayload.
    """
    uuid = uuid4() if body.uuid is None else uuid_of(body.uuid)
    digest = _digest(body)
    there = partnering.by_uuid(session, desk.caller, uuid)
    if there is None:
        try:
            with session.begin_nested():
                return _hold(session, desk, body, uuid, digest, now)
        except Conflict:  # the same call came twice at once, and the other was first
            there = partnering.by_uuid(session, desk.caller, uuid)
    if there is None or there.created_digest != digest:
        raise OctoError("INVALID_BOOKING_UUID", sent=body.uuid)
    return there


def _hold(
    session: Session, desk: Desk, body: Reservation, uuid: UUID, digest: bytes, now: datetime
) -> Booking:
    day = day_of(body.availability_id) or now.date()
    sold = product(session, desk, body.product_id, (day, day))
    demand_option(body.option_id)
    slot = slot_of(sold, body.availability_id, now)
    items = body.unit_items or []
    units = units_of(sold, items)
    demand_sellable(sold, units)
    partner, guest = desk.caller.partner, _described(body.contact, desk)
    wish = Wish(
        activity_id=sold.offer.activity.id,
        day=slot.day,
        guests=sum(unit.pax for unit in units),
        contact=guest.contact(partner.id, desk.website.phone_region),
        source="partner",
        slot=slot.key,
        units=sold.counts(units),
        status=Status.PENDING,
        hold_expires_at=_until(sold, body.expiration_minutes, now),
        partner=ForPartner(
            partner.id,
            uuid,
            partner.commission_rate,
            partner.payment_relation,
            body.reseller_reference,
        ),
        tickets=tickets_of(sold, items),
        more={"special_requests": body.notes or None},
    )
    booking = make(session, partner_actor(desk.caller), desk.website, wish)
    booking.created_digest = digest
    _keep_contact(session, desk, booking, body.contact)
    return booking


def confirm(
    session: Session, desk: Desk, booking: Booking, body: Confirmation, sent: str, now: datetime
) -> None:
    """Make a held booking firm; a confirmed one stays as it is. `sent`: its uuid as it was sent.

    What is held is kept, also where it was taken off sale meanwhile. Raises OctoError.
    """
    if booking.status == Status.CONFIRMED:
        return
    if booking.status == Status.EXPIRED or is_lapsed(booking, now):
        raise OctoError("INVALID_BOOKING_UUID", "The hold has expired", sent)
    if not _is_held(booking):
        raise unprocessable("Only a booking on hold can be confirmed.")
    shelf = shelve(session, [booking], now)
    if now > shelf.slot(booking).last_call:
        raise unprocessable("It is too late to confirm: it is past utcCutoffAt.")
    sold, said = shelf.product(booking), {"reseller_reference": body.reseller_reference}
    change = _changed(desk, sold, booking, body.contact, body.unit_items, said)
    actor = partner_actor(desk.caller)
    partnering.change(session, actor, booking, change, now, status=Status.CONFIRMED)
    _keep_contact(session, desk, booking, body.contact)


def update(session: Session, desk: Desk, booking: Booking, body: Update, now: datetime) -> None:
    """Change what was sent; the new place is taken before the old one is given back."""
    partnering.demand_may_change(desk.caller)
    partnering.demand_open(session, booking, now)
    said = body.said()
    sold, slot = _target(session, desk, booking, body, said, now)
    change = _changed(desk, sold, booking, body.contact, body.unit_items, said)
    if slot is not None:
        activity_id = sold.offer.activity.id
        change = replace(change, activity_id=activity_id, day=slot.day, slot=slot.key)
    if body.expiration_minutes is not None and _is_held(booking):
        until = _until(sold, body.expiration_minutes, now)
        change = replace(change, fields={**change.fields, "hold_expires_at": until})
    partnering.change(session, partner_actor(desk.caller), booking, change, now)
    _keep_contact(session, desk, booking, body.contact)


def extend(
    session: Session, desk: Desk, booking: Booking, minutes: int | None, now: datetime
) -> None:
    """Hold it for longer, counted from now. Raises OctoError for what is not on hold."""
    if not _is_held(booking) or is_lapsed(booking, now):
        raise unprocessable("Only a booking on hold can be extended.")
    sold = shelve(session, [booking], now).product(booking)
    change = Change({"hold_expires_at": _until(sold, minutes, now)})
    partnering.change(session, partner_actor(desk.caller), booking, change, now)


def cancel(
    session: Session, desk: Desk, booking: Booking, reason: str | None, now: datetime
) -> None:
    """Cancel it; a cancelled one stays as it is. Raises Conflict past the cut-off."""
    partnering.cancel(session, partner_actor(desk.caller), booking, reason or None, now)


def _is_held(booking: Booking) -> bool:
    """Whether it is a hold, run out or not; not one that waits for the supplier."""
    return booking.status == Status.PENDING and booking.hold_expires_at is not None


def _target(
    session: Session,
    desk: Desk,
    booking: Booking,
    body: Update,
    said: Mapping[str, Any],
    now: datetime,
) -> tuple[Product, Slot | None]:
    """The product and slot that an update leads to; no slot where it stays."""
    sold = shelve(session, [booking], now).product(booking)
    if said.get("product_id", sold.id) != sold.id:
        sold = product(session, desk, body.product_id, (now.date(), now.date()))
    if "option_id" in said:
        demand_option(body.option_id)
    other = sold.offer.activity.id != booking.activity_id
    if other and "availability_id" not in said:
        raise OctoError("INVALID_AVAILABILITY_ID", sent="")
    if other and body.unit_items is None:
        for ticket in booking.tickets:
            sold.unit(ticket["unit_id"])  # they must be units of the new product
    slot = find(session, sold, body.availability_id, now) if "availability_id" in said else None
    return sold, slot


def _changed(
    desk: Desk,
    sold: Product,
    booking: Booking,
    contact: Contact | None,
    items: Sequence[UnitItem] | None,
    said: Mapping[str, Any],
) -> Change:
    fields: dict[str, Any] = {}
    if said.get("reseller_reference") is not None:
        fields["partner_reference"] = said["reseller_reference"]
    if "notes" in said:
        fields["special_requests"] = said["notes"] or None
    who = None
    if contact is not None:
        fields |= _guest_fields(contact)
        who = _described(contact, desk).contact(desk.caller.partner.id, desk.website.phone_region)
    other = sold.offer.activity.id != booking.activity_id
    if items is None and other:
        items = [UnitItem(uuid=t["uuid"], unitId=t["unit_id"]) for t in booking.tickets]
    if items is None:
        return Change(fields, contact=who)
    tickets, units = tickets_of(sold, items, booking.tickets), units_of(sold, items)
    fields["tickets"] = tickets
    same = not other and [t["unit_id"] for t in tickets] == [t["unit_id"] for t in booking.tickets]
    if same:
        return Change(fields, contact=who)
    demand_sellable(sold, units)
    guests = sum(unit.pax for unit in units)
    return Change(fields, contact=who, guests=guests, units=sold.counts(units))


def _guest_fields(contact: Contact) -> dict[str, Any]:
    """The guest of a booking, from what a contact says of them; the rest stays."""
    name = _name(contact)
    found = {
        "customer_name": name,
        "customer_email": contact.email_address,
        "customer_phone": contact.phone_number,
    }
    return {field: value for field, value in found.items() if value}


def _described(contact: Contact | None, desk: Desk) -> Described:
    name = _name(contact) if contact else ""
    email = contact.email_address if contact else None
    phone = contact.phone_number if contact else None
    return Described(name or f"{NOBODY} {desk.caller.partner.name}", "", email, phone)


def _name(contact: Contact) -> str:
    names = (contact.first_name, contact.last_name)
    return contact.full_name or " ".join(name for name in names if name)


def _keep_contact(session: Session, desk: Desk, booking: Booking, contact: Contact | None) -> None:
    """Keep the reseller's words, and let the booking belong to the person they mean."""
    if contact is None:
        return
    said = kept_contact(contact)
    booking.reseller_contact = [{**next(iter(booking.reseller_contact), {}), **said}]
    described = _described(contact, desk)
    if described.email or described.phone:
        partner = desk.caller.partner.id
        of_partners.remember(session, partner, booking.customer_id, described)


def _until(sold: Product, minutes: int | None, now: datetime) -> datetime:
    """The end of a hold: as wished, at most two hours; else as the venue has it."""
    wished = sold.plan.venue.hold_minutes if minutes is None else minutes
    return now + min(timedelta(minutes=wished), LONGEST_HOLD)


def _digest(body: Reservation) -> bytes:
    """Of the content of a reservation, whatever the order of its fields."""
    said = body.model_dump(mode="json", exclude={"expiration_minutes", "currency"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()
