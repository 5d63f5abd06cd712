"""Pages of the departures: a month of them, one, a series, the week before again."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload, Refused
from app.extensions import db
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.venues import departing, queries
from app.venues.beside import Note, beside
from app.venues.forms import Sheet, typed
from app.venues.models import SlotRule, Venue
from app.venues.pages import MANAGE, VIEW, asked_day, monday_of, today_at, venue_page, visible
from app.venues.queries import Sailing
from app.web import go, say

departures = Blueprint("departures", __name__, url_prefix="/venues/<uuid:venue_id>/departures")

ONE = ("activity_id", "day", "last_day", "time", "capacity", "note")
CHANGES = ("last_day", "capacity", "note")
SERIES = ("activity_id", "first", "last", "times", "capacity")


@departures.get("")
@requires(VIEW)
def index(venue_id: UUID) -> Response:
    """A month of departures, with the forms to add some."""
    return _month_page(visible(venue_id))


@departures.post("")
@requires(MANAGE)
def add(venue_id: UUID) -> Response:
    """Add one departure."""
    venue = visible(venue_id, MANAGE)
    sheet = Sheet(typed(request.form, ONE))
    try:
        made = departing.add(*_who(), venue_id, sheet.values, today_at(venue))
    except InvalidPayload as error:
        db.session.rollback()
        return _month_page(visible(venue_id, MANAGE), one=sheet.take(error), status=422)
    day = made.day
    db.session.commit()
    say("The departure is added.")
    return _back(venue_id, day)


@departures.post("/series")
@requires(MANAGE)
def add_series(venue_id: UUID) -> Response:
    """Add departures on weekdays within some dates."""
    venue = visible(venue_id, MANAGE)
    weekdays = request.form.getlist("weekdays")
    sheet = Sheet(typed(request.form, SERIES) | {"weekdays": weekdays})
    try:
        added = departing.add_series(*_who(), venue_id, sheet.values, today_at(venue))
    except InvalidPayload as error:
        db.session.rollback()
        return _month_page(visible(venue_id, MANAGE), series=sheet.take(error), status=422)
    db.session.commit()
    say(_said(added))
    return _back(venue_id, date.fromisoformat(str(sheet["first"])))


@departures.post("/copy")
@requires(MANAGE)
def copy(venue_id: UUID) -> Response:
    """Copy the departures of the week before."""
    venue = visible(venue_id, MANAGE)
    today = today_at(venue)
    week = monday_of(asked_day("week", today))
    added = departing.copy_week(*_who(), venue_id, week, today)
    db.session.commit()
    nothing = not added.new and not added.there
    say("The week before has no departures." if nothing else _said(added))
    return _back(venue_id, max(week, today) if week <= today <= week + departing.WEEK else week)


@departures.get("/<uuid:departure_id>")
@requires(VIEW)
def show(venue_id: UUID, departure_id: UUID) -> Response:
    """One departure."""
    venue = visible(venue_id)
    return _one_page(venue, queries.departure(db.session(), venue, departure_id))


@departures.post("/<uuid:departure_id>")
@requires(MANAGE)
def edit(venue_id: UUID, departure_id: UUID) -> Response:
    """Change last day, capacity or note."""
    sheet = Sheet(typed(request.form, CHANGES))
    try:
        sailing = departing.edit(*_who(), venue_id, departure_id, sheet.values)
    except InvalidPayload as error:
        db.session.rollback()
        venue = visible(venue_id, MANAGE)
        sailing = queries.departure(db.session(), venue, departure_id)
        return _one_page(venue, sailing, sheet.take(error), 422)
    day = sailing.departure.day
    db.session.commit()
    say("Saved.")
    return _back(venue_id, day)


@departures.post("/<uuid:departure_id>/close")
@requires(MANAGE)
def close(venue_id: UUID, departure_id: UUID) -> Response:
    """Close a departure, or open it again."""
    closed = request.form.get("closed") == "1"
    departing.close(*_who(), venue_id, departure_id, closed=closed)
    db.session.commit()
    said = "closed: nothing more is sold. Its bookings stay" if closed else "open again"
    say(f"The departure is {said}.")
    return go(url_for("departures.show", venue_id=venue_id, departure_id=departure_id))


@departures.post("/<uuid:departure_id>/delete")
@requires(MANAGE)
def delete(venue_id: UUID, departure_id: UUID) -> Response:
    """Delete a departure that nobody ever booked."""
    try:
        sailing = departing.remove(*_who(), venue_id, departure_id)
    except Refused as error:
        db.session.rollback()
        say(error.message, "danger")
        return go(url_for("departures.show", venue_id=venue_id, departure_id=departure_id))
    day = sailing.departure.day
    db.session.commit()
    say("The departure is deleted.")
    return _back(venue_id, day)


def _who() -> tuple[Any, Any, Any]:
    return db.session(), current_actor(), current_scope()


def _said(added: departing.Added) -> str:
    one = added.new == 1
    text = f"{added.new} departure{'' if one else 's'} {'is' if one else 'are'} added."
    return text + (f" {added.there} stood there already." if added.there else "")


def _back(venue_id: UUID, day: date) -> Response:
    return go(url_for("departures.index", venue_id=venue_id, month=f"{day:%Y-%m}"))


def _month_page(
    venue: Venue, one: Sheet | None = None, series: Sheet | None = None, status: int = 200
) -> Response:
    session, today = db.session(), today_at(venue)
    first = _asked_month(today)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    by_day: defaultdict[date, list[Sailing]] = defaultdict(list)
    sailings = queries.departures(session, venue.id, weeks[0][0], weeks[-1][-1])
    for sailing in sailings:
        by_day[sailing.departure.day].append(sailing)
    asked = asked_day("day", max(first, today))
    dated = [
        (str(each.id), each.name)
        for each in queries.activities(session, [venue.id])
        if each.slot_rule == SlotRule.DEPARTURES and each.is_active
    ]
    return venue_page(
        "venues/departures.html",
        venue,
        "Departures",
        status=status,
        month=first,
        weeks=weeks,
        by_day=by_day,
        notes=_notes(venue, sailings),
        previous=(first - timedelta(days=1)).replace(day=1),
        following=(first + timedelta(days=32)).replace(day=1),
        dated=dated,
        one=one or Sheet({"day": asked, "activity_id": request.args.get("activity", "")}),
        series=series or Sheet({"first": max(first, today)}),
        copy_into=monday_of(max(first, today)),
    )


def _notes(venue: Venue, sailings: Sequence[Sailing]) -> Mapping[UUID, Note]:
    ids = [each.departure.id for each in sailings]
    return beside.departures(db.session(), current_scope(), venue.website_id, ids)


def _asked_month(today: date) -> date:
    try:
        month = date.fromisoformat(f"{request.args.get('month', '')}-01")
    except ValueError:
        return today.replace(day=1)
    return month if 2000 <= month.year < 2100 else today.replace(day=1)


def _one_page(
    venue: Venue, sailing: Sailing, sheet: Sheet | None = None, status: int = 200
) -> Response:
    stored = {name: getattr(sailing.departure, name) for name in CHANGES}
    return venue_page(
        "venues/departure.html",
        venue,
        "Departures",
        status=status,
        s=sailing,
        note=_notes(venue, [sailing]).get(sailing.departure.id),
        d=sailing.departure,
        sheet=sheet or Sheet(stored),
    )
