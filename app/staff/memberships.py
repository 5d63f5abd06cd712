"""Who may do what where: giving, changing and taking away roles; switching people off.

All raise NotFound for people and websites out of sight, Forbidden for what is seen and not theirs
to manage, and Refused for what the rules of the team forbid (`granting`).
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload, NotFound, Refused
from app.events.models import Actor
from app.staff import actions, granting, team
from app.staff.granting import demand_giving, demand_place
from app.staff.models import Membership, Role, User
from app.staff.scope import Scope


def grant(
    session: Session, actor: Actor, scope: Scope, user_id: UUID, role_id: UUID, place: str | None
) -> Membership:
    """Give somebody of the team one more role. Raises InvalidPayload when they have it."""
    granting.one_at_a_time(session)
    person = team.person(session, scope, user_id)
    demand_place(session, scope, place)
    role = role_of(session, role_id)
    demand_giving(scope, role, place)
    _demand_new(person.user, role, place)
    membership = Membership(user_id=user_id, role_id=role.id, website_id=place)
    session.add(membership)
    session.flush()
    changes: dict[str, list[str | None]] = {"role": [None, role.name]}
    actions.note_membership(session, actor, "granted", membership, changes)
    return membership


def change(
    session: Session,
    actor: Actor,
    scope: Scope,
    user_id: UUID,
    membership_id: UUID,
    role_id: UUID,
) -> None:
    """Give another role in place of one. Raises InvalidPayload when they have that too."""
    user, membership = _theirs(session, scope, user_id, membership_id)
    new, old = role_of(session, role_id), membership.role
    if new.id == old.id:
        return
    demand_giving(scope, new, membership.website_id)
    _demand_new(user, new, membership.website_id)
    was_superadmin = granting.is_superadmin(membership)
    membership.role = new
    session.flush()
    if was_superadmin and user.is_active:
        granting.keep_a_superadmin(session)
    changes: dict[str, list[str | None]] = {"role": [old.name, new.name]}
    actions.note_membership(session, actor, "changed", membership, changes)


def revoke(
    session: Session, actor: Actor, scope: Scope, user_id: UUID, membership_id: UUID
) -> None:
    """Take a role away."""
    user, membership = _theirs(session, scope, user_id, membership_id)
    changes: dict[str, list[str | None]] = {"role": [membership.role.name, None]}
    was_superadmin = granting.is_superadmin(membership)
    session.delete(membership)
    session.flush()
    if was_superadmin and user.is_active:
        granting.keep_a_superadmin(session)
    actions.note_membership(session, actor, "revoked", membership, changes)


def switch(session: Session, actor: Actor, scope: Scope, user_id: UUID, on: bool) -> User:
    """Switch an account on or off. Off ends its sessions at once."""
    granting.one_at_a_time(session)
    user = team.person(session, scope, user_id).user
    if not team.covers(scope, user):
        raise Refused("This account does more than you manage. Take away its roles here instead.")
    if actor.kind == "user" and actor.id == str(user.id):
        raise Refused("You cannot switch yourself off.")
    actions.set_active(session, actor, user, on)
    if not on and any(map(granting.is_superadmin, user.memberships)):
        granting.keep_a_superadmin(session)
    return user


def role_of(session: Session, role_id: UUID) -> Role:
    """The role, as it is now. Raises NotFound."""
    role = session.get(Role, role_id, populate_existing=True)
    if role is None:
        raise NotFound("There is no such role.")
    return role


def _theirs(
    session: Session, scope: Scope, user_id: UUID, membership_id: UUID
) -> tuple[User, Membership]:
    """A membership that may be taken away."""
    granting.one_at_a_time(session)
    person = team.person(session, scope, user_id)
    found = next((m for m in person.memberships if m.id == membership_id), None)
    if found is None:
        raise NotFound("They do not have this role.")
    demand_place(session, scope, found.website_id)
    demand_giving(scope, found.role, found.website_id)
    return person.user, found


def _demand_new(user: User, role: Role, place: str | None) -> None:
    if any(m.role_id == role.id and m.website_id == place for m in user.memberships):
        raise InvalidPayload("They have this role.", [Fault("role", "They have this role there.")])
