"""What can be booked on a day, and closing and opening it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.venues import closing, dayview, loading
from app.venues.pages import MANAGE, VIEW, asked_day, monday_of, today_at, venue_page, visible
from app.web import go, say

venue_days = Blueprint("venue_days", __name__, url_prefix="/venues/<uuid:venue_id>")

CLOSURE = ("day", "activity_id", "slot", "reason")


@venue_days.get("/preview")
@requires(VIEW)
def preview(venue_id: UUID) -> Response:
    """Every activity of a day with its slots, as the calculator sees them."""
    venue, moment = visible(venue_id), now()
    day = asked_day("day", today_at(venue))
    monday = monday_of(day)
    plan = loading.load(db.session(), [venue.id], monday, monday + timedelta(days=6))[0]
    return venue_page(
        "venues/preview.html",
        venue,
        "Preview",
        day=day,
        week=timedelta(days=7),
        one=timedelta(days=1),
        strip=dayview.strip(plan, monday, moment),
        sold=dayview.sold_on(plan, day, moment),
        closure=dayview.closure_of(plan, day),
        hours=dayview.said_hours(plan, day),
        note=dayview.note_of(plan, day),
    )


@venue_days.post("/closures")
@requires(MANAGE)
def close(venue_id: UUID) -> Response:
    """Close a slot, a day of an activity, or a day of the venue."""
    session = db.session()
    given = {name: request.form.get(name, "") for name in CLOSURE}
    try:
        closure = closing.close(session, current_actor(), current_scope(), venue_id, given, now())
    except InvalidPayload as error:
        session.rollback()
        say(error.details[0].message if error.details else error.message, "danger")
        day = asked_day("day", now().date())
        return go(url_for("venue_days.preview", venue_id=venue_id, day=day))
    day, undo = closure.day, {"url": _reopen_url(closure.venue_id, closure.id), "label": "Undo"}
    session.commit()
    say("Closed: nothing more is sold. Bookings that are there stay.", undo=undo)
    return go(url_for("venue_days.preview", venue_id=venue_id, day=day))


@venue_days.post("/closures/<uuid:closure_id>/open")
@requires(MANAGE)
def reopen(venue_id: UUID, closure_id: UUID) -> Response:
    """Sell again what was closed."""
    session = db.session()
    closure = closing.reopen(session, current_actor(), current_scope(), venue_id, closure_id)
    day = closure.day
    session.commit()
    say("It is open again.")
    return go(url_for("venue_days.preview", venue_id=venue_id, day=day))


def _reopen_url(venue_id: UUID, closure_id: UUID) -> str:
    return url_for("venue_days.reopen", venue_id=venue_id, closure_id=closure_id)
