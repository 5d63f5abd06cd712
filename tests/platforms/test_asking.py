"""Who is asked what is free, in which order, and for how long: failover, breaker, cache."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.bookings.elsewhere import Heard, Question
from app.extensions import db
from app.platforms import asking, registry, resting
from app.platforms.conversing import Conversation
from app.platforms.fresh import SECONDS, fresh
from app.platforms.models import PlatformConnection
from app.staff.viewing import READ_ONLY
from tests.api.table_house import SUNDAY
from tests.platforms.contract import CASES
from tests.platforms.tables import FREE, Tables, logged, opened
from tests.standins.serving import serving


@pytest.fixture
def tables(app: Flask, db_session: object) -> Iterator[Tables]:
    with serving(CASES["covermanager"].app()) as url, opened(app, url) as found:
        yield found


def again(row: PlatformConnection) -> PlatformConnection:
    return db.session.get_one(PlatformConnection, row.id, populate_existing=True)


def test_the_first_that_answers_is_heard(tables: Tables) -> None:
    assert tables.ask() == Heard(), "nobody sells them"
    tables.connect()
    tables.connect("second", 2)
    assert asking.sellers(db.session(), tables.venue.id) == ["CoverManager", "Second"]
    heard = tables.ask()
    assert (heard.by, heard.silence, heard.confirmable) == ("CoverManager", "", True)
    assert heard.has("13:00")
    assert not heard.has("12:00")
    assert heard.among(["14:00", "12:00", "13:00"]) == ["13:00", "14:00"]
    assert tables.second.calls == 0


def test_each_call_is_in_the_log_without_secrets(tables: Tables) -> None:
    row = tables.connect()
    tables.ask()
    (call,) = logged()
    assert (call.door, call.url, call.status) == (
        *(row.key, "covermanager:reserv/availability"),
        "success",
    )
    said = f"{call.url}{call.request_body}{call.response_body}{call.request_headers}"
    assert CASES["covermanager"].secrets["api_key"] not in said


def test_what_was_said_a_moment_ago_is_not_asked_again(tables: Tables, redis: Any) -> None:
    tables.connect()
    tables.ask()
    tables.ask("14:00")
    assert tables.calls == 1
    assert 0 < redis.ttl(redis.keys("onebooking:free:*")[0]) <= SECONDS
    assert not tables.ask("20:30").has("12:00")
    assert tables.calls == 1
    tables.ask("12:00")
    assert tables.calls == 2, "what it did not name is asked for"
    tables.ask("12:00")
    assert tables.calls == 2
    tables.ask(party=3)
    assert tables.calls == 3
    redis.flushdb()
    tables.ask()
    assert tables.calls == 4


def test_without_redis_nobody_waits_for_it(tables: Tables) -> None:
    tables.connect()
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        fresh.configure(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        started = time.monotonic()
        assert tables.ask().by == tables.ask().by == "CoverManager"
        assert time.monotonic() - started < asking.BUDGET
    assert tables.calls == 2


def test_when_the_first_is_silent_the_next_answers_in_time(tables: Tables) -> None:
    row = tables.connect()
    tables.connect("second", 2)
    tables.silent()
    started = time.monotonic()
    heard = tables.ask()
    assert time.monotonic() - started <= asking.BUDGET
    assert (heard.by, sorted(heard.times or ())) == ("Second", FREE)
    assert heard.silence == "CoverManager did not answer in time"
    assert again(row).failures == 1
    assert [(each.status, each.code) for each in logged()] == [
        ("failed", "timeout"),
        ("success", None),
    ]


def test_who_failed_is_passed_by_until_it_has_rested(tables: Tables, redis: Any) -> None:
    row = tables.connect()
    tables.connect("second", 2)
    before = row.updated_at
    tables.down()
    assert tables.ask().silence == "CoverManager gave no usable answer"
    redis.flushdb()
    assert tables.ask().silence == "CoverManager does not answer just now"
    assert tables.calls == 1
    tables.up()
    row = again(row)
    assert row.quiet_until is not None
    assert timedelta(0) < row.quiet_until - datetime.now(UTC) <= resting.FIRST
    row.quiet_until = datetime.now(UTC) - timedelta(seconds=1)
    db.session.flush()
    heard = tables.ask()
    assert (heard.by, heard.silence, tables.calls) == ("CoverManager", "", 2)
    row = again(row)
    assert (row.failures, row.quiet_until, row.updated_at) == (0, None, before)


def test_it_rests_longer_each_time(tables: Tables) -> None:
    row, now = tables.connect(), datetime.now(UTC)
    rests = []
    for _ in range(6):
        resting.failed(db.session(), row, now)
        row = again(row)
        assert row.quiet_until is not None
        rests.append((row.quiet_until - now).seconds)
    assert rests == [30, 60, 120, 240, 300, 300]
    resting.answered(db.session(), row)
    resting.failed(db.session(), again(row), now, wish=100)
    assert again(row).quiet_until == now + timedelta(seconds=100), "it said when to come again"


def test_of_those_who_fail_side_by_side_one_counts_and_one_tries_again(tables: Tables) -> None:
    row, now = tables.connect(), datetime.now(UTC)
    db.session.expunge(row)  # as both saw it
    resting.failed(db.session(), row, now)
    resting.failed(db.session(), row, now)
    assert again(row).failures == 1
    rested = again(row)
    db.session.expunge(rested)
    later = now + resting.FIRST
    assert [resting.may_try(db.session(), rested, later) for _ in range(2)] == [True, False]


def test_when_none_answers_the_venue_says_what_counts(tables: Tables) -> None:
    tables.connect()
    tables.connect("second", 2)
    tables.down()
    tables.second.status = 503
    heard = tables.ask()
    assert (heard.times, heard.by, heard.confirmable) == (None, "", True)
    assert heard.silence == "CoverManager gave no usable answer; Second gave no usable answer"
    tables.venue.sells_without_platforms = False
    db.session.flush()
    assert not tables.ask().confirmable


def test_all_of_them_together_keep_to_the_budget(tables: Tables) -> None:
    tables.connect()
    tables.connect("second", 2)
    tables.silent()
    tables.second.slow = 30
    started = time.monotonic()
    heard = tables.ask()
    assert time.monotonic() - started <= asking.BUDGET + 0.5
    assert len(heard.tried) == 2


def test_a_platform_that_tells_no_times_is_not_asked(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = tables.connect()
    tables.connect("second", 2)
    row.is_enabled = False
    db.session.flush()
    assert tables.ask().by == "Second"
    monkeypatch.setattr("tests.platforms.tables.Second.capabilities", frozenset())
    assert tables.ask() == Heard()


def test_browsing_leaves_calls_for_those_who_book(tables: Tables) -> None:
    row = tables.connect()
    row.options = {"per_minute": "2"}
    db.session.flush()
    assert tables.ask(party=2, decides=False).by == "CoverManager"
    heard = tables.ask(party=3, decides=False)
    assert (heard.by, heard.silence) == ("", "CoverManager is asked too often just now")
    assert tables.ask(party=3).by == "CoverManager"
    assert again(row).failures == 0


def test_no_transaction_is_open_while_a_platform_thinks(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.connect()
    seen = []
    hold = Conversation.hold

    def watched(self: Conversation, *how: Any) -> Any:
        seen.append(db.session().in_transaction())
        return hold(self, *how)

    monkeypatch.setattr(Conversation, "hold", watched)
    tables.ask()
    assert seen == [False]


def test_who_only_looks_as_somebody_else_writes_nothing(tables: Tables) -> None:
    row = tables.connect()
    db.session.commit()
    db.session().info[READ_ONLY] = True
    try:
        assert tables.ask().by == "CoverManager"
        db.session.commit()
    finally:
        db.session().info.pop(READ_ONLY)
    db.session.rollback()
    assert logged() == []
    resting.failed(db.session(), again(row), datetime.now(UTC) - timedelta(hours=1))
    db.session.commit()
    db.session().info[READ_ONLY] = True
    try:
        assert tables.ask(party=3).silence == "CoverManager does not answer just now"
    finally:
        db.session().info.pop(READ_ONLY)
    db.session.rollback()


def test_a_name_server_that_hangs_holds_up_nobody(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.connect()
    freed = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: freed.wait(20) and [])
    url = tables.cover.url.replace("127.0.0.1", "restaurants.example.com")
    monkeypatch.setitem(registry._standing_in, "covermanager", url)
    started = time.monotonic()
    assert tables.ask().silence == "CoverManager did not answer in time"
    assert time.monotonic() - started <= asking.BUDGET
    freed.set()


@pytest.mark.committed
def test_many_ask_at_once(tables: Tables, app: Flask) -> None:
    row = tables.connect()
    tables.connect("second", 2)
    db.session.commit()
    tables.silent()
    about = Question(tables.venue.id, SUNDAY, "13:00", 2, decides=True)
    heard: list[Heard] = []
    gate = threading.Barrier(6)

    def ask() -> None:
        with app.app_context():
            gate.wait(10)
            heard.append(asking.times_for(db.session(), about))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert time.monotonic() - started <= asking.BUDGET + 2
    assert [each.by for each in heard] == ["Second"] * 6
    db.session.rollback()
    assert again(row).failures == 1
