"""Short-lived tokens for partners who prefer one to sending their key with every call."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from app.apikeys.models import ApiKey
from app.config import Settings

AUDIENCE = "onebooking:partner"
ALGORITHM = "HS256"
LIFETIME = timedelta(hours=1)


def _key(settings: Settings) -> bytes:
    """A key of its own purpose: what is for partners never works for staff."""
    secret = settings.secret_key.get_secret_value().encode()
    return hmac.new(secret, b"partner-token", hashlib.sha256).digest()


def write_token(settings: Settings, key: ApiKey, now: datetime) -> str:
    """A token that stands for this key: it works as long as the key does, an hour at most."""
    claims = {"aud": AUDIENCE, "sub": str(key.id), "iat": now, "exp": now + LIFETIME}
    return jwt.encode(claims, _key(settings), algorithm=ALGORITHM)


def read_token(settings: Settings, token: str) -> UUID | None:
    """The id of the key that a token stands for; None when it is not ours, or has expired."""
    try:
        claims = jwt.decode(
            token,
            _key(settings),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["aud", "sub", "exp"]},
        )
        return UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError):
        return None
