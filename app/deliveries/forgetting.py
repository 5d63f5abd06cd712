"""Clearing what was said: the bodies of calls, when they are old or their guest is erased.

The row stays (when, what, how it ended, how long it took); only the bodies go.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.deliveries.models import SyncLog

STEP = 1_000
PAGE = 200
HAS_BODY = or_(SyncLog.request_body.is_not(None), SyncLog.response_body.is_not(None))


def clear_older(session: Session, website_id: str | None, before: datetime) -> int:
    """Clear one batch of bodies of a website that are older; None: of calls that belong to none.

    Returns how many; 0: nothing is left. Rows that somebody holds are left for the next time.
    """
    old = select(SyncLog.id).where(SyncLog.website_id == website_id, SyncLog.created_at < before)
    some = old.where(HAS_BODY).limit(STEP).with_for_update(skip_locked=True)
    return _clear(session, session.scalars(some).all())


def clear_of(session: Session, booking_ids: Collection[UUID], until: datetime | None = None) -> int:
    """Clear all bodies of these bookings; with `until` those of calls before it. The number."""
    wanted: list[ColumnElement[bool]] = [SyncLog.booking_id.in_(booking_ids), HAS_BODY]
    if until is not None:
        wanted.append(SyncLog.created_at < until)
    return _clear(session, session.scalars(select(SyncLog.id).where(*wanted)).all())


def clear_where(session: Session, websites: Collection[str], holds: Callable[[str], bool]) -> int:
    """Clear calls of these websites that led to no booking and whose body `holds` knows.

    They were refused, so no booking names them: each is opened and read. Returns how many.
    """
    cleared, after = 0, 0
    while True:
        query = select(SyncLog.id, SyncLog.request_body).where(
            SyncLog.website_id.in_(websites),
            SyncLog.booking_id.is_(None),
            SyncLog.request_body.is_not(None),
            SyncLog.id > after,
        )
        rows = session.execute(query.order_by(SyncLog.id).limit(PAGE)).all()
        cleared += _clear(session, [row.id for row in rows if holds(row.request_body)])
        if len(rows) < PAGE:
            return cleared
        after = rows[-1].id


def _clear(session: Session, ids: Sequence[int]) -> int:
    if ids:
        nothing = {"request_body": None, "response_body": None}
        statement = update(SyncLog).where(SyncLog.id.in_(ids)).values(nothing)
        session.execute(statement.execution_options(synchronize_session=False))
    return len(ids)
