"""Pages of what a venue offers: the list of its activities, and the form of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.venues import forms, offerrules, offers, queries
from app.venues.availability import never_open
from app.venues.forms import Sheet
from app.venues.loading import load
from app.venues.models import Activity, Venue
from app.venues.pages import MANAGE, VIEW, venue_page, visible
from app.web import go, say

activities = Blueprint("activities", __name__, url_prefix="/venues/<uuid:venue_id>/activities")

USUAL = {
    "kind": "activity",
    "duration_minutes": 60,
    "days": 1,
    "slot_rule": "times",
    "lead_minutes": 0,
    "min_party": 1,
    "deposit_from_party": 1,
    "last_seating_minutes": 0,
}
NEW_LINES = {"prices": 2, "group_discounts": 1}
"""Empty lines below those that are filled."""


@activities.get("")
@requires(VIEW)
def index(venue_id: UUID) -> Response:
    """What can be booked here, also what is switched off."""
    venue = visible(venue_id)
    found = queries.activities(db.session(), [venue.id])
    return venue_page(
        "venues/activities.html", venue, "Activities", found=found, rules=offerrules.RULES
    )


@activities.route("/new", methods=["GET", "POST"])
@requires(MANAGE)
def new(venue_id: UUID) -> Response:
    """Add an activity."""
    venue = visible(venue_id, MANAGE)
    if request.method == "GET":
        return _form_page(venue, None, Sheet(USUAL))
    sheet = Sheet(forms.typed_activity(request.form) | {"is_active": True})
    if more := request.form.get("more"):
        return _form_page(venue, None, sheet, more=more)
    try:
        made = offers.add(db.session(), current_actor(), current_scope(), venue_id, sheet.values)
    except InvalidPayload as error:
        db.session.rollback()
        return _form_page(visible(venue_id, MANAGE), None, sheet.take(error), status=422)
    db.session.commit()
    say(f"{made.name} is added.")
    _warn(made)
    if made.slot_rule == "departures":
        return go(url_for("departures.index", venue_id=venue_id))
    return go(url_for("activities.index", venue_id=venue_id))


@activities.get("/<uuid:activity_id>")
@requires(VIEW)
def show(venue_id: UUID, activity_id: UUID) -> Response:
    """One activity, to be changed by who may."""
    venue = visible(venue_id)
    activity = queries.part(db.session(), venue, Activity, activity_id)
    stored = forms.stored_activity(activity, queries.prices(db.session(), activity.id))
    return _form_page(venue, activity, Sheet(stored))


@activities.post("/<uuid:activity_id>")
@requires(MANAGE)
def edit(venue_id: UUID, activity_id: UUID) -> Response:
    """Change an activity; or give the form again with one more line."""
    venue = visible(venue_id, MANAGE)
    activity = queries.part(db.session(), venue, Activity, activity_id)
    given = forms.typed_activity(request.form)
    sheet = Sheet({**given, "is_active": activity.is_active, "position": given["position"]})
    if more := request.form.get("more"):
        return _form_page(venue, activity, sheet, more=more)
    try:
        offers.edit(
            *(db.session(), current_actor(), current_scope(), venue_id, activity_id),
            changes=sheet.values,
        )
    except InvalidPayload as error:
        db.session.rollback()
        venue = visible(venue_id, MANAGE)
        activity = queries.part(db.session(), venue, Activity, activity_id)
        return _form_page(venue, activity, sheet.take(error), status=422)
    db.session.commit()
    say("Saved.")
    _warn(db.session.get_one(Activity, activity_id))
    return go(url_for("activities.index", venue_id=venue_id))


@activities.post("/<uuid:activity_id>/switch")
@requires(MANAGE)
def switch(venue_id: UUID, activity_id: UUID) -> Response:
    """Switch an activity on or off. While it is off nobody can book it."""
    session, on = db.session(), request.form.get("on") == "1"
    activity = offers.edit(
        session, current_actor(), current_scope(), venue_id, activity_id, {"is_active": on}
    )
    session.commit()
    say(f"{activity.name} is switched {'on' if on else 'off'}.")
    return go(url_for("activities.index", venue_id=venue_id))


def _warn(activity: Activity) -> None:
    """Say which of its times nobody will ever be offered."""
    today = now().date()
    (plan,) = load(db.session(), [activity.venue_id], today, today)
    if never := never_open(plan, activity):
        times = ", ".join(never)
        say(f"Nobody can book {times}: the venue is closed then on every day.", "warning")


def _form_page(
    venue: Venue, activity: Activity | None, sheet: Sheet, more: str = "", status: int = 200
) -> Response:
    lines: dict[str, list[Any]] = {}
    for name, empty in NEW_LINES.items():
        kept = [line for line in sheet.values.get(name) or [] if any(line.values())]
        lines[name] = [*kept, *([{}] * (empty + (2 if more == name else 0)))]
    return venue_page(
        "venues/activity.html",
        venue,
        "Activities",
        status=status,
        a=activity,
        sheet=sheet,
        lines=lines,
        kinds=list(offerrules.KINDS.items()),
        rules=list(offerrules.RULES.items()),
        tables=list(offerrules.TABLES.items()),
        categories=list(offerrules.CATEGORIES.items()),
    )
