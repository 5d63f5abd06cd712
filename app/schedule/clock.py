"""The clock of a worker: a thread that looks every few seconds for what is due."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.logs import get_logger
from app.schedule.jobs import Schedule, Task
from app.schedule.runs import Turn, run_due

TICK = 10.0
"""Seconds between two looks."""
MOST_STEPS = 50
"""Of a chore in one tick."""

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
        self._done: dict[str, datetime] = {}

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
        for job in self._schedule.jobs:
            due = job.last_due(now)
            if self._done.get(job.name) == due:
                continue
            try:
                if run_due(self._engine, job, now, self._stopping.is_set) is Turn.DONE:
                    self._done[job.name] = due
            except Exception as error:
                log.error("scheduled job failed", job=job.name, exc_info=error)

    def _do(self, chore: Task) -> None:
        """Until nothing is left; what keeps coming waits for the next tick."""
        for _ in range(MOST_STEPS):
            with Session(self._engine) as session, session.begin():
                moved = chore.step(session)
            if not moved or self._stopping.is_set():
                return
