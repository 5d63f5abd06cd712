"""What guests ask for, at the desk: all that waits, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.bookings import pages
from app.bookings.links import manage_url
from app.bookings.models import Booking
from app.errors import Conflict, InvalidPayload
from app.extensions import db
from app.selfservice import actions, queries
from app.selfservice.actions import EDIT, LONGEST_ANSWER
from app.selfservice.models import ChangeRequest
from app.selfservice.queries import VIEW
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.scope import Scope
from app.web import page
from app.websites.context import visible_websites

requests = Blueprint("requests", __name__, url_prefix="/requests")

STATES = {"done": "Done", "declined": "Declined", "withdrawn": "Withdrawn by the guest"}


def waiting() -> ColumnElement[int] | None:
    """How many this person could answer or see: a part of every page's frame."""
    scope = current_scope()
    return queries.open_ones(scope) if scope.can_somewhere(VIEW) else None


def beside(session: Session, scope: Scope, booking: Booking) -> Mapping[str, Any]:
    """What a booking's page says of its guest's requests, and their link for who may send it."""
    may_answer = scope.can(EDIT, booking.website_id)
    found = [each for each in queries.of_booking(session, booking.id) if each.words]
    return {
        "asked": sorted(found, key=lambda each: each.state != "open"),
        "may_answer": may_answer,
        "guest_link": manage_url(booking) if may_answer else "",
        "longest_answer": LONGEST_ANSWER,
        "request_states": STATES,
    }


@requests.get("")
@requires(VIEW)
def index() -> Response:
    """The requests that wait; or those that were answered."""
    only_open = request.args.get("show") != "answered"
    after = request.args.get("after")
    found = queries.page(db.session(), current_scope(), only_open=only_open, after=after)
    return page(
        "selfservice/requests.html",
        "selfservice/_request_rows.html" if after else None,
        rows=found.rows,
        next=found.next,
        only_open=only_open,
        states=STATES,
        now=now(),
        names={each.id: each.name for each in visible_websites()},
    )


@requests.post("/<uuid:request_id>")
@requires(EDIT)
def answer(request_id: UUID) -> Response:
    """Say that it is done, or that it cannot be; the guest reads it on their page."""
    session, form = db.session(), request.form
    said = form.get("state", ""), form.get("answer", "")
    who = session, current_actor(), current_scope()
    try:
        found = actions.answer(*who, request_id, *said, now())
    except (Conflict, InvalidPayload) as error:
        session.rollback()
        booking_id = session.get_one(ChangeRequest, request_id).booking_id
        why = " ".join([error.message, *(each.message for each in error.details)])
        return pages.after_change(booking_id, why, "warning")
    session.commit()
    word = "done" if found.state == "done" else "declined"
    return pages.after_change(found.booking_id, f"The guest sees that it is {word}.")
