"""2-step sign-in: codes of an authenticator app (TOTP), and recovery codes for a lost phone."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.crypto import keyring
from app.errors import AuthFailed, Fault, InvalidPayload, Refused
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.staff import actions, throttle
from app.staff.models import RecoveryCode, User
from app.staff.visitor import Visitor

ISSUER = "OneBooking"
STEP = 30
"""Seconds for which an app shows one code."""
SKEW = 1
"""Steps that a phone's clock may be ahead or behind."""
HOW_MANY = 10
"""Recovery codes in a set."""
# Neither 0 and O nor 1, I and L: they are copied from paper.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
WRONG_CODE = "This code is not right. A code works once, and for half a minute."


def start(session: Session, user: User) -> None:
    """Make the secret that the app is to learn. A second start replaces it until it is confirmed.

    Raises Refused when 2-step sign-in is on already.
    """
    if user.has_two_step:
        raise Refused("2-step sign-in is on already.")
    user.totp_secret = pyotp.random_base32()
    user.totp_last_step = None
    session.flush()


def uri(user: User) -> str:
    """What the QR code says."""
    secret = user.totp_secret or ""
    return str(pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER))


def confirm(
    session: Session, actor: Actor, user: User, code: str, now: datetime, keep: UUID
) -> list[str]:
    """Switch it on with a first code, end all other sessions. Returns the recovery codes.

    Raises InvalidPayload when the code is not right, Refused when nothing was started.
    """
    if user.totp_secret is None or user.has_two_step:
        raise Refused("Start the set-up of 2-step sign-in first.")
    if not _use_totp(session, user, code, now):
        raise InvalidPayload(WRONG_CODE, [Fault("code", WRONG_CODE)])
    user.two_step_since = now
    record(session, actor, NewEvent("user.two_step_on", "user", str(user.id)))
    actions.end_sessions(session, actor, user, keep)
    return _fresh_codes(session, user)


def switch_off(session: Session, actor: Actor, user: User) -> None:
    """Take it away again. Raises Refused while a role of theirs asks for it."""
    if user.needs_two_step:
        raise Refused("Your role asks for 2-step sign-in: it cannot be switched off.")
    clear(session, user)
    record(session, actor, NewEvent("user.two_step_off", "user", str(user.id)))


def clear(session: Session, user: User) -> None:
    """Forget the app and the recovery codes."""
    user.totp_secret = user.totp_last_step = user.two_step_since = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def renew_codes(session: Session, actor: Actor, user: User) -> list[str]:
    """A new set of recovery codes; the old ones work no more. Raises Refused when it is off."""
    if not user.has_two_step:
        raise Refused("2-step sign-in is off.")
    record(session, actor, NewEvent("user.recovery_codes_renewed", "user", str(user.id)))
    return _fresh_codes(session, user)


def codes_left(session: Session, user_id: UUID) -> int:
    """How many recovery codes are unused."""
    unused = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(unused) or 0


def check(session: Session, user: User, code: str, visitor: Visitor, now: datetime) -> None:
    """Take a code of the app or a recovery code; either works once.

    Raises RateLimited or AuthFailed; **commit then too**, since the failure counts. Failures count
    for the account alone, from wherever they come: whoever gets this far knows the password.
    """
    caller = throttle.Caller.at_codes_of(user.id)
    throttle.check(session, caller, now)
    actor = visitor.person(user.id, user.name)
    if _use_totp(session, user, code, now):
        throttle.forget(session, caller)
        return
    if _use_recovery_code(session, user, code, now):
        throttle.forget(session, caller)
        event = NewEvent("user.recovery_code_used", "user", str(user.id))
        event.meta = {"left": codes_left(session, user.id)}
        record(session, actor, event)
        return
    throttle.count_failure(session, caller, now)
    event = NewEvent("user.sign_in_failed", "user", str(user.id), meta={"step": "code"})
    record(session, visitor.stranger(), event)
    raise AuthFailed(WRONG_CODE)


def _use_totp(session: Session, user: User, code: str, now: datetime) -> bool:
    step = _step_of(user.totp_secret or "", "".join(code.split()), now)
    if step is None:
        return False
    newer = or_(User.totp_last_step.is_(None), User.totp_last_step < step)
    # The database decides who used it: two tries at once are not both the first.
    query = update(User).where(User.id == user.id, newer).values(totp_last_step=step)
    return _changed_one(session, query)


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is; every step is compared, so that time tells nothing."""
    if not secret or not (code.isascii() and code.isdigit()):
        return None
    current = int(now.timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(current - SKEW, current + SKEW + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            found = step
    return found


def _use_recovery_code(session: Session, user: User, code: str, now: datetime) -> bool:
    query = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == _hash(user.id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return _changed_one(session, query)


def _changed_one(session: Session, query: object) -> bool:
    result = session.execute(query)  # type: ignore[call-overload]
    return isinstance(result, CursorResult) and result.rowcount == 1


def _fresh_codes(session: Session, user: User) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [_new_code() for _ in range(HOW_MANY)]
    session.add_all(RecoveryCode(user_id=user.id, code_hash=_hash(user.id, c)) for c in codes)
    session.flush()
    return codes


def _new_code() -> str:
    """Ten letters in two groups: 49 bits."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _hash(user_id: UUID, code: str) -> bytes:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return keyring.hash(f"recovery:{user_id}:{plain}")
