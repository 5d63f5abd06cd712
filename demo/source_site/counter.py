"""Behind the counter: all the site holds, its switches, and what the hub told it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
from demo.source_site.site import site
from demo.source_site.switches import LONGEST, MODES

counter = Blueprint("counter", __name__)

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
"""The one script of the pages is the hub's own copy of htmx."""
SHOWN = 100


@counter.get("/bookings")
def index() -> str:
    """All the site holds, its switches, and what the hub told it."""
    return render_template("bookings.html", modes=MODES, longest=LONGEST, **_overview())


@counter.get("/bookings/live")
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


@counter.post("/switches")
def switch() -> AnyResponse:
    """Pretend something when the hub calls."""
    mode, seconds = request.form.get("mode", "ok"), request.form.get("seconds", "5")
    if mode not in MODES or not seconds.isdecimal() or int(seconds) > LONGEST:
        abort(400)
    with site().store.change() as state:
        state["switches"] = {"mode": mode, "seconds": int(seconds)}
    return redirect(url_for("counter.index"), 303)


@counter.post("/credentials")
def credentials() -> AnyResponse:
    """Take over a rotated key or secret, and send what waited for it."""
    here = site()
    api_key = request.form.get("api_key", "").strip()[:200]
    secret = request.form.get("webhook_secret", "").strip()[:200]
    here.credentials.keep(api_key=api_key, webhook_secret=secret)
    with here.store.change() as state:
        orders.hurry(state)
    here.sender.wake()
    return redirect(url_for("counter.index"), 303)


@counter.get("/__state")
def dump() -> Response:
    """Everything the site holds, as JSON; no key and no secret."""
    state = site().store.read()
    known = {"website_id": site().settings.website_id, "hub": site().settings.api_url}
    return jsonify(known | state | {"bookings": list(state["bookings"].values())})


@counter.get("/vendor/htmx.min.js")
def htmx() -> AnyResponse:
    """The hub's copy of htmx."""
    return send_from_directory(VENDOR, "htmx.min.js", max_age=86400)
