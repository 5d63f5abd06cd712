"""The way in: who gets through it, who does not, and what an attacker learns."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.crypto import hash_email
from app.events.models import Event
from app.extensions import db
from app.staff import passwords
from app.staff.models import LoginAttempt, User, UserSession
from app.staff.passwords import needs_rehash
from app.staff.throttle import PER_ADDRESS, Caller
from tests.desk import browser_of
from tests.factories import PASSWORD, person

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("db_session")


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert found
    return found[1]


def sign_in(
    client: FlaskClient, email: str, password: str = PASSWORD, ip: str = "192.0.2.1", go: str = ""
) -> TestResponse:
    form = {"email": email, "password": password, "csrf_token": token_of(client), "next": go}
    return client.post("/login", data=form, environ_overrides={"REMOTE_ADDR": ip})


def events(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.name == name)))


@pytest.fixture
def user() -> User:
    return person("staff", name="Ina Inside", address="ina@onebooking.test")


def test_the_right_password_opens_the_desk(client: FlaskClient, user: User) -> None:
    answer = sign_in(client, "Ina@OneBooking.test", go="/profile?tab=1")
    assert (answer.status_code, answer.location) == (303, "/profile?tab=1")
    assert client.get("/profile").status_code == 200
    event = events("user.signed_in")[0]
    assert (event.subject_id, event.actor_label, event.ip) == (
        str(user.id),
        "Ina Inside",
        "192.0.2.1",
    )


@pytest.mark.parametrize(
    "target",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=1", "x", ""],
)
def test_nobody_is_led_away(client: FlaskClient, user: User, target: str) -> None:
    assert sign_in(client, user.email, go=target).location == "/"


def test_every_refusal_looks_the_same(client: FlaskClient, user: User) -> None:
    person("staff", address="off@onebooking.test", is_active=False)
    person("staff", address="new@onebooking.test", password_hash=None)
    tries = [
        sign_in(client, user.email, "not the password", ip="192.0.2.1"),
        sign_in(client, "nobody@onebooking.test", ip="192.0.2.2"),
        sign_in(client, "off@onebooking.test", ip="192.0.2.3"),
        sign_in(client, "new@onebooking.test", ip="192.0.2.4"),
    ]
    assert {answer.status_code for answer in tries} == {422}
    said = {re.sub(r'value="[^"]*"|value=""', "", answer.text) for answer in tries}
    said = {re.sub(r"X-CSRFToken[^}]+|<code>.*?</code>", "", text) for text in said}
    assert len(said) == 1
    assert client.get("/profile").location.startswith("/login")


def test_an_unknown_account_costs_a_hash_too(
    client: FlaskClient, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    real = passwords._hasher.verify

    class Counting:
        def verify(self, hashed: str, password: str) -> bool:
            verified.append(hashed)
            return real(hashed, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    sign_in(client, "nobody@onebooking.test")
    assert verified == [passwords._DUMMY]


def test_failures_are_events_without_the_address(client: FlaskClient, user: User) -> None:
    sign_in(client, user.email, "wrong password")
    sign_in(client, "nobody@onebooking.test")
    known, unknown = events("user.sign_in_failed")
    assert known.subject_id == str(user.id)
    assert re.fullmatch(r"[0-9a-f]{16}", unknown.subject_id)
    for event in (known, unknown):
        assert "@" not in f"{event.changes} {event.meta} {event.actor_label} {event.subject_id}"


def test_guessing_gets_slower_and_slower(client: FlaskClient, user: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(5):
            assert sign_in(client, user.email, "wrong password").status_code == 422
        waits = []
        for _ in range(4):
            refused = sign_in(client, user.email)
            assert refused.status_code == 429
            waits.append(int(refused.headers["Retry-After"]))
            clock.shift(waits[-1])
            assert sign_in(client, user.email, "wrong password").status_code == 422
        assert waits == [3, 5, 9, 17]
        clock.shift(timedelta(minutes=15, seconds=1))
        assert sign_in(client, user.email).status_code == 303


def test_a_success_clears_the_count(client: FlaskClient, user: User) -> None:
    for _ in range(4):
        sign_in(client, user.email, "wrong password")
    sign_in(client, user.email)
    assert db.session.scalar(select(func.count()).select_from(LoginAttempt)) == 0


def test_a_stranger_cannot_lock_the_victim_out(app: Flask, user: User) -> None:
    with time_machine.travel(NOW, tick=False):
        for _ in range(8):
            attacked = sign_in(app.test_client(), user.email, "guess", ip="203.0.113.9")
        assert attacked.status_code == 429
        assert sign_in(app.test_client(), user.email, ip="192.0.2.1").status_code == 303


def test_an_address_that_tries_many_accounts_is_slowed_down(client: FlaskClient) -> None:
    with time_machine.travel(NOW, tick=False):
        network = Caller.of("", "2001:db8::1").address
        for n in range(PER_ADDRESS.free):
            row = LoginAttempt(account_hash=hash_email(str(n)), address_hash=network)
            row.created_at = NOW
            db.session.add(row)
        same = sign_in(client, "one.more@onebooking.test", ip="2001:db8::ffff")
        other = sign_in(client, "one.more@onebooking.test", ip="2001:db8:0:1::1")
    assert (same.status_code, other.status_code) == (429, 422)


def test_old_failures_are_forgotten(client: FlaskClient, user: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            sign_in(client, user.email, "wrong password")
        clock.shift(timedelta(hours=25))
        sign_in(client, user.email, "wrong password")
    assert db.session.scalar(select(func.count()).select_from(LoginAttempt)) == 1


def test_the_cookie_is_a_new_one(client: FlaskClient, user: User) -> None:
    client.get("/login")
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"
        old_token = before["csrf_token"]
    sign_in(client, user.email)
    client.get("/profile")
    with client.session_transaction() as after:
        assert "planted" not in after
        assert after["csrf_token"] != old_token
        token = after["_user_id"]
    stored = db.session.scalars(select(UserSession)).one()
    assert token.encode() not in stored.token_hash
    assert str(user.id) not in token


def test_an_old_hash_is_made_anew(client: FlaskClient, user: User) -> None:
    user.password_hash = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    assert sign_in(client, user.email).status_code == 303
    assert not needs_rehash(user.password_hash or "")


def test_a_form_without_its_token_is_refused(app: Flask, user: User) -> None:
    answer = app.test_client().post("/login", data={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 400
    assert "This form has expired" in answer.text
    assert browser_of(app, user).get("/login").location == "/"


def test_an_empty_form_says_what_is_missing(client: FlaskClient) -> None:
    answer = sign_in(client, "", "")
    assert answer.status_code == 422
    assert "Type your password." in answer.text
