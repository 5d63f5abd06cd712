"""Pages of the connections: list, one, its order, its pulls, its words. The form that makes and
changes one is in `form_routes`, what was said with its platform in `log_routes`."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.apikeys.pages import show_secrets
from app.errors import Conflict, InvalidPayload, WebsiteNotFound
from app.extensions import db
from app.platforms import actions, filling, pages, queries, removing, wording
from app.platforms.forms import read_words
from app.platforms.models import PlatformConnection
from app.platforms.queries import MANAGE, VIEW
from app.platforms.registry import label_of
from app.platforms.trying import tried, tried_for
from app.staff.context import current_actor, current_scope, now, only_watching
from app.staff.guards import requires
from app.venues.models import Venue
from app.web import go, page, say, wants_fragment
from app.websites.context import zone_of

platforms = Blueprint("platforms", __name__, url_prefix="/platforms")


@platforms.get("")
@requires(VIEW)
def index() -> Response:
    """The connections this person may see, and how they stand."""
    session, scope, moment = db.session(), current_scope(), now()
    chosen, venue_id = request.args.get("website", ""), pages.asked_venue()
    if chosen and not scope.can(VIEW, chosen):
        raise WebsiteNotFound("This website does not exist.")
    found = queries.page(session, scope, chosen, venue_id, request.args.get("after", ""))
    venue = session.get(Venue, venue_id) if venue_id else None
    return page(
        "platforms/index.html",
        rows=[(each, wording.state_of(each.connection, moment)) for each in found.rows],
        following=found.next,
        chosen=chosen,
        of_venue=venue if venue and scope.can(VIEW, venue.website_id) else None,
        can_add=scope.can_somewhere(MANAGE),
        label_of=label_of,
        manage=MANAGE,
        tz=zone_of(chosen),
        now=moment,
    )


@platforms.get("/<uuid:connection_id>")
@requires(VIEW)
def show(connection_id: UUID) -> Response:
    """One connection: its pulls, words, webhook, latest exchanges, history."""
    return page("platforms/show.html", **pages.show(_visible(connection_id)))


@platforms.post("/<uuid:connection_id>/switch")
@requires(MANAGE)
def switch(connection_id: UUID) -> Response:
    """Switch one off, or on once its account is tested."""
    session, scope, on = db.session(), current_scope(), request.form.get("on") == "1"
    found = queries.get(session, scope, connection_id, MANAGE)
    tested = tried_for(session, found, {"is_enabled": on})
    who = (session, current_actor(), scope, connection_id)
    try:
        actions.edit(*who, {"is_enabled": on}, tested)
    except actions.NotWorking as error:
        session.rollback()
        if tested is not None:
            actions.note_test(*who, tested)
        session.commit()
        say(f"It stays off. {error.message}", "danger")
        return _back(connection_id)
    session.commit()
    say(f"Switched on. {tested.message}" if tested else "Switched off.")
    return _back(connection_id)


@platforms.post("/<uuid:connection_id>/move")
@requires(MANAGE)
def move(connection_id: UUID) -> Response:
    """One place up or down in the order of its venue."""
    session, scope, up = db.session(), current_scope(), request.form.get("up") == "1"
    found = queries.get(session, scope, connection_id, MANAGE)
    order = list(queries.of_venue(session, found.venue_id))
    position = order.index(found) + (0 if up else 2)
    actions.place(session, current_actor(), scope, connection_id, position)
    session.commit()
    return go(url_for("platforms.index", website=request.form.get("website") or None))


@platforms.post("/<uuid:connection_id>/check")
@requires(MANAGE)
def check(connection_id: UUID) -> Response:
    """Test the account as it is saved."""
    session, scope = db.session(), current_scope()
    tested = tried(session, queries.get(session, scope, connection_id, MANAGE))
    try:
        actions.note_test(session, current_actor(), scope, connection_id, tested)
    except Conflict as error:
        session.rollback()
        say(error.message, "warning")
        return _back(connection_id)
    session.commit()
    say(tested.message, "success" if tested.works else "danger")
    return _back(connection_id)


@platforms.post("/<uuid:connection_id>/pull")
@requires(MANAGE)
def pull_now(connection_id: UUID) -> Response:
    """Ask for a pull at once."""
    session = db.session()
    try:
        actions.want_pull(session, current_actor(), current_scope(), connection_id)
    except Conflict as error:
        session.rollback()
        say(error.message, "warning")
        return _back(connection_id)
    session.commit()
    return _pull(connection_id) if wants_fragment() else _back(connection_id)


@platforms.get("/<uuid:connection_id>/pull")
@requires(VIEW)
def pull(connection_id: UUID) -> Response:
    """How the pull stands: the page asks while one is under way."""
    only_watching()
    _visible(connection_id)
    return _pull(connection_id) if wants_fragment() else _back(connection_id)


@platforms.post("/<uuid:connection_id>/missing")
@requires(MANAGE)
def send_missing(connection_id: UUID) -> Response:
    """Have the tables made there that were booked before the venue was connected."""
    session, scope = db.session(), current_scope()
    try:
        count = filling.send_missing(session, current_actor(), scope, connection_id, now())
    except Conflict as error:
        session.rollback()
        say(error.message, "warning")
        return _back(connection_id)
    session.commit()
    say(f"{count} {'is' if count == 1 else 'are'} on the way. What is refused stands under Alerts.")
    return _back(connection_id)


@platforms.post("/<uuid:connection_id>/words")
@requires(MANAGE)
def explain(connection_id: UUID) -> Response:
    """Say what the platform's words for a status mean."""
    session, scope = db.session(), current_scope()
    queries.get(session, scope, connection_id, MANAGE)
    words = {"statuses": read_words(request.form)}
    try:
        actions.edit(session, current_actor(), scope, connection_id, words)
    except InvalidPayload as error:
        session.rollback()
        say(" ".join(fault.message for fault in error.details), "danger")
        return _back(connection_id, "words")
    session.commit()
    say("Saved. It counts from the next pull on.")
    return _back(connection_id, "words")


@platforms.post("/<uuid:connection_id>/secret")
@requires(MANAGE)
def rotate_secret(connection_id: UUID) -> Response:
    """Make or replace the secret of the webhook, and show it once."""
    session = db.session()
    secret = actions.new_secret(session, current_actor(), current_scope(), connection_id)
    session.commit()
    found = _visible(connection_id)
    hook = pages.hook_of(found)
    parts = [("Secret", secret), ("Address with the secret", f"{hook}/{secret}")]
    note = f"Send the secret in the header X-Platform-Secret to {hook}. A platform that can send"
    note += " no header takes the address with the secret. An older secret has ended."
    return show_secrets(pages.crumbs(found), "The webhook secret", parts, note)


@platforms.post("/<uuid:connection_id>/remove")
@requires(MANAGE)
def remove(connection_id: UUID) -> Response:
    """Take a connection away, where nothing stands on it."""
    session, forget = db.session(), request.form.get("forget") == "1"
    who = (session, current_actor(), current_scope(), connection_id)
    try:
        label = removing.remove(*who, forget=forget)
    except Conflict as error:
        session.rollback()
        say(error.message, "danger")
        return _back(connection_id, "remove")
    session.commit()
    say(f"The connection to {label} is removed.")
    return go(url_for("platforms.index"))


def _visible(connection_id: UUID) -> PlatformConnection:
    return queries.get(db.session(), current_scope(), connection_id)


def _pull(connection_id: UUID) -> Response:
    found = _visible(connection_id)
    how = pages.pull_of(found, now())
    return page("platforms/_pull.html", pull=how, can_pull=True, **pages.head(found))


def _back(connection_id: UUID, anchor: str | None = None) -> Response:
    return go(url_for("platforms.show", connection_id=connection_id, _anchor=anchor))
