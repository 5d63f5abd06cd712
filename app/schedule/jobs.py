"""What comes due: jobs made of small steps, and chores that are looked after all the time.

To add one: a step (one short transaction's worth of work that may be repeated or cut off), and a
line in `create_app`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

Step = Callable[[Session], int]
"""Does one batch in the caller's transaction. Returns how many rows it moved; 0: nothing left."""


@dataclass(frozen=True)
class Task:
    """A step with its name, for the log and for people: `sign-in attempts`."""

    name: str
    step: Step


@dataclass(frozen=True)
class Job:
    """Tasks that are due together, at `last_due(now)`: the latest instant that is not to come.

    After a downtime only that one is caught up with: what it does covers those before it.
    """

    name: str
    last_due: Callable[[datetime], datetime]
    tasks: Sequence[Task]


def daily(hour: int, minute: int = 0) -> Callable[[datetime], datetime]:
    """Due every day at this time, in UTC."""

    def last_due(now: datetime) -> datetime:
        today = now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return today if today <= now else today - timedelta(days=1)

    return last_due


@dataclass
class Schedule:
    """The jobs and chores of this installation: filled once by `create_app`."""

    jobs: Sequence[Job] = ()
    chores: Sequence[Task] = field(default_factory=tuple)
    """Done at every tick, by whichever worker comes first; each guards itself by a lock."""

    def use(self, jobs: Sequence[Job], chores: Sequence[Task]) -> None:
        """Make these the jobs and chores."""
        self.jobs, self.chores = tuple(jobs), tuple(chores)

    def job(self, name: str) -> Job:
        """One job by its name. Raises KeyError."""
        return {job.name: job for job in self.jobs}[name]


schedule = Schedule()
