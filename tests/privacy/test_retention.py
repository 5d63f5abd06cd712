"""What is not kept for ever: bodies of calls by website, receipts, tries, sessions, links."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.api.models import Receipt
from app.deliveries import forgetting
from app.deliveries.models import SyncLog
from app.events.models import Event
from app.extensions import db
from app.schedule.jobs import schedule
from app.staff.models import LoginAttempt, LoginLink, UserSession
from app.websites.models import Website
from app.websites.retention import clear_payloads
from tests.desk import House
from tests.factories import UserFactory, WebsiteFactory
from tests.sync.traffic import called


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def call(website_id: str | None, days: float) -> int:
    number = called()
    values = {"created_at": ago(days), "website_id": website_id}
    db.session.execute(update(SyncLog).where(SyncLog.id == number).values(values))
    return number


def bodies() -> dict[int, Any]:
    rows = db.session.execute(select(SyncLog.id, SyncLog.request_body, SyncLog.response_body))
    return {row.id: row.request_body or row.response_body for row in rows}


def test_bodies_go_when_their_website_says_so(house: House) -> None:
    website = db.session.get_one(Website, "ours")
    assert website.keep_payloads_days == 90
    website.keep_payloads_days = 7
    cleared = [call("ours", 8), call("theirs", 91), call(None, 91)]
    kept = [call("ours", 6), call("theirs", 89), call(None, 89)]
    rounds = 0
    while clear_payloads(db.session()):
        rounds += 1
    assert rounds == 3
    found = bodies()
    assert [found[number] for number in cleared] == [None] * 3
    assert all(found[number] for number in kept)
    row = db.session.get_one(SyncLog, cleared[0])
    assert (row.http_status, row.duration_ms, row.url) == (200, 7, "/api/bookings/sync")


def test_it_clears_in_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "STEP", 4)
    numbers = [call("ours", 100) for _ in range(10)]
    assert [clear_payloads(db.session()) for _ in range(4)] == [4, 4, 2, 0]
    assert {bodies()[number] for number in numbers} == {None}


def test_only_managers_say_how_long(house: House) -> None:
    url = "/websites/ours/kept"
    for who, status in (("colleague", 403), ("outsider", 404), ("nobody", 303)):
        assert house.browser(who).post(url, data={"days": "5"}).status_code == status
    manager = house.browser("manager")
    assert 'value="90"' in manager.get("/websites/ours").text
    assert manager.post(url, data={"days": "30"}).location == "/websites/ours"
    assert db.session.get_one(Website, "ours").keep_payloads_days == 30
    event = db.session.scalars(select(Event).where(Event.name == "website.updated")).one()
    assert event.changes == {"keep_payloads_days": [90, 30]}
    assert "Days to keep what was sent" in manager.get("/websites/ours").text


@pytest.mark.parametrize("days", ["", "0", "-1", "1.5", "3651", "many", "٣", "9" * 5000])
def test_odd_numbers_of_days_are_refused(house: House, days: str) -> None:
    manager = house.browser("manager")
    manager.post("/websites/ours/kept", data={"days": days})
    assert db.session.get_one(Website, "ours").keep_payloads_days == 90
    assert "Enter a number of days" in manager.get("/websites/ours").text


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_the_command_clears_and_prunes_everything(app: Flask) -> None:
    WebsiteFactory.create(id="ours")
    user = UserFactory.create()
    old_call, new_call = call("ours", 91), call("ours", 1)
    for days in (31, 1):
        db.session.add(
            Receipt(
                door="website:ours",
                key=f"event:{days}",
                body_digest=b"",
                http_status=200,
                answer={},
                created_at=ago(days),
            )
        )
        db.session.add(LoginAttempt(account_hash=b"", address_hash=b"", created_at=ago(days / 20)))
        db.session.add(
            UserSession(
                user_id=user.id,
                token_hash=bytes([days]),
                ip="",
                user_agent="",
                expires_at=ago(days - 2),
            )
        )
        db.session.add(
            LoginLink(token_hash=bytes([days]), purpose="first-admin", expires_at=ago(days))
        )
    db.session.commit()
    answer = app.test_cli_runner().invoke(args=["retention", "run"])
    assert answer.exit_code == 0, answer.output
    for name in ("bodies of old calls", "receipts", "sign-in attempts", "ended sessions"):
        assert f"{name}: 1\n" in answer.output
    assert bodies()[old_call] is None
    assert bodies()[new_call]
    for table in (Receipt, LoginAttempt, UserSession, LoginLink):
        assert db.session.scalar(select(func.count()).select_from(table)) == 1
    assert schedule.job("retention").tasks, "and the worker does the same every night"
