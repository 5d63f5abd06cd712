"""What the tests of the team share: the house, its owner, roles by name, events."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.staff.models import Membership, Role, User
from app.staff.permissions import Permission
from app.staff.queries import role_named, with_memberships


def role_id(name: str) -> str:
    found = role_named(db.session(), name)
    assert found, name
    return str(found.id)


def make_role(name: str, *permissions: Permission, two_step: bool = False) -> str:
    """A custom role; returns its id."""
    role = Role(name=name, permissions=[p.value for p in permissions], requires_two_step=two_step)
    db.session.add(role)
    db.session.flush()
    return str(role.id)


def held(user: User | UUID) -> set[tuple[str, str | None]]:
    """(role, website) of every membership of a person, read afresh."""
    user_id = user if isinstance(user, UUID) else user.id
    db.session.expire_all()
    found = with_memberships(db.session(), user_id)
    assert found
    return {(m.role.name, m.website_id) for m in found.memberships}


def membership_of(user: User) -> str:
    """The id of their only membership."""
    query = select(Membership).where(Membership.user_id == user.id)
    return str(db.session.scalars(query).one().id)


def events(prefix: str) -> list[Event]:
    query = select(Event).where(Event.name.startswith(prefix)).order_by(Event.id)
    return list(db.session.scalars(query))


def text_of(html: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
