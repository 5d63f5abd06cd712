"""Calls are counted beside the calls: nobody waits, nothing is lost that can be kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from app.alerts import calls
from app.alerts.calls import DATABASE, MOST_ROWS, Recorder, bound, watch
from app.alerts.models import CallMinute
from app.extensions import db


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(calls, "recorder", made)
    return made


def rows() -> dict[str, CallMinute]:
    db.session.rollback()
    return {row.door: row for row in db.session.scalars(select(CallMinute))}


@pytest.mark.parametrize(
    ("ms", "expected"), [(0, "25"), (25, "25"), (25.1, "50"), (5000, "5000"), (5001, "more")]
)
def test_bounds(ms: float, expected: str) -> None:
    assert bound(ms) == expected


@pytest.mark.usefixtures("db_session")
def test_sums_of_several_processes_add_up(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "present", lambda: datetime(2026, 11, 20, 12, 0, 31, tzinfo=UTC))
    other = Recorder()
    for each in (recorder, other):
        each.call("sync", 201, 30)
        each.call("sync", 500, 6000)
        each.call("sync", 422, 10)
        each.call("octo", 200, 10)
        assert each.flush(db.session()) == 2
        assert each.flush(db.session()) == 0
        db.session.commit()
    found = rows()
    sync = found["sync"]
    assert (sync.calls, sync.errors, sync.refusals, sync.total_ms) == (6, 2, 2, 12_080)
    assert sync.over == {"25": 2, "50": 2, "more": 2}
    assert sync.minute == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert found["octo"].calls == 2


def test_it_stays_small(recorder: Recorder) -> None:
    old = {(datetime(2000, 1, 1, tzinfo=UTC), f"door{n}"): calls.Tally(1) for n in range(MOST_ROWS)}
    recorder.restore(old)
    recorder.call("sync", 200, 1)
    kept = recorder.take()
    assert len(kept) == MOST_ROWS
    assert any(door == "sync" for _, door in kept), "the newest stay"


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_an_outage_is_counted_and_written_when_it_is_over(recorder: Recorder) -> None:
    """What could not be written goes along later, with the failures to connect."""
    away = create_engine("postgresql+psycopg://x@127.0.0.1:9/none")
    recorder._engine = away
    watch(away)
    recorder.call("sync", 500, 5)
    recorder._process = 0
    recorder._save()
    recorder._save()
    recorder._engine = db.engine
    recorder._save()
    found = rows()
    assert found["sync"].errors == 1
    assert found[DATABASE].errors == 2
    assert found[DATABASE].calls == 0
    recorder._stopping.set()


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_a_lost_connection_counts_and_a_mistake_of_ours_does_not(recorder: Recorder) -> None:
    watch(db.engine)
    with pytest.raises(Exception, match="nowhere"), db.engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM nowhere"))
    assert recorder.take() == {}
    with db.engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    (tally,) = recorder.take().values()
    assert tally.errors == 1


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_it_writes_by_itself_once_something_was_counted(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "FLUSH_EVERY", 0.05)
    recorder.write_to(db.engine)
    before = threading.active_count()
    for _ in range(5):
        recorder.call("partner", 200, 5)
    assert threading.active_count() == before + 1
    recorder.close()
    assert rows()["partner"].calls == 5
    recorder.call("partner", 200, 5)
    recorder.close()
    assert rows()["partner"].calls == 6
