"""Whose turn it is to be pulled, and who has it: one worker at a time, over all of them.

A turn is a lease that its worker renews. One that died leaves it behind, and another goes on from
where the last page was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.ids import new_id
from app.platforms import registry, translating
from app.platforms.models import PlatformConnection
from app.venues.models import Venue

EVERY = timedelta(minutes=5)
"""From the end of a pull to the beginning of the next."""
AGAIN = timedelta(minutes=1)
"""From a failure that may pass."""
LEASE = timedelta(seconds=90)
STALE = timedelta(minutes=30)
"""A pull that stopped longer ago than this begins anew."""
_UNTOUCHED = {"updated_at": PlatformConnection.updated_at}
"""A pull is no change of a connection."""


@dataclass
class Turn:
    """A pull under way. `state` is what `sync_state` holds."""

    connection_id: UUID
    run: str
    """Token of whoever has it."""
    state: dict[str, Any] = field(default_factory=dict)

    def count(self, name: str, by: int = 1) -> None:
        """One more of these."""
        self.state[name] = self.state.get(name, 0) + by


def clock(session: Session) -> datetime:
    """The clock of the database: that of all workers, and of what they write."""
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def take(session: Session) -> Turn | None:
    """The connection that has waited longest, if one is due and nobody has it; commits nothing."""
    now = clock(session)
    at = PlatformConnection
    due = or_(at.sync_due_at.is_(None), at.sync_due_at <= now, at.sync_wanted_at <= now)
    free = or_(at.sync_lease_until.is_(None), at.sync_lease_until <= now)
    query = select(at).where(at.is_enabled, at.platform_type.in_(registry.KINDS), due, free)
    first = query.order_by(at.sync_wanted_at.nulls_last(), at.sync_due_at.nulls_first()).limit(1)
    found = session.scalars(first.with_for_update(skip_locked=True)).one_or_none()
    if found is None:
        return None
    turn = Turn(found.id, str(new_id()), dict(found.sync_state))
    more: dict[str, Any] = {}
    if not _goes_on(turn.state, now):
        turn.state = _begun(now, session.get_one(Venue, found.venue_id).timezone)
        more["sync_wanted_at"] = None  # whoever asks from now on wants another one
    turn.state["run"] = turn.run
    _write(session, found.id, sync_lease_until=now + LEASE, sync_state=turn.state, **more)
    return turn


def renew(session: Session, turn: Turn) -> bool:
    """Keep it and note how far it is, in the caller's transaction. False: it is somebody else's,
    or the connection was switched off."""
    until = func.clock_timestamp() + LEASE
    return _mine(session, turn, sync_lease_until=until, sync_state=turn.state)


def give_back(session: Session, turn: Turn) -> None:
    """Let others go first; it goes on at the same place."""
    now = func.clock_timestamp()
    _mine(session, turn, sync_lease_until=None, sync_due_at=now, sync_state=turn.state)


def done(session: Session, turn: Turn, problem: str | None) -> None:
    """It came to its end. `problem`: what people must know all the same."""
    now = clock(session)
    turn.state |= {"finished_at": now.isoformat(), "page": None}
    since = func.coalesce(PlatformConnection.sync_failing_since, now) if problem else None
    _mine(
        session,
        turn,
        sync_lease_until=None,
        sync_due_at=now + EVERY,
        sync_state=turn.state,
        last_synced_at=now,
        sync_error=problem,
        sync_failing_since=since,
    )


def failed(session: Session, turn: Turn, message: str, after: timedelta, *, anew: bool) -> None:
    """It went wrong; `after` that time it is tried again, `anew` or where it stopped."""
    now = clock(session)
    if anew:
        turn.state["finished_at"] = now.isoformat()
    _mine(
        session,
        turn,
        sync_lease_until=None,
        sync_due_at=now + after,
        sync_state=turn.state,
        sync_error=message,
        sync_failing_since=func.coalesce(PlatformConnection.sync_failing_since, now),
    )


def unable(session: Session, turn: Turn) -> None:
    """This platform tells no list: nothing is pulled, and that is no fault."""
    now = clock(session)
    values: dict[str, Any] = {"sync_lease_until": None, "sync_state": {}}
    values |= {"sync_error": None, "sync_failing_since": None}
    _mine(session, turn, sync_due_at=now + timedelta(days=1), **values)


def _goes_on(state: Mapping[str, Any], now: datetime) -> bool:
    begun = state.get("started_at")
    if not begun or state.get("finished_at"):
        return False
    return datetime.fromisoformat(begun) > now - STALE


def _begun(now: datetime, timezone: str) -> dict[str, Any]:
    first, last = translating.window(now, timezone)
    counts = dict.fromkeys(("pages", "seen", "created", "changed", "gone", "waiting"), 0)
    days = {"first": first.isoformat(), "last": last.isoformat()}
    begun = {"started_at": now.isoformat(), **days, "page": None}
    return {**begun, **counts, "unread": [], "unknown": {}}


def _mine(session: Session, turn: Turn, **values: Any) -> bool:
    at = PlatformConnection
    this = (at.id == turn.connection_id, at.is_enabled, at.sync_state["run"].astext == turn.run)
    done = session.execute(
        update(at).where(*this).values(**values, **_UNTOUCHED).returning(at.id),
        execution_options={"synchronize_session": False},
    )
    return done.scalar_one_or_none() is not None


def _write(session: Session, connection_id: UUID, **values: Any) -> None:
    session.execute(
        update(PlatformConnection)
        .where(PlatformConnection.id == connection_id)
        .values(**values, **_UNTOUCHED)
        .execution_options(synchronize_session=False)
    )
