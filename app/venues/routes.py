"""Pages of the venues: list, add, edit, overview, hours and special days.

Activities, departures, dive sites and the preview have modules of their own.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload
from app.events import queries as events
from app.extensions import db
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.venues import actions, dayview, history, loading, queries, rules
from app.venues.forms import Sheet, typed
from app.venues.models import Venue
from app.venues.pages import MANAGE, VIEW, today_at, venue_page, visible
from app.venues.rules import QUIET, WITHOUT_PLATFORMS
from app.web import go, page, say
from app.websites import choices
from app.websites.context import visible_websites
from app.websites.models import Website

venues = Blueprint("venues", __name__, url_prefix="/venues")

FIELDS = (
    *("name", "timezone", "address", "phone", "hold_minutes", "cancellation_hours"),
    *("late_refund_percent", "offer_hours", "quiet_from", "quiet_until"),
)

ALONE = "sells_without_platforms"


@venues.get("")
@requires(VIEW)
def index() -> Response:
    """The venues this person may look at, and how they stand today."""
    session, scope, moment = db.session(), current_scope(), now()
    chosen = request.args.get("website", "")
    found, following = queries.page(session, scope, chosen, request.args.get("after", ""))
    days = [today_at(each.venue) for each in found] or [moment.date()]
    plans = loading.load(session, [each.venue.id for each in found], min(days), max(days))
    by_id = {plan.venue.id: plan for plan in plans}
    rows = [(each, _standing(by_id[each.venue.id], moment)) for each in found]
    can_add = scope.can_somewhere(MANAGE)
    return page("venues/index.html", rows=rows, following=following, can_add=can_add, chosen=chosen)


def _standing(plan: Any, moment: Any) -> dict[str, Any]:
    today = plan.today(moment)
    sold = dayview.sold_on(plan, today, moment)
    closure = dayview.closure_of(plan, today)
    return {
        "hours": "Closed" if closure else dayview.said_hours(plan, today),
        "note": (closure.reason if closure else "") or dayview.note_of(plan, today),
        "activities": len(sold),
        "guests": sum(each.used for each in sold),
        "open": sum(each.open for each in sold),
    }


@venues.route("/new", methods=["GET", "POST"])
@requires(MANAGE)
def new() -> Response:
    """Add a venue to a website."""
    mine = _manageable()
    if request.method == "GET":
        chosen = request.args.get("website", "") or (mine[0].id if mine else "")
        zone = next((each.timezone for each in mine if each.id == chosen), "Asia/Bangkok")
        sheet = Sheet({"website_id": chosen, "timezone": zone, **_USUAL})
        return page("venues/new.html", **_choices(sheet), mine=mine)
    sheet = Sheet(typed(request.form, ("website_id", *FIELDS)) | _alone())
    website_id = str(sheet["website_id"])
    try:
        venue = actions.add(
            db.session(), current_actor(), current_scope(), website_id, sheet.values
        )
    except InvalidPayload as error:
        db.session.rollback()
        return page("venues/new.html", **_choices(sheet.take(error)), mine=mine, status=422)
    db.session.commit()
    say(f"{venue.name} is added. Now say when it is open.")
    return go(url_for("venue_hours.week", venue_id=venue.id))


_USUAL = {
    "hold_minutes": 15,
    "cancellation_hours": 24,
    "late_refund_percent": 0,
    "offer_hours": 12,
    ALONE: True,
    **QUIET,
}


def _alone() -> dict[str, str]:
    """What is chosen where the form asks for it; else it stays."""
    return {ALONE: request.form[ALONE]} if ALONE in request.form else {}


def _manageable() -> list[Any]:
    scope = current_scope()
    return [each for each in visible_websites() if scope.can(MANAGE, each.id)]


def _choices(sheet: Sheet) -> dict[str, Any]:
    stored = sheet["timezone"]
    known = dict.fromkeys((*([stored] if stored else []), *choices.timezones()))
    return {
        "sheet": sheet,
        "without_platforms": list(WITHOUT_PLATFORMS.items()),
        "zones": [(name, name.replace("_", " ")) for name in known],
    }


@venues.get("/<uuid:venue_id>")
@requires(VIEW)
def show(venue_id: UUID) -> Response:
    """One venue: today, its usual week, what is special or closed soon, its history."""
    session, venue = db.session(), visible(venue_id)
    moment, today = now(), today_at(venue)
    plan = loading.load(session, [venue.id], today, today)[0]
    names = {offer.activity.id: offer.activity.name for offer in plan.activities}
    soon = today.replace(year=today.year + 1, day=min(today.day, 28))
    return venue_page(
        "venues/show.html",
        venue,
        "Overview",
        plan=plan,
        sold=dayview.sold_on(plan, today, moment),
        hours_today=dayview.said_hours(plan, today),
        note_today=dayview.note_of(plan, today),
        week=[(name, plan.week.get(n, ())) for n, name in enumerate(rules.WEEKDAYS)],
        special=queries.special_days(session, venue.id, today)[:5],
        closures=queries.closures(session, venue.id, today, soon)[:8],
        names=names,
        history=history.lines(events.of_subject(session, "venue", str(venue.id))),
    )


@venues.route("/<uuid:venue_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(venue_id: UUID) -> Response:
    """Change name, place, clock and the rules for who books by themselves."""
    venue = visible(venue_id, MANAGE)
    if request.method == "GET":
        stored = {name: getattr(venue, name) for name in FIELDS}
        return _edit_page(venue, Sheet(stored | {ALONE: venue.sells_without_platforms}))
    sheet = Sheet(typed(request.form, FIELDS) | _alone())
    try:
        actions.edit(db.session(), current_actor(), current_scope(), venue_id, sheet.values)
    except InvalidPayload as error:
        db.session.rollback()
        return _edit_page(visible(venue_id, MANAGE), sheet.take(error), 422)
    db.session.commit()
    say("Saved.")
    return go(url_for("venues.show", venue_id=venue_id))


def _edit_page(venue: Venue, sheet: Sheet, status: int = 200) -> Response:
    website = db.session.get_one(Website, venue.website_id)
    return page(
        "venues/edit.html", **_choices(sheet), v=venue, website_name=website.name, status=status
    )


@venues.post("/<uuid:venue_id>/switch")
@requires(MANAGE)
def switch(venue_id: UUID) -> Response:
    """Switch a venue on or off. While it is off nobody can book there."""
    on = request.form.get("on") == "1"
    session, changes = db.session(), {"is_active": on}
    venue = actions.edit(session, current_actor(), current_scope(), venue_id, changes)
    session.commit()
    say(f"{venue.name} is switched {'on' if on else 'off'}.")
    return go(url_for("venues.show", venue_id=venue_id))
