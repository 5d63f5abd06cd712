"""Tokens of the staff JSON API: a signed pointer to a session row, so that they can be revoked."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

import jwt

from app.config import Settings
from app.staff.models import UserSession

AUDIENCE = "onebooking:staff"
ALGORITHM = "HS256"


def _key(settings: Settings) -> bytes:
    """A key of its own purpose: a token is not a cookie."""
    secret = settings.secret_key.get_secret_value().encode()
    return hmac.new(secret, b"staff-token", hashlib.sha256).digest()


def write_token(settings: Settings, row: UserSession) -> str:
    """The bearer token of an `api` session."""
    claims = {
        "aud": AUDIENCE,
        "sub": str(row.user_id),
        "jti": str(row.id),
        "iat": row.created_at,
        "exp": row.expires_at,
    }
    return jwt.encode(claims, _key(settings), algorithm=ALGORITHM)


def read_token(settings: Settings, token: str) -> UUID | None:
    """The session a token points to; None when it is not ours, not for staff, or expired."""
    try:
        claims = jwt.decode(
            token,
            _key(settings),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["aud", "sub", "jti", "exp"]},
        )
        return UUID(claims["jti"])
    except (jwt.InvalidTokenError, ValueError):
        return None
