"""What the page of a new booking shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, session

from app.bookings import amounts, offering
from app.bookings.choices import Asked, Choice, Time
from app.bookings.elsewhere import NOBODY, Heard, Question, elsewhere
from app.bookings.guests import KnownGuest, known
from app.bookings.new_forms import NewForm
from app.bookings.wording import long_day
from app.extensions import db
from app.staff.context import current_scope, now
from app.staff.permissions import Permission
from app.web import page, wants_fragment
from app.websites.models import Website

LAST_VENUE = "new_booking_venue"
"""In the cookie: where this person booked last."""


def usual_venue() -> str:
    """The venue of the last booking in this browser."""
    return str(session.get(LAST_VENUE, ""))


def remember(venue_id: UUID) -> None:
    """Begin with this venue the next time."""
    session[LAST_VENUE] = str(venue_id)


def choice_of(asked: Asked) -> Choice | None:
    """What was chosen, as this person may choose. Raises NotFound."""
    return offering.choose(db.session(), current_scope(), asked, now())


def new_page(
    choice: Choice | None,
    form: NewForm,
    status: int = 200,
    faults: Sequence[tuple[str, str]] = (),
    heard: Heard | None = None,
) -> Response:
    """The form; for htmx the visit alone. `faults`: (id of the input, sentence).

    `heard`: what they said who sell these tables too, and what a fault is about; without it the
    page asks them.
    """
    if choice is None:
        return page("bookings/new.html", status=status, choice=None)
    choice = choice.heard(heard) if heard else choice
    website = choice.place.website_id
    return page(
        "bookings/new.html",
        "bookings/_visit.html",
        status=status,
        choice=choice,
        form=form,
        faults=faults,
        wrong=dict(faults),
        may_overbook=current_scope().can(Permission.BOOKINGS_OVERBOOK, website),
        sees_amounts=amounts.may_see(current_scope(), website),
        guest=_known(choice, form.customer_phone.data or ""),
        sellers=() if heard else _sellers(choice),
        long_day=long_day,
        begins=not faults and not wants_fragment(),
    )


def known_page(asked: Asked, phone: str) -> Response:
    """Who has this number, as far as somebody may know."""
    choice = choice_of(asked)
    found = _known(choice, phone) if choice else None
    return page("bookings/_known.html", guest=found, long_day=long_day)


def _sellers(choice: Choice) -> Sequence[str]:
    if not choice.asked_elsewhere:
        return ()
    return elsewhere.sellers(db.session(), choice.place.venue_id)


def heard_page(asked: Asked) -> Response:
    """What they say who sell the same tables. Takes seconds: the form asks for it by itself."""
    choice = choice_of(asked)
    times = choice.asked_elsewhere if choice else []
    heard = NOBODY
    if choice is not None and times:
        heard = ask(choice, next((one for one in times if one.slot.key == choice.slot), times[0]))
    free = heard.among([one.slot.time for one in times])
    return page("bookings/_heard.html", heard=heard, free=free)


def ask(choice: Choice, time: Time, *, decides: bool = False) -> Heard:
    """Ask who sells the same tables. Ends the transaction: see `Elsewhere.ask`."""
    about = (choice.place.venue_id, time.slot.day, time.slot.time, choice.party)
    return elsewhere.ask(db.session(), Question(*about, decides=decides))


def fill_in(form: NewForm, choice: Choice) -> None:
    """Complete what was left empty by what is known of the guest."""
    guest = _known(choice, form.customer_phone.data or "")
    if guest is not None:
        form.customer_name.data = form.customer_name.data or guest.name
        form.customer_email.data = form.customer_email.data or guest.email


def _known(choice: Choice, phone: str) -> KnownGuest | None:
    if not phone.strip():
        return None
    website = db.session.get_one(Website, choice.place.website_id)
    return known(db.session(), current_scope(), phone, website.phone_region)


def faults_of(form: NewForm) -> list[tuple[str, str]]:
    """What is wrong with the guest's part: (id of the input, sentence)."""
    found: list[tuple[str, Any]] = [
        (field.id if field.name != "source" else "source-0", " ".join(field.errors))
        for field in form
        if field.errors
    ]
    return found + [("", words) for words in form.form_errors]
