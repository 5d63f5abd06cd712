"""What was said with a platform, as it was noted: without guests and credentials."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Boolean, ColumnElement, Select, literal_column, select
from sqlalchemy.orm import Session, defer

from app.deliveries.models import SyncLog
from app.deliveries.queries import MOST_DIGITS
from app.errors import NotFound
from app.platforms.models import PlatformConnection
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

OF_PLATFORMS = literal_column("left(sync_logs.door, 9) = 'platform:'", Boolean)
"""Said with the door, for the index of the sync log that holds these calls alone."""


def page(
    session: Session,
    connection: PlatformConnection,
    kinds: Collection[str] | None = None,
    *,
    failed: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Slice[SyncLog]:
    """What was said with the platform, the newest first, without bodies. `kinds`: of these event
    types; with `booking` among them all that are said because of one.

    Raises InvalidPayload for a cursor that is none of ours.
    """
    query = logged(connection)
    if failed:
        query = query.where(SyncLog.status == "failed")
    if kinds is not None:
        query = query.where(_is_of(kinds))
    if after is not None:
        (said,) = decode_cursor(after, 1)
        if not said.isdecimal() or len(said) > MOST_DIGITS:
            raise bad_cursor()
        query = query.where(SyncLog.id < int(said))
    rows = session.scalars(query.limit(limit + 1)).all()
    following = encode_cursor([rows[limit - 1].id]) if len(rows) > limit else None
    return Slice(rows[:limit], following)


def logged(connection: PlatformConnection) -> Select[SyncLog]:
    """Everything that was said with a platform, the newest first."""
    bodies = (defer(SyncLog.request_body), defer(SyncLog.response_body))
    return select(SyncLog).options(*bodies).where(*_of(connection)).order_by(SyncLog.id.desc())


def get(session: Session, connection: PlatformConnection, log_id: int) -> SyncLog:
    """One of them, whole. Raises NotFound."""
    query = select(SyncLog).where(SyncLog.id == log_id, *_of(connection))
    found = session.scalar(query)
    if found is None:
        raise NotFound("This exchange does not exist.")
    return found


def _of(connection: PlatformConnection) -> tuple[ColumnElement[bool], ...]:
    mine = SyncLog.website_id == connection.website_id
    return (OF_PLATFORMS, SyncLog.door == connection.key, mine)


def _is_of(kinds: Collection[str]) -> ColumnElement[bool]:
    named = SyncLog.event_type.in_(set(kinds) - {"booking"})
    return named | ~SyncLog.event_type.startswith("platform.") if "booking" in kinds else named
