"""Today: the page that the desk lives in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from app.bookings import counting, moves, news
from app.bookings.filters import Filters
from app.bookings.models import Booking
from app.bookings.origins import origins
from app.desk import today as days
from app.desk.dayview import DayView
from app.errors import WebsiteNotFound
from app.extensions import db
from app.partners import queries as partners
from app.staff.context import current_person, current_scope, now, only_watching
from app.staff.guards import requires, signed_in
from app.staff.permissions import Permission
from app.venues import queries as venues
from app.web import go, page
from app.websites.context import visible_websites, zone_of

desk = Blueprint("desk", __name__)

VIEW = Permission.BOOKINGS_VIEW
MOST = 500


@desk.get("/")
@signed_in
def home() -> Response:
    """Where one starts: Today, for those who see bookings; for people of a partner its portal."""
    if current_person().partner_id is not None:
        return go(url_for("portal.index"))
    sees_bookings = current_scope().can_somewhere(VIEW)
    return go(url_for("desk.today" if sees_bookings else "staff.profile"))


@desk.get("/today")
@requires(VIEW)
def today() -> Response:
    """One day; for htmx the day alone, and 204 for a poll that finds nothing new."""
    view = _view()
    if "after" in request.args:
        only_watching()
        if request.args.get("seen") != view.here.isoformat():
            return Response(status=204, headers={"HX-Refresh": "true"})  # midnight has passed
        if _is_still_true(view):
            return Response(status=204)
    return page("desk/today.html", "desk/_today.html", **_context(view))


def _view() -> DayView:
    website, instant = request.args.get("website", ""), now()
    if website and not current_scope().can(VIEW, website):
        raise WebsiteNotFound("This website does not exist.")
    here = instant.astimezone(zone_of(website)).date()
    return DayView.read(request.args, here, instant)


def _context(view: DayView) -> dict[str, Any]:
    session, scope, website = db.session(), current_scope(), view.website or None
    cursor = news.start(session)
    counts = counting.day_counts(session, scope, view.day, view.now, website)
    bookings = counting.day(session, scope, view.day, website, view.q, MOST)
    names = {one.id: one for one in visible_websites()}
    partner_ids = {booking.partner_id for booking in bookings if booking.partner_id}
    places = venues.zones(session, {b.venue_id for b in bookings if b.venue_id is not None})
    zones = {one.id: ZoneInfo(one.timezone) for one in names.values()} | places
    return {
        "view": view,
        "groups": _groups(view, bookings, zones),
        "numbers": days.numbers(counts),
        "cut": len(bookings) == MOST,
        "offered": moves.is_offered,
        "moves": moves,
        "scope": scope,
        "names": names,
        "partner_names": partners.names(session, (), partner_ids) if partner_ids else {},
        "origins": origins.names(session, bookings),
        "zones": zones,
        "poll": view.poll(cursor, days.next_late(bookings, view.now)),
    }


def _groups(view: DayView, bookings: Sequence[Booking], zones: days.Zones) -> list[days.Group]:
    if view.show == "pickups":
        return days.pickups(bookings, zones)
    coming = days.arrivals(bookings)
    if view.show == "expected":
        coming = [booking for booking in coming if booking.is_expected]
    return days.groups(coming, zones)


def _is_still_true(view: DayView) -> bool:
    """Whether what a poll shows still holds: nothing changed, and nobody became late."""
    until = request.args.get("until", 0, int)
    if until and view.now.timestamp() > until:
        return False
    filters = Filters(website_id=view.website or None)
    told = news.since(db.session(), current_scope(), filters, request.args["after"])
    return not told.is_worth_telling
