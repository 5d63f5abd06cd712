"""One-time codes: asked for, derived when they are sent, tried, used.

A code is kept nowhere. It follows from the pepper, which is not in the database, and from the
challenge, which is; whoever sends it computes it then, and whoever checks one compares hashes. All
times are the database's own.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import CIDR, INET
from sqlalchemy.orm import Session

from app.errors import RateLimited
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.ids import new_id
from app.signin.models import OtpChallenge
from app.signin.numbers import address_of, range_of
from app.signin.rules import ATTEMPTS, LIFE, RESEND, Rules
from app.wall import lifted

WANTED = "sign_in.code_wanted"
DIGITS = 6
TOO_MANY = "Too many codes were asked for. Please try again later."
HOUR, DAY = 3_600, 86_400
_QUEUE = 0x07_0C0DE
"""Of an advisory lock: requests are counted one after the other, so that none slips through."""
_CLOCK = func.clock_timestamp()


@dataclass(frozen=True)
class Asked:
    """What is told of a request. Seconds, whole ones."""

    expires_in: int
    resend_in: int


@dataclass(frozen=True)
class Tried:
    """A challenge that one attempt was taken from."""

    id: UUID
    phone: str
    code_hash: bytes


def request(
    session: Session, actor: Actor, rules: Rules, phone: str, address: str, website_id: str
) -> Asked:
    """Have a code sent to this phone, by this website's account; the one before it ends.

    Nothing here depends on whether anybody is known by the phone. Within RESEND of the last
    request nothing is sent and the answer is the same. Raises RateLimited.
    """
    session.execute(select(func.pg_advisory_xact_lock(_QUEUE)))
    now: datetime = session.execute(select(_CLOCK)).scalar_one()
    last = _last(session, phone)
    if last is not None and now < last.created_at + RESEND:
        return _told(last, now)
    here, network = address_of(address)
    _demand_room(session, rules, phone, here, network, now)
    replace = update(OtpChallenge).where(OtpChallenge.phone == phone)
    session.execute(replace.where(OtpChallenge.used_at.is_(None)).values(used_at=now))
    made = _make(rules, phone, here, now)
    session.add(made)
    session.flush()
    wanted = NewEvent(WANTED, "sign_in", str(made.id), website_id=website_id, dispatch=True)
    record(session, actor, wanted)
    return _told(made, now)


def _last(session: Session, phone: str) -> OtpChallenge | None:
    query = select(OtpChallenge).where(OtpChallenge.phone == phone)
    newest = query.order_by(OtpChallenge.created_at.desc(), OtpChallenge.id.desc()).limit(1)
    return session.scalars(newest.execution_options(populate_existing=True)).one_or_none()


def _make(rules: Rules, phone: str, address: str, now: datetime) -> OtpChallenge:
    made = OtpChallenge(
        id=new_id(),
        phone=phone,
        nonce=os.urandom(16),
        attempts_left=ATTEMPTS,
        expires_at=now + LIFE,
        address=address,
        created_at=now,
    )
    made.code_hash = hash_of(rules, made.id, phone, code_of(rules, made))
    return made


def _told(challenge: OtpChallenge, now: datetime) -> Asked:
    left = (challenge.created_at + LIFE - now).total_seconds()
    wait = (challenge.created_at + RESEND - now).total_seconds()
    return Asked(max(0, int(left)), max(1, -int(-wait // 1)))


def _demand_room(
    session: Session, rules: Rules, phone: str, address: str, network: str, now: datetime
) -> None:
    """Raises RateLimited. One look at the last day, which its own limit keeps short."""
    of_network = cast(func.nullif(OtpChallenge.address, ""), INET).bool_op("<<=")
    whose: dict[str, ColumnElement[bool]] = {
        "phone": OtpChallenge.phone == phone,
        "address": OtpChallenge.address == address,
        "network": of_network(cast(network, CIDR)) if network else OtpChallenge.address == "",
        "range": OtpChallenge.phone.startswith(range_of(phone), autoescape=True),
        "all": OtpChallenge.id.is_not(None),
    }
    made, lately = OtpChallenge.created_at, OtpChallenge.created_at > now - timedelta(hours=1)
    counts = [
        count
        for each in whose.values()
        for count in (func.count().filter(each, lately), func.count().filter(each))
    ]
    found = session.execute(select(*counts).where(made > now - timedelta(days=1))).one()
    for number, name in enumerate(whose):
        hour, day = rules.limits[name]
        if found[2 * number + 1] >= day:
            raise RateLimited(TOO_MANY, retry_after=DAY)
        if found[2 * number] >= hour:
            raise RateLimited(TOO_MANY, retry_after=HOUR)


def code_of(rules: Rules, challenge: OtpChallenge) -> str:
    """The code of a challenge. Only who sends it asks for it."""
    seed = b"|".join((challenge.id.bytes, challenge.phone.encode(), challenge.nonce))
    digest = hmac.new(_key(rules, b"code"), seed, hashlib.sha256).digest()
    return str(int.from_bytes(digest) % 10**DIGITS).zfill(DIGITS)


def hash_of(rules: Rules, challenge_id: UUID, phone: str, code: str) -> bytes:
    """What is kept of a code: useless without the pepper."""
    said = b"|".join((challenge_id.bytes, phone.encode(), code.encode()))
    return hmac.new(_key(rules, b"hash"), said, hashlib.sha256).digest()


def _key(rules: Rules, purpose: bytes) -> bytes:
    return hmac.new(rules.pepper, b"otp-" + purpose, hashlib.sha256).digest()


def sendable(
    session: Session, challenge_ids: Collection[UUID]
) -> dict[UUID, tuple[OtpChallenge, int]]:
    """Of these challenges those whose code still works, and for how many seconds."""
    left = func.extract("epoch", OtpChallenge.expires_at - _CLOCK)
    query = select(OtpChallenge, left).where(
        OtpChallenge.id.in_(challenge_ids), OtpChallenge.used_at.is_(None), left > 1
    )
    found = session.execute(query.execution_options(populate_existing=True))
    return {challenge.id: (challenge, int(seconds)) for challenge, seconds in found}


def take_attempt(session: Session, phone: str) -> Tried | None:
    """Take one of the attempts at the phone's code; None when there is nothing to try.

    Commit before comparing: of any number at the same time no more get through than were left.
    """
    taken = (
        update(OtpChallenge)
        .where(
            OtpChallenge.phone == phone,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.attempts_left > 0,
            OtpChallenge.expires_at > _CLOCK,
        )
        .values(attempts_left=OtpChallenge.attempts_left - 1)
        .returning(OtpChallenge.id, OtpChallenge.phone, OtpChallenge.code_hash)
        .execution_options(synchronize_session=False)
    )
    row = session.execute(taken).one_or_none()
    return Tried(*row) if row else None


def is_right(rules: Rules, tried: Tried, code: str) -> bool:
    """Whether this is the code, in constant time."""
    return hmac.compare_digest(tried.code_hash, hash_of(rules, tried.id, tried.phone, code))


def use(session: Session, tried: Tried) -> bool:
    """Spend a challenge; False when it was spent meanwhile."""
    spent = (
        update(OtpChallenge)
        .where(
            OtpChallenge.id == tried.id,
            OtpChallenge.used_at.is_(None),
            OtpChallenge.expires_at > _CLOCK,
        )
        .values(used_at=_CLOCK)
        .returning(OtpChallenge.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(spent).one_or_none() is not None


def forget(session: Session, phone: str) -> None:
    """Whoever had this phone is erased: what was asked for there is forgotten."""
    with lifted(session):  # codes belong to no website
        session.execute(delete(OtpChallenge).where(OtpChallenge.phone == phone))
