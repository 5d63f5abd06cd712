"""Doing what is due: once, by one worker; again if that worker died half-way."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, delete, func, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.logs import get_logger
from app.schedule.jobs import Job, Task, schedule
from app.schedule.models import ScheduledRun

LEASE = timedelta(minutes=10)
"""How long a worker may be silent between two steps before another takes over."""
LONGEST = timedelta(days=90)
"""How long the runs of any job are remembered."""
BATCH = 500

log = get_logger()


class Turn(enum.Enum):
    """What a worker hears when it asks for a run."""

    MINE = "mine"
    BUSY = "busy"
    DONE = "done"


def claim(session: Session, job: str, due_at: datetime) -> Turn:
    """Take a run that nobody has taken, or whose worker has fallen silent."""
    until = func.clock_timestamp() + LEASE
    taken = insert(ScheduledRun).values(job=job, due_at=due_at, lease_until=until)
    silent = ScheduledRun.finished_at.is_(None) & (
        ScheduledRun.lease_until < func.clock_timestamp()
    )
    statement = taken.on_conflict_do_update(
        index_elements=["job", "due_at"],
        set_={"lease_until": until, "started_at": func.clock_timestamp()},
        where=silent,
    ).returning(ScheduledRun.job)
    if session.execute(statement).scalar_one_or_none() is not None:
        return Turn.MINE
    done = select(ScheduledRun.finished_at).where(*_this(job, due_at))
    return Turn.DONE if session.scalar(done) is not None else Turn.BUSY


def run_due(engine: Engine, job: Job, now: datetime, stopping: Callable[[], bool]) -> Turn:
    """Do a job for the latest instant at which it was due, if nobody has or does."""
    return run_at(engine, job, job.rhythm.last_due(now), stopping)


def run_at(engine: Engine, job: Job, due_at: datetime, stopping: Callable[[], bool]) -> Turn:
    """Do a job for one instant, if nobody has or does. A step that fails is written down, raised,
    and tried again after the lease.

    Stopped half-way it gives the run back, so that another worker goes on at once.
    """
    with Session(engine) as session, session.begin():
        turn = claim(session, job.name, due_at)
    if turn is not Turn.MINE:
        return turn
    moved = 0
    try:
        for _, rows in work(engine, job, due_at):
            moved += rows
            lease = func.clock_timestamp() + LEASE
            _note(engine, job.name, due_at, lease_until=lease, rows=moved)
            if stopping():
                _note(engine, job.name, due_at, lease_until=func.clock_timestamp())
                return Turn.BUSY
    except Exception as error:
        with suppress(SQLAlchemyError):  # where the database is away, the log tells
            _note(engine, job.name, due_at, error=type(error).__name__)
        raise
    _note(engine, job.name, due_at, finished_at=func.clock_timestamp(), error=None)
    log.info("scheduled job", job=job.name, count=moved)
    return Turn.DONE


def work(engine: Engine, job: Job, due_at: datetime) -> Iterator[tuple[Task, int]]:
    """All steps of a job, each committed by itself: the task, and the rows of the step."""
    for task in job.tasks_at(due_at):
        moved = 1
        while moved:
            with Session(engine) as session, session.begin():
                moved = task.step(session)
            yield task, moved


def _note(engine: Engine, job: str, due_at: datetime, **values: Any) -> None:
    with Session(engine) as session, session.begin():
        session.execute(update(ScheduledRun).where(*_this(job, due_at)).values(**values))


def _this(job: str, due_at: datetime) -> tuple[Any, Any]:
    return ScheduledRun.job == job, ScheduledRun.due_at == due_at


def prune(session: Session) -> int:
    """Step: forget runs of long ago, also what nobody ever finished."""
    for job in schedule.jobs:
        if pruned := _prune(session, job.keep, ScheduledRun.job == job.name):
            return pruned
    return _prune(session, LONGEST, true())


def _prune(session: Session, age: timedelta, which: ColumnElement[bool]) -> int:
    key = (ScheduledRun.job, ScheduledRun.due_at)
    old = select(*key).where(which, ScheduledRun.due_at < func.now() - age)
    some = old.limit(BATCH).with_for_update(skip_locked=True).subquery()
    gone = delete(ScheduledRun).where(tuple_(*key).in_(select(some)))
    return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]
