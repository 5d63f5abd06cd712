"""`/api/partner/bookings`: book, read, change and cancel."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import tuple_

from app.api.bodies import read_body, read_query
from app.api.describing import describes
from app.api.partner.caller import partner_actor
from app.api.partner.calls import GROUP, OPEN, SECURITY, Answer, Call, changing, reading
from app.api.partner.wire import booking_json
from app.api.partner.wishes import change_of, guest_of, wish_of
from app.api.schemas.partner import (
    BookingChange,
    Cancellation,
    NewBooking,
    OwnBookings,
)
from app.api.schemas.partner_answers import PartnerBookingAnswer, PartnerBookingsAnswer
from app.apikeys.models import KeyScope
from app.bookings import partnering
from app.bookings.making import make
from app.bookings.models import Booking
from app.customers import of_partners
from app.errors import AuthFailed, Conflict, Forbidden, NotFound
from app.errors import SlotUnavailable as Unavailable
from app.extensions import csrf, db
from app.partners.callers import PartnerCaller
from app.staff.context import now
from app.staff.guards import public
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
    website = session.get_one(Website, website_id)
    guest, described = guest_of(session, found, body), body.customer is not None
    wish = wish_of(session, found, website, body, guest)
    booking = make(session, partner_actor(found), website, wish)
    if described:
        of_partners.remember(session, found.partner.id, booking.customer_id, guest)
    call.booking_id = booking.id
    return 201, _shown(booking)


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
    wanted = change_of(found, said, guest)
    partnering.change(session, partner_actor(found), booking, wanted, now())
    if guest:
        of_partners.remember(session, found.partner.id, booking.customer_id, guest)
    return 200, _shown(booking)


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
