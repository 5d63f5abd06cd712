"""Tokens of customers: signed pointers to a device, so that a device that was ended is out at once.

Several keys may verify, each under its own name (`kid`); the first one signs. When a token begins
and ends is for the database's clock to judge (`caller`): the machines that serve need not agree.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from app.config import Settings
from app.ids import new_id

AUDIENCE = "onebooking:customer"
ISSUER = "onebooking"
ALGORITHM = "HS256"
EARLY = timedelta(minutes=1)
"""How far ahead of the database a token may have been made: another database took over."""
_CHECKED = ("aud", "exp", "iat", "iss", "jti", "sid", "sub")
_DERIVED = "0"


@dataclass(frozen=True)
class Claims:
    """What a genuine token says; whether it is current is for `is_current`."""

    customer_id: UUID
    device_id: UUID
    issued_at: datetime
    expires_at: datetime

    def is_current(self, now: datetime) -> bool:
        """Whether it works at this moment."""
        return self.issued_at - EARLY <= now < self.expires_at


def life(settings: Settings) -> timedelta:
    """How long a token works."""
    return timedelta(days=settings.customer_token_days)


def write_token(settings: Settings, customer_id: UUID, device_id: UUID, now: datetime) -> str:
    """The token of a customer on a device; `now` is the database's."""
    kid, secret = next(iter(_keys(settings).items()))
    claims = {
        "aud": AUDIENCE,
        "iss": ISSUER,
        "sub": str(customer_id),
        "sid": str(device_id),
        "jti": str(new_id()),
        "iat": now,
        "exp": now + life(settings),
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"kid": kid})


def read_token(settings: Settings, token: str) -> Claims | None:
    """What a token says; None when it is not ours or not for customers."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        secret = _keys(settings).get(kid) if isinstance(kid, str) else None
        return _claims(token, secret) if secret else None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        return None


def _claims(token: str, secret: bytes) -> Claims:
    said = jwt.decode(
        token,
        secret,
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"require": list(_CHECKED), "verify_exp": False, "verify_iat": False},
    )
    begins, ends = (datetime.fromtimestamp(said[name], UTC) for name in ("iat", "exp"))
    return Claims(UUID(said["sub"]), UUID(said["sid"]), begins, ends)


def _keys(settings: Settings) -> dict[str, bytes]:
    """The keys by name, the signing one first; a key of its own purpose where none is set."""
    named = settings.customer_token_key_list()
    if named:
        return {kid: secret.encode() for kid, secret in named.items()}
    secret = settings.secret_key.get_secret_value().encode()
    return {_DERIVED: hmac.new(secret, b"customer-token", hashlib.sha256).digest()}
