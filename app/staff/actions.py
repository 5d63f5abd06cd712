"""What happens to people: their sessions, accounts, and the first superadmin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.crypto import hash_email, hash_secret, new_token
from app.errors import Fault, InvalidPayload, NotFound
from app.events.actions import record
from app.events.models import SYSTEM, Actor, NewEvent
from app.staff import queries
from app.staff.models import LoginLink, Membership, User, UserSession
from app.staff.passwords import fault_of, hash_password
from app.staff.visitor import Visitor

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
    stop_viewing(session, actor, row)
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
    """Sign a person out everywhere, but for the session `keep`; also from half-way sign-ins."""
    query = delete(UserSession).where(UserSession.user_id == user.id)
    session.execute(query.where(UserSession.id != keep) if keep else query)
    session.execute(delete(LoginLink).where(LoginLink.user_id == user.id))
    record(session, actor, NewEvent("user.sessions_ended", "user", str(user.id)))


def start_viewing(session: Session, actor: Actor, row: UserSession, person: User) -> None:
    """From now on this session shows the desk as the person sees it, read only."""
    row.viewing_as_id = person.id
    meta = {"person": person.name}
    record(session, actor, NewEvent("session.view_as_started", "user", str(person.id), meta=meta))


def stop_viewing(session: Session, actor: Actor, row: UserSession) -> None:
    """Back to one's own desk."""
    if row.viewing_as_id is None:
        return
    viewed, row.viewing_as_id = str(row.viewing_as_id), None
    record(session, actor, NewEvent("session.view_as_stopped", "user", viewed))


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
        user.password_hash = hash_password(checked(user, password))
    session.add(user)
    session.flush()
    record(session, actor, NewEvent("user.created", "user", str(user.id)))
    return user


def set_password(
    session: Session, actor: Actor, user: User, password: str, keep: UUID | None = None
) -> None:
    """Change the password and sign out everywhere else. Raises InvalidPayload."""
    user.password_hash = hash_password(checked(user, password))
    record(session, actor, NewEvent("user.password_changed", "user", str(user.id)))
    end_sessions(session, actor, user, keep)


def checked(user: User, password: str) -> str:
    """The password, if it is a decent one for this person. Raises InvalidPayload."""
    if message := fault_of(password, user.name, user.email):
        raise InvalidPayload("This password cannot be used.", [Fault("password", message)])
    return password


def set_active(session: Session, actor: Actor, user: User, active: bool) -> None:
    """Switch an account on or off. Off ends every session, and every sign-in under way, at once."""
    if user.is_active == active:
        return
    user.is_active = active
    if not active:
        session.execute(delete(UserSession).where(UserSession.user_id == user.id))
        session.execute(delete(LoginLink).where(LoginLink.user_id == user.id))
    name = "user.switched_on" if active else "user.switched_off"
    changes = {"is_active": [not active, active]}
    record(session, actor, NewEvent(name, "user", str(user.id), changes))


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
    note_membership(session, actor, "granted", membership, {"role": [None, role.name]})
    return membership


def note_membership(
    session: Session,
    actor: Actor,
    verb: str,
    membership: Membership,
    changes: dict[str, list[str | None]],
) -> None:
    """Write down that a membership was `granted`, `changed` or `revoked`."""
    place = membership.website_id
    event = NewEvent(f"membership.{verb}", "user", str(membership.user_id), dict(changes))
    event.website_id, event.meta = place, {"website_id": place}
    record(session, actor, event)


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
