"""Reading deliveries and the sync log. Numbers and destinations are in `status`.

`websites` is what the caller may see: ids, or None for all (`scope.websites(SYNC_VIEW)`). What is
not covered does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import Session, contains_eager, defer, joinedload

from app.deliveries.models import OPEN_STATES, Delivery, State, SyncLog
from app.deliveries.periods import first_id_since
from app.deliveries.status import Websites, visible
from app.errors import NotFound
from app.events.models import Event
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

RETRYING = "retrying"
FAILED, REST = "failed", "rest"
"""The parts of a list."""
MOST_DIGITS = 18
"""Of an id."""
Part = tuple[str, ColumnElement[bool]]


@dataclass(frozen=True)
class Filter:
    """What the Sync page can be narrowed to; None means any."""

    direction: str | None = None
    """`inbound` or `outbound` (sync log)."""
    status: str | None = None
    """`success` or `failed` (sync log)."""
    state: str | None = None
    """Of deliveries: a state, or `retrying` for those between two tries."""
    website_id: str | None = None
    booking_id: UUID | None = None
    booking_ids: tuple[UUID, ...] | None = None
    """Any of these bookings; an empty tuple finds nothing."""
    destination_id: UUID | None = None
    since: datetime | None = None
    problems: bool = False
    """Deliveries that failed for good or are between two tries."""


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
    ):
        if value is not None:
            query = query.where(column == value)
    if f.booking_ids is not None:
        told = select(Event.id).where(Event.booking_id.in_(f.booking_ids))
        query = query.where(Delivery.event_id.in_(told))  # by the indexes of both
    if f.since is not None:
        query = query.where(Delivery.id >= first_id_since("deliveries", f.since))
    return _in_parts(session, query, Delivery.id, _parts_of(f), after, limit)


def _parts_of(f: Filter) -> list[Part]:
    if f.state is not None:
        return [(REST, _in_state(f.state))]
    rest = _in_state(RETRYING) if f.problems else Delivery.state != State.FAILED
    return [(FAILED, _in_state(State.FAILED)), (REST, rest)]


def _in_state(state: str) -> ColumnElement[bool]:
    if state == RETRYING:
        return (Delivery.state == State.READY) & (Delivery.tries > 0)
    if state == State.READY:
        return (Delivery.state == State.READY) & (Delivery.tries == 0)
    return Delivery.state == state


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
    if f.booking_ids is not None:
        query = query.where(SyncLog.booking_id.in_(f.booking_ids))
    if f.since is not None:
        query = query.where(SyncLog.id >= first_id_since("sync_logs", f.since))
    failed = SyncLog.status == "failed"
    parts = [(FAILED, failed), (REST, ~failed)] if failed_first else [(REST, true())]
    return _in_parts(session, query, SyncLog.id, parts, after, limit)


def lane(session: Session, delivery: Delivery, limit: int = 50) -> Sequence[Delivery]:
    """What is open in the lane of a delivery, in its order, with the events."""
    query = (
        select(Delivery)
        .where(
            Delivery.destination_id == delivery.destination_id,
            Delivery.lane == delivery.lane,
            Delivery.state.in_(OPEN_STATES),
        )
        .options(joinedload(Delivery.event, innerjoin=True))
    )
    return session.scalars(query.order_by(Delivery.position, Delivery.id).limit(limit)).all()


def _in_parts(
    session: Session,
    query: Select[Any],
    key: Any,
    parts: Sequence[Part],
    after: str | None,
    limit: int,
) -> Slice[Any]:
    """One stretch of a list in parts, one after the other, each newest first by its own index."""
    begin, below = (0, None) if after is None else _position(after, [name for name, _ in parts])
    rows: list[Any] = []
    for name, condition in parts[begin:]:
        stretch = query.where(condition).order_by(key.desc()).limit(limit + 1 - len(rows))
        if below is not None:
            stretch = stretch.where(key < below)
        found = session.scalars(stretch).all()
        if len(rows) + len(found) > limit:
            last = [*rows, *found][limit - 1]
            where = name if last in found else FAILED
            return Slice([*rows, *found][:limit], encode_cursor([where, last.id]))
        rows += found
        below = None
    return Slice(rows, None)


def _position(cursor: str, names: Sequence[str]) -> tuple[int, int]:
    """The part and the id after which the next stretch begins. Raises InvalidPayload."""
    part, number = decode_cursor(cursor, 2)
    if part not in names or not number.isdecimal() or len(number) > MOST_DIGITS:
        raise bad_cursor()
    return names.index(part), int(number)


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


def website_of(session: Session, websites: Websites, delivery_id: int) -> str | None:
    """The website that a delivery is about. Raises NotFound."""
    query = select(Delivery.website_id).where(Delivery.id == delivery_id)
    row = session.execute(query.where(visible(Delivery.website_id, websites))).one_or_none()
    if row is None:
        raise NotFound("This delivery does not exist.")
    found: str | None = row.website_id
    return found


def log_entry(session: Session, websites: Websites, log_id: int) -> SyncLog:
    """One call. Raises NotFound."""
    query = select(SyncLog).where(SyncLog.id == log_id, visible(SyncLog.website_id, websites))
    found = session.scalar(query)
    if found is None:
        raise NotFound("This call does not exist.")
    return found
