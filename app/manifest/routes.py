"""Pages of the departures: which there are, who goes on one, and who of them has arrived."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from app.bookings import actions, arriving, news
from app.bookings import queries as bookings
from app.bookings.filters import Filters
from app.bookings.models import Booking
from app.bookings.status import Status
from app.errors import Conflict, InvalidPayload, NotFound, WebsiteNotFound
from app.extensions import db
from app.manifest import export, queries
from app.manifest.queries import Trip
from app.manifest.view import DaysView, ManifestView, Party, Totals, grouped
from app.staff.context import current_actor, current_scope, now, only_watching
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say, toast, wants_fragment
from app.websites.context import visible_websites, zone_of

manifest = Blueprint("manifest", __name__, url_prefix="/manifest")

VIEW = Permission.BOOKINGS_VIEW
CHECK_IN = Permission.BOOKINGS_CHECK_IN
EXPORT = Permission.BOOKINGS_EXPORT
HEALTH = Permission.CUSTOMERS_HEALTH


@manifest.get("")
@requires(VIEW)
def index() -> Response:
    """The departures of the next days; for htmx the list alone."""
    website = request.args.get("website", "")
    if website and not current_scope().can(VIEW, website):
        raise WebsiteNotFound("This website does not exist.")
    view = DaysView.read(request.args, now().astimezone(zone_of(website)).date())
    trips = queries.departures(
        *(db.session(), current_scope(), view.first, view.last), view.q, website
    )
    return page(
        "manifest/index.html",
        "manifest/_list.html",
        view=view,
        trips=trips,
        is_cut=len(trips) == queries.MOST,
        names={one.id: one.name for one in visible_websites()},
    )


@manifest.get("/<uuid:departure_id>")
@requires(VIEW)
def show(departure_id: UUID) -> Response:
    """Who goes; for htmx the list alone, and 204 for a poll that finds nothing new."""
    trip = queries.departure(db.session(), current_scope(), departure_id)
    if "after" in request.args:
        only_watching()
        filters = Filters(website_id=trip.venue.website_id)
        told = news.since(db.session(), current_scope(), filters, request.args["after"])
        if not told.is_worth_telling:
            return Response(status=204)
    return _page(trip)


@manifest.post("/<uuid:departure_id>/bookings/<uuid:booking_id>/arrived")
@requires(CHECK_IN)
def arrived(departure_id: UUID, booking_id: UUID) -> Response:
    """Who is named has arrived; where nobody is, the whole party."""
    return _tap(departure_id, booking_id, are_here=True)


@manifest.post("/<uuid:departure_id>/bookings/<uuid:booking_id>/not-arrived")
@requires(CHECK_IN)
def not_arrived(departure_id: UUID, booking_id: UUID) -> Response:
    """They have not, after all."""
    return _tap(departure_id, booking_id, are_here=False)


@manifest.post("/<uuid:departure_id>/export")
@requires(VIEW, EXPORT)
def take_along(departure_id: UUID) -> Response:
    """Who goes, as CSV. That it was taken is written down first."""
    session, scope = db.session(), current_scope()
    trip = queries.departure(session, scope, departure_id)
    scope.demand(EXPORT, trip.venue.website_id, seen_with=VIEW)
    coming, _ = _parties(trip)
    health = scope.can(HEALTH, trip.venue.website_id)
    people = Totals.of(coming).people
    export.note(session, current_actor(), trip, people, health=health)
    body = export.as_file(trip, coming, health=health)
    session.commit()
    answer = Response(body, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{export.file_name(trip)}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _tap(departure_id: UUID, booking_id: UUID, *, are_here: bool) -> Response:
    """Say it of the travelers in the address or the form, and show the departure as it is now."""
    session, scope = db.session(), current_scope()
    trip = queries.departure(session, scope, departure_id)
    booking = bookings.lock(session, scope, booking_id, CHECK_IN)
    if booking.departure_id != departure_id:
        raise NotFound("This booking is not of this departure (any more).")
    named = _ids(request.values.getlist("traveler"))
    try:
        changed = _say(booking, named, are_here=are_here)
    except Conflict as error:
        session.rollback()
        return _answer(queries.departure(session, scope, departure_id), error.message, "warning")
    text = _said(booking, changed, named, are_here=are_here)
    undo = None
    if are_here and changed is not None:
        view = ManifestView.read(trip, request.args, now())
        undo = view.tap(booking, arrived=False, travelers=changed)
    session.commit()
    trip = queries.departure(session, scope, departure_id)
    return _answer(trip, text, "info" if changed is None else "success", undo)


def _say(booking: Booking, named: list[UUID], *, are_here: bool) -> list[UUID] | None:
    """Who of the travelers it concerned; None where nothing changed."""
    who = (db.session(), current_actor())
    if named:
        say_so = arriving.check_in if are_here else arriving.undo
        return say_so(*who, booking, named, now()) or None
    to = Status.CHECKED_IN if are_here else Status.CONFIRMED
    missing = [UUID(row["id"]) for row in booking.travelers if row["checked_in_at"] is None]
    before = booking.version
    actions.move(*who, current_scope(), booking.id, to)
    return None if booking.version == before else missing


def _said(
    booking: Booking, changed: list[UUID] | None, named: list[UUID], *, are_here: bool
) -> str:
    names = {row["id"]: row["name"] for row in booking.travelers}
    who = names[str(named[0])] if len(named) == 1 else f"The party of {booking.customer_name}"
    if changed is None:
        return f"{who} was marked already."
    return f"{who} {'is here' if are_here else 'is not here'}."


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise InvalidPayload("This is no traveler.") from error


def _answer(trip: Trip, said: str, tone: str, undo: str | None = None) -> Response:
    if not wants_fragment():
        say(said, tone, {"url": undo, "label": "Undo"} if undo else None)
        return go(ManifestView.read(trip, request.args, now()).url())
    place = {"label": "Undo", "target": "#manifest", "swap": "morph:outerHTML"}
    return toast(_page(trip), said, tone, {"url": undo, **place} if undo else None)


def _parties(trip: Trip) -> tuple[list[Party], list[Party]]:
    session = db.session()
    found = queries.parties(session, trip)
    health = current_scope().can(HEALTH, trip.venue.website_id)
    return grouped(found, queries.travelers(session, found, health=health))


def _page(trip: Trip) -> Response:
    session, scope, website = db.session(), current_scope(), trip.venue.website_id
    cursor = news.start(session)
    view = ManifestView.read(trip, request.args, now())
    coming, gone = _parties(trip)
    context: dict[str, Any] = {
        "view": view,
        "trip": trip,
        "shown": view.of(coming),
        "gone": gone,
        "totals": Totals.of(coming),
        "may_tap": scope.can(CHECK_IN, website) and view.takes_arrivals,
        "may_export": scope.can(EXPORT, website),
        "sees_health": scope.can(HEALTH, website),
        "poll": view.poll(cursor),
    }
    return page("manifest/show.html", "manifest/_parties.html", **context)
