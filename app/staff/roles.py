"""Roles that managers make. They hold everywhere, so only who manages everybody changes them.

All raise NotFound for a role that is not there, and Refused for what the rules forbid: nobody puts
into a role, or takes out of it, what they do not hold for all websites.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload, Refused
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.staff import granting
from app.staff.granting import MANAGE
from app.staff.memberships import role_of
from app.staff.models import LoginLink, Membership, Role
from app.staff.permissions import Permission
from app.staff.scope import Scope

LONGEST_NAME = 40


def may_edit(scope: Scope) -> bool:
    """Whether somebody may change roles at all."""
    return scope.can(MANAGE)


def create(
    session: Session, actor: Actor, scope: Scope, name: str, like: UUID | None = None
) -> Role:
    """Make a role: empty, or with what another one gives. Raises InvalidPayload."""
    _begin(session, scope)
    grants = sorted(role_of(session, like).grants) if like else []
    if not scope.holds(grants, None):
        raise Refused("That role can do more than you: you cannot copy it.")
    role = Role(name=_free_name(session, name), permissions=[str(p) for p in grants])
    session.add(role)
    session.flush()
    _note(session, actor, "role.created", role, {"permissions": [[], role.permissions]})
    return role


def rename(session: Session, actor: Actor, scope: Scope, role_id: UUID, name: str) -> Role:
    """Give it another name. Raises InvalidPayload."""
    role = _own(session, scope, role_id)
    old = role.name
    role.name = _free_name(session, name, role.id)
    session.flush()
    if role.name != old:
        _note(session, actor, "role.renamed", role, {"name": [old, role.name]})
    return role


def set_permission(
    session: Session, actor: Actor, scope: Scope, role_id: UUID, permission: Permission, held: bool
) -> Role:
    """Put a permission into a role, or take it out: for all who hold it, from now on."""
    role = _own(session, scope, role_id)
    if not scope.can(permission):
        raise Refused("You do not hold this permission for all websites yourself.")
    before = set(role.permissions)
    after = before | {permission.value} if held else before - {permission.value}
    if after != before:
        role.permissions = sorted(after)
        _note(session, actor, "role.changed", role, {permission.value: [not held, held]})
    return role


def require_two_step(
    session: Session, actor: Actor, scope: Scope, role_id: UUID, required: bool
) -> Role:
    """Ask 2-step sign-in of all who hold the role; built-in ones too."""
    _begin(session, scope)
    role = role_of(session, role_id)
    if not scope.holds(role.grants, None):
        raise Refused("That role can do more than you: you cannot change it.")
    if role.requires_two_step != required:
        role.requires_two_step = required
        changes = {"requires_two_step": [not required, required]}
        _note(session, actor, "role.changed", role, changes)
    return role


def delete(session: Session, actor: Actor, scope: Scope, role_id: UUID, now: datetime) -> Role:
    """Delete a role that nobody holds or is invited to."""
    role = _own(session, scope, role_id)
    if session.scalar(select(exists().where(Membership.role_id == role.id))):
        raise Refused("Somebody still has this role. Give them another one first.")
    links = session.scalars(select(LoginLink).where(LoginLink.role_id == role.id)).all()
    if any(link.used_at is None and link.expires_at > now for link in links):
        raise Refused("Somebody is invited to this role. Take the invitation back first.")
    for link in links:
        session.delete(link)
    session.flush()
    session.delete(role)
    _note(session, actor, "role.deleted", role, {"permissions": [role.permissions, []]})
    return role


def _begin(session: Session, scope: Scope) -> None:
    if not may_edit(scope):
        raise Refused("Roles are the same for all websites: only who manages all may change them.")
    granting.one_at_a_time(session)


def _own(session: Session, scope: Scope, role_id: UUID) -> Role:
    """A role that was made here."""
    _begin(session, scope)
    role = role_of(session, role_id)
    if role.built_in:
        raise Refused("Built-in roles stay as they are. Make a copy and change that.")
    return role


def _free_name(session: Session, name: str, own: UUID | None = None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidPayload(
            "A role needs a name.", [Fault("name", f"Use up to {LONGEST_NAME} letters.")]
        )
    taken = session.scalar(select(Role.id).where(func.lower(Role.name) == func.lower(name)))
    if taken not in (None, own):
        raise InvalidPayload("This name is taken.", [Fault("name", "There is such a role.")])
    return name


def _note(
    session: Session, actor: Actor, name: str, role: Role, changes: dict[str, list[Any]]
) -> None:
    meta = {"role": role.name}
    record(session, actor, NewEvent(name, "role", str(role.id), changes, meta))
