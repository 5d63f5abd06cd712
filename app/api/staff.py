"""The JSON door of staff: a bearer token of their own, or the cookie of the desk with CSRF.

Websites and their keys are in `staff_websites`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response

from app.api.bodies import read_body, read_query
from app.api.describing import Link, describes
from app.api.schemas import examples
from app.api.schemas.answers import BookingAnswer, BookingsAnswer, TokenAnswer
from app.api.schemas.staff import (
    BookingChanges,
    BookingQuery,
    LoginBody,
)
from app.api.wire import booking_json, bookings_json
from app.bookings import actions as bookings
from app.bookings import listing
from app.bookings import queries as booking_queries
from app.bookings.filters import Filters
from app.bookings.models import Booking
from app.errors import AuthFailed, Conflict, Fault, InvalidPayload, RateLimited, SlotUnavailable
from app.extensions import csrf, db
from app.staff import identity
from app.staff.context import current_actor, current_scope, now, settings, visitor
from app.staff.guards import public, requires
from app.staff.permissions import Permission
from app.staff.signing_in import Credentials, sign_in_at_once
from app.staff.tokens import write_token

staff_api = Blueprint("api_staff", __name__)

BOOKINGS = "Staff: bookings"


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    response = make_response(jsonify(body), status)
    response.headers["Cache-Control"] = "no-store"
    return response


@staff_api.post("/api/v1/auth/login")
@public("the way in for programs; it looks at no cookie")
@describes(
    "Staff: signing in",
    answers={200: TokenAnswer},
    body=LoginBody,
    errors=(AuthFailed,),
    examples=examples.LOGIN,
)
def login() -> Response:
    """Exchange e-mail and password, and the code of 2-step sign-in, for a bearer token."""
    body = read_body(LoginBody)
    try:
        said = Credentials(body.email, body.password, body.code)
        signed = sign_in_at_once(db.session(), said, visitor(), identity.token_lifetime(), now())
    except (AuthFailed, RateLimited):
        db.session.commit()  # the failure counts
        raise
    token = write_token(settings(), signed.session)
    lifetime = signed.session.expires_at - signed.session.created_at
    db.session.commit()
    return json_answer(
        {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(lifetime.total_seconds()),
        }
    )


csrf.exempt(login)


@staff_api.get("/api/bookings")
@requires(Permission.BOOKINGS_VIEW)
@describes(
    BOOKINGS,
    answers={200: BookingsAnswer},
    query=BookingQuery,
    links={
        "theFirst": Link("get_booking", {"booking_id": "$response.body#/bookings/0/id"}),
        "theNextPage": Link("list_bookings", {"after": "$response.body#/next"}),
    },
)
def list_bookings() -> Response:
    """The bookings of one's websites, keyset-paged."""
    query = read_query(BookingQuery)
    found = listing.page(
        db.session(), current_scope(), _filters(query), query.after, query.limit, whole=True
    )
    rows = bookings_json(db.session(), found.rows, current_scope())
    return json_answer({"success": True, "bookings": rows, "next": found.next})


def _filters(query: BookingQuery) -> Filters:
    return Filters(
        website_id=query.website_id,
        statuses=tuple(query.status.split(",")) if query.status else (),
        source=query.source,
        partner_id=query.partner_id,
        venue_id=query.venue_id or query.location_id,
        date_from=query.activity_date or query.date_from,
        date_to=query.activity_date or query.date_to,
        booked_on=query.booking_date,
        q=query.q,
    )


@staff_api.get("/api/bookings/<uuid:booking_id>")
@requires(Permission.BOOKINGS_VIEW)
@describes(
    BOOKINGS,
    answers={200: BookingAnswer},
    links={"change": Link("change_booking", {"booking_id": "$response.body#/booking/id"})},
)
def get_booking(booking_id: UUID) -> Response:
    """One booking in full."""
    booking = booking_queries.get(db.session(), current_scope(), booking_id)
    return _one(booking)


@staff_api.put("/api/bookings/<uuid:booking_id>")
@requires(Permission.BOOKINGS_VIEW)
@describes(
    BOOKINGS,
    answers={200: BookingAnswer},
    body=BookingChanges,
    errors=(Conflict, SlotUnavailable),
    examples=examples.CHANGES,
)
def change_booking(booking_id: UUID) -> Response:
    """Change fields, the status, or both: all of it or nothing."""
    booking = _change(booking_id, read_body(BookingChanges))
    db.session.commit()
    return _one(booking)


def _one(booking: Booking) -> Response:
    shown = booking_json(db.session(), booking, current_scope())
    return json_answer({"success": True, "booking": shown})


def _change(booking_id: UUID, body: BookingChanges) -> Booking:
    session, actor, scope = db.session(), current_actor(), current_scope()
    fields, version = body.fields(), body.version
    if body.reason is not None and "status" not in body.model_fields_set:
        fault = Fault("reason", "Goes with the status cancelled.")
        raise InvalidPayload("A reason alone changes nothing.", [fault])
    called, over = (session, actor, scope, booking_id), body.overbook
    if "status" not in body.model_fields_set:
        return bookings.edit(*called, fields, version, overbook=over)
    to, why = body.status, body.reason
    if not fields:
        return bookings.move(*called, to, reason=why, version=version, overbook=over)
    return bookings.change(*called, fields, to, version, reason=why, overbook=over)
