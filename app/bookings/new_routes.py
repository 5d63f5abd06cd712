"""Pages of a new booking: by telephone, at the door."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from app.bookings import new_pages as pages
from app.bookings.actions import terms_for
from app.bookings.choices import Choice
from app.bookings.elsewhere import NOBODY, Heard
from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.new_forms import NewForm, asked_in
from app.bookings.status import Status
from app.bookings.wording import long_day
from app.errors import InvalidPayload, SlotUnavailable
from app.extensions import db
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.venues.models import Kind
from app.wall import open_guests
from app.web import go, say
from app.websites.models import Website

new = Blueprint("new", __name__, url_prefix="/bookings/new")

CREATE = Permission.BOOKINGS_CREATE
WITHOUT_SCRIPT = ("show", "go", "look")
"""Buttons that only fill in more of the form."""


@new.get("")
@requires(CREATE)
def form() -> Response:
    """The empty form; for htmx what can be booked after another choice."""
    choice = pages.choice_of(asked_in(request.args, pages.usual_venue()))
    return pages.new_page(choice, NewForm(formdata=None))


@new.post("/guest")
@requires(CREATE)
def guest() -> Response:
    """Who has the number that is being typed. It is sent in the body: addresses are logged."""
    return pages.known_page(asked_in(request.form), request.form.get("customer_phone", ""))


@new.get("/elsewhere")
@requires(CREATE)
def heard() -> Response:
    """What they say who sell the same tables: the form asks while somebody fills it in."""
    return pages.heard_page(asked_in(request.args))


@new.post("")
@requires(CREATE)
def book() -> Response:
    """Book, or show the form again with all that was typed."""
    asked, form = asked_in(request.form), NewForm()
    choice = pages.choice_of(asked)
    if choice is not None and any(name in request.form for name in WITHOUT_SCRIPT):
        if "look" in request.form:
            pages.fill_in(form, choice)
        return pages.new_page(choice, form)
    fine = form.validate()
    if choice is None or not fine or choice.faults:
        faults = [*(choice.faults if choice else ()), *pages.faults_of(form)]
        return pages.new_page(choice, form, 422, faults)
    session = db.session()
    heard = _heard(choice, form, asked.slot)
    if words := _refusal(choice, heard, asked.slot):
        return pages.new_page(pages.choice_of(asked), form, 422, [("slot-0", words)], heard)
    try:
        booking = _make(choice, form, asked.slot, heard)
    except SlotUnavailable as error:
        session.rollback()
        return pages.new_page(pages.choice_of(asked), form, 422, [("slot-0", error.message)])
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return pages.new_page(pages.choice_of(asked), form, 422, pages.faults_of(form))
    session.commit()
    return _booked(booking, heard)


def _heard(choice: Choice, form: NewForm, slot: str) -> Heard:
    """What they say who sell the same tables; who overbooks asks nobody."""
    if form.overbook.data:
        return NOBODY
    time = next((each for each in choice.asked_elsewhere if each.slot.key == slot), None)
    return pages.ask(choice, time, decides=True) if time else NOBODY


def _refusal(choice: Choice, heard: Heard, slot: str) -> str:
    """Why the time cannot be had there; empty where it can."""
    there = {each.slot.key: each.slot.time for each in choice.asked_elsewhere}
    if slot not in there or heard.has(there[slot]):
        return ""
    free = heard.among(there.values())
    instead = f"It has {', '.join(free[:8])}." if free else "It has nothing on that day."
    return f"{heard.by} says that {there[slot]} is not free. {instead}"


def _make(choice: Choice, form: NewForm, slot: str, heard: Heard) -> Booking:
    """Raises SlotUnavailable, InvalidPayload, and Forbidden for overbooking without permission."""
    if choice.offer is None:
        raise InvalidPayload("Nothing is sold at this venue.")
    session = db.session()
    website = session.get_one(Website, choice.place.website_id)
    more = form.words(is_table=choice.offer.activity.kind == Kind.TABLE)
    if not heard.confirmable:
        more["admin_notes"] = heard.note(more.get("admin_notes", ""))
    wish = Wish(
        choice.offer.activity.id,
        choice.day,
        choice.party,
        form.contact(website.phone_region),
        form.source.data,
        slot=slot,
        units=choice.units,
        status=Status.CONFIRMED if heard.confirmable else Status.PENDING,
        terms=terms_for(current_scope(), website.id, overbook=form.overbook.data),
        more=more,
    )
    open_guests(session)
    return make(session, current_actor(), website, wish)


def _booked(booking: Booking, heard: Heard) -> Response:
    if booking.venue_id:
        pages.remember(booking.venue_id)
    when = f"{long_day(booking.activity_date)}, {booking.time_slot}"
    who = f"{booking.customer_name}, {when}. {booking.booking_ref}."
    if heard.confirmable:
        over = " It is overbooked." if booking.overbooked else ""
        say(f"Booked: {who}{over}")
    else:
        say(f"Kept as a request: {who} {heard.silence}. Check there, then confirm it.", "warning")
    if current_scope().can(Permission.BOOKINGS_VIEW, booking.website_id):
        return go(url_for("bookings.show", booking_id=booking.id))
    return go(url_for("bookings.new.form"))
