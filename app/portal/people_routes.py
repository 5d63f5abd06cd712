"""The people of a partner, for whoever manages it at the desk: invite, take back, switch off."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request, url_for
from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Length, Regexp

from app.errors import InvalidPayload
from app.extensions import db
from app.forms import Form, text
from app.partners import queries as partners
from app.partners.models import Partner
from app.partners.routes import crumbs
from app.staff import partner_people as people
from app.staff.context import current_actor, current_person, current_scope, now, settings
from app.staff.forms import ADDRESS
from app.staff.guards import requires
from app.staff.permissions import Permission
from app.web import go, page, say

partner_people = Blueprint(
    "partner_people", __name__, url_prefix="/partners/<uuid:partner_id>/people"
)

MANAGE = Permission.PARTNERS_MANAGE


class PersonForm(Form):
    """Who is invited."""

    name = StringField("Name", [DataRequired("Type their name."), Length(max=100)])
    email = EmailField(
        "E-mail",
        [
            *(DataRequired("Type their e-mail address."), Length(max=254)),
            Regexp(ADDRESS, message="This is not an e-mail address."),
        ],
    )


@partner_people.get("")
@requires(MANAGE)
def index(partner_id: UUID) -> Response:
    """Everybody of the partner, and who is invited."""
    return _page(_partner(partner_id), PersonForm())


@partner_people.post("")
@requires(MANAGE)
def invite(partner_id: UUID) -> Response:
    """Invite somebody; the link is shown once."""
    partner, form, session = _partner(partner_id), PersonForm(), db.session()
    if not form.validate():
        return _page(partner, form, 422)
    who = (partner.id, text(form.email), text(form.name))
    try:
        link, token = people.invite(session, current_actor(), current_person(), *who, now())
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return _page(_partner(partner_id), form, 422)
    session.commit()
    # Not from the Host header: whoever sends that could choose where the link leads.
    url = settings().base_url.rstrip("/") + url_for("invitations.show", token=token)
    way = crumbs(partner)
    return page("portal/invited.html", name=link.name, url=url, p=partner, crumbs=way)


@partner_people.post("/<uuid:link_id>/revoke")
@requires(MANAGE)
def revoke(partner_id: UUID, link_id: UUID) -> Response:
    """Take an invitation back."""
    people.revoke(db.session(), current_actor(), _partner(partner_id).id, link_id)
    db.session.commit()
    say("The invitation is taken back: its link does not work any more.")
    return go(url_for("partner_people.index", partner_id=partner_id))


@partner_people.post("/<uuid:user_id>/switch")
@requires(MANAGE)
def switch(partner_id: UUID, user_id: UUID) -> Response:
    """Let somebody in again, or out at once."""
    on, partner = request.form.get("on") == "1", _partner(partner_id)
    user = people.switch(db.session(), current_actor(), partner.id, user_id, on)
    said = f"{user.name} is switched {'on' if on else 'off'}."
    db.session.commit()
    say(said)
    return go(url_for("partner_people.index", partner_id=partner_id))


def _partner(partner_id: UUID) -> Partner:
    """Raises NotFound or Forbidden."""
    return partners.get(db.session(), current_scope(), partner_id, MANAGE)


def _page(partner: Partner, form: PersonForm, status: int = 200) -> Response:
    session = db.session()
    return page(
        *("portal/people.html", None, status),
        p=partner,
        crumbs=crumbs(partner),
        form=form,
        people=people.people(session, partner.id),
        invitations=people.invitations(session, partner.id, now()),
    )
