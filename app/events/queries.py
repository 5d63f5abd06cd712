"""Reading the log."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnClause, literal_column, select, tuple_
from sqlalchemy.orm import Session

from app.events.models import Event

SETTLED: ColumnClause[int] = literal_column("""(
    SELECT coalesce(
        min(running::text::bigint), (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint
    )
    FROM pg_snapshot_xip(pg_current_snapshot()) AS running
    WHERE running::xid NOT IN (
        SELECT held.transactionid
        FROM pg_locks AS held
        JOIN pg_stat_activity AS other ON other.pid = held.pid
        JOIN pg_database AS ours ON ours.datname = current_database()
        WHERE held.locktype = 'transactionid' AND held.mode = 'ExclusiveLock' AND held.granted
        AND other.datid <> ours.oid
    )
)""")
"""The transaction id below which nothing can commit any more, in SQL.

Sequence order is not commit order: an event with a lower id can become visible later. A cursor
that stays below the oldest transaction still running never misses one. What runs in another
database of the same server writes nothing here, so nobody waits for it.
"""


def of_booking(session: Session, booking_id: UUID, limit: int = 200) -> Sequence[Event]:
    """The newest events of one booking, newest first."""
    query = select(Event).where(Event.booking_id == booking_id)
    return session.scalars(query.order_by(Event.id.desc()).limit(limit)).all()


def of_subject(
    session: Session, subject_type: str, subject_id: str, limit: int = 50
) -> Sequence[Event]:
    """The newest events of one website, user, …, newest first."""
    query = select(Event).where(Event.subject_type == subject_type, Event.subject_id == subject_id)
    return session.scalars(query.order_by(Event.id.desc()).limit(limit)).all()


def newest_cursor(session: Session) -> tuple[int, int]:
    """Where a reader who has seen everything starts: (transaction, id)."""
    return (int(session.scalar(select(SETTLED)) or 0), 0)


def changes_after(
    session: Session,
    cursor: tuple[int, int],
    websites: frozenset[str] | None,
    names: Sequence[str],
    limit: int = 200,
) -> Sequence[Event]:
    """Events after `cursor` in an order that never skips one. `websites` None means all."""
    query = (
        select(Event)
        .where(tuple_(Event.transaction, Event.id) > tuple_(*cursor))
        .where(Event.transaction < SETTLED)
        .where(Event.name.in_(names))
        .order_by(Event.transaction, Event.id)
        .limit(limit)
    )
    if websites is not None:
        query = query.where(Event.website_id.in_(websites))
    return session.scalars(query).all()
