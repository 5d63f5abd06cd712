"""The pages: book as a guest, and look behind the counter."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
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
from demo.source_site.switches import LONGEST, MODES
from demo.source_site.wire import Booking

pages = Blueprint("pages", __name__)

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
"""The one script of the pages is the hub's own copy of htmx."""
SHOWN = 100


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


@pages.get("/bookings")
def index() -> str:
    """All the site holds, its switches, and what the hub told it."""
    return render_template("bookings.html", modes=MODES, longest=LONGEST, **_overview())


@pages.get("/bookings/live")
def live() -> AnyResponse:
    """The part of that page that changes; nothing when it did not."""
    overview = _overview()
    if request.args.get("seen") == str(overview["state"]["revision"]):
        return Response(status=204)
    return make_response(render_template("_live.html", **overview))


def _overview() -> dict[str, Any]:
    state = site().store.read()
    newest = sorted(state["bookings"].values(), key=lambda b: b["updated_at"], reverse=True)
    return {
        "state": state,
        "bookings": newest[:SHOWN],
        "hidden": max(0, len(newest) - SHOWN),
        "credentials": site().credentials,
    }


@pages.get("/bookings/<uuid:source_id>")
def show(source_id: Any) -> str:
    """One booking: what is held, and its story."""
    state = site().store.read()
    return _booking_page(state, _find(state, source_id), Filled({}))


def _booking_page(state: State, booking: Booking, form: Filled) -> str:
    own = booking["source_booking_id"]
    hooks = [each for each in state["webhooks"] if each["source_booking_id"] == own]
    context = {"today": today().isoformat(), "is_new": "new" in request.args}
    return render_template("booking.html", booking=booking, form=form, webhooks=hooks, **context)


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
        return make_response(_booking_page(here.store.read(), booking, form), 422)
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


@pages.post("/switches")
def switch() -> AnyResponse:
    """Pretend something when the hub calls."""
    mode, seconds = request.form.get("mode", "ok"), request.form.get("seconds", "5")
    if mode not in MODES or not seconds.isdecimal() or int(seconds) > LONGEST:
        abort(400)
    with site().store.change() as state:
        state["switches"] = {"mode": mode, "seconds": int(seconds)}
    return redirect(url_for("pages.index"), 303)


@pages.post("/credentials")
def credentials() -> AnyResponse:
    """Take over a rotated key or secret, and send what waited for it."""
    here = site()
    api_key = request.form.get("api_key", "").strip()[:200]
    secret = request.form.get("webhook_secret", "").strip()[:200]
    here.credentials.keep(api_key=api_key, webhook_secret=secret)
    with here.store.change() as state:
        orders.hurry(state)
    here.sender.wake()
    return redirect(url_for("pages.index"), 303)


@pages.get("/__state")
def dump() -> Response:
    """Everything the site holds, as JSON; no key and no secret."""
    state = site().store.read()
    known = {"website_id": site().settings.website_id, "hub": site().settings.api_url}
    return jsonify(known | state | {"bookings": list(state["bookings"].values())})


@pages.get("/vendor/htmx.min.js")
def htmx() -> AnyResponse:
    """The hub's copy of htmx."""
    return send_from_directory(VENDOR, "htmx.min.js", max_age=86400)


def _find(state: State, source_id: Any) -> Booking:
    booking: Booking | None = state["bookings"].get(str(source_id))
    return booking if booking is not None else abort(404)


def _address(booking: Booking) -> str:
    return url_for("pages.show", source_id=booking["source_booking_id"])
