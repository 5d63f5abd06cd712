"""Who may call next: so that one endpoint that hangs never takes all the places.

Pure bookkeeping, without a clock or a socket. A destination may use a place while it holds fewer
than four times what would stay free. The more places are taken, the smaller its share; the last
free place is only for a destination that holds none.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from app.deliveries.channel import Claim
from app.outbound import Outgoing

SIZE = 128
PER_DESTINATION = 32
AHEAD = 16
"""Deliveries of one destination that are held ready, so that no place waits for the database."""
EAGERNESS = 4


@dataclass(frozen=True)
class Job:
    """A claimed delivery, composed and ready to leave."""

    claim: Claim
    outgoing: Outgoing


@dataclass
class Slots:
    """The places of one worker, and the jobs that wait for one."""

    size: int = SIZE
    per_destination: int = PER_DESTINATION
    ahead: int = AHEAD
    _waiting: dict[UUID, deque[Job]] = field(default_factory=dict)
    _busy: Counter[UUID] = field(default_factory=Counter)

    @property
    def in_flight(self) -> int:
        return self._busy.total()

    @property
    def waiting(self) -> int:
        return sum(len(jobs) for jobs in self._waiting.values())

    def room(self) -> tuple[int, dict[UUID, int]]:
        """How many more to claim in all, and for each destination that has jobs here."""
        total = max(0, 2 * self.size - self.in_flight - self.waiting)
        return total, {key: self.ahead - len(jobs) for key, jobs in self._waiting.items()}

    def add(self, job: Job) -> None:
        """Hold a job ready."""
        self._waiting.setdefault(job.claim.destination_id, deque()).append(job)

    def take(self) -> Job | None:
        """The next job that may leave: of the destination that holds the fewest places."""
        free = self.size - self.in_flight
        may = [key for key in self._waiting if self._may_take(key, free)]
        if not may:
            return None
        key = min(may, key=self._busy.__getitem__)
        jobs = self._waiting.pop(key)
        job = jobs.popleft()
        if jobs:
            self._waiting[key] = jobs  # at the end: equals take turns
        self._busy[key] += 1
        return job

    def done(self, job: Job) -> None:
        """A job has left its place."""
        key = job.claim.destination_id
        self._busy[key] -= 1
        if not self._busy[key]:
            del self._busy[key]

    def give_up(self, unwanted: Callable[[Job], bool]) -> list[Job]:
        """Take out the waiting jobs that `unwanted` picks."""
        out = [job for jobs in self._waiting.values() for job in jobs if unwanted(job)]
        gone = {job.claim.id for job in out}
        kept = {
            key: deque(job for job in jobs if job.claim.id not in gone)
            for key, jobs in self._waiting.items()
        }
        self._waiting = {key: jobs for key, jobs in kept.items() if jobs}
        return out

    def _may_take(self, key: UUID, free: int) -> bool:
        held = self._busy[key]
        if not held:
            return free > 0
        return held < min(self.per_destination, EAGERNESS * (free - 1))
