"""Forgetting what no longer counts: failed tries, ended sessions, links that do not work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.staff.models import LoginAttempt, LoginLink, UserSession
from app.staff.throttle import WINDOW

STEP = 1_000
LINKS_KEPT = timedelta(days=30)
"""After they ended: for a while the team page can say that an invitation ran out."""


def attempts(session: Session) -> int:
    """Step: failed sign-ins that the throttle counts no more."""
    return _delete(session, LoginAttempt, LoginAttempt.created_at < func.now() - WINDOW)


def sessions(session: Session) -> int:
    """Step: sessions that have ended."""
    return _delete(session, UserSession, UserSession.expires_at < func.now())


def links(session: Session) -> int:
    """Step: one-time links that ended a while ago."""
    return _delete(session, LoginLink, LoginLink.expires_at < func.now() - LINKS_KEPT)


def _delete(session: Session, table: Any, condition: ColumnElement[bool]) -> int:
    some = select(table.id).where(condition).limit(STEP).with_for_update(skip_locked=True)
    ids = session.scalars(some).all()
    if ids:
        session.execute(
            delete(table).where(table.id.in_(ids)).execution_options(synchronize_session=False)
        )
    return len(ids)
