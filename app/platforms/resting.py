"""A platform that failed is left alone for a while, so that nobody else waits for it.

The rest grows with each failure in a row. After it one question tries again, while the others go
on passing it by; an answer ends it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from app.platforms.models import PlatformConnection

FIRST = timedelta(seconds=30)
MOST = timedelta(minutes=5)
TRY = timedelta(seconds=5)
"""For so long one who tries again keeps the others away."""


def is_resting(connection: PlatformConnection, now: datetime) -> bool:
    """Whether it is not asked just now."""
    return connection.quiet_until is not None and connection.quiet_until > now


def may_try(session: Session, connection: PlatformConnection, now: datetime) -> bool:
    """Whether this question is the one that tries a rested platform again; True for a healthy one.

    Writes, where it is: the caller commits.
    """
    if connection.quiet_until is None:
        return True
    unchanged = PlatformConnection.quiet_until == connection.quiet_until
    return _write(session, connection, unchanged, quiet_until=now + TRY)


def failed(
    session: Session, connection: PlatformConnection, now: datetime, wish: float | None = None
) -> None:
    """It failed. Of questions that failed side by side one counts. `wish`: seconds it asked for."""
    count = connection.failures + 1
    rest = min(FIRST * 2 ** min(connection.failures, 10), MOST)
    if wish is not None:
        rest = min(max(rest, timedelta(seconds=wish)), MOST)
    _write(session, connection, _as_seen(connection), failures=count, quiet_until=now + rest)


def answered(session: Session, connection: PlatformConnection) -> None:
    """It answers (again)."""
    if connection.failures or connection.quiet_until is not None:
        _write(session, connection, _as_seen(connection), failures=0, quiet_until=None)


def _as_seen(connection: PlatformConnection) -> Any:
    return PlatformConnection.failures == connection.failures


def _write(session: Session, connection: PlatformConnection, where: Any, **values: Any) -> bool:
    """Its health is no change of the connection: `updated_at` stays."""
    change = (
        update(PlatformConnection)
        .where(PlatformConnection.id == connection.id, where)
        .values(**values, updated_at=PlatformConnection.updated_at)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", session.execute(change)).rowcount == 1
