"""Pages of a website's keys: issue, edit, replace, revoke. Its own page lists them."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from app.apikeys import actions, queries
from app.apikeys.forms import KeyForm
from app.errors import InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, current_scope, now, settings
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites import queries as websites
from app.websites.models import Website
from app.websites.routes import overlap, show_secrets

apikeys = Blueprint("apikeys", __name__, url_prefix="/websites/<website_id>/keys")

MANAGE = Permission.WEBSITES_MANAGE


def _website(website_id: str) -> Website:
    """The website, locked. Raises WebsiteNotFound and Forbidden."""
    return websites.lock(db.session(), current_scope(), website_id, MANAGE)


@apikeys.get("/new")
@requires(MANAGE)
def new(website_id: str) -> Response:
    """An empty form."""
    website = websites.get(db.session(), current_scope(), website_id, MANAGE)
    return page("apikeys/new.html", w=website, form=KeyForm(ZoneInfo(website.timezone)))


@apikeys.post("")
@requires(MANAGE)
def issue(website_id: str) -> Response:
    """Make one more key, and show it once."""
    website = _website(website_id)
    form = KeyForm(ZoneInfo(website.timezone))
    if not form.validate():
        return page("apikeys/new.html", w=website, form=form, status=422)
    try:
        issued = actions.issue(db.session(), current_actor(), website.id, **form.values())
    except InvalidPayload as error:
        db.session.rollback()
        form.take_named(error)
        return page("apikeys/new.html", w=website, form=form, status=422)
    db.session.commit()
    return show_secrets(website, "The new key", [("API key", issued.clear_text)])


@apikeys.route("/<uuid:key_id>", methods=["GET", "POST"])
@requires(MANAGE)
def edit(website_id: str, key_id: UUID) -> Response:
    """Change what a key may do, from where and for how long."""
    website = _website(website_id)
    key = queries.lock(db.session(), website.id, key_id)
    form = KeyForm(ZoneInfo(website.timezone), key)
    if request.method == "GET":
        return page("apikeys/edit.html", w=website, key=key, form=form)
    if not form.validate():
        return page("apikeys/edit.html", w=website, key=key, form=form, status=422)
    try:
        actions.edit(db.session(), current_actor(), website.id, key_id, form.values(), now())
    except InvalidPayload as error:
        db.session.rollback()
        form.take_named(error)
        return page("apikeys/edit.html", w=website, key=key, form=form, status=422)
    db.session.commit()
    say("Saved.")
    return go(url_for("websites.show", website_id=website_id))


@apikeys.post("/<uuid:key_id>/rotate")
@requires(MANAGE)
def rotate(website_id: str, key_id: UUID) -> Response:
    """Replace a key; the old one works on for a while."""
    website = _website(website_id)
    issued = actions.rotate(db.session(), current_actor(), website.id, key_id, overlap(), now())
    db.session.commit()
    hours = settings().secret_overlap_hours
    note = f"The old key works for another {hours} hours. Replace it on the website until then."
    return show_secrets(website, "The new key", [("API key", issued.clear_text)], note)


@apikeys.post("/<uuid:key_id>/revoke")
@requires(MANAGE)
def revoke(website_id: str, key_id: UUID) -> Response:
    """End a key at once."""
    website = _website(website_id)
    key = actions.revoke(db.session(), current_actor(), website.id, key_id, now())
    db.session.commit()
    say(f"The key {key.prefix}… does not work any more.")
    return go(url_for("websites.show", website_id=website_id))
