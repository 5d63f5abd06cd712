"""What a worker looks after by itself, every second or two: the machine heals without wake-ups.

One worker at a time does it. Every step is small and may be repeated or cut off at any point.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased

from app.deliveries import lanes
from app.deliveries.channel import Channel
from app.deliveries.lanes import CALLABLE, FLOWS, HEADS
from app.deliveries.models import Breaker, Delivery, Destination, State

LOCK_KEY = 7_266_173_002
STEP = 2_000
BLOCKED_FOR = timedelta(minutes=10)
"""How long a dead head may hold up newer edits before it gets its second and last chance."""

_EXPIRED = text("""
    UPDATE deliveries SET state = 'ready', claim = NULL, lease_until = NULL,
        due_at = clock_timestamp()
    WHERE id IN (
        SELECT id FROM deliveries WHERE state = 'sending' AND lease_until < clock_timestamp()
        ORDER BY lease_until LIMIT :step FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")

_PARK = text(f"""
    UPDATE deliveries SET state = 'parked' WHERE id IN (
        SELECT d.id FROM destinations x JOIN deliveries d ON d.destination_id = x.id
        WHERE NOT {CALLABLE} AND d.state = 'ready' LIMIT :step FOR UPDATE OF d SKIP LOCKED
    )
    RETURNING id
""")  # noqa: S608

_UNPARK = text(f"""
    UPDATE deliveries SET state = 'ready', due_at = clock_timestamp() WHERE id IN (
        SELECT d.id FROM destinations x JOIN deliveries d ON d.destination_id = x.id
        WHERE {FLOWS} AND d.state = 'parked' LIMIT :step FOR UPDATE OF d SKIP LOCKED
    )
    RETURNING id
""")  # noqa: S608

_PROBE = text("""
    UPDATE deliveries SET state = 'ready', due_at = clock_timestamp() WHERE id IN (
        SELECT id FROM deliveries
        WHERE destination_id = :destination AND state = 'parked' AND due_at <= clock_timestamp()
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")

_ORPHANS = text(f"""
    SELECT DISTINCT w.destination_id, w.lane FROM deliveries w
    WHERE w.state = 'waiting' AND NOT EXISTS (
        SELECT 1 FROM deliveries h
        WHERE h.destination_id = w.destination_id AND h.lane = w.lane AND h.state IN {HEADS}
    )
    LIMIT :step
""")  # noqa: S608


def keep_house(session: Session, channels: Iterable[Channel]) -> int:
    """The quick round. Returns how many deliveries moved; 0 also when another worker is at it.

    At STEP or more there is more to do at once.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK_KEY))):
        return 0
    for channel in channels:
        _follow_channel(session, channel)
    _reopen_stuck(session)
    moved = [
        len(session.execute(step, {"step": STEP}).all()) for step in (_EXPIRED, _PARK, _UNPARK)
    ]
    return sum(moved) + _probe(session)


def sweep(session: Session) -> int:
    """The slow round: lanes without a head, and dead heads that hold up newer edits."""
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK_KEY))):
        return 0
    orphans = [(row[0], row[1]) for row in session.execute(_ORPHANS, {"step": STEP})]
    moved = 0
    if orphans:
        lanes.lock(session, orphans)
        moved = lanes.promote(session, orphans)
    blocked = _blocked(session)
    if blocked:
        lanes.lock(session, blocked)
        moved += lanes.revive(session, blocked)
    return moved


def _follow_channel(session: Session, channel: Channel) -> None:
    """Let destinations go on whose own settings closed them, once these allow it again."""
    query = select(Destination).where(
        Destination.channel == channel.name, Destination.paused_reason.is_not(None)
    )
    paused = session.scalars(query.with_for_update(skip_locked=True, key_share=True)).all()
    if not paused:
        return
    closed = channel.closed(session, [destination.key for destination in paused])
    for destination in paused:
        destination.paused_reason = closed.get(destination.key)
    session.flush()


def _probe(session: Session) -> int:
    """Let one delivery through to each destination whose breaker has paused long enough."""
    query = select(Destination).where(
        Destination.breaker == Breaker.OPEN,
        Destination.is_on,
        Destination.paused_reason.is_(None),
        Destination.probe_at <= func.clock_timestamp(),
    )
    sent = 0
    for destination in session.scalars(query.with_for_update(skip_locked=True, key_share=True)):
        if session.execute(_PROBE, {"destination": destination.id}).all():
            destination.breaker = Breaker.HALF_OPEN
            sent += 1
    session.flush()
    return sent


def _reopen_stuck(session: Session) -> None:
    """A half-open breaker whose probe was skipped or parked would wait for ever."""
    under_way = select(Delivery.id).where(
        Delivery.destination_id == Destination.id,
        Delivery.state.in_([State.READY, State.SENDING]),
    )
    query = select(Destination).where(Destination.breaker == Breaker.HALF_OPEN, ~under_way.exists())
    for destination in session.scalars(query.with_for_update(skip_locked=True, key_share=True)):
        destination.breaker = Breaker.OPEN
    session.flush()


def _blocked(session: Session) -> list[lanes.Lane]:
    """Lanes whose head was refused a while ago while newer edits wait behind it."""
    behind = aliased(Delivery)
    newer = select(behind.id).where(
        behind.destination_id == Delivery.destination_id,
        behind.lane == Delivery.lane,
        behind.state == State.WAITING,
    )
    query = select(Delivery.destination_id, Delivery.lane).where(
        Delivery.state == State.FAILED,
        Delivery.refusals > 0,
        Delivery.finished_at < func.clock_timestamp() - BLOCKED_FOR,
        newer.exists(),
    )
    return [(row.destination_id, row.lane) for row in session.execute(query.limit(STEP))]
