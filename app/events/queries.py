"""Reading the log."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, literal_column, select, tuple_
from sqlalchemy.orm import Session

from app.events.models import Event


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


def settled_before() -> str:
    """SQL of the transaction id below which nothing can commit any more.

    Sequence order is not commit order: an event with a lower id can become visible later. A
    cursor that stays below the oldest transaction still running never misses one.
    """
    return "(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"


def newest_cursor(session: Session) -> tuple[int, int]:
    """Where a reader who has seen everything starts: (transaction, id)."""
    settled = session.scalar(select(literal_column(settled_before())))
    return (int(settled or 0), 0)


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
        .where(Event.transaction < func.coalesce(literal_column(settled_before()), 0))
        .where(Event.name.in_(names))
        .order_by(Event.transaction, Event.id)
        .limit(limit)
    )
    if websites is not None:
        query = query.where(Event.website_id.in_(websites))
    return session.scalars(query).all()
