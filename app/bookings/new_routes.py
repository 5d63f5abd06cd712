"""Pages of a new booking: by telephone, at the door."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from app.bookings import new_pages as pages
from app.bookings.actions import terms_for
from app.bookings.choices import Choice
from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.new_forms import NewForm, asked_in
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
    try:
        booking = _make(choice, form, asked.slot)
    except SlotUnavailable as error:
        session.rollback()
        return pages.new_page(pages.choice_of(asked), form, 422, [("slot-0", error.message)])
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return pages.new_page(pages.choice_of(asked), form, 422, pages.faults_of(form))
    session.commit()
    return _booked(booking)


def _make(choice: Choice, form: NewForm, slot: str) -> Booking:
    """Raises SlotUnavailable, InvalidPayload, and Forbidden for overbooking without permission."""
    if choice.offer is None:
        raise InvalidPayload("Nothing is sold at this venue.")
    session = db.session()
    website = session.get_one(Website, choice.place.website_id)
    wish = Wish(
        choice.offer.activity.id,
        choice.day,
        choice.party,
        form.contact(website.phone_region),
        form.source.data,
        slot=slot,
        units=choice.units,
        terms=terms_for(current_scope(), website.id, overbook=form.overbook.data),
        more=form.words(is_table=choice.offer.activity.kind == Kind.TABLE),
    )
    open_guests(session)
    return make(session, current_actor(), website, wish)


def _booked(booking: Booking) -> Response:
    if booking.venue_id:
        pages.remember(booking.venue_id)
    when = f"{long_day(booking.activity_date)}, {booking.time_slot}"
    over = " It is overbooked." if booking.overbooked else ""
    say(f"Booked: {booking.customer_name}, {when}. {booking.booking_ref}.{over}")
    if current_scope().can(Permission.BOOKINGS_VIEW, booking.website_id):
        return go(url_for("bookings.show", booking_id=booking.id))
    return go(url_for("bookings.new.form"))
