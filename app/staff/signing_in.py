"""The way in: a password, and a code where 2-step sign-in is on. No session before both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.crypto import hash_secret, new_token
from app.errors import AuthFailed, Fault
from app.events.actions import record
from app.events.models import NewEvent
from app.staff import actions, queries, throttle, two_step
from app.staff.actions import Lifetime, SignedIn
from app.staff.models import LoginLink, User
from app.staff.passwords import MAX_LENGTH, hash_password, needs_rehash, verify_password
from app.staff.visitor import Visitor

WRONG = "The e-mail address or the password is not right."
WRONG_PASSWORD = "This is not your password."  # noqa: S105 (a sentence)
TOO_LATE = "That took too long. Please sign in again."
CODE = "code"
CODE_WAITS = timedelta(minutes=10)


class SignInEnded(AuthFailed):
    """The second step came too late, or somewhere else: start with the password again."""


@dataclass(frozen=True)
class CodeNeeded:
    """The password was right; `token` leads to the second step, for ten minutes."""

    token: str


def sign_in(
    session: Session,
    email: str,
    password: str,
    visitor: Visitor,
    lifetime: Lifetime,
    now: datetime,
) -> SignedIn | CodeNeeded:
    """The first step of a browser. Raises as `check_password`."""
    user = check_password(session, email, password, visitor, now)
    if not user.has_two_step:
        return actions.open_session(session, user, visitor, lifetime, now)
    token = new_token()
    waiting = LoginLink(
        token_hash=hash_secret(token), purpose=CODE, user_id=user.id, expires_at=now + CODE_WAITS
    )
    session.add(waiting)
    session.flush()
    return CodeNeeded(token)


def sign_in_with_code(
    session: Session, token: str, code: str, visitor: Visitor, lifetime: Lifetime, now: datetime
) -> SignedIn:
    """The second step. Raises RateLimited, SignInEnded or AuthFailed; **commit then too**."""
    waiting = queries.working_link(session, token, CODE, now)
    user = session.get(User, waiting.user_id) if waiting else None
    if waiting is None or user is None or not queries.is_let_in(session, user):
        raise SignInEnded(TOO_LATE)
    two_step.check(session, user, code, visitor, now)
    session.delete(waiting)
    return actions.open_session(session, user, visitor, lifetime, now)


@dataclass(frozen=True)
class Credentials:
    """What a program sends to sign in."""

    email: str
    password: str
    code: str | None = None


def sign_in_at_once(
    session: Session, said: Credentials, visitor: Visitor, lifetime: Lifetime, now: datetime
) -> SignedIn:
    """Both steps in one call. Raises RateLimited or AuthFailed; **commit then too**."""
    user = check_password(session, said.email, said.password, visitor, now)
    if user.has_two_step:
        if not said.code:
            fault = Fault("code", "Is required.")
            raise AuthFailed("This account uses 2-step sign-in: send its code too.", [fault])
        two_step.check(session, user, said.code, visitor, now)
    return actions.open_session(session, user, visitor, lifetime, now)


def check_password(
    session: Session, email: str, password: str, visitor: Visitor, now: datetime
) -> User:
    """The person with this address and password.

    Raises RateLimited or AuthFailed; **commit then too**, since the failure counts. The answer and
    the time it takes are the same whether the account is unknown, switched off or only mistyped.
    """
    caller = throttle.Caller.of(email, visitor.ip)
    throttle.check(session, caller, now)
    user = queries.by_email(session, email)
    right = verify_password(user.password_hash if user else None, password)
    if user is None or not right or not queries.is_let_in(session, user):
        throttle.count_failure(session, caller, now)
        subject = str(user.id) if user else caller.account.hex()[:16]
        record(session, visitor.stranger(), NewEvent("user.sign_in_failed", "user", subject))
        raise AuthFailed(WRONG)
    throttle.forget(session, caller)
    if needs_rehash(user.password_hash or ""):
        user.password_hash = hash_password(password[:MAX_LENGTH])
    return user


def prove(session: Session, user: User, password: str, visitor: Visitor, now: datetime) -> None:
    """Ask somebody who is signed in for their password again. Raises as `check_password`."""
    try:
        check_password(session, user.email, password, visitor, now)
    except AuthFailed as error:
        raise AuthFailed(WRONG_PASSWORD, [Fault("current", WRONG_PASSWORD)]) from error
