"""Addresses of a website's keys. Its own page lists them; `pages` does the work."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from app.apikeys.pages import KeyPages
from app.extensions import db
from app.staff.context import current_scope
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.websites import queries as websites
from app.websites.routes import key_pages

apikeys = Blueprint("apikeys", __name__, url_prefix="/websites/<website_id>/keys")

MANAGE = Permission.WEBSITES_MANAGE


def _locked(website_id: str) -> KeyPages:
    """With the website locked. Raises WebsiteNotFound and Forbidden."""
    return key_pages(websites.lock(db.session(), current_scope(), website_id, MANAGE))


@apikeys.get("/new")
@requires(MANAGE)
def new(website_id: str) -> Response:
    """An empty form."""
    return key_pages(websites.get(db.session(), current_scope(), website_id, MANAGE)).new()


@apikeys.post("")
@requires(MANAGE)
def issue(website_id: str) -> Response:
    """Make one more key, and show it once."""
    return _locked(website_id).issue()


@apikeys.route("/<uuid:key_id>", methods=["GET", "POST"])
@requires(MANAGE)
def edit(website_id: str, key_id: UUID) -> Response:
    """Change what a key may do, from where and for how long."""
    return _locked(website_id).edit(key_id)


@apikeys.post("/<uuid:key_id>/rotate")
@requires(MANAGE)
def rotate(website_id: str, key_id: UUID) -> Response:
    """Replace a key; the old one works on for a while."""
    return _locked(website_id).rotate(key_id)


@apikeys.post("/<uuid:key_id>/revoke")
@requires(MANAGE)
def revoke(website_id: str, key_id: UUID) -> Response:
    """End a key at once."""
    return _locked(website_id).revoke(key_id)
