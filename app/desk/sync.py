"""Pages of Sync: what goes out and comes in, what does not, and sending it again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.deliveries import actions, queries, status
from app.deliveries.models import State
from app.desk import syncpages
from app.desk.syncview import SyncView
from app.errors import Conflict, Forbidden
from app.extensions import db
from app.staff.context import current_actor, current_scope, only_watching
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say, trigger

sync = Blueprint("sync", __name__)

VIEW = Permission.SYNC_VIEW
REPLAY = Permission.SYNC_REPLAY


@sync.get("/sync")
@requires(VIEW)
def index() -> Response:
    """Problems, deliveries, calls or destinations; for htmx the list alone, or its next rows."""
    view, after = syncpages.read_view(), request.args.get("after")
    context = syncpages.list_page(view, after)
    rows = "sync/_call_rows.html" if view.tab == "inbound" else "sync/_delivery_rows.html"
    fragment = rows if request.headers.get("HX-Target") == "more" else "sync/_list.html"
    return page("sync/index.html", fragment, **context)


@sync.get("/sync/pulse")
@requires(VIEW)
def pulse() -> Response:
    """Whether anything happened since `seen`; Problems then looks by itself."""
    only_watching()
    view = syncpages.read_view()
    badges = status.badges(db.session(), syncpages.websites_of(view))
    beat = syncpages.pulse_of(badges)
    if request.args.get("seen") == beat:
        return Response(status=204)
    answer = page("sync/_news.html", view=view, pulse=beat)
    return trigger(answer, "sync-changed") if view.tab in ("", "destinations") else answer


@sync.get("/sync/deliveries/<int:delivery_id>")
@requires(VIEW)
def delivery(delivery_id: int) -> Response:
    """One delivery with all its attempts."""
    return syncpages.delivery_page(delivery_id)


@sync.get("/sync/calls/<int:log_id>")
@requires(VIEW)
def call(log_id: int) -> Response:
    """One call with what was said and answered."""
    return syncpages.call_page(log_id)


@sync.post("/sync/deliveries/<int:delivery_id>/again")
@requires(REPLAY)
def send_again(delivery_id: int) -> Response:
    """Send one delivery again."""
    _demand(delivery_id)
    out_of_order = request.form.get("out_of_order") == "1"
    session, actor = db.session(), current_actor()
    try:
        actions.replay(session, actor, delivery_id, out_of_order=out_of_order)
    except Conflict as error:
        session.rollback()
        return syncpages.after_change(delivery_id, error.message, "warning")
    session.commit()
    return syncpages.after_change(delivery_id, "It is on its way again.")


@sync.post("/sync/deliveries/<int:delivery_id>/skip")
@requires(REPLAY)
def skip(delivery_id: int) -> Response:
    """Pass one delivery by, so that what waits behind it goes on."""
    _demand(delivery_id)
    session = db.session()
    try:
        actions.skip(session, current_actor(), delivery_id)
    except Conflict as error:
        session.rollback()
        return syncpages.after_change(delivery_id, error.message, "warning")
    session.commit()
    return syncpages.after_change(delivery_id, "Skipped. What waited behind it goes on.")


@sync.post("/sync/again")
@requires(REPLAY)
def send_all_again() -> Response:
    """Send every failed delivery again: of a destination, a website, or all this person may."""
    view = SyncView.read(request.form)
    session, websites = db.session(), _replayable(view.website)
    troubled = [
        each.destination.id
        for each in status.destinations(session, websites)
        if each.counts.get(State.FAILED) and view.destination in ("", str(each.destination.id))
    ]
    count = actions.replay_all(session, current_actor(), troubled)
    session.commit()
    plural = "delivery is" if count == 1 else "deliveries are"
    say(f"{count} {plural} on the way again." if count else "Nothing had failed.", "success")
    return go(view.url())


@sync.post("/sync/destinations/<uuid:destination_id>/switch")
@requires(REPLAY)
def switch(destination_id: UUID) -> Response:
    """Switch a destination off or on."""
    session = db.session()
    found = status.destination(session, current_scope().websites(VIEW), destination_id)
    _demand_replay(found.website_id)
    on = request.form.get("on") == "1"
    actions.switch(session, current_actor(), destination_id, on)
    label = found.label
    session.commit()
    say(f"{label} is switched {'on' if on else 'off'}.")
    return go(url_for("sync.index", tab="destinations"))


def _demand(delivery_id: int) -> None:
    """Raises NotFound for a delivery out of sight, Forbidden where it may only be looked at."""
    mine = current_scope().websites(VIEW)
    _demand_replay(queries.website_of(db.session(), mine, delivery_id))


def _demand_replay(website_id: str | None) -> None:
    if not current_scope().can(REPLAY, website_id):
        raise Forbidden("You may not send this again. Ask a manager for the permission.")


def _replayable(website: str) -> frozenset[str] | None:
    """The websites whose deliveries this person may send; of the chosen one if there is one."""
    mine = current_scope().websites(REPLAY)
    if not website:
        return mine
    return frozenset({website}) if mine is None or website in mine else frozenset()
