"""`/api/partner/bookings`: book, read, change and cancel."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import select, tuple_

from app.api.bodies import read_body, read_query
from app.api.describing import describes
from app.api.partner.caller import partner_actor
from app.api.partner.calls import GROUP, OPEN, SECURITY, Answer, Call, changing, reading
from app.api.partner.customers import region_of
from app.api.partner.wire import booking_json
from app.api.schemas.partner import (
    BookingChange,
    Cancellation,
    NewBooking,
    OwnBookings,
    kind_of,
)
from app.api.schemas.partner_answers import PartnerBookingAnswer, PartnerBookingsAnswer
from app.apikeys.models import KeyScope
from app.bookings import partnering
from app.bookings.derive import clock_of
from app.bookings.making import ForPartner, Wish, make
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.customers import of_partners
from app.customers.actions import Contact
from app.customers.of_partners import Described
from app.errors import AuthFailed, Conflict, Fault, Forbidden, InvalidPayload, NotFound
from app.errors import SlotUnavailable as Unavailable
from app.extensions import csrf, db
from app.ids import new_id
from app.partners.callers import PartnerCaller
from app.staff.context import now
from app.staff.guards import public
from app.venues.models import Activity
from app.venues.plan import DAY_KEY
from app.web import bad_cursor, decode_cursor, encode_cursor
from app.websites.models import Website

bookings = Blueprint("api_partner_bookings", __name__, url_prefix="/api/partner/bookings")
csrf.exempt(bookings)

WRITE, READ = KeyScope.WRITE_BOOKINGS, KeyScope.READ_BOOKINGS
REFUSALS = (AuthFailed, Forbidden, NotFound, Conflict, Unavailable)


@bookings.post("")
@public(OPEN)
@describes(
    GROUP,
    answers={201: PartnerBookingAnswer},
    body=NewBooking,
    errors=REFUSALS,
    security=SECURITY,
    repeatable=True,
)
def add_booking() -> Response:
    """Book: with `activity_type` alone, the location's activity of that type.

    Without `time_slot` the first slot of the day with room for the party. 409 SLOT_UNAVAILABLE
    when there is none.
    """
    return changing(WRITE, "booking.created", _add)


def _add(call: Call) -> Answer:
    session, found, body = db.session(), call.caller, read_body(NewBooking)
    website_id = found.venues.get(body.location_id)
    if website_id is None:
        raise NotFound("There is no such location.")
    call.website_id = website_id
    activity = _activity(body)
    website = session.get_one(Website, website_id)
    guest, described = _guest(found, body), body.customer is not None
    dives = body.number_of_dives
    wish = Wish(
        activity_id=activity.id,
        day=body.booking_date,
        guests=body.guest_count,
        contact=guest.contact(found.partner.id, website.phone_region),
        source="partner",
        slot=_slot(body.time_slot, body.departure_id),
        partner=ForPartner(
            found.partner.id,
            new_id(),
            found.partner.commission_rate,
            found.partner.payment_relation,
            body.partner_reference or None,
        ),
        more={
            "special_requests": body.special_requests or None,
            "addons": [{"name": "Dives", "quantity": dives, "unit_price": 0}] if dives else [],
        },
    )
    booking = make(session, partner_actor(found), website, wish)
    if described:
        of_partners.remember(session, found.partner.id, booking.customer_id, guest)
    call.booking_id = booking.id
    body_out = {"booking_id": str(booking.id), "booking": booking_json(session, booking)}
    return 201, {"success": True, **body_out}


def _activity(body: NewBooking) -> Activity:
    """The activity that is meant. Raises NotFound."""
    query = select(Activity).where(Activity.venue_id == body.location_id, Activity.is_active)
    if body.activity_id:
        query = query.where(Activity.id == body.activity_id)
    elif body.activity_type:
        query = query.where(Activity.kind == kind_of(body.activity_type))
    first = query.order_by(Activity.position, Activity.name, Activity.id).limit(1)
    activity = db.session.scalar(first)
    if activity is None:
        raise NotFound("There is no such activity at this location.")
    return activity


def _guest(found: PartnerCaller, body: NewBooking) -> Described:
    """Whom the booking is for: described now, or before. Raises NotFound."""
    if body.customer is not None:
        return body.customer.described()
    if body.customer_id is None:
        raise InvalidPayload("Say who it is for: customer or customer_id.")
    known = of_partners.get(db.session(), found.partner.id, body.customer_id)
    if not known.phone and not known.email:
        raise NotFound("There is no such customer.")  # erased since
    return Described(known.first_name, known.last_name, known.email, known.phone)


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


@bookings.get("")
@public(OPEN)
@describes(
    GROUP,
    answers={200: PartnerBookingsAnswer},
    query=OwnBookings,
    errors=(AuthFailed, Forbidden),
    security=SECURITY,
)
def list_own_bookings() -> Response:
    """Your bookings by the date of the activity, keyset-paged."""
    return reading(READ, _list)


def _list(found: PartnerCaller) -> dict[str, Any]:
    query, session = read_query(OwnBookings), db.session()
    statement = partnering.own(found)
    for condition in _conditions(query):
        statement = statement.where(condition)
    key = (Booking.activity_date, Booking.time_slot, Booking.id)
    if query.after:
        statement = statement.where(tuple_(*key) > tuple_(*_cursor(query.after)))
    rows = session.scalars(statement.order_by(*key).limit(query.limit + 1)).all()
    shown = rows[: query.limit]
    more = len(rows) > query.limit
    last = (shown[-1].activity_date, shown[-1].time_slot, shown[-1].id) if more else None
    return {
        "success": True,
        "bookings": [booking_json(session, booking) for booking in shown],
        "next": encode_cursor(last) if last else None,
    }


def _conditions(query: OwnBookings) -> list[Any]:
    first, last = query.booking_date or query.date_from, query.booking_date or query.date_to
    same = (
        (Booking.status, query.status),
        (Booking.venue_id, query.location_id),
        (Booking.partner_reference, query.partner_reference),
    )
    found = [column == value for column, value in same if value is not None]
    found += [Booking.activity_date >= first] if first else []
    return found + ([Booking.activity_date <= last] if last else [])


def _cursor(text: str) -> list[Any]:
    day, time_slot, booking_id = decode_cursor(text, 3)
    try:
        return [date.fromisoformat(day), time_slot, UUID(booking_id)]
    except ValueError as error:
        raise bad_cursor() from error


@bookings.get("/<uuid:booking_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: PartnerBookingAnswer},
    errors=(AuthFailed, Forbidden, NotFound),
    security=SECURITY,
)
def get_own_booking(booking_id: UUID) -> Response:
    """One of your bookings."""

    def read(found: PartnerCaller) -> dict[str, Any]:
        session = db.session()
        booking = partnering.get(session, found, booking_id)
        return _shown(booking)

    return reading(READ, read)


@bookings.put("/<uuid:booking_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: PartnerBookingAnswer},
    body=BookingChange,
    errors=REFUSALS,
    security=SECURITY,
    repeatable=True,
)
def change_own_booking(booking_id: UUID) -> Response:
    """Change the guest, date, time, party or requests of a booking, all or nothing.

    A new date alone keeps the time where there is room, else it is the first with room. The new
    places are taken before the old ones are given back. 409 CONFLICT after the location's
    deadline (`cancellable_until`), or when it has changed since the `version` given.
    """
    return changing(WRITE, "booking.updated", lambda call: _change(call, booking_id))


def _change(call: Call, booking_id: UUID) -> Answer:
    session, found, body = db.session(), call.caller, read_body(BookingChange)
    booking = _known(call, booking_id)
    partnering.demand_may_change(found)
    said = body.said()
    if body.version not in (None, booking.version):
        raise Conflict("The booking has changed since you read it.", version=booking.version)
    partnering.demand_open(session, booking, now())
    guest = body.customer.described() if "customer" in said else None
    contact = guest.contact(found.partner.id, region_of(found)) if guest else None
    wanted = Change(
        fields=_fields(said, contact),
        contact=contact,
        day=said.get("booking_date"),
        slot=_slot(said.get("time_slot"), said.get("departure_id")),
        guests=said.get("guest_count"),
    )
    partnering.change(session, partner_actor(found), booking, wanted, now())
    if guest:
        of_partners.remember(session, found.partner.id, booking.customer_id, guest)
    return 200, _shown(booking)


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


@bookings.delete("/<uuid:booking_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: PartnerBookingAnswer},
    query=Cancellation,
    errors=(AuthFailed, Forbidden, NotFound, Conflict),
    security=SECURITY,
)
def cancel_own_booking(booking_id: UUID) -> Response:
    """Cancel a booking; its places are free again at once. Again: nothing happens.

    409 CONFLICT after the location's deadline (`cancellable_until`).
    """
    return changing(WRITE, "booking.cancelled", lambda call: _cancel(call, booking_id))


def _cancel(call: Call, booking_id: UUID) -> Answer:
    reason = read_query(Cancellation).reason
    booking = _known(call, booking_id)
    partnering.cancel(db.session(), partner_actor(call.caller), booking, reason or None, now())
    return 200, _shown(booking)


def _known(call: Call, booking_id: UUID) -> Booking:
    booking = partnering.lock(db.session(), call.caller, booking_id)
    call.website_id, call.booking_id = booking.website_id, booking.id
    return booking


def _shown(booking: Booking) -> dict[str, Any]:
    shown = booking_json(db.session(), booking)
    return {"success": True, "booking_id": str(booking.id), "booking": shown}
