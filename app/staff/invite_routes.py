"""Pages of invitations: inviting somebody, taking it back, and the link that is followed."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, url_for
from flask_login import current_user

from app.errors import InvalidPayload
from app.extensions import db
from app.forms import Form, text
from app.staff import actions, granting, identity, invitations, queries, team
from app.staff.context import (
    current_actor,
    current_person,
    current_scope,
    now,
    settings,
    visitor,
)
from app.staff.forms import InviteForm, JoinForm
from app.staff.granting import ALL_WEBSITES, MANAGE
from app.staff.guards import public, requires
from app.staff.models import LoginLink
from app.staff.routes import refused
from app.web import go, page, say

invite = Blueprint("invitations", __name__)


@invite.route("/team/invite", methods=["GET", "POST"])
@requires(MANAGE)
def make() -> Response:
    """Invite somebody; the link is shown once."""
    form = _invite_form()
    if not form.validate_on_submit():
        return page("staff/invite.html", form=form, status=422 if form.is_submitted() else 200)
    guest = invitations.Guest(
        email=text(form.email),
        name=text(form.name),
        role_id=UUID(form.role.data),
        places=tuple(None if w == ALL_WEBSITES else w for w in form.websites.data or []),
    )
    session = db.session()
    try:
        link, token = invitations.invite(
            session, current_actor(), current_scope(), current_person(), guest, now()
        )
    except InvalidPayload as error:
        session.rollback()
        return refused("staff/invite.html", form, error)
    session.commit()
    # Not from the Host header: whoever sends that could choose where the link leads.
    url = settings().base_url.rstrip("/") + url_for("invitations.show", token=token)
    return page("staff/invited.html", link=link, url=url)


def _invite_form() -> InviteForm:
    """With the roles and websites that the signed-in person may give."""
    session, scope = db.session(), current_scope()
    places = granting.offered_places(scope, granting.website_names(session, scope.websites(MANAGE)))
    roles = granting.offered_roles(scope, team.roles(session), places)
    form = InviteForm()
    # Nobody is to be made a superadmin by leaving a choice as it stood.
    form.role.choices = [("", "Choose a role"), *((str(role.id), role.name) for role in roles)]
    form.websites.choices = places
    return form


@invite.post("/team/invitations/<uuid:link_id>/revoke")
@requires(MANAGE)
def revoke(link_id: UUID) -> Response:
    """Take an invitation back."""
    invitations.revoke(db.session(), current_actor(), current_scope(), link_id, now())
    db.session.commit()
    say("The invitation is taken back: its link does not work any more.")
    return go(url_for("team.index"))


@invite.get("/invite/<token>")
@public("its one-time link is the key")
def show(token: str) -> Response:
    """Choose a password, or take the roles into the account one has."""
    link = invitations.opened(db.session(), token, now())
    return _invitation_page(link, token, JoinForm(name=link.name))


@invite.post("/invite/<token>")
@public("its one-time link is the key")
def use(token: str) -> Response:
    """Come into the team."""
    session = db.session()
    link = invitations.opened(session, token, now())
    if queries.by_email(session, link.email or ""):
        return _accept(token)
    form = JoinForm()
    if not form.validate():
        return _invitation_page(link, token, form, 422)
    try:
        user = invitations.join(
            session, token, text(form.name), form.password.data or "", visitor(), now()
        )
    except InvalidPayload as error:
        session.rollback()
        form.take(error)
        return _invitation_page(invitations.opened(session, token, now()), token, form, 422)
    lifetime = identity.browser_lifetime()
    signed = actions.open_session(session, user, visitor(), lifetime, now())
    identity.remember(signed)
    session.commit()
    return go("/")


def _accept(token: str) -> Response:
    """An account exists: only its owner, signed in, takes the roles."""
    invitations.accept(db.session(), token, current_actor(), current_person(), now())
    db.session.commit()
    say("You have the new role.")
    return go("/")


def _invitation_page(link: LoginLink, token: str, form: Form, status: int = 200) -> Response:
    account = queries.by_email(db.session(), link.email or "")
    is_mine = current_user.is_authenticated and account is not None
    is_mine = is_mine and current_user.email_hash == link.email_hash
    return page(
        "staff/join.html", status=status, link=link, token=token, form=form,
        has_account=account is not None, is_mine=is_mine,
    )  # fmt: skip
