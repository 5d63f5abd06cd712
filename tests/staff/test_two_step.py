"""2-step sign-in: no session before the code, every code once, and roles that ask for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.extensions import db
from app.staff import two_step
from app.staff.models import LoginLink, RecoveryCode, User, UserSession
from app.staff.permissions import Permission
from tests.desk import browser_of
from tests.factories import PASSWORD, WebsiteFactory, person
from tests.staff.team import events, make_role

NOW = datetime(2026, 3, 1, 9, 0, 15, tzinfo=UTC)  # in the middle of a step
STEP = timedelta(seconds=two_step.STEP)
LOGIN = "/api/v1/auth/login"
Clock = time_machine.Traveller


@pytest.fixture
def clock(db_session: object) -> Iterator[Clock]:
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.fixture
def user(clock: object) -> User:
    return person("staff", WebsiteFactory(id="ours").id, address="ina@onebooking.test")


@pytest.fixture
def secret(user: User) -> str:
    """2-step sign-in is on: the secret that the app knows."""
    two_step.start(db.session(), user)
    user.two_step_since = NOW
    db.session.flush()
    assert user.totp_secret
    return user.totp_secret


def code_at(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(moment)


def csrf_of(client: FlaskClient, address: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    assert found
    return found[1]


def type_password(client: FlaskClient, go: str = "") -> TestResponse:
    form = {"email": "ina@onebooking.test", "password": PASSWORD, "next": go}
    return client.post("/login", data={**form, "csrf_token": csrf_of(client, "/login")})


def type_code(client: FlaskClient, code: str) -> TestResponse:
    form = {"code": code, "csrf_token": csrf_of(client, "/login/code")}
    return client.post("/login/code", data=form)


def sessions() -> int:
    return db.session.query(UserSession).count()


class TestSigningIn:
    def test_there_is_no_session_before_the_code(self, client: FlaskClient, secret: str) -> None:
        assert type_password(client, "/bookings?q=x").location == "/login/code"
        assert sessions() == 0
        assert client.get("/profile").status_code == 303
        assert type_code(client, code_at(secret, NOW)).location == "/bookings?q=x"
        assert client.get("/profile").status_code == 200
        assert db.session.scalars(select(LoginLink)).all() == []

    def test_the_code_alone_opens_nothing(self, client: FlaskClient, secret: str) -> None:
        assert client.get("/login/code").location == "/login"
        form = {"code": code_at(secret, NOW), "csrf_token": csrf_of(client, "/login")}
        assert client.post("/login/code", data=form).location == "/login"

    def test_a_wrong_code_opens_nothing(self, client: FlaskClient, secret: str) -> None:
        type_password(client)
        wrong = code_at(secret, NOW + timedelta(hours=1))
        for code in (wrong, "000", "x" * 20, "１２３４５６"):
            assert type_code(client, code).status_code == 422
        assert sessions() == 0
        failed = events("user.sign_in_failed")
        assert [e.meta for e in failed] == [{"step": "code"}] * 4
        assert type_code(client, code_at(secret, NOW)).status_code == 303

    def test_a_code_works_once(self, app: Flask, client: FlaskClient, secret: str) -> None:
        type_password(client)
        code = code_at(secret, NOW)
        assert type_code(client, code).status_code == 303
        thief = app.test_client()
        type_password(thief)
        assert type_code(thief, code).status_code == 422
        assert sessions() == 1

    def test_an_older_code_is_dead_once_a_newer_was_used(
        self, app: Flask, client: FlaskClient, secret: str
    ) -> None:
        type_password(client)
        assert type_code(client, code_at(secret, NOW + STEP)).status_code == 303
        late = app.test_client()
        type_password(late)
        assert type_code(late, code_at(secret, NOW)).status_code == 422

    @pytest.mark.parametrize(
        ("steps", "answer"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)]
    )
    def test_a_clock_may_be_one_step_wrong(
        self, client: FlaskClient, secret: str, steps: int, answer: int
    ) -> None:
        type_password(client)
        assert type_code(client, code_at(secret, NOW + steps * STEP)).status_code == answer

    def test_the_second_step_waits_ten_minutes(
        self, client: FlaskClient, secret: str, clock: Clock
    ) -> None:
        type_password(client)
        clock.shift(timedelta(minutes=10))
        token = csrf_of(client, "/login/code")
        form = {"code": code_at(secret, datetime.now(UTC)), "csrf_token": token}
        assert client.post("/login/code", data=form).location == "/login"
        assert sessions() == 0

    def test_a_switched_off_account_stays_outside(
        self, client: FlaskClient, secret: str, user: User
    ) -> None:
        type_password(client)
        user.is_active = False
        assert type_code(client, code_at(secret, NOW)).location == "/login"
        assert sessions() == 0

    def test_guessing_codes_is_slowed_down_wherever_it_comes_from(
        self, app: Flask, secret: str, clock: Clock
    ) -> None:
        answers = []
        for number in range(7):
            client = app.test_client()
            client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
            type_password(client)  # a right password does not forgive wrong codes
            answers.append(type_code(client, "000000").status_code)
        assert answers == [422] * 5 + [429] * 2
        client = app.test_client()
        type_password(client)
        assert type_code(client, code_at(secret, NOW)).status_code == 429
        clock.shift(timedelta(minutes=5))
        assert type_code(client, code_at(secret, datetime.now(UTC))).status_code == 303


class TestPrograms:
    def body(self, **more: str) -> dict[str, str]:
        return {"email": "ina@onebooking.test", "password": PASSWORD, **more}

    def test_they_send_the_code_along(self, client: FlaskClient, secret: str) -> None:
        answer = client.post(LOGIN, json=self.body())
        assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_FAILED")
        assert answer.get_json()["details"][0]["field"] == "code"
        assert client.post(LOGIN, json=self.body(code="000000")).status_code == 401
        assert sessions() == 0
        code = code_at(secret, NOW)
        answer = client.post(LOGIN, json=self.body(code=code))
        assert answer.status_code == 200
        assert client.post(LOGIN, json=self.body(code=code)).status_code == 401
        bearer = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}
        assert client.get("/api/bookings", headers=bearer).status_code == 200

    def test_without_2_step_a_code_is_not_needed(self, client: FlaskClient, user: User) -> None:
        assert client.post(LOGIN, json=self.body()).status_code == 200


class TestSettingItUp:
    @pytest.fixture
    def desk(self, app: Flask, user: User) -> FlaskClient:
        return browser_of(app, user)

    def confirm(self, desk: FlaskClient, user: User) -> list[str]:
        desk.post("/profile/two-step/start")
        secret = db.session.get_one(User, user.id).totp_secret
        assert secret
        code = code_at(secret, datetime.now(UTC))
        answer = desk.post("/profile/two-step/confirm", data={"code": code})
        assert answer.status_code == 200
        return re.findall(r"\b[A-Z2-9]{5}-[A-Z2-9]{5}\b", answer.text)

    def test_from_the_code_of_the_app_to_recovery_codes(
        self, app: Flask, desk: FlaskClient, user: User
    ) -> None:
        other = browser_of(app, user)
        desk.post("/profile/two-step/start")
        page = desk.get("/profile/two-step")
        assert "<svg" in page.text
        assert " style=" not in page.text
        wrong = desk.post("/profile/two-step/confirm", data={"code": "000000"})
        assert wrong.status_code == 422
        assert not db.session.get_one(User, user.id).has_two_step
        codes = self.confirm(desk, user)
        assert len(set(codes)) == 10
        assert db.session.get_one(User, user.id).has_two_step
        assert other.get("/profile").status_code == 303, "sessions without a code end"
        assert desk.get("/profile").status_code == 200
        assert [e.name for e in events("user.two_step")] == ["user.two_step_on"]

    def test_the_code_that_confirmed_it_does_not_sign_in(
        self, client: FlaskClient, desk: FlaskClient, user: User
    ) -> None:
        self.confirm(desk, user)
        type_password(client)
        secret = db.session.get_one(User, user.id).totp_secret
        assert secret
        assert type_code(client, code_at(secret, NOW)).status_code == 422

    def test_the_secret_is_not_shown_again(self, desk: FlaskClient, user: User) -> None:
        self.confirm(desk, user)
        secret = db.session.get_one(User, user.id).totp_secret
        assert secret
        assert secret not in desk.get("/profile/two-step").text
        assert desk.post("/profile/two-step/start").status_code == 403
        assert db.session.get_one(User, user.id).totp_secret == secret

    def test_an_old_session_must_know_the_password(
        self, desk: FlaskClient, user: User, clock: Clock
    ) -> None:
        clock.shift(timedelta(minutes=11))
        assert desk.post("/profile/two-step/start").status_code == 422
        wrong = {"current": "a guess"}
        assert desk.post("/profile/two-step/start", data=wrong).status_code == 422
        assert db.session.get_one(User, user.id).totp_secret is None
        right = {"current": PASSWORD}
        assert desk.post("/profile/two-step/start", data=right).status_code == 303

    def test_a_recovery_code_works_once(self, app: Flask, desk: FlaskClient, user: User) -> None:
        codes = self.confirm(desk, user)
        first = app.test_client()
        type_password(first)
        assert type_code(first, codes[3].lower().replace("-", " ")).status_code == 303
        (event,) = events("user.recovery_code_used")
        assert event.meta == {"left": 9}
        second = app.test_client()
        type_password(second)
        assert type_code(second, codes[3]).status_code == 422
        assert type_code(second, codes[4]).status_code == 303

    def test_recovery_codes_are_kept_as_hashes(self, desk: FlaskClient, user: User) -> None:
        codes = self.confirm(desk, user)
        stored = {row.code_hash for row in db.session.scalars(select(RecoveryCode))}
        assert len(stored) == 10
        assert not any(code.encode() in row for code in codes for row in stored)

    def test_new_ones_end_the_old_ones(self, app: Flask, desk: FlaskClient, user: User) -> None:
        old = self.confirm(desk, user)
        assert desk.post("/profile/two-step/codes").status_code == 422
        answer = desk.post("/profile/two-step/codes", data={"current": PASSWORD})
        new = re.findall(r"\b[A-Z2-9]{5}-[A-Z2-9]{5}\b", answer.text)
        assert not set(old) & set(new)
        client = app.test_client()
        type_password(client)
        assert type_code(client, old[0]).status_code == 422
        assert type_code(client, new[0]).status_code == 303

    def test_nobodys_recovery_code_opens_another_account(
        self, app: Flask, desk: FlaskClient, user: User, secret: str
    ) -> None:
        other = person("staff")
        codes = self.confirm(browser_of(app, other), other)
        client = app.test_client()
        type_password(client)
        assert type_code(client, codes[0]).status_code == 422

    def test_switching_off_needs_the_password(self, desk: FlaskClient, user: User) -> None:
        self.confirm(desk, user)
        for current in ("", "a guess"):
            answer = desk.post("/profile/two-step/off", data={"current": current})
            assert answer.status_code == 422
        assert db.session.get_one(User, user.id).has_two_step
        assert desk.post("/profile/two-step/off", data={"current": PASSWORD}).status_code == 303
        after = db.session.get_one(User, user.id)
        assert (after.totp_secret, after.two_step_since) == (None, None)
        assert db.session.query(RecoveryCode).count() == 0


class TestARoleThatAsksForIt:
    @pytest.fixture
    def guarded(self, clock: object) -> User:
        make_role("guarded", Permission.BOOKINGS_VIEW, two_step=True)
        return person("guarded", address="ina@onebooking.test")

    def test_its_holders_are_led_to_it_before_anything_else(
        self, client: FlaskClient, guarded: User
    ) -> None:
        assert type_password(client).status_code == 303
        for address in ("/", "/bookings", "/profile", "/profile/password", "/team"):
            assert client.get(address).location == "/profile/two-step", address
        page = client.get("/profile/two-step")
        assert "Your role asks for 2-step sign-in" in page.text
        token = csrf_of(client, "/profile/two-step")
        client.post("/profile/two-step/start", data={"csrf_token": token})
        secret = db.session.get_one(User, guarded.id).totp_secret
        assert secret
        form = {"code": code_at(secret, NOW), "csrf_token": token}
        assert client.post("/profile/two-step/confirm", data=form).status_code == 200
        assert client.get("/bookings").status_code == 200

    def test_programs_are_told(self, client: FlaskClient, guarded: User) -> None:
        body = {"email": "ina@onebooking.test", "password": PASSWORD}
        token = client.post(LOGIN, json=body).get_json()["access_token"]
        answer = client.get("/api/bookings", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 403
        assert "2-step" in answer.get_json()["error"]

    def test_a_fragment_never_gets_the_set_up_inside(self, app: Flask, guarded: User) -> None:
        answer = browser_of(app, guarded).get("/bookings", headers={"HX-Request": "true"})
        assert answer.headers["HX-Redirect"] == "/profile/two-step"

    def test_they_cannot_switch_it_off(self, app: Flask, guarded: User) -> None:
        two_step.start(db.session(), guarded)
        guarded.two_step_since = NOW
        desk = browser_of(app, guarded)
        proof = {"current": PASSWORD}
        assert desk.post("/profile/two-step/off", data=proof).status_code == 403
        assert db.session.get_one(User, guarded.id).has_two_step

    def test_they_can_still_sign_out(self, app: Flask, guarded: User) -> None:
        assert browser_of(app, guarded).post("/logout").location == "/login"
