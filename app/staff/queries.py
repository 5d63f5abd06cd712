"""Reading people and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, column, exists, select, table
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.crypto import hash_email, hash_secret
from app.staff.models import LoginLink, Role, User, UserSession

# Partners stand two floors above; all that matters here is whether they are switched on.
_PARTNERS = table("partners", column("id"), column("is_active"))


def session_for_token(
    session: Session, token: str, now: datetime, idle: timedelta
) -> UserSession | None:
    """The working browser session of a cookie's token, with the person and what they may do.

    One query. None when it ended, lay idle, or the person was switched off.
    """
    query = _with_person().where(
        UserSession.token_hash == hash_secret(token),
        UserSession.kind == "browser",
        UserSession.expires_at > now,
        UserSession.last_seen_at > now - idle,
    )
    return session.scalars(query).unique().one_or_none()


def api_session(session: Session, session_id: UUID, now: datetime) -> UserSession | None:
    """The working session behind a staff API token, with the person. One query."""
    query = _with_person().where(
        UserSession.id == session_id, UserSession.kind == "api", UserSession.expires_at > now
    )
    return session.scalars(query).unique().one_or_none()


def _with_person() -> Select[UserSession]:
    person = contains_eager(UserSession.user)
    return (
        select(UserSession)
        .join(UserSession.user)
        .where(may_enter())
        .options(person, person.joinedload(User.memberships))
    )


def may_enter() -> ColumnElement[bool]:
    """Condition on people: switched on, and so is the partner of somebody who is of one."""
    partner_is_on = exists().where(_PARTNERS.c.id == User.partner_id, _PARTNERS.c.is_active)
    return User.is_active & (User.partner_id.is_(None) | partner_is_on)


def is_let_in(session: Session, user: User) -> bool:
    """The same of one person."""
    if user.partner_id is None:
        return user.is_active
    return bool(session.scalar(select(exists().where(User.id == user.id, may_enter()))))


def by_email(session: Session, email: str) -> User | None:
    """The person with this address, however it is capitalised; also one switched off."""
    return session.scalar(select(User).where(User.email_hash == hash_email(email)))


def with_memberships(session: Session, user_id: UUID) -> User | None:
    """A person, with what they may do."""
    query = select(User).where(User.id == user_id).options(joinedload(User.memberships))
    return session.scalars(query).unique().one_or_none()


def role_named(session: Session, name: str) -> Role | None:
    """A role by its name."""
    return session.scalar(select(Role).where(Role.name == name))


def devices_of(session: Session, user_id: UUID, now: datetime) -> Sequence[UserSession]:
    """Where a person is signed in, last used first."""
    query = select(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at > now)
    return session.scalars(query.order_by(UserSession.last_seen_at.desc())).all()


def has_users(session: Session) -> bool:
    """Whether anybody was ever made."""
    return session.scalar(select(User.id).limit(1)) is not None


def working_link(session: Session, token: str, purpose: str, now: datetime) -> LoginLink | None:
    """An unused one-time link that has not expired; locked, so that it is used once."""
    query = select(LoginLink).where(
        LoginLink.token_hash == hash_secret(token),
        LoginLink.purpose == purpose,
        LoginLink.used_at.is_(None),
        LoginLink.expires_at > now,
    )
    return session.scalar(query.with_for_update())
