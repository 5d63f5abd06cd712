"""The clock of a worker: a thread that looks every few seconds for what is due."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.logs import get_logger
from app.schedule import asked
from app.schedule.jobs import Job, Schedule, Task
from app.schedule.rhythm import Rhythm
from app.schedule.runs import Turn, run_at

TICK = 10.0
"""Seconds between two looks."""
MOST_STEPS = 50
"""Of a chore in one tick."""
READ_AGAIN = timedelta(minutes=1)
"""How long it may take until a new venue's jobs are known."""

log = get_logger()


class Clock(threading.Thread):
    """Does chores at every tick, and jobs when they are due. Beside deliveries, never before them.

    A fault is logged and tried again; a database that is away is waited for.
    """

    def __init__(self, engine: Engine, schedule: Schedule) -> None:
        super().__init__(name="clock", daemon=True)
        self._engine = engine
        self._schedule = schedule
        self._stopping = threading.Event()
        self._jobs: Sequence[Job] = ()
        self._read_at: datetime | None = None
        self._rests: dict[str, tuple[Rhythm, datetime]] = {}
        """Until when a job needs no look, as long as its rhythm is the same."""

    def run(self) -> None:
        while not self._stopping.wait(TICK):
            self.tick(datetime.now(UTC))

    def stop(self) -> None:
        """Begin nothing more. What is under way ends with its step."""
        self._stopping.set()

    def tick(self, now: datetime) -> None:
        """Look once."""
        for chore in self._schedule.chores:
            try:
                self._do(chore)
            except Exception as error:
                log.error("chore failed", job=chore.name, exc_info=error)
        try:
            self._read(now)
            self.do_asked()
        except Exception as error:
            log.error("schedule", exc_info=error)
        for job in self._jobs:
            if self._stopping.is_set():
                return
            self.look(job, now)

    def look(self, job: Job, now: datetime) -> None:
        """Do a job if it is due and nobody has done it."""
        rhythm, until = self._rests.get(job.name, (None, now))
        if rhythm == job.rhythm and now < until:
            return
        if self._run(job, job.rhythm.last_due(now)) is Turn.DONE:
            self._rests[job.name] = job.rhythm, job.rhythm.next_due(now)

    def _run(self, job: Job, due_at: datetime) -> Turn | None:
        try:
            return run_at(self._engine, job, due_at, self._stopping.is_set)
        except Exception as error:
            log.error("scheduled job failed", job=job.name, exc_info=error)
            return None

    def _read(self, now: datetime) -> None:
        """Which jobs there are. When that cannot be read, those known before go on."""
        if self._read_at is not None and self._read_at <= now < self._read_at + READ_AGAIN:
            return
        self._jobs = self._jobs or list(self._schedule.jobs)
        with Session(self._engine) as session:
            self._jobs = self._schedule.all(session)
        self._read_at = now
        names = {job.name for job in self._jobs}
        self._rests = {name: rest for name, rest in self._rests.items() if name in names}

    def do_asked(self) -> None:
        """What somebody let run out of turn."""
        with Session(self._engine) as session:
            waiting = asked.waiting(session)
            jobs = {job.name: job for job in self._schedule.all(session)} if waiting else {}
        for name, due_at in waiting:
            if name in jobs:
                self._run(jobs[name], due_at)
            else:
                with Session(self._engine) as session, session.begin():
                    asked.drop(session, name, due_at)

    def _do(self, chore: Task) -> None:
        """Until nothing is left; what keeps coming waits for the next tick."""
        for _ in range(MOST_STEPS):
            with Session(self._engine) as session, session.begin():
                moved = chore.step(session)
            if not moved or self._stopping.is_set():
                return
