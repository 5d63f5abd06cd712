"""Pages of the dive sites of a venue."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.context import current_actor, current_scope
from app.staff.guards import requires
from app.venues import actions, queries
from app.venues.forms import Sheet, typed
from app.venues.models import DiveSite, Venue
from app.venues.pages import MANAGE, VIEW, venue_page, visible
from app.web import go, say

dive_sites = Blueprint("dive_sites", __name__, url_prefix="/venues/<uuid:venue_id>/dive-sites")

FIELDS = ("name", "level", "max_depth", "description")


@dive_sites.get("")
@requires(VIEW)
def index(venue_id: UUID) -> Response:
    """Where divers go from here, and a form for one more."""
    return _page(visible(venue_id), None, Sheet())


@dive_sites.post("")
@requires(MANAGE)
def add(venue_id: UUID) -> Response:
    """Add a dive site."""
    return _save(venue_id, None)


@dive_sites.get("/<uuid:site_id>")
@requires(VIEW)
def show(venue_id: UUID, site_id: UUID) -> Response:
    """The list with the form of one site."""
    venue = visible(venue_id)
    site = queries.part(db.session(), venue, DiveSite, site_id)
    stored = {name: getattr(site, name) for name in (*FIELDS, "is_active")}
    return _page(venue, site, Sheet(stored))


@dive_sites.post("/<uuid:site_id>")
@requires(MANAGE)
def edit(venue_id: UUID, site_id: UUID) -> Response:
    """Change a dive site, or switch it off."""
    return _save(venue_id, site_id)


def _save(venue_id: UUID, site_id: UUID | None) -> Response:
    venue = visible(venue_id, MANAGE)
    site = queries.part(db.session(), venue, DiveSite, site_id) if site_id else None
    sheet = Sheet(typed(request.form, FIELDS, ("is_active",) if site else ()))
    session = db.session()
    try:
        saved = actions.save_site(
            session, current_actor(), current_scope(), venue_id, sheet.values, site_id
        )
    except InvalidPayload as error:
        session.rollback()
        return _page(visible(venue_id, MANAGE), site, sheet.take(error), 422)
    session.commit()
    say(f"{saved.name} is saved.")
    return go(url_for("dive_sites.index", venue_id=venue_id))


def _page(venue: Venue, site: DiveSite | None, sheet: Sheet, status: int = 200) -> Response:
    found = queries.sites(db.session(), venue.id)
    return venue_page(
        "venues/sites.html", venue, "Dive sites", status=status, found=found, site=site, sheet=sheet
    )
