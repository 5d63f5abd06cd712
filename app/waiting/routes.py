"""The page of a departure's waiting list."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from app.customers.actions import Contact
from app.errors import Conflict, Fault, InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, current_scope, now
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.beside import Note
from app.venues.forms import Sheet, typed
from app.waiting import actions, queries
from app.waiting.models import WaitingEntry
from app.waiting.queries import VIEW, Place
from app.wall import open_guests
from app.web import go, page, say
from app.websites.models import Website

waiting = Blueprint("waiting", __name__, url_prefix="/waiting")

EDIT, CREATE = Permission.BOOKINGS_EDIT, Permission.BOOKINGS_CREATE
FIELDS = ("name", "phone", "guests")
LONGEST = {"name": 200, "phone": 40}


def notes(
    session: Session, scope: Scope, website_id: str, departure_ids: Collection[UUID]
) -> dict[UUID, Note]:
    """How many wait for these departures, for who may see bookings there."""
    if not scope.can(VIEW, website_id):
        return {}
    return {
        found: Note(f"{number:,} waiting", url_for("waiting.show", departure_id=found))
        for found, number in queries.count(session, departure_ids).items()
    }


@waiting.get("/<uuid:departure_id>")
@requires(VIEW)
def show(departure_id: UUID) -> Response:
    """Who has an offer, who waits, and who did."""
    return _list_page(queries.visible(db.session(), current_scope(), departure_id))


@waiting.post("/<uuid:departure_id>")
@requires(CREATE)
def add(departure_id: UUID) -> Response:
    """Put somebody on the list who called."""
    session, sheet = db.session(), Sheet(typed(request.form, FIELDS), labels={"guests": "Guests"})
    place = queries.visible(session, current_scope(), departure_id, CREATE)
    try:
        contact, guests = _described(session, place, sheet)
        open_guests(session)
        who = session, current_actor(), current_scope(), departure_id
        actions.join_for(*who, contact, guests, now(), sms="sms" in request.form)
    except (Conflict, InvalidPayload) as error:
        session.rollback()
        place = queries.visible(session, current_scope(), departure_id, CREATE)
        return _list_page(place, sheet.take(error), 422)
    session.commit()
    say(f"{contact.name} is on the waiting list.")
    return _back(departure_id)


@waiting.post("/entries/<uuid:waiting_id>/offer")
@requires(EDIT)
def offer(waiting_id: UUID) -> Response:
    """Offer what is free out of turn."""
    session = db.session()
    who = session, current_actor(), current_scope()
    try:
        entry = actions.offer_now(*who, waiting_id, now())
    except Conflict as error:
        return _refused(waiting_id, error)
    session.commit()
    say("The place is held for them, and they are told.")
    return _back(entry.departure_id)


@waiting.post("/entries/<uuid:waiting_id>/remove")
@requires(EDIT)
def remove(waiting_id: UUID) -> Response:
    """Take somebody off the list; what was held for them is free again."""
    session = db.session()
    try:
        entry = actions.take_out(session, current_actor(), current_scope(), waiting_id, now())
    except Conflict as error:
        return _refused(waiting_id, error)
    session.commit()
    say("They are off the list.")
    return _back(entry.departure_id)


def _refused(waiting_id: UUID, error: Conflict) -> Response:
    session = db.session()
    session.rollback()
    say(error.message, "danger")
    return _back(session.get_one(WaitingEntry, waiting_id).departure_id)


def _back(departure_id: UUID) -> Response:
    return go(url_for("waiting.show", departure_id=departure_id))


def _described(session: Session, place: Place, sheet: Sheet) -> tuple[Contact, int]:
    """Who called, and for how many. Raises InvalidPayload with every fault."""
    name, phone = (" ".join(str(sheet[each]).split()) for each in ("name", "phone"))
    faults = [
        Fault(field, f"At most {LONGEST[field]} characters.")
        for field, text in (("name", name), ("phone", phone))
        if len(text) > LONGEST[field]
    ]
    faults += [] if name else [Fault("name", "Who is it? Type a name.")]
    guests = str(sheet["guests"]).strip()
    if not (guests.isascii() and guests.isdigit() and 0 < int(guests) <= 10_000):
        faults.append(Fault("guests", "Type how many want to go, such as 2."))
    if faults:
        raise InvalidPayload("Nobody was added.", faults)
    region = session.get_one(Website, place.website_id).phone_region
    return Contact(name, phone=phone, region=region, source="phone"), int(guests)


def _list_page(place: Place, sheet: Sheet | None = None, status: int = 200) -> Response:
    session, scope, departure = db.session(), current_scope(), place.departure
    slot = place.slot(session, now())
    zone = ZoneInfo(place.venue.timezone)
    return page(
        "waiting/list.html",
        status=status,
        place=place,
        d=departure,
        slot=slot,
        lines=queries.on_list(session, departure.id),
        past=queries.past(session, departure.id),
        sheet=sheet or Sheet(),
        sms="sms" in request.form,
        tz=zone,
        today=now().astimezone(zone).date(),
        sees=scope.can(Permission.CUSTOMERS_VIEW, place.website_id),
        can_edit=scope.can(EDIT, place.website_id),
        can_add=scope.can(CREATE, place.website_id),
    )
