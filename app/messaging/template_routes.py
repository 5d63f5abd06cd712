"""Pages of the templates: which messages a website sends, and in which words."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload
from app.extensions import db
from app.messaging import template_actions as actions
from app.messaging.logview import MEDIA
from app.messaging.setup_pages import (
    crumbs,
    editor,
    lines,
    preview,
    website_of,
    which_of,
    words_of,
)
from app.messaging.template_actions import Which
from app.messaging.variables import LABELS, REGULAR
from app.staff.context import current_actor
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites.models import Website

templates = Blueprint("templates", __name__)

MANAGE = Permission.MESSAGES_MANAGE


@templates.get("/messages/websites/<website_id>")
@requires(MANAGE)
def index(website_id: str) -> Response:
    """Every message of a website: on or off, own words or ours."""
    website = website_of(website_id)
    session = db.session()
    return page(
        "messaging/templates.html",
        w=website,
        lines=lines(website, actions.of_website(session, website_id)),
        settings=actions.settings_of(session, website_id),
        media=MEDIA,
        crumbs=crumbs(website)[:1],
        website=website_id,
        website_action=url_for("message_setup.index"),
    )


@templates.get("/messages/websites/<website_id>/<kind>/<medium>")
@requires(MANAGE)
def edit(website_id: str, kind: str, medium: str) -> Response:
    """The words of one message, with what becomes of them."""
    website = website_of(website_id)
    which = which_of(website, kind, medium, request.args)
    own = actions.of_website(db.session(), website_id)
    words = words_of(own, which).words
    return _editor(website, which, words.subject, words.body)


@templates.post("/messages/websites/<website_id>/<kind>/<medium>")
@requires(MANAGE)
def save(website_id: str, kind: str, medium: str) -> Response:
    """Use these words from now on."""
    website = website_of(website_id)
    which = which_of(website, kind, medium, request.form)
    subject, body = _typed()
    try:
        changed = actions.save(db.session(), current_actor(), which, subject, body)
    except InvalidPayload as error:
        db.session.rollback()
        website = website_of(website_id)
        faults = [(fault.field, fault.message) for fault in error.details]
        return _editor(website, which, subject, body, faults, status=422)
    db.session.commit()
    say("Saved." if changed else "Nothing had changed.")
    return go(_address(which))


@templates.post("/messages/websites/<website_id>/<kind>/<medium>/preview")
@requires(MANAGE)
def look(website_id: str, kind: str, medium: str) -> Response:
    """What becomes of words that are being written."""
    website = website_of(website_id)
    which = which_of(website, kind, medium, request.form)
    subject, body = _typed()
    asked = request.form.get("reference") or request.form.get("booking", "")
    seen = preview(which, subject, body, asked)
    return page("messaging/_preview.html", None, which=which, preview=seen, w=website)


@templates.post("/messages/websites/<website_id>/<kind>/<medium>/reset")
@requires(MANAGE)
def reset(website_id: str, kind: str, medium: str) -> Response:
    """Back to the built-in words."""
    which = which_of(website_of(website_id), kind, medium, request.form)
    actions.reset(db.session(), current_actor(), which)
    db.session.commit()
    say("These are the built-in words again.")
    return go(_address(which))


@templates.post("/messages/websites/<website_id>/<kind>/<medium>/switch")
@requires(MANAGE)
def switch(website_id: str, kind: str, medium: str) -> Response:
    """Send this message or not."""
    which = which_of(website_of(website_id), kind, medium, request.form)
    on = request.form.get("on") == "1"
    actions.switch(db.session(), current_actor(), which, on)
    db.session.commit()
    what = f"{LABELS[which.kind]} by {MEDIA[which.medium.value]}"
    say(f"{what} is switched {'on' if on else 'off'}.")
    return go(url_for("templates.index", website_id=website_id))


def _typed() -> tuple[str, str]:
    return request.form.get("subject", ""), request.form.get("body", "").replace("\r\n", "\n")


def _address(which: Which) -> str:
    more: dict[str, Any] = {"language": which.language}
    if which.variant != REGULAR:
        more["variant"] = which.variant
    if booking := request.form.get("booking"):
        more["booking"] = booking
    return url_for(
        "templates.edit",
        website_id=which.website_id,
        kind=which.kind.value,
        medium=which.medium.value,
        **more,
    )


def _editor(
    website: Website,
    which: Which,
    subject: str,
    body: str,
    faults: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> Response:
    own = actions.of_website(db.session(), website.id)
    return page(
        "messaging/template.html",
        None,
        status,
        faults=faults or [],
        wrong=dict(faults or []),
        crumbs=crumbs(website),
        **editor(website, which, own, subject, body),
    )
