"""What happens to people: sign-in and sign-out, accounts, memberships, the first superadmin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.crypto import hash_email, hash_secret, new_token
from app.errors import AuthFailed, Fault, InvalidPayload, NotFound
from app.events.actions import record
from app.events.models import SYSTEM, Actor, NewEvent
from app.staff import queries, throttle
from app.staff.models import LoginLink, Membership, User, UserSession
from app.staff.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    hash_password,
    needs_rehash,
    verify_password,
)
from app.staff.visitor import Visitor

WRONG = "The e-mail address or the password is not right."
FIRST_ADMIN = "first_admin"
LINK_LIFETIME = timedelta(hours=48)


@dataclass(frozen=True)
class SignedIn:
    """A new session. `token` is known to the caller alone: the database keeps its hash."""

    user: User
    session: UserSession
    token: str


@dataclass(frozen=True)
class Lifetime:
    """What a new session is for (`browser` or `api`) and how long it can last at most."""

    kind: str
    longest: timedelta


def sign_in(
    session: Session,
    email: str,
    password: str,
    visitor: Visitor,
    lifetime: Lifetime,
    now: datetime,
) -> SignedIn:
    """Check a password and open a session.

    Raises RateLimited or AuthFailed; **commit then too**, since the failure counts. The answer and
    the time it takes are the same whether the account is unknown, switched off or only mistyped.
    """
    caller = throttle.Caller.of(email, visitor.ip)
    throttle.check(session, caller, now)
    user = queries.by_email(session, email)
    right = verify_password(user.password_hash if user else None, password[:MAX_LENGTH])
    if user is None or not right or not user.is_active:
        throttle.count_failure(session, caller, now)
        subject = str(user.id) if user else caller.account.hex()[:16]
        record(session, visitor.stranger(), NewEvent("user.sign_in_failed", "user", subject))
        raise AuthFailed(WRONG)
    throttle.forget(session, caller)
    if needs_rehash(user.password_hash or ""):
        user.password_hash = hash_password(password)
    return open_session(session, user, visitor, lifetime, now)


def open_session(
    session: Session, user: User, visitor: Visitor, lifetime: Lifetime, now: datetime
) -> SignedIn:
    """Open a session for a person who has proved who they are."""
    token = new_token()
    row = UserSession(
        user_id=user.id,
        token_hash=hash_secret(token),
        kind=lifetime.kind,
        ip=visitor.ip,
        user_agent=visitor.user_agent,
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime.longest,
    )
    session.execute(
        delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at <= now)
    )
    session.add(row)
    user.last_seen_at = now
    session.flush()
    event = NewEvent("user.signed_in", "user", str(user.id), meta={"kind": lifetime.kind})
    record(session, visitor.person(user.id, user.name), event)
    return SignedIn(user, row, token)


def sign_out(session: Session, actor: Actor, row: UserSession) -> None:
    """End one session, at once."""
    session.delete(row)
    record(session, actor, NewEvent("user.signed_out", "user", str(row.user_id)))


def end_session(session: Session, actor: Actor, user: User, session_id: UUID) -> None:
    """End one of a person's sessions. Raises NotFound when it is not theirs."""
    row = session.get(UserSession, session_id)
    if row is None or row.user_id != user.id:
        raise NotFound("This device is not signed in.")
    session.delete(row)
    record(session, actor, NewEvent("user.sessions_ended", "user", str(user.id)))


def end_sessions(session: Session, actor: Actor, user: User, keep: UUID | None = None) -> None:
    """Sign a person out everywhere, but for the session `keep`."""
    query = delete(UserSession).where(UserSession.user_id == user.id)
    session.execute(query.where(UserSession.id != keep) if keep else query)
    record(session, actor, NewEvent("user.sessions_ended", "user", str(user.id)))


def touch(session: Session, session_id: UUID, user_id: UUID, now: datetime) -> None:
    """Note that a session is in use."""
    session.execute(
        update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now)
    )
    session.execute(update(User).where(User.id == user_id).values(last_seen_at=now))


def create_user(
    session: Session, actor: Actor, email: str, name: str, password: str | None = None
) -> User:
    """Make an account; without a password nobody can sign in to it yet. Raises InvalidPayload."""
    if queries.by_email(session, email):
        fault = Fault("email", "Somebody with this address is already here.")
        raise InvalidPayload("This address is taken.", [fault])
    user = User(email=email.strip(), email_hash=hash_email(email), name=name.strip())
    if password is not None:
        user.password_hash = hash_password(checked(password))
    session.add(user)
    session.flush()
    record(session, actor, NewEvent("user.created", "user", str(user.id)))
    return user


def set_password(
    session: Session, actor: Actor, user: User, password: str, keep: UUID | None = None
) -> None:
    """Change the password and sign out everywhere else. Raises InvalidPayload."""
    user.password_hash = hash_password(checked(password))
    record(session, actor, NewEvent("user.password_changed", "user", str(user.id)))
    end_sessions(session, actor, user, keep)


def checked(password: str) -> str:
    """The password, if it is long enough and not absurdly long. Raises InvalidPayload."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        message = f"Use between {MIN_LENGTH} and {MAX_LENGTH} characters."
        raise InvalidPayload("This password cannot be used.", [Fault("password", message)])
    return password


def set_active(session: Session, actor: Actor, user: User, active: bool) -> None:
    """Switch an account on or off. Off takes effect with the next request."""
    if user.is_active == active:
        return
    user.is_active = active
    changes = {"is_active": [not active, active]}
    record(session, actor, NewEvent("user.updated", "user", str(user.id), changes))


def add_membership(
    session: Session, actor: Actor, user: User, role_name: str, website_id: str | None
) -> Membership:
    """Give a person a role for one website, or for all (None). Raises NotFound for the role."""
    role = queries.role_named(session, role_name)
    if role is None:
        raise NotFound("There is no such role.")
    membership = Membership(user_id=user.id, role_id=role.id, website_id=website_id)
    session.add(membership)
    session.flush()
    meta = {"role": role.name, "website_id": website_id}
    event = NewEvent("user.membership_added", "user", str(user.id), meta=meta)
    event.website_id = website_id
    record(session, actor, event)
    return membership


def first_admin_link(session: Session, base_url: str, now: datetime) -> str | None:
    """A one-time link to make the first superadmin; None once anybody exists.

    Valid for 48 hours. A new link makes the one before it useless.
    """
    if queries.has_users(session):
        return None
    session.execute(delete(LoginLink).where(LoginLink.purpose == FIRST_ADMIN))
    token = new_token()
    link = LoginLink(
        token_hash=hash_secret(token), purpose=FIRST_ADMIN, expires_at=now + LINK_LIFETIME
    )
    session.add(link)
    session.flush()
    return f"{base_url.rstrip('/')}/setup/{token}"


def redeem_first_admin_link(
    session: Session, token: str, email: str, name: str, password: str, now: datetime
) -> User:
    """Make the first superadmin. Raises NotFound for a link that does not work any more."""
    link = queries.working_link(session, token, FIRST_ADMIN, now)
    if link is None or queries.has_users(session):
        raise NotFound("This link does not work any more.")
    link.used_at = now
    user = create_user(session, SYSTEM, email, name, password)
    add_membership(session, SYSTEM, user, "superadmin", None)
    return user
