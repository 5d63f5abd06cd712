"""Destinations in the database: their breaker, their switch, and what follows for their lanes.

A change of health only flips the destination (and revives dead heads when it recovers); the
parked and the ready rows follow in `housekeeping`, in small steps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.deliveries import breaker
from app.deliveries.channel import Meaning, Pace, Unsendable, Unsent
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
WELL = frozenset({Meaning.DELIVERED, Meaning.DECLINED})
"""What shows that the other side works."""
GONE = "The endpoint answered 410 Gone."

log = get_logger()

FOLLOWING = ("label", "most_at_once", "per_minute")


@dataclass(frozen=True)
class Wanted:
    """A destination as its channel describes it."""

    channel: str
    label: str
    website_id: str | None
    pace: Pace

    @property
    def limits(self) -> tuple[int | None, int | None]:
        return self.pace.at_once, self.pace.per_minute

    def columns(self) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "label": self.label,
            "website_id": self.website_id,
            "most_at_once": self.pace.at_once,
            "per_minute": self.pace.per_minute,
        }


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
    return all(attempt.verdict.meaning in WELL for attempt in attempts)


def _apply(session: Session, destination: Destination, attempts: Sequence[Attempt]) -> None:
    for attempt in attempts:
        if isinstance(attempt.sent, Unsendable):
            if attempt.sent.why is Unsent.WAIT:
                destination.paused_reason = attempt.sent.reason
            continue
        if attempt.verdict.meaning is Meaning.GONE and destination.is_on:
            switch_off(session, SYSTEM, destination, GONE)
        wish = attempt.verdict.retry_after
        if wish and destination.per_minute is not None:
            _slow_down(destination, wish)
        _move(session, destination, attempt.verdict.meaning in WELL, wish)


def _slow_down(destination: Destination, wish: float) -> None:
    """A paced destination that asks for time gets it, for all that waits and not for one alone."""
    until = datetime.now(UTC) + timedelta(seconds=min(wish, LONGEST_WISH))
    destination.paced_until = max(destination.paced_until or until, until)


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


def ensure(session: Session, wanted: Mapping[str, Wanted]) -> dict[str, UUID]:
    """Ids of destinations by key, made where missing.

    Labels and paces follow their source: a renamed website is renamed here too.
    """
    query = select(
        Destination.key,
        Destination.id,
        Destination.label,
        Destination.most_at_once,
        Destination.per_minute,
    )
    known = {row.key: row for row in session.execute(query.where(Destination.key.in_(wanted)))}
    missing = sorted(set(wanted) - set(known))
    if missing:
        rows = [{"key": key, **wanted[key].columns()} for key in missing]
        session.execute(insert(Destination).on_conflict_do_nothing(index_elements=["key"]), rows)
        return ensure(session, wanted)
    for key, row in known.items():
        now = wanted[key]
        if (row.label, row.most_at_once, row.per_minute) != (now.label, *now.limits):
            columns = {name: now.columns()[name] for name in FOLLOWING}
            session.execute(update(Destination).where(Destination.id == row.id).values(**columns))
    return {key: row.id for key, row in known.items()}
