"""Destinations in the database: their breaker, their switch, and what follows for their lanes.

A change of health only flips the destination (and revives dead heads when it recovers); the
parked and the ready rows follow in `housekeeping`, in small steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.deliveries import breaker
from app.deliveries.channel import Meaning, Unsendable, Unsent
from app.deliveries.models import Breaker, Destination
from app.deliveries.outcome import Attempt
from app.deliveries.retry import HOUR
from app.events.actions import record
from app.events.models import SYSTEM, Actor, NewEvent
from app.logs import get_logger

SEEN_EVERY = timedelta(seconds=30)
"""A success is noted at most this often, so that a busy destination is not one hot row."""
LONGEST_WISH = HOUR
"""The most that one answer's Retry-After holds up a whole destination."""
GONE = "The endpoint answered 410 Gone."

log = get_logger()

_REVIVE_ALL = text("""
    UPDATE deliveries d
    SET state = 'parked', due_at = clock_timestamp(), tries = 0, give_up_at = NULL,
        finished_at = NULL
    WHERE d.id IN (
        SELECT id FROM deliveries WHERE destination_id = :destination AND state = 'failed'
        ORDER BY id FOR UPDATE
    )
    RETURNING d.id
""")


def note(session: Session, attempts: Sequence[Attempt]) -> None:
    """Tell the destinations how these attempts went, oldest first."""
    by_destination: defaultdict[UUID, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_destination[attempt.claim.destination_id].append(attempt)
    for destination in _touched(session, by_destination):
        _apply(session, destination, by_destination[destination.id])
    session.flush()


def _touched(
    session: Session, by_destination: Mapping[UUID, list[Attempt]]
) -> Iterable[Destination]:
    """Lock the destinations that have something to note, always in the same order."""
    stale = datetime.now(UTC) - SEEN_EVERY
    quiet = select(Destination.id).where(
        Destination.id.in_(by_destination),
        Destination.failures == 0,
        Destination.breaker == Breaker.CLOSED,
        Destination.last_success_at > stale,
    )
    calm = set(session.scalars(quiet))
    wanted = [
        key for key, found in by_destination.items() if key not in calm or not _all_well(found)
    ]
    if not wanted:
        return []
    query = select(Destination).where(Destination.id.in_(wanted)).order_by(Destination.id)
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(locked).all()


def _all_well(attempts: Iterable[Attempt]) -> bool:
    return all(attempt.verdict.meaning is Meaning.DELIVERED for attempt in attempts)


def _apply(session: Session, destination: Destination, attempts: Sequence[Attempt]) -> None:
    for attempt in attempts:
        if isinstance(attempt.sent, Unsendable):
            if attempt.sent.why is Unsent.WAIT:
                destination.paused_reason = attempt.sent.reason
            continue
        if attempt.verdict.meaning is Meaning.GONE and destination.is_on:
            switch_off(session, SYSTEM, destination, GONE)
        success = attempt.verdict.meaning is Meaning.DELIVERED
        _move(session, destination, success, attempt.verdict.retry_after)


def _move(session: Session, destination: Destination, success: bool, wish: float | None) -> None:
    before = breaker.Health(Breaker(destination.breaker), destination.failures)
    health = breaker.after(before, success=success)
    destination.breaker, destination.failures = health.breaker.value, health.failures
    now = func.clock_timestamp()
    if success:
        destination.last_success_at, destination.failing_since = datetime.now(UTC), None
    elif destination.failing_since is None:
        destination.failing_since = datetime.now(UTC)
    if health.breaker is before.breaker:
        return
    log.info("breaker", destination=destination.key, state=health.breaker.value)
    if health.breaker is Breaker.OPEN:
        seconds = max(breaker.pause(health.failures), min(wish or 0.0, LONGEST_WISH))
        destination.probe_at = now + timedelta(seconds=seconds)
    else:
        destination.probe_at = None
        revive_all(session, destination.id)


def revive_all(session: Session, destination_id: UUID) -> int:
    """Give every dead head of a destination a new life; it leaves as soon as the lanes flow."""
    return len(session.execute(_REVIVE_ALL, {"destination": destination_id}).all())


def switch_off(session: Session, actor: Actor, destination: Destination, reason: str) -> None:
    """Send nothing there any more. What is created meanwhile waits."""
    destination.is_on, destination.off_reason = False, reason
    _audit(session, actor, destination, "destination.switched_off", [True, False], reason)


def switch_on(session: Session, actor: Actor, destination: Destination) -> None:
    """Send there again: what waited leaves, and what had failed is tried anew."""
    destination.is_on, destination.off_reason = True, None
    close_breaker(session, destination)
    _audit(session, actor, destination, "destination.switched_on", [False, True], None)


def close_breaker(session: Session, destination: Destination) -> None:
    """Trust the destination again, without waiting for a probe."""
    destination.breaker, destination.failures = Breaker.CLOSED.value, 0
    destination.failing_since = destination.probe_at = None
    session.flush()
    revive_all(session, destination.id)


def _audit(
    session: Session,
    actor: Actor,
    destination: Destination,
    name: str,
    switch: list[Any],
    reason: str | None,
) -> None:
    event = NewEvent(
        name=name,
        subject_type="destination",
        subject_id=destination.key,
        website_id=destination.website_id,
        changes={"is_on": switch},
        meta={"label": destination.label, "reason": reason},
    )
    record(session, actor, event)


def ensure(session: Session, wanted: Mapping[str, tuple[str, str, str | None]]) -> dict[str, UUID]:
    """Ids of destinations by key, made where missing. `wanted`: key -> (channel, label, website).

    Labels follow their source: a renamed website is renamed here too.
    """
    query = select(Destination.key, Destination.id, Destination.label)
    known = {row.key: row for row in session.execute(query.where(Destination.key.in_(wanted)))}
    missing = sorted(set(wanted) - set(known))
    if missing:
        rows = [
            {"key": k, "channel": wanted[k][0], "label": wanted[k][1], "website_id": wanted[k][2]}
            for k in missing
        ]
        session.execute(insert(Destination).on_conflict_do_nothing(index_elements=["key"]), rows)
        return ensure(session, wanted)
    for key, row in known.items():
        if row.label != wanted[key][1]:
            renamed = update(Destination).where(Destination.id == row.id)
            session.execute(renamed.values(label=wanted[key][1]))
    return {key: row.id for key, row in known.items()}
