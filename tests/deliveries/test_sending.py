"""The sending loop against a real endpoint: what it does with each kind of answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import Settings
from app.deliveries import actions, finishing
from app.deliveries.outcome import Attempt
from app.events.models import SYSTEM
from app.extensions import db
from app.outbound import policy
from app.websites.models import Website
from tests.deliveries.running import Desk, sending
from tests.harness.processes import until
from tests.standins.receiver import Call, Receiver, Reply, raw_server, receiving

pytestmark = pytest.mark.committed


@pytest.fixture
def desk(app: Flask) -> Iterator[Desk]:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    yield Desk(app)
    policy.configure(Settings(env="test"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def hurry(desk: Desk) -> None:
    """What waits for its next try is due now."""
    with desk.session() as session, session.begin():
        session.execute(text("UPDATE deliveries SET due_at = now() WHERE state = 'ready'"))
        session.execute(text("UPDATE destinations SET probe_at = now() WHERE breaker = 'open'"))


def test_edits_arrive_in_order_signed_and_logged(desk: Desk, receiver: Receiver) -> None:
    first, second = desk.website("shop", f"{receiver.url}/hook", 2)
    with sending(desk.app):
        for number in range(5):
            desk.edit(first, f"first {number}")
            desk.edit(second, f"second {number}")
        until(lambda: desk.states() == {"delivered": 10})
    seen = receiver.by_booking()
    assert [body["version"] for body in seen[str(first)]] == [2, 3, 4, 5, 6]
    assert [body["data"]["admin_notes"] for body in seen[str(second)]] == [
        f"second {number}" for number in range(5)
    ]
    with desk.app.app_context():
        secret = str(db.session.get_one(Website, "shop").webhook_secret)
    assert all(call.is_signed_with(secret) for call in receiver.calls)
    logs = desk.logs()
    assert len(logs) == 10
    assert {(log.direction, log.status, log.http_status, log.attempt) for log in logs} == {
        ("outbound", "success", 200, 1)
    }
    assert all(log.request_body and log.response_body for log in logs)


def test_no_signature_and_no_secret_of_the_address_is_in_the_log(
    desk: Desk, receiver: Receiver
) -> None:
    (booking,) = desk.website("shop", f"{receiver.url}/hook?token=s3cret")
    with sending(desk.app):
        desk.edit(booking)
        until(lambda: desk.states() == {"delivered": 1})
    (log,) = desk.logs()
    assert "s3cret" not in str(log.url)
    assert str(log.url).endswith("/hook?token=…")
    signature = receiver.calls[0].headers["X-Webhook-Signature"]
    assert signature not in str(log.request_headers)
    assert log.request_headers["X-Webhook-Signature"].startswith("sha256=")
    assert receiver.calls[0].path == "/hook"


@pytest.mark.parametrize(
    ("reply", "state", "sentence"),
    [
        (Reply(500), "ready", "status 500"),
        (Reply(200, b'{"success": false}'), "ready", "success: false"),
        (Reply(307, headers={"Location": "/elsewhere"}), "failed", "redirect"),
        (Reply(404), "failed", "Refused with status 404"),
        (Reply(410), "parked", "410 Gone"),
        (Reply(200, b"x" * 50_000_000), "delivered", None),
        (Reply(delay=30), "ready", "within 1 seconds"),
        (Reply(200, b"y" * 100, drip=0.5), "ready", "within 1 seconds"),
    ],
    ids=["500", "success:false", "redirect", "404", "410", "huge", "hanging", "dripping"],
)
def test_each_answer_has_its_consequence(
    desk: Desk, receiver: Receiver, reply: Reply, state: str, sentence: str | None
) -> None:
    receiver.answer(reply)
    (booking,) = desk.website("shop", receiver.url)
    with sending(desk.app, deadline=1 if reply.delay or reply.drip else 15):
        desk.edit(booking)
        until(lambda: len(desk.logs()) == 1)
    (delivery,) = desk.deliveries()
    assert delivery.state == state
    assert sentence is None or sentence in str(delivery.last_error)
    assert len(receiver.calls) == 1


def test_what_failed_arrives_later_with_the_same_event_id(desk: Desk, receiver: Receiver) -> None:
    receiver.answer(Reply(503), Reply(200, b'{"success": false}'), Reply())
    (booking,) = desk.website("shop", receiver.url)
    with sending(desk.app):
        desk.edit(booking)
        for tries in (1, 2):
            until(lambda tries=tries: len(desk.logs()) == tries)  # type: ignore[misc]
            hurry(desk)
        until(lambda: desk.states() == {"delivered": 1})
    assert len({call.json["event_id"] for call in receiver.calls}) == 1
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert [log.attempt for log in desk.logs()] == [1, 2, 3]


def test_retry_after_as_a_date(desk: Desk, receiver: Receiver) -> None:
    receiver.answer(Reply(503, headers={"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}))
    (booking,) = desk.website("shop", receiver.url)
    with sending(desk.app):
        desk.edit(booking)
        until(lambda: len(desk.logs()) == 1)
    (delivery,) = desk.deliveries()
    wait = delivery.due_at.timestamp() - time.time()
    assert 86_000 < wait <= 86_400, "believed for a day, not for ever"


def test_an_endpoint_that_comes_back_gets_everything(desk: Desk, receiver: Receiver) -> None:
    receiver.answer(Reply(503))
    made = desk.website("shop", receiver.url, 12)
    with sending(desk.app):
        for booking in made:
            desk.edit(booking)
        until(lambda: desk.states().get("parked", 0) == 12)
        called = len(receiver.calls)
        time.sleep(1.5)
        assert len(receiver.calls) == called, "the breaker lets something through"
        receiver.answer(Reply())
        with desk.session() as session, session.begin():
            session.execute(text("UPDATE deliveries SET due_at = now()"))
        hurry(desk)
        until(lambda: desk.states() == {"delivered": 12})


def test_410_waits_until_it_is_switched_on(desk: Desk, receiver: Receiver) -> None:
    receiver.answer(Reply(410))
    (booking,) = desk.website("shop", receiver.url)
    with sending(desk.app):
        desk.edit(booking)
        until(lambda: desk.states() == {"parked": 1})
        desk.edit(booking)
        until(lambda: desk.states() == {"parked": 1, "waiting": 1})
        receiver.answer(Reply())
        with desk.session() as session, session.begin():
            key = desk.deliveries()[0].destination_id
            actions.switch(session, SYSTEM, key, on=True)
        until(lambda: desk.states() == {"delivered": 2})
    assert [call.json["version"] for call in receiver.calls] == [2, 2, 3]


def test_a_switched_off_website_waits(desk: Desk, receiver: Receiver) -> None:
    (booking,) = desk.website("shop", receiver.url)

    def switch(on: bool) -> None:
        with desk.app.app_context():
            db.session.get_one(Website, "shop").is_active = on
            db.session.commit()

    switch(False)
    with sending(desk.app):
        desk.edit(booking)
        until(lambda: desk.states() == {"parked": 1})
        assert receiver.calls == []
        switch(True)
        until(lambda: desk.states() == {"delivered": 1})
    assert desk.deliveries()[0].attempts == 1


def test_stopping_waits_for_what_is_under_way(desk: Desk, receiver: Receiver) -> None:
    receiver.answer(Reply(delay=1.0))
    made = desk.website("shop", receiver.url, 3)
    with sending(desk.app):
        for booking in made:
            desk.edit(booking)
        until(lambda: len(receiver.calls) == 3)
    assert desk.states() == {"delivered": 3}


def test_stopping_gives_back_what_has_not_left(desk: Desk, receiver: Receiver) -> None:
    receiver.answer(Reply(delay=1.0))
    made = desk.website("shop", receiver.url, 45)
    for booking in made:
        desk.edit(booking)
    with sending(desk.app):
        until(lambda: len(receiver.calls) >= 32)
    assert desk.states() == {"delivered": 32, "ready": 13}
    assert {d.attempts for d in desk.deliveries() if d.state == "ready"} == {0}


def test_one_that_hangs_does_not_hold_up_another(desk: Desk, receiver: Receiver) -> None:
    def behave(call: Call) -> Reply:
        return Reply(delay=60) if call.path == "/hang" else Reply()

    receiver.behave = behave
    stuck = desk.website("stuck", f"{receiver.url}/hang", 60)
    (fine,) = desk.website("fine", f"{receiver.url}/fine")
    for booking in stuck:
        desk.edit(booking)
    with sending(desk.app, deadline=3):
        until(lambda: len(receiver.calls) == 32)
        started = time.monotonic()
        desk.edit(fine)
        until(lambda: desk.states().get("delivered") == 1)
        assert time.monotonic() - started < 2


def test_a_database_that_goes_away_is_waited_for(desk: Desk, receiver: Receiver) -> None:
    (booking,) = desk.website("shop", receiver.url)
    with sending(desk.app):
        for _ in range(3):
            with desk.session() as session:
                session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            with desk.app.app_context():
                db.engine.dispose()
            desk.edit(booking)
        until(lambda: desk.states() == {"delivered": 3})
    assert [call.json["version"] for call in receiver.calls] == [2, 3, 4]


def test_a_broken_step_does_not_stop_the_others(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("app.deliveries.housekeeping.keep_house", broken)
    made = desk.website("shop", receiver.url, 3)
    with sending(desk.app):
        for booking in made:
            desk.edit(booking)
        until(lambda: desk.states() == {"delivered": 3})


def test_bytes_that_are_no_text_can_be_logged(desk: Desk) -> None:
    said = b"HTTP/1.1 503 No\r\nServer: \xff\xfe\r\nContent-Length: 3\r\n\r\n\xff\x00!"
    with raw_server(said) as url:
        (booking,) = desk.website("shop", url)
        with sending(desk.app):
            desk.edit(booking)
            until(lambda: len(desk.logs()) == 1)
    (log,) = desk.logs()
    assert (log.http_status, log.response_body) == (503, "\ufffd\ufffd!")
    assert log.response_headers["server"] == "??"


def test_a_result_that_cannot_be_stored_holds_up_no_other(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk.website("shop", receiver.url, 5)
    store = finishing.finish

    def picky(session: Session, attempts: Sequence[Attempt], channels: object) -> set[int]:
        if any(attempt.claim.booking_id == made[0] for attempt in attempts):
            raise ValueError("indigestible")
        return store(session, attempts)

    monkeypatch.setattr(finishing, "finish", picky)
    with sending(desk.app):
        for booking in made:
            desk.edit(booking)
        until(lambda: desk.states() == {"delivered": 4, "sending": 1})
