"""Into the team: an invitation is a link that works once, for 48 hours.

Whoever invites must still hold what they gave when the link is used: it is checked again then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.crypto import hash_email, hash_secret, new_token
from app.errors import Fault, InvalidPayload, NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.staff import actions, granting, partner_people, queries, team
from app.staff.granting import MANAGE, VIEW, demand_giving, demand_place, may_give
from app.staff.memberships import role_of
from app.staff.models import LoginLink, Membership, User
from app.staff.scope import Scope
from app.staff.team import INVITATION
from app.staff.visitor import Visitor

DEAD = "This invitation does not work any more. Ask for a new one."


@dataclass(frozen=True)
class Guest:
    """Who is invited, and to what. `places`: website ids; None among them is all websites."""

    email: str
    name: str
    role_id: UUID
    places: tuple[str | None, ...]


def invite(
    session: Session, actor: Actor, scope: Scope, inviter: User, guest: Guest, now: datetime
) -> tuple[LoginLink, str]:
    """Make the link. Returns it with its token, which is known to nobody afterwards.

    Raises InvalidPayload, and as `memberships.grant`.
    """
    granting.one_at_a_time(session)
    if not guest.places:
        fault = Fault("websites", "Choose at least one website.")
        raise InvalidPayload("An invitation is for a website.", [fault])
    role = role_of(session, guest.role_id)
    for place in guest.places:
        demand_place(session, scope, place)
        demand_giving(scope, role, place)
    _demand_stranger(session, scope, guest.email)
    token = new_token()
    link = LoginLink(
        token_hash=hash_secret(token),
        purpose=INVITATION,
        expires_at=now + actions.LINK_LIFETIME,
        email=guest.email.strip(),
        email_hash=hash_email(guest.email),
        name=guest.name.strip(),
        role_id=role.id,
        website_ids=None if None in guest.places else sorted(filter(None, guest.places)),
        invited_by_id=inviter.id,
    )
    session.add(link)
    session.flush()
    _note(session, actor, "user.invited", link, {"role": role.name, "name": link.name})
    return link, token


def revoke(session: Session, actor: Actor, scope: Scope, link_id: UUID, now: datetime) -> None:
    """Take an invitation back. Raises NotFound or Forbidden."""
    link = session.get(LoginLink, link_id, with_for_update=True)
    open_still = link and link.purpose == INVITATION and not link.used_at and link.expires_at > now
    open_still = open_still and link is not None and link.partner_id is None
    if link is None or not open_still or not any(scope.can(VIEW, p) for p in link.places):
        raise NotFound("There is no such invitation.")
    for place in link.places:
        scope.demand(MANAGE, place, seen_with=VIEW) if place else demand_place(session, scope, None)
    _note(session, actor, "user.invitation_revoked", link, {"name": link.name})
    session.delete(link)


def opened(session: Session, token: str, now: datetime) -> LoginLink:
    """The invitation behind a link, locked. Raises NotFound when it does not work any more."""
    link = queries.working_link(session, token, INVITATION, now)
    if link is None or not _still_given(session, link):
        raise NotFound(DEAD)
    return link


def join(
    session: Session, token: str, name: str, password: str, visitor: Visitor, now: datetime
) -> User:
    """Make the account of somebody new. Raises NotFound or InvalidPayload."""
    granting.one_at_a_time(session)
    link = opened(session, token, now)
    if queries.by_email(session, link.email or ""):
        raise NotFound(DEAD)
    # The account is theirs from the start, so the log says that they made it.
    user = actions.create_user(session, visitor.invited(name), link.email or "", name, password)
    if link.partner_id:
        partner_people.join(session, visitor.person(user.id, user.name), link, user)
    _use(session, visitor.person(user.id, user.name), link, user, now)
    return user


def accept(session: Session, token: str, actor: Actor, user: User, now: datetime) -> None:
    """Take the roles into an account that exists. Raises NotFound for another's invitation."""
    granting.one_at_a_time(session)
    link = opened(session, token, now)
    # An account is of the desk or of one partner, for good.
    if link.email_hash != user.email_hash or link.partner_id or user.partner_id:
        raise NotFound(DEAD)
    _use(session, actor, link, user, now)


def _use(session: Session, actor: Actor, link: LoginLink, user: User, now: datetime) -> None:
    link.used_at = now
    role = role_of(session, link.role_id) if link.role_id else None
    has = select(Membership.role_id, Membership.website_id).where(Membership.user_id == user.id)
    held = {tuple(row) for row in session.execute(has)}
    for place in link.places:
        if role is None or (role.id, place) in held:
            continue
        membership = Membership(user_id=user.id, role_id=role.id, website_id=place)
        session.add(membership)
        session.flush()
        changes: dict[str, list[str | None]] = {"role": [None, role.name]}
        actions.note_membership(session, actor, "granted", membership, changes)


def _still_given(session: Session, link: LoginLink) -> bool:
    """Whether who invited may give the role today: they, or the role, may have changed."""
    if link.partner_id:
        return partner_people.still_given(session, link)
    query = select(User).where(User.id == link.invited_by_id, User.is_active)
    query = query.options(joinedload(User.memberships))
    fresh = query.execution_options(populate_existing=True)
    inviter = session.scalars(fresh).unique().one_or_none()
    if inviter is None or link.role_id is None:
        return False
    role = role_of(session, link.role_id)
    return all(may_give(inviter.scope, role, place) for place in link.places)


def _demand_stranger(session: Session, scope: Scope, email: str) -> None:
    """Whoever is in sight is not invited; whoever is not is, so that nothing is given away."""
    known = queries.by_email(session, email)
    if known is None or not team.is_in_sight(session, scope, known.id):
        return
    fault = Fault("email", "They are in the team already: open their page to give them a role.")
    raise InvalidPayload("They are in the team already.", [fault])


def _note(
    session: Session, actor: Actor, name: str, link: LoginLink, meta: dict[str, str | None]
) -> None:
    """One event for each website, so that each one's managers find it."""
    for place in link.places:
        event = NewEvent(name, "invitation", str(link.id), meta={**meta, "website_id": place})
        event.website_id = place
        record(session, actor, event)
