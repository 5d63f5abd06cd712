"""People of partners: accounts that open the portal of one partner, and nothing of the desk.

Whether somebody may manage a partner is the caller's to know: partners stand a floor above.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import column, exists, select, table
from sqlalchemy.orm import Session, joinedload

from app.crypto import hash_email, hash_secret, new_token
from app.errors import Fault, InvalidPayload, NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.staff import actions, queries
from app.staff.models import LoginLink, User
from app.staff.permissions import Permission
from app.staff.team import INVITATION

MANAGE = Permission.PARTNERS_MANAGE
_PARTNERS = table("partners", column("id"), column("is_active"))
_PLACES = table("partner_venues", column("partner_id"), column("venue_id"))
_VENUES = table("venues", column("id"), column("website_id"))


def people(session: Session, partner_id: UUID) -> Sequence[User]:
    """Everybody of a partner, by name."""
    query = select(User).where(User.partner_id == partner_id)
    return session.scalars(query.order_by(User.name, User.id).limit(500)).all()


def invitations(session: Session, partner_id: UUID, now: datetime) -> Sequence[LoginLink]:
    """Its invitations that are still open, newest first."""
    query = select(LoginLink).where(
        LoginLink.partner_id == partner_id,
        LoginLink.used_at.is_(None),
        LoginLink.expires_at > now,
    )
    return session.scalars(query.order_by(LoginLink.created_at.desc()).limit(200)).all()


def invite(
    session: Session,
    actor: Actor,
    inviter: User,
    partner_id: UUID,
    email: str,
    name: str,
    now: datetime,
) -> tuple[LoginLink, str]:
    """Make the link. Returns it with its token, which is known to nobody afterwards.

    Raises InvalidPayload for somebody who is in already. Whether an address has an account
    elsewhere is not told: then the link leads nowhere.
    """
    known = queries.by_email(session, email)
    if known is not None and known.partner_id == partner_id:
        raise InvalidPayload("They are in already.", [Fault("email", "They have an account.")])
    token = new_token()
    link = LoginLink(
        token_hash=hash_secret(token),
        purpose=INVITATION,
        expires_at=now + actions.LINK_LIFETIME,
        email=email.strip(),
        email_hash=hash_email(email),
        name=name.strip(),
        partner_id=partner_id,
        website_ids=[],
        invited_by_id=inviter.id,
    )
    session.add(link)
    session.flush()
    _note(session, actor, "partner.person_invited", partner_id, link.name)
    return link, token


def revoke(session: Session, actor: Actor, partner_id: UUID, link_id: UUID) -> None:
    """Take an invitation back. Raises NotFound."""
    link = session.get(LoginLink, link_id, with_for_update=True)
    if link is None or link.partner_id != partner_id or link.used_at:
        raise NotFound("There is no such invitation.")
    _note(session, actor, "partner.invitation_revoked", partner_id, link.name)
    session.delete(link)


def join(session: Session, actor: Actor, link: LoginLink, user: User) -> None:
    """Make a new account one of the partner of its invitation."""
    user.partner_id = link.partner_id
    session.flush()
    if link.partner_id:
        _note(session, actor, "partner.person_joined", link.partner_id, user.name)


def switch(session: Session, actor: Actor, partner_id: UUID, user_id: UUID, on: bool) -> User:
    """Let one of its people in, or out at once. Raises NotFound."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None or user.partner_id != partner_id:
        raise NotFound("There is no such person.")
    actions.set_active(session, actor, user, on)
    name = "partner.person_switched_on" if on else "partner.person_switched_off"
    _note(session, actor, name, partner_id, user.name)
    return user


def still_given(session: Session, link: LoginLink) -> bool:
    """Whether who invited manages this very partner today, and the partner is switched on."""
    query = select(User).where(User.id == link.invited_by_id, User.is_active)
    query = query.options(joinedload(User.memberships)).execution_options(populate_existing=True)
    inviter = session.scalars(query).unique().one_or_none()
    places = select(_VENUES.c.website_id).where(
        _PLACES.c.venue_id == _VENUES.c.id, _PLACES.c.partner_id == link.partner_id
    )
    websites = frozenset(session.scalars(places.distinct()))
    if inviter is None or not inviter.scope.can_at_all(MANAGE, websites):
        return False
    on = exists().where(_PARTNERS.c.id == link.partner_id, _PARTNERS.c.is_active)
    return bool(session.scalar(select(on)))


def _note(session: Session, actor: Actor, name: str, partner_id: UUID, person: str | None) -> None:
    record(session, actor, NewEvent(name, "partner", str(partner_id), meta={"person": person}))
