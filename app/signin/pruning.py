"""Steps that clear what signing in leaves behind, a batch at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.signin.models import CustomerDevice, OtpChallenge, RefreshToken
from app.signin.rules import rules

STEP = 500
COUNTED = timedelta(days=2)
"""Longer than any limit looks back."""
ENDED = timedelta(days=30)
"""How long an ended device is remembered."""


def challenges(session: Session) -> int:
    """Forget codes that nothing counts any more."""
    return _clear(session, OtpChallenge, OtpChallenge.created_at < func.now() - COUNTED)


def tokens(session: Session) -> int:
    """Forget tokens that have ended. A spent one is kept until then: its return tells a thief."""
    return _clear(session, RefreshToken, RefreshToken.expires_at < func.now())


def devices(session: Session) -> int:
    """Forget devices that were ended long ago, or that no token can come from any more."""
    has_token = select(RefreshToken.id).where(RefreshToken.device_id == CustomerDevice.id).exists()
    unused = CustomerDevice.last_seen_at < func.now() - (rules.token_life + COUNTED)
    ended = CustomerDevice.revoked_at < func.now() - ENDED
    return _clear(session, CustomerDevice, ended | (~has_token & unused))


def _clear(session: Session, table: Any, which: ColumnElement[bool]) -> int:
    some = select(table.id).where(which).limit(STEP).with_for_update(skip_locked=True)
    ids = session.scalars(some).all()
    if ids:
        statement = delete(table).where(table.id.in_(ids))
        session.execute(statement.execution_options(synchronize_session=False))
    return len(ids)
