"""The pages: book as a guest, and one booking from the side of the site."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from demo.source_site import orders
from demo.source_site.booking_form import (
    COUNTRY_CODES,
    TRANSPORTS,
    Filled,
    read_booking,
    read_change,
)
from demo.source_site.site import site
from demo.source_site.store import State
from demo.source_site.wire import Booking

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def shared() -> dict[str, Any]:
    """What every page shows."""
    here = site()
    return {"brand": here.brand, "hub_url": here.settings.api_url, "when": when}


def when(text: str | None) -> str:
    """An instant as people here read it."""
    if not text:
        return "–"
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(site().brand.timezone))
    return f"{at.day} {at:%b %H:%M:%S}"


def today() -> date:
    """The day at the place where things happen."""
    return datetime.now(ZoneInfo(site().brand.timezone)).date()


@pages.get("/")
def home() -> str:
    """What can be booked, and the form."""
    return _book_page(Filled({}))


def _book_page(form: Filled) -> str:
    times = sorted({time for package in site().brand.packages for time in package.times})
    return render_template(
        "book.html",
        form=form,
        transports=TRANSPORTS,
        codes=COUNTRY_CODES,
        all_times=[(time, time) for time in times],
        today=today().isoformat(),
    )


@pages.post("/book")
def book() -> AnyResponse:
    """Take a booking; the hub hears of it at once, or as soon as it can."""
    here = site()
    form = read_booking(request.form, here.brand, today())
    if form.faults:
        return make_response(_book_page(form), 422)
    with here.store.change() as state:
        booking = orders.place(state, here.brand.prefix, form.fields)
    here.sender.wake()
    return redirect(_address(booking) + "?new=1", 303)


@pages.get("/bookings/<uuid:source_id>")
def show(source_id: Any) -> str:
    """One booking: what is held, and its story."""
    return _booking_page(source_id, Filled({}))


def _booking_page(source_id: Any, form: Filled) -> str:
    context = {"form": form, "is_new": "new" in request.args}
    return render_template("booking.html", **context, **_held(source_id))


@pages.get("/bookings/<uuid:source_id>/live")
def held(source_id: Any) -> AnyResponse:
    """The part of that page that changes; nothing when it did not."""
    context = _held(source_id)
    if request.args.get("seen") == str(context["revision"]):
        return Response(status=204)
    return make_response(render_template("_held.html", **context))


def _held(source_id: Any) -> dict[str, Any]:
    state = site().store.read()
    booking = _find(state, source_id)
    own = booking["source_booking_id"]
    hooks = [each for each in state["webhooks"] if each["source_booking_id"] == own]
    return {"booking": booking, "webhooks": hooks, "revision": state["revision"]}


@pages.post("/bookings/<uuid:source_id>/change")
def change(source_id: Any) -> AnyResponse:
    """Change a booking from this side."""
    here = site()
    with here.store.change() as state:
        booking = _find(state, source_id)
        form = read_change(request.form, booking, today())
        if not form.faults:
            orders.change(state, booking, form.fields)
    if form.faults:
        return make_response(_booking_page(source_id, form), 422)
    here.sender.wake()
    return redirect(_address(booking), 303)


@pages.post("/bookings/<uuid:source_id>/cancel")
def cancel(source_id: Any) -> AnyResponse:
    """Cancel a booking from this side."""
    here = site()
    with here.store.change() as state:
        booking = _find(state, source_id)
        orders.cancel(state, booking, request.form.get("reason", "").strip()[:500])
    here.sender.wake()
    return redirect(_address(booking), 303)


@pages.post("/bookings/<uuid:source_id>/retry")
def retry(source_id: Any) -> AnyResponse:
    """Send what waits or was refused again, now."""
    here = site()
    with here.store.change() as state:
        booking = _find(state, source_id)
        orders.retry(state, booking)
    here.sender.wake()
    return redirect(_address(booking), 303)


def _find(state: State, source_id: Any) -> Booking:
    booking: Booking | None = state["bookings"].get(str(source_id))
    return booking if booking is not None else abort(404)


def _address(booking: Booking) -> str:
    return url_for("pages.show", source_id=booking["source_booking_id"])
