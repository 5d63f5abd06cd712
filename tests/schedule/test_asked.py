"""Runs out of turn, and what a run that fails leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.events.models import SYSTEM
from app.extensions import db
from app.schedule import asked
from app.schedule.clock import Clock
from app.schedule.jobs import Job, Schedule, Task, daily
from app.schedule.models import ScheduledRun
from app.schedule.rhythm import AtClock

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("context")]


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()


class Counter:
    """A step that counts its calls, and fails while it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.breaks = False
        self.due: list[datetime] = []

    def step(self, session: Session) -> int:
        self.calls += 1
        if self.breaks:
            raise RuntimeError("a secret of somebody")
        return 0

    def made(self, due_at: datetime) -> list[Task]:
        self.due.append(due_at)
        return [Task("count", self.step)]


def now() -> datetime:
    return datetime.now(UTC)


def job_of(counter: Counter, rhythm: AtClock | None = None) -> Job:
    return Job("tidy", rhythm or daily(3), made=counter.made)


def clock_of(*jobs: Job) -> Clock:
    """A worker that knows these jobs from a source, as those of venues are."""
    schedule = Schedule()
    schedule.use([], (), [lambda session: iter(jobs)])
    return Clock(db.engine, schedule)


def ask(job: Job, at: datetime) -> bool:
    done = asked.ask(db.session(), SYSTEM, job, at)
    db.session.commit()
    return done


def runs() -> list[ScheduledRun]:
    db.session.rollback()
    return list(db.session.scalars(select(ScheduledRun).order_by(ScheduledRun.due_at)))


def test_it_is_done_for_the_instant_at_which_it_was_asked_for() -> None:
    counter = Counter()
    job, at = job_of(counter), now()
    clock = clock_of(job)
    clock.tick(at)
    assert ask(job, at)
    assert not ask(job, at + timedelta(seconds=1)), "it waits already"
    clock.tick(at)
    assert counter.due == [job.rhythm.last_due(at), at]
    assert [run.asked_by for run in runs()] == [None, "OneBooking"]
    assert ask(job, at + timedelta(minutes=1)), "again, once it is done"


def test_a_job_that_is_gone_is_not_waited_for() -> None:
    ask(job_of(Counter()), now())
    clock_of().tick(now())
    (run,) = runs()
    assert (run.error, bool(run.finished_at)) == (asked.GONE, True)


def test_what_failed_is_written_down_and_tried_again_after_the_lease() -> None:
    counter, at = Counter(), now()
    counter.breaks = True
    clock = clock_of(job_of(counter))
    clock.tick(at)
    clock.tick(at)
    (run,) = runs()
    assert (run.error, run.finished_at, counter.calls) == ("RuntimeError", None, 1)
    counter.breaks = False
    db.session.execute(text("UPDATE scheduled_runs SET lease_until = now() - interval '1 second'"))
    db.session.commit()
    clock.tick(at)
    (run,) = runs()
    assert (run.error, bool(run.finished_at), counter.calls) == (None, True, 2)


def test_what_is_asked_for_and_fails_is_given_up_after_a_day() -> None:
    counter, at = Counter(), now()
    job = job_of(counter)
    assert ask(job, at - timedelta(days=1, seconds=1))
    assert asked.waiting(db.session()) == []
    assert ask(job, at), "and can be asked for anew"


def test_another_rhythm_is_followed_within_a_minute() -> None:
    """A venue moves to another zone, or its clock is put right."""
    counter = Counter()
    jobs = [job_of(counter, daily(3))]
    schedule = Schedule()
    schedule.use([], (), [lambda session: iter(jobs)])
    clock = Clock(db.engine, schedule)
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    clock.tick(at)
    jobs[0] = job_of(counter, daily(11, zone="Europe/Madrid"))
    clock.tick(at + timedelta(seconds=30))
    assert len(counter.due) == 1
    clock.tick(at + timedelta(seconds=61))
    assert counter.due[1:] == [datetime(2026, 3, 28, 10, tzinfo=UTC)]


def test_a_source_that_fails_leaves_the_others_as_they_were() -> None:
    counter = Counter()
    schedule = Schedule()

    def broken(session: Session) -> Iterator[Job]:
        raise RuntimeError("broken")

    schedule.use([job_of(counter)], (), [broken])
    Clock(db.engine, schedule).tick(now())
    assert counter.calls == 1
