"""Pages of the hours: the usual week as one form, and special days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.venues import actions, forms, queries
from app.venues.forms import Sheet, typed
from app.venues.hours import PARTS, TypedDay
from app.venues.models import Venue
from app.venues.pages import MANAGE, VIEW, today_at, venue_page, visible
from app.web import go, say, wants_fragment

venue_hours = Blueprint("venue_hours", __name__, url_prefix="/venues/<uuid:venue_id>")


@venue_hours.get("/hours")
@requires(VIEW)
def week(venue_id: UUID) -> Response:
    """The usual week, and the special days to come."""
    venue = visible(venue_id)
    return _page(venue, forms.stored_week(queries.week(db.session(), venue_id)))


@venue_hours.post("/hours")
@requires(MANAGE)
def save(venue_id: UUID) -> Response:
    """Save the week; or give the form again with one more stretch, or with Monday's hours."""
    venue = visible(venue_id, MANAGE)
    days = forms.typed_week(request.form)
    if request.form.get("add", "") in tuple("0123456"):
        added = int(request.form["add"])
        return _page(venue, forms.with_line(days, added), added=added, unsaved=True)
    if request.form.get("copy"):
        note = "Monday's hours are in every day. Save to keep them."
        return _page(venue, forms.copied(days), note=note, unsaved=True)
    try:
        changed = actions.set_week(db.session(), current_actor(), current_scope(), venue_id, days)
    except InvalidPayload as error:
        db.session.rollback()
        return _page(visible(venue_id, MANAGE), days, Sheet().take(error), status=422, unsaved=True)
    db.session.commit()
    say("The hours are saved." if changed else "Nothing was different.")
    return go(url_for("venue_hours.week", venue_id=venue_id))


@venue_hours.post("/special")
@requires(MANAGE)
def add_special(venue_id: UUID) -> Response:
    """Say how one date differs."""
    venue = visible(venue_id, MANAGE)
    sheet = Sheet(typed(request.form, ("day", "note", *PARTS), ("is_closed",)))
    try:
        actions.set_special_day(
            db.session(), current_actor(), current_scope(), venue_id, sheet.values
        )
    except InvalidPayload as error:
        db.session.rollback()
        venue = visible(venue_id, MANAGE)
        days = forms.stored_week(queries.week(db.session(), venue_id))
        return _page(venue, days, special_sheet=sheet.take(error), status=422)
    db.session.commit()
    say("The special day is saved.")
    return go(url_for("venue_hours.week", venue_id=venue_id, _anchor="special"))


@venue_hours.post("/special/<uuid:special_id>/delete")
@requires(MANAGE)
def remove_special(venue_id: UUID, special_id: UUID) -> Response:
    """Take a special day away."""
    session = db.session()
    special = actions.remove_special_day(
        session, current_actor(), current_scope(), venue_id, special_id
    )
    day = special.day
    session.commit()
    say(f"{day:%-d %b %Y} is a usual {day:%A} again.")
    return go(url_for("venue_hours.week", venue_id=venue_id, _anchor="special"))


def _page(
    venue: Venue,
    days: Sequence[TypedDay],
    sheet: Sheet | None = None,
    special_sheet: Sheet | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    """The whole page, or the form of the week alone for htmx."""
    kitchen = "kitchen" in request.args or any(
        line.get("kitchen_opens") or line.get("kitchen_closes")
        for day in days
        for line in day.lines
    )
    kitchen = kitchen or any("kitchen" in name for name in request.form)
    part = wants_fragment() and request.headers.get("HX-Target") == "week"
    return venue_page(
        "venues/hours.html",
        venue,
        "Hours",
        fragment="venues/_week.html" if part else None,
        status=status,
        days=days,
        sheet=sheet or Sheet(),
        kitchen=kitchen or _serves(venue),
        special=queries.special_days(db.session(), venue.id, today_at(venue)),
        special_sheet=special_sheet or Sheet({"is_closed": True}),
        **context,
    )


def _serves(venue: Venue) -> bool:
    """Whether tables are booked here."""
    return any(each.kind == "table" for each in queries.activities(db.session(), [venue.id]))
