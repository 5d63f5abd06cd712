"""Pages of the team: people, what each may do where, switching off, looking as somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from app.errors import InvalidPayload, Refused
from app.extensions import db
from app.staff import actions, granting, memberships, powers, team
from app.staff.context import (
    current_actor,
    current_person,
    current_scope,
    current_session,
    now,
    viewed_person,
)
from app.staff.granting import MANAGE, VIEW, may_give
from app.staff.guards import requires, signed_in, while_viewing
from app.staff.models import Membership, Role
from app.staff.permissions import Permission
from app.staff.team import Person
from app.web import go, page, say

people = Blueprint("team", __name__)


@people.get("/team")
@requires(VIEW)
def index() -> Response:
    """Everybody in sight, and who is invited."""
    session, scope = db.session(), current_scope()
    website, after = request.args.get("website", ""), request.args.get("after", "")
    found = team.people(session, scope, website, after)
    return page(
        "staff/team.html",
        people=found.rows,
        following=found.next,
        names=granting.website_names(session, scope.websites(VIEW)),
        invitations=[] if after else team.invitations(session, scope, now()),
        chosen=website,
        can_invite=scope.can_somewhere(MANAGE),
        may_revoke=lambda link: all(scope.can(MANAGE, place) for place in link.places),
    )


@people.get("/team/<uuid:user_id>")
@requires(VIEW)
def show(user_id: UUID) -> Response:
    """One person: their roles, and what can be done with the account."""
    return _person_page(team.person(db.session(), current_scope(), user_id))


def _person_page(person: Person, said: str = "", status: int = 200) -> Response:
    session, scope = db.session(), current_scope()
    names = granting.website_names(session, scope.websites(VIEW))
    roles, places = team.roles(session), granting.offered_places(scope, names)
    return page(
        "staff/person.html",
        status=status,
        said=said,
        p=person,
        rows=[(m, _choices(roles, m)) for m in person.memberships],
        names=names,
        roles=granting.offered_roles(scope, roles, places),
        places=places,
        can_view_as=any(scope.can(MANAGE, m.website_id) for m in person.memberships),
        covered=team.covers(scope, person.user),
        is_self=person.user.id == current_person().id,
        is_superadmin=granting.is_superadmin,
        is_last=granting.is_last_superadmin(session, person.user),
    )


def _choices(roles: Sequence[Role], membership: Membership) -> list[Role]:
    """The roles it can be changed to; none when it is not theirs to change."""
    scope, place = current_scope(), membership.website_id
    if not may_give(scope, membership.role, place):
        return []
    return [role for role in roles if may_give(scope, role, place)]


@people.get("/team/<uuid:user_id>/powers")
@requires(VIEW)
def can_do(user_id: UUID) -> Response:
    """What this person can do, and where it comes from."""
    session, scope = db.session(), current_scope()
    person = team.person(session, scope, user_id)
    names = granting.website_names(session, scope.websites(VIEW))
    return page(
        "staff/powers.html",
        p=person,
        table_of=powers.powers_of(person.memberships, names),
        modules=powers.by_module(),
        words=powers.words,
    )


@people.post("/team/<uuid:user_id>/memberships")
@requires(MANAGE)
def grant(user_id: UUID) -> Response:
    """Give a role."""
    session, scope = db.session(), current_scope()
    try:
        memberships.grant(session, current_actor(), scope, user_id, _role_id(), _place())
    except InvalidPayload as error:
        session.rollback()
        person = team.person(session, scope, user_id)
        return _person_page(person, said=error.message, status=422)
    return _done(user_id, "The role is given: it works from the next click on.")


@people.post("/team/<uuid:user_id>/memberships/<uuid:membership_id>")
@requires(MANAGE)
def change(user_id: UUID, membership_id: UUID) -> Response:
    """Another role in its place."""
    session, scope = db.session(), current_scope()
    try:
        memberships.change(session, current_actor(), scope, user_id, membership_id, _role_id())
    except InvalidPayload as error:
        session.rollback()
        person = team.person(session, scope, user_id)
        return _person_page(person, said=error.message, status=422)
    return _done(user_id, "The role is changed: it works from the next click on.")


@people.post("/team/<uuid:user_id>/memberships/<uuid:membership_id>/remove")
@requires(MANAGE)
def revoke(user_id: UUID, membership_id: UUID) -> Response:
    """Take a role away."""
    session, scope = db.session(), current_scope()
    memberships.revoke(session, current_actor(), scope, user_id, membership_id)
    in_sight = team.is_in_sight(session, scope, user_id)  # not if they had this role alone
    session.commit()
    say("The role is taken away.")
    return go(url_for("team.show", user_id=user_id) if in_sight else url_for("team.index"))


@people.post("/team/<uuid:user_id>/switch")
@requires(MANAGE)
def switch(user_id: UUID) -> Response:
    """Switch an account on or off."""
    on = request.form.get("on") == "1"
    user = memberships.switch(db.session(), current_actor(), current_scope(), user_id, on)
    ended = "can sign in again" if on else "is signed out everywhere and cannot sign in"
    return _done(user_id, f"{user.name} {ended}.")


@people.post("/team/<uuid:user_id>/view-as")
@requires(MANAGE)
def view_as(user_id: UUID) -> Response:
    """See the desk as this person sees it."""
    session, scope = db.session(), current_scope()
    person = team.person(session, scope, user_id)
    if person.user.id == current_person().id:
        raise Refused("This is your own desk already.")
    if not any(scope.can(MANAGE, m.website_id) for m in person.memberships):
        raise Refused("They have no role on a website whose team you manage.")
    if not person.user.is_active:
        raise Refused("This account is switched off: it sees nothing.")
    actions.start_viewing(session, current_actor(), current_session(), person.user)
    shared = scope & person.user.scope
    has_desk = shared.can_somewhere(Permission.BOOKINGS_VIEW)
    session.commit()
    return go("/" if has_desk else url_for("staff.profile"))


@people.post("/team/stop-viewing")
@while_viewing
@signed_in
def stop_viewing() -> Response:
    """Back to one's own desk."""
    viewed = viewed_person()
    actions.stop_viewing(db.session(), current_actor(), current_session())
    db.session.commit()
    return go(url_for("team.show", user_id=viewed.id) if viewed else "/")


def _role_id() -> UUID:
    try:
        return UUID(request.form.get("role", ""))
    except ValueError:
        return UUID(int=0)  # no role has it


def _place() -> str | None:
    """The website that was chosen; None for all."""
    place = request.form.get("website", "")
    return None if place == granting.ALL_WEBSITES else place


def _done(user_id: UUID, text: str) -> Response:
    db.session.commit()
    say(text)
    return go(url_for("team.show", user_id=user_id))
