"""`/api/v1/customer/travelers`: the people for whom a customer books."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from app.api.bodies import read_body
from app.api.customer.caller import CustomerCaller, customer_actor
from app.api.customer.calls import OPEN, SECURITY, Answer, Call, changing, reading
from app.api.describing import describes
from app.api.schemas.travelers import (
    NewTraveler,
    TravelerAnswer,
    TravelerChange,
    TravelerRemoved,
    TravelersAnswer,
)
from app.errors import AuthFailed, Conflict, NotFound
from app.extensions import csrf, db
from app.plain import plain
from app.staff.context import now
from app.staff.guards import public
from app.travelers import actions, queries, rules
from app.travelers.models import Traveler

travelers = Blueprint("api_customer_travelers", __name__, url_prefix="/api/v1/customer/travelers")
csrf.exempt(travelers)

GROUP = "Customers: travelers"
SHOWN = (
    *("id", "name", "birth_date", "gender", "phone"),
    *("emergency_contact_name", "emergency_contact_phone"),
    *("special_requirements", "medical_notes", "created_at", "updated_at"),
)
NEW: dict[str, Any] = {
    "Who is added": {
        "name": "Alice Smith",
        "age": 25,
        "gender": "female",
        "emergency_contact_name": "Bob Smith",
        "emergency_contact_phone": "+919876543212",
    }
}


@travelers.get("")
@public(OPEN)
@describes(GROUP, answers={200: TravelersAnswer}, errors=(AuthFailed,), security=SECURITY)
def list_travelers() -> Response:
    """The people whom you keep for your bookings."""

    def read(caller: CustomerCaller) -> dict[str, Any]:
        found = queries.kept(db.session(), caller.customer.id)
        return {"success": True, "travelers": [traveler_json(each) for each in found]}

    return reading(read)


@travelers.post("")
@public(OPEN)
@describes(
    GROUP,
    answers={201: TravelerAnswer},
    body=NewTraveler,
    errors=(AuthFailed, Conflict),
    security=SECURITY,
    repeatable=True,
    examples=NEW,
)
def add_traveler() -> Response:
    """Keep somebody, to book for them again and again. At most 100 are kept."""
    return changing("traveler.added", _add)


@travelers.get("/<uuid:traveler_id>")
@public(OPEN)
@describes(GROUP, answers={200: TravelerAnswer}, errors=(AuthFailed, NotFound), security=SECURITY)
def show_traveler(traveler_id: UUID) -> Response:
    """One of those whom you keep."""
    return reading(lambda caller: _told(queries.get(db.session(), caller.customer.id, traveler_id)))


@travelers.put("/<uuid:traveler_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TravelerAnswer},
    body=TravelerChange,
    errors=(AuthFailed, NotFound),
    security=SECURITY,
    repeatable=True,
)
def change_traveler(traveler_id: UUID) -> Response:
    """Say something else of somebody: fields that you leave out stay.

    Bookings keep what was said when they were made: change their travelers there. A new age takes
    the place of a date of birth, and the reverse.
    """
    return changing("traveler.changed", lambda call: _change(call, traveler_id))


@travelers.delete("/<uuid:traveler_id>")
@public(OPEN)
@describes(
    GROUP,
    answers={200: TravelerRemoved},
    errors=(AuthFailed, NotFound),
    security=SECURITY,
    repeatable=True,
)
def remove_traveler(traveler_id: UUID) -> Response:
    """Keep somebody no longer. Bookings of them stay as they are."""
    return changing("traveler.removed", lambda call: _remove(call, traveler_id))


def _add(call: Call) -> Answer:
    said = read_body(NewTraveler).said()
    made = actions.add(db.session(), customer_actor(call.caller), _mine(call), said, now())
    return 201, _told(made)


def _change(call: Call, traveler_id: UUID) -> Answer:
    said = read_body(TravelerChange).said()
    session, actor = db.session(), customer_actor(call.caller)
    return 200, _told(actions.change(session, actor, _mine(call), traveler_id, said, now()))


def _remove(call: Call, traveler_id: UUID) -> Answer:
    actions.remove(db.session(), customer_actor(call.caller), _mine(call), traveler_id, now())
    return 200, {"success": True, "traveler_id": str(traveler_id)}


def _mine(call: Call) -> UUID:
    return call.caller.customer.id


def _told(traveler: Traveler) -> dict[str, Any]:
    return {"success": True, "traveler": traveler_json(traveler)}


def traveler_json(traveler: Traveler) -> dict[str, Any]:
    """Somebody as their customer reads them."""
    return {
        **{name: plain(getattr(traveler, name)) for name in SHOWN},
        "age": _age(traveler, now().date()),
    }


def _age(traveler: Traveler, today: date) -> int | None:
    return rules.age_on(traveler.birth_date, traveler.age, traveler.age_on, today)
