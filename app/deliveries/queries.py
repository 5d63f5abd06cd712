"""Reading deliveries and the sync log. Numbers and destinations are in `status`.

`websites` is what the caller may see: ids, or None for all (`scope.websites(SYNC_VIEW)`). What is
not covered does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from app.deliveries.models import Delivery, State, SyncLog
from app.deliveries.status import Websites, visible
from app.errors import NotFound
from app.web import Slice, decode_cursor, encode_cursor


@dataclass(frozen=True)
class Filter:
    """What the Sync page can be narrowed to; None means any."""

    direction: str | None = None
    """`inbound` or `outbound` (sync log)."""
    status: str | None = None
    """`success` or `failed` (sync log)."""
    state: str | None = None
    """Of deliveries."""
    website_id: str | None = None
    booking_id: UUID | None = None
    destination_id: UUID | None = None


@dataclass(frozen=True)
class Detail:
    """A delivery with its event, its destination (loaded) and its attempts, newest first."""

    delivery: Delivery
    attempts: Sequence[SyncLog]
    overtaken: bool
    """Something later of its lane was delivered: sending it again goes backwards."""


def deliveries(
    session: Session,
    websites: Websites,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Slice[Delivery]:
    """Deliveries with event and destination: failed ones first, then the newest first."""
    f = wanted or Filter()
    query = (
        select(Delivery)
        .join(Delivery.destination)
        .options(contains_eager(Delivery.destination), joinedload(Delivery.event, innerjoin=True))
        .where(visible(Delivery.website_id, websites))
    )
    for column, value in (
        (Delivery.website_id, f.website_id),
        (Delivery.booking_id, f.booking_id),
        (Delivery.destination_id, f.destination_id),
        (Delivery.state, f.state),
    ):
        if value is not None:
            query = query.where(column == value)
    return _failed_first(session, query, Delivery.id, Delivery.state == State.FAILED, after, limit)


def logs(
    session: Session,
    websites: Websites,
    wanted: Filter | None = None,
    after: str | None = None,
    limit: int = 50,
    *,
    failed_first: bool = False,
) -> Slice[SyncLog]:
    """Calls in and out, the newest first. Without their bodies: those are for `log_entry`."""
    f = wanted or Filter()
    bodies = (defer(SyncLog.request_body), defer(SyncLog.response_body))
    query = select(SyncLog).options(*bodies).where(visible(SyncLog.website_id, websites))
    for column, value in (
        (SyncLog.direction, f.direction),
        (SyncLog.status, f.status),
        (SyncLog.website_id, f.website_id),
        (SyncLog.booking_id, f.booking_id),
    ):
        if value is not None:
            query = query.where(column == value)
    failed = SyncLog.status == "failed" if failed_first else literal(False)
    return _failed_first(session, query, SyncLog.id, failed, after, limit)


def _failed_first(
    session: Session,
    query: Select[Any],
    key: Any,
    failed: ColumnElement[bool],
    after: str | None,
    limit: int,
) -> Slice[Any]:
    """One stretch of a list in two parts, each served by its own index, newest first."""
    part, below = ("failed", None) if after is None else _position(after)
    rows: list[Any] = []
    for name, condition in (("failed", failed), ("rest", ~failed)):
        if name == "failed" and part == "rest":
            continue
        stretch = query.where(condition).order_by(key.desc()).limit(limit + 1 - len(rows))
        if below is not None:
            stretch = stretch.where(key < below)
        found = session.scalars(stretch).all()
        rows += found
        if len(rows) > limit:
            last = rows[limit - 1]
            where = name if last in found else "failed"
            return Slice(rows[:limit], encode_cursor([where, last.id]))
        below = None
    return Slice(rows, None)


def _position(cursor: str) -> tuple[str, int]:
    part, number = decode_cursor(cursor, 2)
    return part, int(number)


def delivery(session: Session, websites: Websites, delivery_id: int) -> Detail:
    """One delivery with all its attempts. Raises NotFound."""
    query = (
        select(Delivery)
        .where(Delivery.id == delivery_id, visible(Delivery.website_id, websites))
        .options(joinedload(Delivery.destination), joinedload(Delivery.event))
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("This delivery does not exist.")
    tried = select(SyncLog).where(SyncLog.delivery_id == delivery_id).order_by(SyncLog.id.desc())
    later = select(Delivery.id).where(
        Delivery.destination_id == found.destination_id,
        Delivery.lane == found.lane,
        Delivery.position > found.position,
        Delivery.state == State.DELIVERED,
    )
    overtaken = session.scalar(later.limit(1)) is not None
    return Detail(found, session.scalars(tried.limit(100)).all(), overtaken)


def log_entry(session: Session, websites: Websites, log_id: int) -> SyncLog:
    """One call. Raises NotFound."""
    query = select(SyncLog).where(SyncLog.id == log_id, visible(SyncLog.website_id, websites))
    found = session.scalar(query)
    if found is None:
        raise NotFound("This call does not exist.")
    return found
