"""Slowing down whoever guesses passwords, without locking out whoever is guessed at.

Failures count per (account, address), and per address over all accounts. The account alone is not
counted: a stranger at another address cannot keep a person from signing in.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from app.crypto import hash_email, keyring
from app.errors import RateLimited
from app.staff.models import LoginAttempt

WINDOW = timedelta(hours=24)
MOST = 100
"""More failures than these make no difference."""


@dataclass(frozen=True)
class Rule:
    """`free` failures cost nothing; each further one doubles the wait, up to `longest` seconds."""

    free: int
    longest: int

    def wait_after(self, failures: int) -> timedelta:
        """How long after the last failure the next try is refused."""
        if failures < self.free:
            return timedelta(0)
        return timedelta(seconds=min(2.0 ** min(failures - self.free + 1, 30), self.longest))


PER_ACCOUNT = Rule(free=5, longest=900)
# An office shares one address: it slows down late, and never for long.
PER_ADDRESS = Rule(free=50, longest=60)


@dataclass(frozen=True)
class Caller:
    """An account as it was typed, and the network it was typed from; both as keyed hashes."""

    account: bytes
    address: bytes

    @classmethod
    def of(cls, email: str, ip: str) -> Caller:
        return cls(hash_email(email), keyring.hash("address:" + network_of(ip)))

    @classmethod
    def at_codes_of(cls, user_id: UUID) -> Caller:
        """Whoever types codes for this account, from anywhere."""
        account = keyring.hash(f"codes:{user_id}")
        return cls(account, account)


def network_of(ip: str) -> str:
    """The address; of IPv6 the /64, which is what one subscriber holds."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def check(session: Session, caller: Caller, now: datetime) -> None:
    """Raises RateLimited while the caller has to wait.

    Tries for one account from one address go one after the other until the end of the
    transaction, so that many at once do not all pass before the first failure is counted.
    """
    number = int.from_bytes(caller.account[:4] + caller.address[:4], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(number)))
    same_address = LoginAttempt.address_hash == caller.address
    same_both = (LoginAttempt.account_hash == caller.account) & same_address
    wait = max(
        _wait(session, PER_ACCOUNT, same_both, now),
        _wait(session, PER_ADDRESS, same_address, now),
    )
    if wait > timedelta(0):
        seconds = int(wait.total_seconds()) + 1
        raise RateLimited("Too many tries. Please wait a moment.", retry_after=seconds)


def _wait(session: Session, rule: Rule, which: ColumnElement[bool], now: datetime) -> timedelta:
    query = select(LoginAttempt.created_at).where(which, LoginAttempt.created_at > now - WINDOW)
    tries = session.scalars(query.order_by(LoginAttempt.created_at.desc()).limit(MOST)).all()
    return tries[0] + rule.wait_after(len(tries)) - now if tries else timedelta(0)


def count_failure(session: Session, caller: Caller, now: datetime) -> None:
    """Remember a failed try, and forget those that no longer count."""
    row = {"account_hash": caller.account, "address_hash": caller.address, "created_at": now}
    session.execute(insert(LoginAttempt), row)
    old = select(LoginAttempt.id).where(LoginAttempt.created_at < now - WINDOW)
    some = old.limit(500).with_for_update(skip_locked=True)
    session.execute(delete(LoginAttempt).where(LoginAttempt.id.in_(some)))


def forget(session: Session, caller: Caller) -> None:
    """The account signed in from there: its failures there no longer count."""
    session.execute(
        delete(LoginAttempt).where(
            LoginAttempt.account_hash == caller.account,
            LoginAttempt.address_hash == caller.address,
        )
    )
