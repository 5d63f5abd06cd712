"""Addresses of a partner's keys. Its own page lists them; `apikeys.pages` does the work."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from app.apikeys.pages import KeyPages
from app.extensions import db
from app.partners import queries
from app.partners.queries import MANAGE
from app.partners.routes import key_pages
from app.staff.context import current_scope
from app.staff.guards import requires

partner_keys = Blueprint("partner_keys", __name__, url_prefix="/partners/<uuid:partner_id>/keys")


def _locked(partner_id: UUID) -> KeyPages:
    """With the partner locked. Raises NotFound and Forbidden."""
    return key_pages(queries.lock(db.session(), current_scope(), partner_id, MANAGE))


@partner_keys.get("/new")
@requires(MANAGE)
def new(partner_id: UUID) -> Response:
    """An empty form."""
    return key_pages(queries.get(db.session(), current_scope(), partner_id, MANAGE)).new()


@partner_keys.post("")
@requires(MANAGE)
def issue(partner_id: UUID) -> Response:
    """Make one more key, and show it once."""
    return _locked(partner_id).issue()


@partner_keys.route("/<uuid:key_id>", methods=["GET", "POST"])
@requires(MANAGE)
def edit(partner_id: UUID, key_id: UUID) -> Response:
    """Change what a key may do, from where and for how long."""
    return _locked(partner_id).edit(key_id)


@partner_keys.post("/<uuid:key_id>/rotate")
@requires(MANAGE)
def rotate(partner_id: UUID, key_id: UUID) -> Response:
    """Replace a key; the old one works on for a while."""
    return _locked(partner_id).rotate(key_id)


@partner_keys.post("/<uuid:key_id>/revoke")
@requires(MANAGE)
def revoke(partner_id: UUID, key_id: UUID) -> Response:
    """End a key at once."""
    return _locked(partner_id).revoke(key_id)
