"""Pages of one partner: add, edit, venues, webhook secret, history. Keys: `key_routes`.

The list, statistics and statements know bookings: `statements.routes`.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.apikeys import queries as apikeys
from app.apikeys.owner import Owner
from app.apikeys.pages import Crumb, KeyPages, show_secrets
from app.errors import InvalidPayload
from app.extensions import db
from app.partners import actions, history, queries
from app.partners.forms import PartnerForm
from app.partners.models import Partner
from app.partners.overview import failed, overview
from app.staff.context import current_actor, current_scope, now, settings
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say
from app.websites.context import zone_of
from app.websites.routes import https_only, overlap

partners = Blueprint("partners", __name__, url_prefix="/partners")

VIEW = Permission.PARTNERS_VIEW
MANAGE = Permission.PARTNERS_MANAGE


@partners.get("/new")
@requires(MANAGE)
def new() -> Response:
    """An empty form."""
    return _new_page(PartnerForm())


@partners.post("/new")
@requires(MANAGE)
def add() -> Response:
    """Add a partner."""
    form, session = PartnerForm(), db.session()
    try:
        made = actions.add(
            *(session, current_actor(), current_scope(), form.values(), _chosen()),
            https_only=https_only(),
        )
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return _new_page(form, 422)
    there = url_for("partners.show", partner_id=made.id)
    session.commit()
    say("Added. Now issue a key, and give it to the partner.")
    return go(there)


def _new_page(form: PartnerForm, status: int = 200) -> Response:
    places = queries.places(db.session(), current_scope(), MANAGE)
    chosen = _chosen() if form.is_submitted() else set()
    return page(
        *("partners/new.html", None, status),
        form=form,
        places=places,
        chosen=chosen,
        crumbs=crumbs(),
    )


@partners.get("/<uuid:partner_id>")
@requires(VIEW)
def show(partner_id: UUID) -> Response:
    """One partner: what it is, where it books, its keys, its webhook, its history."""
    session, scope = db.session(), current_scope()
    partner = queries.get(session, scope, partner_id)
    row = overview(session, [partner], now())[0]
    seen = [place for place in row.places if scope.can(VIEW, place.website_id)]
    sync = scope.websites(Permission.SYNC_VIEW)
    return page(
        "partners/show.html",
        p=partner,
        w=partner,
        row=row,
        places=seen,
        unseen=len(row.places) - len(seen),
        failed=failed(session, row.destination, sync),
        can_manage=queries.manages(scope, {place.website_id for place in row.places}),
        can_place=scope.can_somewhere(MANAGE),
        keys=apikeys.of_owner(session, Owner(partner_id=partner.id)),
        pages=key_pages(partner),
        now=now(),
        tz=zone_of(),
        history=history.of_partner(session, partner, whole=len(seen) == len(row.places)),
        crumbs=crumbs(),
    )


@partners.route("/<uuid:partner_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(partner_id: UUID) -> Response:
    """Change a partner."""
    session, scope = db.session(), current_scope()
    partner = queries.get(session, scope, partner_id, MANAGE)
    form, way = PartnerForm(partner), crumbs(partner)
    if request.method == "GET":
        return page("partners/edit.html", form=form, p=partner, crumbs=way)
    try:
        actions.edit(
            *(session, current_actor(), scope, partner_id, form.values()), https_only=https_only()
        )
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return page("partners/edit.html", status=422, form=form, p=partner, crumbs=way)
    session.commit()
    say("Saved.")
    return _back(partner_id)


@partners.post("/<uuid:partner_id>/switch")
@requires(MANAGE)
def switch(partner_id: UUID) -> Response:
    """Switch a partner on or off."""
    on = request.form.get("on") == "1"
    partner = actions.switch(db.session(), current_actor(), current_scope(), partner_id, on)
    said = f"{partner.name} is switched {'on' if on else 'off'}."
    db.session.commit()
    say(said)
    return _back(partner_id)


@partners.get("/<uuid:partner_id>/venues")
@requires(MANAGE)
def venues(partner_id: UUID) -> Response:
    """Choose where it may book."""
    partner = queries.get(db.session(), current_scope(), partner_id)
    allowed = queries.places_of(db.session(), [partner.id])[partner.id]
    return _venues_page(partner, {place.venue_id for place in allowed})


@partners.post("/<uuid:partner_id>/venues")
@requires(MANAGE)
def allow(partner_id: UUID) -> Response:
    """Allow the chosen venues, of the websites where this person manages partners."""
    session, scope, chosen = db.session(), current_scope(), _chosen()
    try:
        partner = actions.allow_venues(session, current_actor(), scope, partner_id, chosen)
    except InvalidPayload as error:
        session.rollback()
        partner = queries.get(session, scope, partner_id)
        return _venues_page(partner, chosen, error.details[0].message, 422)
    still = queries.sees(scope, queries.websites_of(session, partner.id))
    session.commit()
    say("Saved.")
    return _back(partner_id) if still else go(url_for("statements.index"))


def _venues_page(
    partner: Partner, chosen: set[UUID], error: str = "", status: int = 200
) -> Response:
    session, scope = db.session(), current_scope()
    places = queries.places(session, scope, MANAGE)
    mine = {place.venue_id for place in places}
    allowed = queries.places_of(session, [partner.id])[partner.id]
    others = len([place for place in allowed if place.venue_id not in mine])
    return page(
        *("partners/venues.html", None, status),
        p=partner,
        places=places,
        others=others,
        chosen=chosen,
        error=error,
        crumbs=crumbs(partner),
    )


@partners.post("/<uuid:partner_id>/secret")
@requires(MANAGE)
def rotate_secret(partner_id: UUID) -> Response:
    """Replace the webhook secret; the old one signs as well for a while."""
    secret = actions.rotate_webhook_secret(
        db.session(), current_actor(), current_scope(), partner_id, overlap(), now()
    )
    db.session.commit()
    way = crumbs(queries.get(db.session(), current_scope(), partner_id))
    hours = settings().secret_overlap_hours
    note = f"For {hours} hours webhooks are signed with the old and the new secret."
    return show_secrets(way, "The new webhook secret", [("Webhook secret", secret)], note)


def crumbs(partner: Partner | None = None) -> tuple[Crumb, ...]:
    """The way to the list, or to a partner's page."""
    way = (("Partners", url_for("statements.index")),)
    if partner is None:
        return way
    return (*way, (partner.name, url_for("partners.show", partner_id=partner.id)))


def key_pages(partner: Partner) -> KeyPages:
    """The pages of this partner's keys. Days are those of the desk's zone."""
    return KeyPages(
        owner=actions.key_owner(db.session(), partner),
        blueprint="partner_keys",
        args={"partner_id": partner.id},
        crumbs=crumbs(partner),
        zone=zone_of(),
    )


def _back(partner_id: UUID) -> Response:
    return go(url_for("partners.show", partner_id=partner_id))


def _chosen() -> set[UUID]:
    """The venues that were ticked; what is no id is left out."""
    found = set()
    for text in request.form.getlist("venues"):
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found
