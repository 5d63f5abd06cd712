"""The cursor of the log: it misses nothing that commits late, and waits for nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.events import queries
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.extensions import db
from app.runtime.databases import connect
from tests.harness import servers

pytestmark = pytest.mark.committed
NAMES = ("first", "second")


@pytest.fixture
def elsewhere(worker_id: str) -> Iterator[str]:
    """Another database of the same server."""
    url = servers.new_database(f"{worker_id}_elsewhere")
    yield url
    servers.drop(url)


def note(session: Session, name: str) -> None:
    record(session, SYSTEM, NewEvent(name, "test", "1"))


def told(cursor: tuple[int, int]) -> list[str]:
    with Session(db.engine) as reader:
        return [event.name for event in queries.changes_after(reader, cursor, None, NAMES)]


def cursor_now() -> tuple[int, int]:
    with Session(db.engine) as reader:
        return queries.newest_cursor(reader)


def test_an_event_that_commits_late_is_not_missed(app: Flask) -> None:
    with app.app_context(), Session(db.engine) as slow, Session(db.engine) as fast:
        begin = cursor_now()
        note(slow, "first")
        note(fast, "second")
        fast.commit()
        meanwhile = cursor_now()
        assert told(begin) == [], "what is older may still commit"
        slow.commit()
        assert told(begin) == told(meanwhile) == ["first", "second"]
        assert told(cursor_now()) == []


def test_nobody_waits_for_another_database(app: Flask, elsewhere: str) -> None:
    with connect(elsewhere) as other, app.app_context(), Session(db.engine) as session:
        begin = cursor_now()
        with other.transaction():
            other.execute("CREATE TABLE long_work ()")
            note(session, "first")
            session.commit()
            assert told(begin) == ["first"]
            assert told(cursor_now()) == []
