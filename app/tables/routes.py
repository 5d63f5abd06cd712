"""Pages of the tables: the day of a restaurant, and what its kitchen prepares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from app.bookings import moves, news
from app.bookings.filters import Filters
from app.errors import InvalidPayload, NotFound
from app.extensions import db
from app.menus import queries as menus
from app.menus.queries import Section
from app.staff.context import current_scope, now, only_watching
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.tables import kitchen as cooking
from app.tables import queries
from app.tables.dayview import Sitting, TableView, sittings, totals
from app.venues import dayview, loading
from app.venues.models import Venue
from app.venues.plan import Plan
from app.web import page

tables = Blueprint("tables", __name__, url_prefix="/tables")

VIEW = Permission.BOOKINGS_VIEW


@tables.get("")
@requires(VIEW)
def index() -> Response:
    """A day of a restaurant; for htmx the day alone, and 204 for a poll that finds nothing new."""
    houses = queries.houses(db.session(), current_scope())
    view = _view(houses)
    if view is None:
        return page("tables/none.html")
    if "after" in request.args:
        only_watching()
        filters = Filters(website_id=view.venue.website_id)
        told = news.since(db.session(), current_scope(), filters, request.args["after"])
        if not told.is_worth_telling:
            return Response(status=204)
    return page("tables/index.html", "tables/_day.html", houses=houses, **_context(view))


@tables.get("/kitchen")
@requires(VIEW)
def kitchen() -> Response:
    """What the kitchen prepares on a day, to be printed."""
    houses = queries.houses(db.session(), current_scope())
    view = _view(houses)
    if view is None:
        return page("tables/none.html")
    _, found, menu = _read(view)
    made = cooking.prepared(found, menu)
    return page("tables/kitchen.html", houses=houses, view=view, prepared=made)


def _view(houses: Sequence[Venue]) -> TableView | None:
    """None where there are no tables at all. Raises NotFound for a venue that is not visible."""
    asked = request.args.get("venue", "")
    if not houses and not asked:
        return None
    venue = next((each for each in houses if not asked or str(each.id) == asked), None)
    if venue is None:
        raise NotFound("This venue has no tables that you can see.")
    moment = now()
    here = moment.astimezone(ZoneInfo(venue.timezone)).date()
    return TableView(here, moment, _day(request.args.get("day", "")) or here, venue)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidPayload("This is not a date.") from error
    if not 2000 <= day.year <= 2099:
        raise InvalidPayload("This date is out of reach.")
    return day


def _read(view: TableView) -> tuple[Plan, list[Sitting], list[Section]]:
    session, venue_id = db.session(), view.venue.id
    (plan,) = loading.load(session, [venue_id], view.day, view.day)
    bookings = queries.parties(session, current_scope(), venue_id, view.day)
    menu = menus.menu(session, venue_id)
    return plan, sittings(plan, view.day, view.now, bookings, menu), menu


def _context(view: TableView) -> dict[str, Any]:
    cursor = news.start(db.session())
    plan, found, _ = _read(view)
    zones: dict[UUID | str, ZoneInfo] = {str(view.venue.id): plan.zone}
    closure = dayview.closure_of(plan, view.day)
    return {
        "view": view,
        "sittings": found,
        "totals": totals(found),
        "hours": "Closed" if closure else dayview.said_hours(plan, view.day),
        "note": (closure.reason if closure else "") or dayview.note_of(plan, view.day),
        "zones": zones,
        "offered": moves.is_offered,
        "moves": moves,
        "scope": current_scope(),
        "poll": view.poll(cursor),
    }
