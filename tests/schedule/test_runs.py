"""What comes due is done once, however many workers there are, also after a downtime."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.extensions import db
from app.schedule import runs
from app.schedule.clock import Clock
from app.schedule.jobs import Job, Schedule, Task, daily
from app.schedule.models import ScheduledRun
from app.schedule.runs import Turn, run_due

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 19, tzinfo=UTC)


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()


class Pile:
    """So many rows, of which a step takes two."""

    def __init__(self, rows: int, breaks_at: int = -1) -> None:
        self.rows = rows
        self.breaks_at = breaks_at
        self._lock = threading.Lock()

    def step(self, session: Session) -> int:
        with self._lock:
            if self.rows == self.breaks_at:
                raise RuntimeError("broken")
            taken = min(2, self.rows)
            self.rows -= taken
            return taken


def job_of(*piles: Pile) -> Job:
    return Job("tidy", daily(19), [Task(f"pile {n}", pile.step) for n, pile in enumerate(piles)])


def never() -> bool:
    return False


def run_rows() -> list[ScheduledRun]:
    db.session.rollback()
    found = db.session.scalars(select(ScheduledRun).order_by(ScheduledRun.due_at))
    return list(found.all())


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 20, 19, 0, 0, tzinfo=UTC), DUE),
        (datetime(2026, 11, 21, 18, 59, 59, tzinfo=UTC), DUE),
        (datetime(2026, 11, 21, 19, 0, 1, tzinfo=UTC), DUE + timedelta(days=1)),
    ],
)
def test_a_daily_job_is_due_at_its_latest_instant(now: datetime, due: datetime) -> None:
    assert daily(19).last_due(now) == due


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_it_is_done_once() -> None:
    first, second = Pile(5), Pile(3)
    job = job_of(first, second)
    assert run_due(db.engine, job, NOW, never) is Turn.DONE
    assert first.rows == second.rows == 0
    first.rows = 4
    assert run_due(db.engine, job, NOW + timedelta(hours=1), never) is Turn.DONE
    assert first.rows == 4, "not again"
    (row,) = run_rows()
    assert (row.due_at, row.rows) == (DUE, 8)
    assert row.finished_at
    assert run_due(db.engine, job, NOW + timedelta(days=1), never) is Turn.DONE
    assert first.rows == 0


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_a_downtime_is_caught_up_with_once() -> None:
    job = job_of(Pile(2))
    run_due(db.engine, job, NOW, never)
    run_due(db.engine, job, NOW + timedelta(days=9), never)
    assert [row.due_at for row in run_rows()] == [DUE, DUE + timedelta(days=9)]


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_of_many_workers_one_does_it() -> None:
    engine, done, gate = db.engine, [], threading.Barrier(6)

    def step(session: Session) -> int:
        done.append(threading.get_ident())
        return 0

    job = Job("tidy", daily(19), [Task("count", step)])

    def work() -> None:
        gate.wait(10)
        run_due(engine, job, NOW, never)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 1


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_who_died_half_way_is_taken_over_after_the_lease() -> None:
    pile = Pile(6, breaks_at=4)
    job = job_of(pile)
    with pytest.raises(RuntimeError):
        run_due(db.engine, job, NOW, never)
    pile.breaks_at = -1
    assert run_due(db.engine, job, NOW, never) is Turn.BUSY
    assert pile.rows == 4
    db.session.execute(text("UPDATE scheduled_runs SET lease_until = now() - interval '1 second'"))
    db.session.commit()
    assert run_due(db.engine, job, NOW, never) is Turn.DONE
    assert pile.rows == 0


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_who_is_stopped_gives_it_back() -> None:
    pile = Pile(6)
    assert run_due(db.engine, job_of(pile), NOW, lambda: True) is Turn.BUSY
    assert pile.rows == 4
    assert run_due(db.engine, job_of(pile), NOW, never) is Turn.DONE
    assert pile.rows == 0


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_the_clock_goes_on_after_a_fault() -> None:
    chores: list[int] = []

    def broken(session: Session) -> int:
        raise RuntimeError("broken")

    def chore(session: Session) -> int:
        chores.append(1)
        return 0

    pile = Pile(2)
    schedule = Schedule()
    schedule.use(
        [Job("broken", daily(1), [Task("x", broken)]), job_of(pile)],
        [Task("broken", broken), Task("chore", chore)],
    )
    clock = Clock(db.engine, schedule)
    clock.tick(NOW)
    clock.tick(NOW)
    assert len(chores) == 2
    assert pile.rows == 0


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_old_runs_are_forgotten() -> None:
    now = datetime.now(UTC)
    for days in (91, 89, 1):
        run_due(db.engine, job_of(Pile(0)), now - timedelta(days=days), never)
    assert runs.prune(db.session()) == 1
    assert runs.prune(db.session()) == 0
    db.session.commit()
    assert len(run_rows()) == 2
