"""What comes due: jobs made of small steps, and chores that are looked after all the time.

To add one: a step (one short transaction's worth of work that may be repeated, cut off, or done
by two at once), and a line in `create_app`. Jobs that exist once per venue or website come from a
source: a function that reads which there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.schedule.rhythm import Rhythm, daily

__all__ = ["Job", "Schedule", "Source", "Step", "Task", "daily", "schedule"]

Step = Callable[[Session], int]
"""Does one batch in the caller's transaction. Returns how many rows it moved; 0: nothing left."""


@dataclass(frozen=True)
class Task:
    """A step with its name, for the log and for people: `sign-in attempts`."""

    name: str
    step: Step


@dataclass(frozen=True)
class Job:
    """Tasks that are due together, in a rhythm.

    After a downtime only the latest instant is caught up with: what it does covers those before.
    """

    name: str
    """Unique: `retention`, `reminders:<venue id>`."""
    rhythm: Rhythm
    tasks: Sequence[Task] = ()
    label: str = ""
    """For people; the name where it is empty."""
    website_id: str | None = None
    """Whose it is; None: the installation's."""
    made: Callable[[datetime], Sequence[Task]] | None = None
    """Tasks that depend on the instant at which they are due."""
    keep: timedelta = timedelta(days=90)
    """How long its runs are remembered."""

    def tasks_at(self, due_at: datetime) -> Sequence[Task]:
        """What is to be done for this instant."""
        return [*self.tasks, *(self.made(due_at) if self.made else ())]


Source = Callable[[Session], Iterable[Job]]


@dataclass
class Schedule:
    """The jobs and chores of this installation: filled once by `create_app`."""

    jobs: Sequence[Job] = ()
    chores: Sequence[Task] = field(default_factory=tuple)
    """Done at every tick, by whichever worker comes first; each guards itself by a lock."""
    sources: Sequence[Source] = ()

    def use(
        self, jobs: Sequence[Job], chores: Sequence[Task], sources: Sequence[Source] = ()
    ) -> None:
        """Make these the jobs and chores."""
        self.jobs, self.chores, self.sources = tuple(jobs), tuple(chores), tuple(sources)

    def all(self, session: Session) -> list[Job]:
        """Every job there is just now; those of the installation come last."""
        return [job for source in self.sources for job in source(session)] + list(self.jobs)

    def job(self, name: str) -> Job:
        """One job of the installation by its name. Raises KeyError."""
        return {job.name: job for job in self.jobs}[name]


schedule = Schedule()
