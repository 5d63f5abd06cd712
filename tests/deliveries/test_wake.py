"""Wake-ups: one for many edits, none for what was rolled back, and no harm without Redis."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
import redis as redis_library
from flask_sqlalchemy.session import Session
from rq import Queue, SimpleWorker
from sqlalchemy.orm import scoped_session

from app.deliveries import tasks, wake
from app.deliveries.wake import QUEUE, RUNG, Ringer, bell, ringer
from tests.deliveries.world import World

Scoped = scoped_session[Session]


@pytest.fixture
def queue(redis: redis_library.Redis, redis_url: str) -> Queue:
    ringer.configure(redis_url)
    return Queue(QUEUE, connection=redis)


def test_a_commit_with_something_to_send_rings(db_session: Scoped, queue: Queue) -> None:
    World(db_session()).edit()
    assert len(queue) == 0
    db_session.commit()
    assert len(queue) == 1
    assert queue.jobs[0].func_name == "app.deliveries.tasks.pump"
    assert queue.jobs[0].args == ()


def test_many_commits_ring_once_until_somebody_listens(db_session: Scoped, queue: Queue) -> None:
    world = World(db_session())
    for _ in range(50):
        world.edit()
        db_session.commit()
    assert len(queue) == 1
    SimpleWorker([queue], connection=queue.connection).work(burst=True, logging_level="ERROR")
    world.edit()
    db_session.commit()
    assert len(queue) == 1


def test_a_wake_up_that_was_lost_is_not_waited_for_for_ever(
    db_session: Scoped, queue: Queue, redis: redis_library.Redis
) -> None:
    World(db_session()).edit()
    db_session.commit()
    assert 0 < redis.pttl(RUNG) <= 5_000


def test_nothing_to_send_nothing_rung(db_session: Scoped, queue: Queue) -> None:
    db_session.commit()
    assert len(queue) == 0


def test_a_savepoint_does_not_ring(db_session: Scoped, queue: Queue) -> None:
    with db_session.begin_nested():
        World(db_session()).edit()
    assert len(queue) == 0
    db_session.commit()
    assert len(queue) == 1


def test_the_job_rings_the_bell(queue: Queue, redis: redis_library.Redis) -> None:
    rung: list[bool] = []
    redis.set(RUNG, 1)
    bell.listen(lambda: rung.append(bool(redis.exists(RUNG))))
    tasks.pump()
    bell.listen(None)
    tasks.pump()
    assert rung == [True, False], "once at once, once when later edits ring for themselves again"


def _timed(lonely: Ringer) -> float:
    started = time.monotonic()
    assert lonely.ring() is False
    return time.monotonic() - started


def test_without_redis_nobody_waits(tmp_path: Path) -> None:
    lonely = Ringer()
    lonely.configure(f"unix://{tmp_path}/nothing.sock")
    assert _timed(lonely) < 0.05


def test_with_a_redis_that_hangs_one_waits_a_moment_and_the_next_not_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lonely = Ringer()
        lonely.configure(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        assert _timed(lonely) < 0.45
        assert max(_timed(lonely) for _ in range(100)) < 0.01


def test_it_is_tried_again_after_a_while(
    redis_url: str, redis: redis_library.Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "BACK_OFF", 0.05)
    lonely = Ringer()
    lonely.configure(f"unix://{tmp_path}/nothing.sock")
    lonely.ring()
    back = Ringer()
    back.configure(redis_url)
    lonely._client = back._client
    assert lonely.ring() is False
    time.sleep(0.06)
    assert lonely.ring() is True
