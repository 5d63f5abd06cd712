"""`/api/v1/customer/…/waiting`: waiting for a place on a departure that is full."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import read_body
from app.api.customer.caller import CustomerCaller, customer_actor
from app.api.customer.calls import OPEN, SECURITY, Answer, Call, changing, reading
from app.api.describing import describes
from app.api.schemas.waiting import WaitingAnswer, WaitingListAnswer, WaitingWish
from app.customers.opting import set_sms_opt_in
from app.errors import AuthFailed, Conflict, NotFound
from app.extensions import csrf, db
from app.plain import plain
from app.staff.context import now
from app.staff.guards import public
from app.treks import offers
from app.venues.lasting import last_day
from app.waiting import actions, queries
from app.waiting.models import WaitingState
from app.waiting.queries import Line

waiting = Blueprint("api_customer_waiting", __name__, url_prefix="/api/v1/customer")
csrf.exempt(waiting)

GROUP = "Customers: waiting lists"


@waiting.post("/treks/<uuid:trek_id>/batches/<uuid:batch_id>/waiting")
@public(OPEN)
@describes(
    GROUP,
    answers={201: WaitingAnswer},
    body=WaitingWish,
    errors=(AuthFailed, NotFound, Conflict),
    security=SECURITY,
    repeatable=True,
)
def join_waiting_list(trek_id: UUID, batch_id: UUID) -> Response:
    """Wait for places on a departure that has not enough left for your party.

    When there are, they are held for you and you are told. Again with another number of guests:
    with as many or fewer you keep your turn, with more you go to the end. 409 CONFLICT where there
    is room (book it), where it is too late, and where places are held for you already.
    """
    return changing("waiting.joined", lambda call: _join(call, trek_id, batch_id))


def _join(call: Call, trek_id: UUID, batch_id: UUID) -> Answer:
    session, caller, wish = db.session(), call.caller, read_body(WaitingWish)
    offers.batch(session, trek_id, batch_id, now())
    place = queries.place(session, batch_id)
    call.website_id = place.website_id
    who = customer_actor(caller), place, caller.customer.id
    entry = actions.join(session, *who, wish.guests, now())
    if wish.sms_opt_in is not None:
        said = caller.customer.id, wish.sms_opt_in
        set_sms_opt_in(session, customer_actor(caller), *said, website_id=place.website_id)
    return 201, _one(caller, entry.id)


@waiting.get("/waiting")
@public(OPEN)
@describes(GROUP, answers={200: WaitingListAnswer}, errors=(AuthFailed,), security=SECURITY)
def list_own_waiting() -> Response:
    """Where you wait, what is held for you, and what came of it before."""

    def read(caller: CustomerCaller) -> dict[str, Any]:
        found = queries.of_customer(db.session(), caller.customer.id, caller.websites)
        return {"success": True, "waiting": [waiting_json(line) for line in found]}

    return reading(read)


@waiting.delete("/waiting/<uuid:waiting_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: WaitingAnswer},
    errors=(AuthFailed, NotFound, Conflict),
    security=SECURITY,
    repeatable=True,
)
def leave_waiting_list(waiting_id: UUID) -> Response:
    """Wait no longer; what is held for you is free again. Again: nothing happens.

    409 CONFLICT where you have taken the place: cancel the booking.
    """
    return changing("waiting.left", lambda call: _leave(call, waiting_id))


def _leave(call: Call, waiting_id: UUID) -> Answer:
    caller = call.caller
    who = customer_actor(caller), caller.customer.id
    entry = actions.leave(db.session(), *who, waiting_id, now())
    call.website_id, call.booking_id = entry.website_id, entry.booking_id
    return 200, _one(caller, entry.id)


def _one(caller: CustomerCaller, entry_id: UUID) -> dict[str, Any]:
    session = db.session()
    (line,) = queries.of_customer(session, caller.customer.id, caller.websites, entry_id)
    return {"success": True, "waiting": waiting_json(line)}


def waiting_json(line: Line) -> dict[str, Any]:
    """An entry as its customer reads it."""
    entry, departure, venue = line.entry, line.place.departure, line.place.venue
    held = line.booking if line.state is WaitingState.OFFERED else None
    return {
        "id": str(entry.id),
        "state": line.state.value,
        "guests": entry.guests,
        "position": line.position,
        "trek": {
            "id": str(line.place.activity.id),
            "name": line.place.activity.name,
            "venue": venue.name,
        },
        "batch": {
            "id": str(departure.id),
            "first_day": departure.day.isoformat(),
            "last_day": last_day(line.place.activity, departure).isoformat(),
            "time": f"{departure.time:%H:%M}",
            "timezone": venue.timezone,
        },
        "booking_id": plain(entry.booking_id),
        "held_until": plain(held.hold_expires_at) if held else None,
        "joined_at": plain(entry.created_at),
        "offered_at": plain(entry.offered_at),
    }
