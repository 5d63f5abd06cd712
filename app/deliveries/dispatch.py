"""From the outbox to the lanes: committed events become deliveries, exactly once, in order.

Several dispatchers may run. Each takes only bookings whose earliest undispatched event it can
lock, and then all their events, so a later version never overtakes an earlier one. The deliveries
and the end of the outbox rows are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from app.deliveries import faults, health, lanes
from app.deliveries.channel import Channel, Route
from app.deliveries.health import Wanted
from app.deliveries.models import Delivery, State
from app.events.models import Event, Outbox
from app.logs import get_logger

Routed = tuple[str, Event, Route]
log = get_logger()

BATCH = 200
"""Bookings at once."""
DEPTH = 500
"""Events at once; a booking that has more gets the rest in the next round."""


def dispatch(session: Session, channels: Iterable[Channel], limit: int = BATCH) -> int:
    """Turn waiting events into deliveries. Returns how many events left the outbox."""
    event_ids = _take(session, limit)
    if not event_ids:
        return 0
    query = select(Event).where(Event.id.in_(event_ids))
    found = {event.id: event for event in session.scalars(query)}
    routed, held = _route(session, channels, [found[event_id] for event_id in event_ids])
    if routed:
        _create(session, routed)
    faults.reach("before_dispatched")
    done = [event_id for event_id in event_ids if event_id not in held]
    session.execute(delete(Outbox).where(Outbox.event_id.in_(done)))
    return len(done)


def _route(
    session: Session, channels: Iterable[Channel], events: Sequence[Event]
) -> tuple[list[Routed], set[int]]:
    """Where the events go; and those that must stay in the outbox because a channel broke.

    Such an event, and what follows it in its booking, must not hold up the other bookings.
    """
    routed: list[Routed] = []
    held: set[int] = set()
    for channel in channels:
        try:
            routed += [(channel.name, *pair) for pair in channel.route(session, events)]
        except DBAPIError:
            raise
        except Exception as error:
            log.error("route", channel=channel.name, exc_info=error)
            if len(events) > 1:
                return _route_apart(session, channels, events)
            held.add(events[0].id)
    return routed, held


def _route_apart(
    session: Session, channels: Iterable[Channel], events: Sequence[Event]
) -> tuple[list[Routed], set[int]]:
    routed: list[Routed] = []
    held: set[int] = set()
    stuck: set[UUID] = set()
    for event in events:
        if event.booking_id not in stuck:
            found, broken = _route(session, channels, [event])
            routed += [] if broken else found
        else:
            broken = {event.id}
        held |= broken
        if broken and event.booking_id is not None:
            stuck.add(event.booking_id)
    return routed, held


def _take(session: Session, limit: int) -> Sequence[int]:
    """Lock the earliest events of up to `limit` bookings, and what follows them. In order.

    What is of no booking is before or after none of them, and goes first: it is little, and
    somebody may be waiting for it (a sign-in code).
    """
    alone = select(Outbox.event_id, Outbox.booking_id).where(Outbox.booking_id.is_(None))
    some = alone.order_by(Outbox.event_id).limit(limit).with_for_update(skip_locked=True)
    apart = session.execute(some).all()
    earlier = aliased(Outbox)
    is_first = ~(
        select(earlier.event_id)
        .where(earlier.booking_id == Outbox.booking_id, earlier.version < Outbox.version)
        .exists()
    )
    first = select(Outbox.event_id, Outbox.booking_id).where(
        Outbox.booking_id.is_not(None), is_first
    )
    rest = first.order_by(Outbox.event_id).limit(limit - len(apart))
    taken = [*apart, *session.execute(rest.with_for_update(skip_locked=True)).all()]
    if not taken:
        return []
    bookings = {row.booking_id for row in taken if row.booking_id is not None}
    mine = or_(
        Outbox.event_id.in_([row.event_id for row in taken]),
        Outbox.booking_id.in_(bookings) & Outbox.version.is_not(None),
    )
    order = (Outbox.version.nulls_first(), Outbox.event_id)
    query = select(Outbox.event_id).where(mine).order_by(*order).limit(DEPTH)
    return session.scalars(query.with_for_update()).all()


def _create(session: Session, routed: Sequence[Routed]) -> None:
    """Add deliveries at the end of their lanes, and make heads where a lane has none."""
    wanted = {
        r.destination_key: Wanted(name, r.label, None if r.shared else r.website_id, r.pace)
        for name, _, r in routed
    }
    ids = health.ensure(session, wanted)
    touched = {(ids[route.destination_key], route.lane) for _, _, route in routed}
    lanes.lock(session, touched)
    rows = [_row(ids, *parts) for parts in routed]
    once = insert(Delivery).on_conflict_do_nothing(
        index_elements=["event_id", "destination_id", "lane"]
    )
    session.execute(once, rows)
    lanes.revive(session, touched)
    lanes.promote(session, touched)


def _row(ids: Mapping[str, UUID], channel: str, event: Event, route: Route) -> dict[str, Any]:
    return {
        "event_id": event.id,
        "destination_id": ids[route.destination_key],
        "channel": channel,
        "lane": route.lane,
        "position": route.position,
        "can_wait": route.can_wait,
        "website_id": route.website_id,
        "booking_id": event.booking_id,
        "state": State.WAITING,
    }
