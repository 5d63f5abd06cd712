"""Runs out of turn: somebody asks for one, and the next worker that looks does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.schedule.jobs import Job
from app.schedule.models import ScheduledRun

MOST = 20
"""Of them at one look."""
GIVEN_UP_AFTER = timedelta(days=1)
"""What failed again and again until then is not tried any more."""
GONE = "There is no such job any more."


def ask(session: Session, actor: Actor, job: Job, now: datetime) -> bool:
    """Let a job run as if it were due now. False: one that was asked for still waits or runs.

    It is a run like any other: claimed by one worker, and in nobody's way when the regular one
    comes meanwhile, since steps may be done side by side.
    """
    open_one = select(ScheduledRun.due_at).where(
        ScheduledRun.job == job.name,
        ScheduledRun.asked_by.is_not(None),
        ScheduledRun.finished_at.is_(None),
        ScheduledRun.due_at > now - GIVEN_UP_AFTER,
    )
    if session.execute(open_one.limit(1)).first() is not None:
        return False
    row = {"job": job.name, "due_at": now, "asked_by": actor.label}
    added = insert(ScheduledRun).values(**row, lease_until=func.clock_timestamp())
    done = session.execute(added.on_conflict_do_nothing().returning(ScheduledRun.job)).first()
    if done is None:
        return False
    event = NewEvent(
        name="schedule.run_asked",
        subject_type="schedule",
        subject_id=job.name,
        website_id=job.website_id,
        meta={"job": job.label or job.name},
    )
    record(session, actor, event)
    return True


def waiting(session: Session) -> Sequence[tuple[str, datetime]]:
    """What was asked for and nobody does: (job, due at), oldest first."""
    query = select(ScheduledRun.job, ScheduledRun.due_at).where(
        ScheduledRun.finished_at.is_(None),
        ScheduledRun.asked_by.is_not(None),
        ScheduledRun.lease_until <= func.clock_timestamp(),
        ScheduledRun.due_at > func.now() - GIVEN_UP_AFTER,
    )
    rows = session.execute(query.order_by(ScheduledRun.due_at).limit(MOST))
    return [(row.job, row.due_at) for row in rows]


def drop(session: Session, job: str, due_at: datetime) -> None:
    """End what cannot be done: its job is gone."""
    this = (ScheduledRun.job == job, ScheduledRun.due_at == due_at)
    done = update(ScheduledRun).where(*this, ScheduledRun.finished_at.is_(None))
    session.execute(done.values(finished_at=func.clock_timestamp(), error=GONE))
