"""The pages of one's own booking. Whoever has the link may: it is signed, and names nobody."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, make_response, request, url_for
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from app.bookings import accepting, calling_off
from app.bookings.calendar import Appointment, calendar_file, end_of
from app.errors import Conflict, InvalidPayload, NotFound, SlotUnavailable
from app.events.models import Actor
from app.extensions import csrf, db
from app.selfservice import actions, details
from app.selfservice.opening import Visit, open_link
from app.selfservice.refunds import statement
from app.selfservice.view import Typed, news, shown
from app.staff.context import now, visitor
from app.staff.guards import public
from app.web import go, page

my = Blueprint("my", __name__, url_prefix="/my")
# The link is kept from other sites by `no-referrer`, and the usual check wants a referrer.
# `_check_form` asks for the token that the form must carry all the same.
csrf.exempt(my)

BECAUSE = "guests come by a signed link"
AGAIN = "Your page was open for too long, or your browser takes no cookies. Please try again."
SAID = {
    "taken": "The place is yours. We look forward to seeing you.",
    "asked": "We have your request. You see our answer on this page.",
    "withdrawn": "Your request is withdrawn.",
    "cancelled": "Your booking is cancelled.",
    "saved": "Saved. Thank you.",
    "same": "This was done already.",
}


@my.before_request
def _check_form() -> Response | None:
    if request.method != "POST":
        return None
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        token = str((request.view_args or {}).get("token", ""))
        return _page(token, open_link(db.session(), token, now()), trouble=AGAIN, status=400)
    return None


@my.after_request
def _keep(response: Response) -> Response:
    """The address stays between the guest and us, and out of search engines."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


@my.errorhandler(NotFound)
def _nothing(error: NotFound) -> Response:
    """The same page for every link that opens nothing, whatever the reason."""
    db.session.rollback()
    return page("selfservice/nothing.html", status=404)


@my.get("/<token>")
@public(BECAUSE)
def show(token: str) -> Response:
    """The booking, and what can be done."""
    return _page(token, open_link(db.session(), token, now()))


@my.get("/<token>/calendar.ics")
@public(BECAUSE)
def calendar(token: str) -> Response:
    """Its entry for a calendar."""
    visit = open_link(db.session(), token, now())
    response = make_response(calendar_file(_appointment(visit), now()))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    name = f"{visit.booking.booking_ref}.ics".replace('"', "")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@my.post("/<token>/confirm")
@public(BECAUSE)
def confirm(token: str) -> Response:
    """Take the place that is held; where a deposit is due, it is paid next."""
    visit = locked(token)
    try:
        changed = accepting.accept(db.session(), guest(visit), visit.booking, now())
    except (Conflict, SlotUnavailable) as error:
        return refused(token, error.message)
    db.session.commit()
    return back(token, "taken" if changed and visit.booking.status == "confirmed" else "")


@my.get("/<token>/cancel")
@public(BECAUSE)
def ask_cancel(token: str) -> Response:
    """What goes back by rule, before anything is cancelled."""
    visit = open_link(db.session(), token, now())
    if not calling_off.is_cancellable(visit.booking, now()):
        return back(token, "")
    return _cancel_page(token, visit)


@my.post("/<token>/cancel")
@public(BECAUSE)
def cancel(token: str) -> Response:
    """Cancel it, on the terms that were read."""
    visit, session = locked(token), db.session()
    if visit.booking.is_gone:
        return back(token, "same")
    told = statement(session, visit, now())
    changed = news(session, visit, request.form.get("version", 0, int))
    is_other = bool(changed) or told.key != request.form.get("terms")
    if is_other and calling_off.is_cancellable(visit.booking, now()):
        return _cancel_page(token, visit, changed or "What goes back", status=409)
    reason = request.form.get("reason", "").strip()[: actions.LONGEST_ANSWER] or None
    try:
        calling_off.cancel(session, guest(visit), visit.booking, reason, now())
    except Conflict as error:
        return refused(token, error.message)
    session.commit()
    return back(token, "cancelled")


@my.post("/<token>/requests")
@public(BECAUSE)
def ask(token: str) -> Response:
    """Ask staff for something that guests cannot change themselves."""
    visit, words = locked(token), request.form.get("words", "")
    try:
        actions.ask(db.session(), guest(visit), visit.booking, words)
    except InvalidPayload as error:
        faults = {fault.field: fault.message for fault in error.details}
        return refused(token, "", 422, Typed({"words": words}, faults))
    except Conflict as error:
        return refused(token, error.message, 409, Typed({"words": words}))
    db.session.commit()
    return back(token, "asked")


@my.post("/<token>/requests/<uuid:request_id>/withdraw")
@public(BECAUSE)
def withdraw(token: str, request_id: UUID) -> Response:
    """Take a request back."""
    visit = locked(token)
    done = actions.withdraw(db.session(), guest(visit), visit.booking, request_id, now())
    db.session.commit()
    return back(token, "withdrawn" if done else "same")


def guest(visit: Visit) -> Actor:
    """Who holds the link. The log names nobody: who it is follows from the booking."""
    here = visitor()
    return Actor(
        kind="customer",
        id=str(visit.booking.customer_id),
        label="Guest",
        door="link",
        request_id=here.request_id,
        ip=here.ip,
    )


def locked(token: str) -> Visit:
    """The booking of a link, its row locked. Raises NotFound."""
    return open_link(db.session(), token, now(), lock=True)


def back(token: str, said: str) -> Response:
    """To the page of the booking; `said`: a name of SAID."""
    return go(url_for("my.show", token=token, said=said or None))


def refused(token: str, why: str, status: int = 409, typed: Typed | None = None) -> Response:
    """The page as it is now, with why nothing was done."""
    db.session.rollback()
    return _page(token, open_link(db.session(), token, now()), why, status, typed)


def _page(
    token: str, visit: Visit, trouble: str = "", status: int = 200, typed: Typed | None = None
) -> Response:
    return page(
        "selfservice/booking.html",
        status=status,
        view=shown(db.session(), visit, now()),
        token=token,
        said=SAID.get(request.args.get("said", ""), "") if not trouble else "",
        trouble=trouble,
        typed=typed or Typed(),
        people=details.people(visit) if visit.booking.kind != "table" else [],
        may_tell=details.may_tell(visit, now()),
        may_add=details.may_add(db.session(), visit, now()),
        longest=actions.LONGEST,
        most=actions.MOST_OPEN,
    )


def _cancel_page(token: str, visit: Visit, changed: str = "", status: int = 200) -> Response:
    told = statement(db.session(), visit, now())
    view = shown(db.session(), visit, now())
    return page(
        "selfservice/cancel.html",
        status=status,
        view=view,
        token=token,
        told=told,
        changed=changed,
    )


def _appointment(visit: Visit) -> Appointment:
    booking, activity = visit.booking, visit.activity
    address = visit.venue.address if visit.venue else None
    is_long = visit.last_day > booking.activity_date
    return Appointment(
        booking=booking,
        summary=f"{booking.package_name} ({booking.guest_count}), {visit.place}",
        location=f"{visit.place}, {address}" if address else visit.place,
        organizer=visit.website.name,
        phone=visit.phone,
        minutes=activity.duration_minutes if activity else 60,
        ends=end_of(visit.last_day, visit.zone) if is_long else None,
    )
