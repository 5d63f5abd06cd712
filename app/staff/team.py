"""Reading the team: what of it somebody may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, exists, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session, joinedload, selectinload

from app.errors import NotFound
from app.staff.granting import MANAGE, VIEW, may_give
from app.staff.models import LoginLink, Membership, Role, User
from app.staff.scope import Scope
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

INVITATION = "invitation"
GONE = "There is no such person in your team."


@dataclass(frozen=True)
class Person:
    """Somebody of the team, with those of their memberships that are in sight."""

    user: User
    memberships: Sequence[Membership]


def people(
    session: Session, scope: Scope, website_id: str = "", after: str = "", limit: int = 50
) -> Slice[Person]:
    """Who works for the websites whose team is in sight, by name; or for one of these.

    Raises InvalidPayload for a cursor that is not ours.
    """
    query = select(User).where(_in_sight(scope), _member_of(website_id))
    if after:
        name, last_id = decode_cursor(after, 2)
        query = query.where(tuple_(User.name, User.id) > tuple_(name, _uuid(last_id)))
    query = query.options(selectinload(User.memberships))
    rows = session.scalars(query.order_by(User.name, User.id).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    following = encode_cursor([last.name, last.id]) if last else None
    return Slice([_seen(scope, user) for user in rows[:limit]], following)


def person(session: Session, scope: Scope, user_id: UUID) -> Person:
    """One of them, read afresh. Raises NotFound when they are out of sight."""
    query = select(User).where(User.id == user_id, _in_sight(scope))
    query = query.options(joinedload(User.memberships))
    fresh = query.execution_options(populate_existing=True)
    user = session.scalars(fresh).unique().one_or_none()
    if user is None:
        raise NotFound(GONE)
    return _seen(scope, user)


def is_in_sight(session: Session, scope: Scope, user_id: UUID) -> bool:
    """Whether `person` would find them."""
    query = select(exists().where(User.id == user_id, _in_sight(scope)))
    return bool(session.scalar(query))


def covers(scope: Scope, user: User) -> bool:
    """Whether somebody could give this person all they have: then they may switch them off.

    The memberships must have been loaded. Who has none belongs to who manages everybody.
    """
    if not user.memberships:
        return scope.can(MANAGE)
    return all(may_give(scope, m.role, m.website_id) for m in user.memberships)


def invitations(session: Session, scope: Scope, now: datetime) -> Sequence[LoginLink]:
    """Invitations still open, for websites whose team is in sight; newest first."""
    sight = scope.websites(VIEW)
    query = select(LoginLink).where(
        LoginLink.purpose == INVITATION,
        LoginLink.partner_id.is_(None),
        LoginLink.used_at.is_(None),
        LoginLink.expires_at > now,
        true()
        if sight is None
        else LoginLink.website_ids.has_any(array(sorted(sight), type_=Text)),
    )
    query = query.options(joinedload(LoginLink.role), joinedload(LoginLink.invited_by))
    return session.scalars(query.order_by(LoginLink.created_at.desc()).limit(200)).all()


def roles(session: Session) -> Sequence[Role]:
    """All roles: the built-in ones from the strongest down, then the others by name."""
    found = session.scalars(select(Role)).all()
    return sorted(found, key=lambda r: (not r.built_in, -len(r.grants) * r.built_in, r.name))


def use_of_roles(session: Session) -> dict[UUID, int]:
    """How many people hold each role; roles that nobody holds are left out."""
    people_of = func.count(Membership.user_id.distinct())
    query = select(Membership.role_id, people_of).group_by(Membership.role_id)
    return {row[0]: row[1] for row in session.execute(query)}


def _seen(scope: Scope, user: User) -> Person:
    mine = [m for m in user.memberships if scope.can(VIEW, m.website_id)]
    mine.sort(key=lambda m: (m.website_id is not None, m.website_id or "", m.role.name))
    return Person(user, mine)


def _in_sight(scope: Scope) -> ColumnElement[bool]:
    sight, ours = scope.websites(VIEW), User.partner_id.is_(None)
    if sight is None:
        return ours
    of_them = (Membership.user_id == User.id) & Membership.website_id.in_(sorted(sight))
    return ours & exists().where(of_them)


def _member_of(website_id: str) -> ColumnElement[bool]:
    if not website_id:
        return true()
    return exists().where((Membership.user_id == User.id) & (Membership.website_id == website_id))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise bad_cursor() from None
