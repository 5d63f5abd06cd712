"""`/api/v1/customer/bookings`: customers book treks, and look after their bookings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import read_body, read_query
from app.api.customer.caller import CustomerCaller, customer_actor
from app.api.customer.calls import OPEN, SECURITY, Answer, Call, changing, reading
from app.api.customer.trip_wire import short_json, trip_json
from app.api.describing import Link, describes
from app.api.schemas import customer_examples as examples
from app.api.schemas.customer_bookings import (
    GoingBody,
    NewTripBody,
    OwnTripsQuery,
    TripAnswer,
    TripCancellation,
    TripCancelledAnswer,
    TripChangeBody,
    TripConfirmationBody,
    TripsAnswer,
)
from app.bookings import calling_off
from app.bookings.models import Booking
from app.errors import AuthFailed, Conflict, NotFound
from app.errors import SlotUnavailable as Unavailable
from app.extensions import csrf, db
from app.plain import plain
from app.staff.context import now
from app.staff.guards import public
from app.travelers.going import Wanted
from app.treks import booking as trips
from app.treks import offers, owning
from app.treks.owning import Period
from app.web import bad_cursor, decode_cursor, encode_cursor

bookings = Blueprint("api_customer_bookings", __name__, url_prefix="/api/v1/customer/bookings")
csrf.exempt(bookings)

GROUP = "Customers: bookings"
THE_TRIP = {"booking_id": "$response.body#/booking/id"}
REFUSALS = (AuthFailed, NotFound, Conflict, Unavailable)


@bookings.post("")
@public(OPEN)
@describes(
    GROUP,
    answers={201: TripAnswer},
    body=NewTripBody,
    errors=REFUSALS,
    security=SECURITY,
    repeatable=True,
    examples=examples.NEW_TRIP,
    links={
        "change": Link("change_trip", THE_TRIP),
        "confirm": Link("confirm_trip", THE_TRIP),
        "cancel": Link("cancel_trip", THE_TRIP),
    },
)
def book_trek() -> Response:
    """Book a departure for a party: new travelers and profiles of yours, in one call.

    All of the party, or nobody: 409 SLOT_UNAVAILABLE when there is no room for everyone. Where a
    deposit is due the booking is `pending`, its places are kept until `payment.expires_at`, and it
    counts once the deposit is paid at `payment.url`.
    """
    return changing("booking.created", _book)


def _book(call: Call) -> Answer:
    session, body, moment = db.session(), read_body(NewTripBody), now()
    trek, batch = offers.batch(session, body.trek_id, body.batch_id, moment)
    call.website_id = trek.venue.website_id
    order = trips.Order(
        *(trek, batch, _wanted(body.travelers)),
        requests=body.special_requests,
        expected=body.expected_total,
    )
    made = trips.book(session, customer_actor(call.caller), call.caller.customer, order, moment)
    call.booking_id = made.id
    return 201, _answered(call.caller, made)


@bookings.get("")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TripsAnswer},
    query=OwnTripsQuery,
    errors=(AuthFailed,),
    security=SECURITY,
)
def list_trips() -> Response:
    """Your bookings by their first day: what was booked in the app, and nothing else."""
    return reading(_list)


def _list(caller: CustomerCaller) -> dict[str, Any]:
    query = read_query(OwnTripsQuery)
    period = Period(query.first, query.last, query.status.value if query.status else None)
    after = _cursor(query.after) if query.after else None
    session, mine = db.session(), caller.customer.id
    found, more = owning.page(session, mine, period, after, query.limit)
    last = found[-1].booking if more else None
    key = (last.activity_date, last.time_slot, last.id) if last else None
    return {
        "success": True,
        "bookings": [short_json(trip, now()) for trip in found],
        "next": encode_cursor(key) if key else None,
    }


def _cursor(text: str) -> tuple[date, str, UUID]:
    day, time_slot, booking_id = decode_cursor(text, 3)
    try:
        return date.fromisoformat(day), time_slot, UUID(booking_id)
    except ValueError as error:
        raise bad_cursor() from error


@bookings.get("/<uuid:booking_id>")
@public(OPEN)
@describes(GROUP, answers={200: TripAnswer}, errors=(AuthFailed, NotFound), security=SECURITY)
def show_trip(booking_id: UUID) -> Response:
    """One of your bookings, with who goes, what it costs and what you may still do."""
    return reading(lambda caller: _shown(caller, booking_id))


@bookings.put("/<uuid:booking_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TripAnswer},
    body=TripChangeBody,
    errors=REFUSALS,
    security=SECURITY,
    repeatable=True,
    examples=examples.TRIP_CHANGES,
)
def change_trip(booking_id: UUID) -> Response:
    """Change who goes, the departure or your requests, all or nothing.

    Where others go, or more, all are priced anew; another departure alone costs what it did. 409
    CONFLICT after `changeable_until`, or when it has changed since the `version` given.
    """
    return changing("booking.updated", lambda call: _change(call, booking_id))


def _change(call: Call, booking_id: UUID) -> Answer:
    session, body, moment = db.session(), read_body(TripChangeBody), now()
    booking = _known(call, booking_id, body.version)
    said = body.said()
    change = trips.Changed(
        batch_id=said.get("batch_id"),
        wanted=_wanted(said["travelers"]) if "travelers" in said else None,
        fields={name: said[name] or None for name in ("special_requests",) if name in said},
    )
    trips.change(session, customer_actor(call.caller), booking, change, moment)
    return 200, _answered(call.caller, booking)


@bookings.delete("/<uuid:booking_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TripCancelledAnswer},
    query=TripCancellation,
    errors=(AuthFailed, NotFound, Conflict),
    security=SECURITY,
    repeatable=True,
)
def cancel_trip(booking_id: UUID) -> Response:
    """Cancel a booking until it begins; its places are free again at once. Again: nothing happens.

    Of what was paid all goes back until `refund.full_until`, later `refund.percent_later`.
    """
    return changing("booking.cancelled", lambda call: _cancel(call, booking_id))


def _cancel(call: Call, booking_id: UUID) -> Answer:
    reason, session, moment = read_query(TripCancellation).reason, db.session(), now()
    booking, actor = _known(call, booking_id), customer_actor(call.caller)
    due = calling_off.cancel(session, actor, booking, reason or None, moment)
    return 200, {**_answered(call.caller, booking), "refund": plain(due)}


@bookings.post("/<uuid:booking_id>/confirm")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TripAnswer},
    body=TripConfirmationBody,
    errors=REFUSALS,
    security=SECURITY,
    repeatable=True,
    examples=examples.CONFIRMATIONS,
)
def confirm_trip(booking_id: UUID) -> Response:
    """Accept the places that are held for you, until `held_until`. Again: nothing happens.

    Where a deposit is due it stays `pending`, and counts once that is paid at `payment.url`.
    """
    return changing("booking.confirmed", lambda call: _confirm(call, booking_id))


def _confirm(call: Call, booking_id: UUID) -> Answer:
    session, body, moment = db.session(), read_body(TripConfirmationBody), now()
    booking, actor = _known(call, booking_id, body.version), customer_actor(call.caller)
    said = body.said()
    wanted = _wanted(said["travelers"]) if "travelers" in said else None
    trips.confirm(session, actor, booking, wanted, moment)
    return 200, _answered(call.caller, booking)


def _wanted(travelers: Sequence[GoingBody]) -> list[Wanted]:
    return [each.wanted() for each in travelers]


def _known(call: Call, booking_id: UUID, version: int | None = None) -> Booking:
    """One of the caller's, locked. Raises NotFound, and Conflict where it has moved on."""
    booking = owning.lock(db.session(), call.caller.customer.id, booking_id)
    call.website_id, call.booking_id = booking.website_id, booking.id
    if version not in (None, booking.version):
        message = "The booking has changed since you read it."
        raise Conflict(message, version=booking.version)
    return booking


def _answered(caller: CustomerCaller, booking: Booking) -> dict[str, Any]:
    db.session.flush()
    return _shown(caller, booking.id)


def _shown(caller: CustomerCaller, booking_id: UUID) -> dict[str, Any]:
    session = db.session()
    trip = owning.get(session, caller.customer.id, booking_id)
    shown = trip_json(session, trip, now())
    return {"success": True, "booking_id": str(booking_id), "booking": shown}
