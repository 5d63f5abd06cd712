"""How scheduled work stands: the last run of each job, and what is late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text, tuple_
from sqlalchemy.orm import Session

from app.schedule.jobs import Job
from app.schedule.models import ScheduledRun

LATE = timedelta(minutes=15)
"""How long after it was due a job counts as late."""

# One look into the index for each job, however many runs there are of it.
_LATEST = text("""
    SELECT r.job, r.due_at, r.started_at FROM unnest(CAST(:names AS text[])) AS wanted (name)
    CROSS JOIN LATERAL (
        SELECT job, due_at, started_at FROM scheduled_runs
        WHERE job = wanted.name AND (NOT :done OR finished_at IS NOT NULL)
        ORDER BY due_at DESC LIMIT 1
    ) AS r
""")


def latest(session: Session, names: Collection[str]) -> dict[str, ScheduledRun]:
    """The last run of each of these jobs that had one."""
    keys = [(row.job, row.due_at) for row in _latest(session, names, done=False)]
    query = select(ScheduledRun).where(tuple_(ScheduledRun.job, ScheduledRun.due_at).in_(keys))
    return {row.job: row for row in session.scalars(query)}


def late(session: Session, jobs: Iterable[Job], now: datetime) -> Iterator[tuple[Job, datetime]]:
    """Jobs that should have been done a while ago, and since when.

    One that never had a run is new, and not late: the next worker that looks will do it.
    """
    known = {job.name: job for job in jobs}
    begun = {row.job: row.started_at for row in _latest(session, known, done=False)}
    done = {row.job: row.due_at for row in _latest(session, begun, done=True)}
    for name, started_at in begun.items():
        due = known[name].rhythm.last_due(now - LATE)
        if name in done and done[name] < due:
            yield known[name], due
        if name not in done and started_at < now - LATE:
            yield known[name], started_at


def _latest(session: Session, names: Collection[str], *, done: bool) -> Sequence[Row[Any]]:
    return session.execute(_LATEST, {"names": list(names), "done": done}).all()
