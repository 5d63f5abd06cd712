"""How the machine stands: numbers for menus, destinations with their health, the backlog.

`websites` is what the caller may see: ids, or None for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, text, true
from sqlalchemy.orm import Session

from app.deliveries.models import OPEN_STATES, Delivery, Destination, State, SyncLog
from app.errors import NotFound

Websites = Collection[str] | None
COUNT_LIMIT = 1_000
"""Counts stop here: `1,000+`."""


@dataclass(frozen=True)
class Badges:
    """Numbers for tabs, each up to COUNT_LIMIT."""

    failed: int
    parked: int
    retrying: int
    newest_call: int
    """Id of the newest call, in or out: it tells whether a page is still what it was."""


@dataclass(frozen=True)
class Trip:
    """One delivery as a booking's timeline shows it."""

    delivery_id: int
    destination: str
    state: State
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    last_status: int | None
    last_error: str | None
    waits_because: str | None


@dataclass(frozen=True)
class DestinationState:
    """A destination and how many of its deliveries are where."""

    destination: Destination
    counts: dict[str, int]


@dataclass(frozen=True)
class Backlog:
    """How far the machine is behind. Ages in seconds; None where nothing waits."""

    oldest_due: float | None
    """Of deliveries that could leave now and have not."""
    oldest_undispatched: float | None


def visible(column: Any, websites: Websites) -> ColumnElement[bool]:
    """Condition that keeps only rows of these websites."""
    return true() if websites is None else column.in_(sorted(websites))


def failed(websites: Websites) -> ColumnElement[int]:
    """How many deliveries need somebody, up to COUNT_LIMIT: a part of every page's frame."""
    return _count(websites, Delivery.state == State.FAILED)


def _count(websites: Websites, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    mine = visible(Delivery.website_id, websites)
    rows = select(literal(1)).where(mine, *conditions).limit(COUNT_LIMIT)
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def badges(session: Session, websites: Websites) -> Badges:
    """How many deliveries need somebody, wait for a destination, or are between two tries."""
    newest = select(SyncLog.id).where(visible(SyncLog.website_id, websites))
    row = session.execute(
        select(
            failed(websites),
            _count(websites, Delivery.state == State.PARKED),
            _count(websites, Delivery.state == State.READY, Delivery.tries > 0),
            newest.order_by(SyncLog.id.desc()).limit(1).scalar_subquery(),
        )
    ).one()
    return Badges(row[0], row[1], row[2], row[3] or 0)


def trips(session: Session, event_ids: Collection[int]) -> dict[int, list[Trip]]:
    """Where each event went and how far it is: for a timeline, in one query."""
    query = (
        select(Delivery, Destination)
        .join(Destination, Destination.id == Delivery.destination_id)
        .where(Delivery.event_id.in_(event_ids))
        .order_by(Delivery.id)
    )
    found: defaultdict[int, list[Trip]] = defaultdict(list)
    for row in session.execute(query):
        found[row.Delivery.event_id].append(_trip(row.Delivery, row.Destination))
    return dict(found)


def _trip(delivery: Delivery, destination: Destination) -> Trip:
    waits = destination.waits_because if delivery.state == State.PARKED else None
    return Trip(
        delivery_id=delivery.id,
        destination=destination.label,
        state=State(delivery.state),
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        finished_at=delivery.finished_at,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        waits_because=waits,
    )


def destinations(
    session: Session, websites: Websites, doors: Collection[str] = ()
) -> list[DestinationState]:
    """Every destination, with the numbers of its open deliveries; troubled ones first.

    `doors`: keys of shared destinations that are shown as well; of theirs, too, only deliveries of
    `websites` are counted.
    """
    mine = visible(Destination.website_id, websites) | Destination.key.in_(doors)
    counted = (
        select(Delivery.destination_id, Delivery.state, func.count().label("number"))
        .where(Delivery.state.in_(OPEN_STATES), visible(Delivery.website_id, websites))
        .group_by(Delivery.destination_id, Delivery.state)
        .subquery()
    )
    query = (
        select(Destination, counted.c.state, counted.c.number)
        .outerjoin(counted, counted.c.destination_id == Destination.id)
        .where(mine)
        .order_by(Destination.label, Destination.id)
    )
    counts: defaultdict[Destination, dict[str, int]] = defaultdict(dict)
    for found, state, number in session.execute(query):
        counts[found] |= {state: number} if state else {}
    states = [DestinationState(found, open_ones) for found, open_ones in counts.items()]
    return sorted(states, key=lambda s: (s.destination.flows, not s.counts.get(State.FAILED)))


def destination(session: Session, websites: Websites, destination_id: UUID) -> Destination:
    """One destination. Raises NotFound."""
    query = select(Destination).where(
        Destination.id == destination_id, visible(Destination.website_id, websites)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("This destination does not exist.")
    return found


_BACKLOG = text("""
    SELECT
        (SELECT extract(epoch FROM clock_timestamp() - min(d.due_at))::float
         FROM deliveries d JOIN destinations x ON x.id = d.destination_id
         WHERE d.state = 'ready' AND d.due_at <= clock_timestamp()),
        (SELECT extract(epoch FROM clock_timestamp() - e.occurred_at)::float
         FROM outbox o JOIN events e ON e.id = o.event_id ORDER BY o.event_id LIMIT 1)
""")


def backlog(session: Session) -> Backlog:
    """For `/readyz` and `/metrics`: how far the machine is behind."""
    return Backlog(*session.execute(_BACKLOG).one())
