"""Which passwords nobody may choose, and how one changes one's own."""

from __future__ import annotations

import pytest
from argon2 import Type
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.extensions import db
from app.staff.models import LoginAttempt, User, UserSession
from app.staff.passwords import common, fault_of, verify_password
from tests.desk import browser_of
from tests.factories import PASSWORD, person
from tests.harness.isolation import SERVED_HASHER
from tests.staff.team import events

NEW = "eleven blue umbrellas"


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 201,
        "password123",
        "PassWord1234!",
        "1234567890",
        "qwertyuiop",
        "Sunshine2026",
        "2026!princess!",
        "aaaaaaaaaaaa",
        "1212121212",
        "Ina Inside",
        "inainside",
        "Ina.Inside@OneBooking.test",
        "ina.inside",
    ],
)
def test_what_attackers_try_first_is_refused(password: str) -> None:
    assert fault_of(password, "Ina Inside", "ina.inside@onebooking.test")


@pytest.mark.parametrize(
    "password",
    [PASSWORD, NEW, "demo-onebooking", "ÅÄÖåäöéèêëß", "correct horse battery", "kx7wq0zmpt"],
)
def test_the_rest_is_free(password: str) -> None:
    assert fault_of(password, "Ina Inside", "ina.inside@onebooking.test") is None


def test_guessing_from_a_stolen_hash_is_slow() -> None:
    """No less than what is commonly asked of argon2id: 19 MiB and two passes."""
    assert SERVED_HASHER.type is Type.ID
    assert SERVED_HASHER.memory_cost >= 19 * 1024
    assert SERVED_HASHER.time_cost >= 2


def test_the_list_is_there() -> None:
    assert len(common()) > 300
    assert all(word == word.casefold() for word in common())


@pytest.fixture
def user(db_session: object) -> User:
    return person("staff", name="Ina Inside", address="ina@onebooking.test")


@pytest.fixture
def desk(app: Flask, user: User) -> FlaskClient:
    return browser_of(app, user)


def change(desk: FlaskClient, current: str = PASSWORD, new: str = NEW) -> int:
    form = {"current": current, "password": new, "again": new}
    return desk.post("/profile/password", data=form).status_code


def test_a_change_ends_all_other_sessions(app: Flask, desk: FlaskClient, user: User) -> None:
    other = browser_of(app, user)
    assert change(desk) == 303
    assert verify_password(db.session.get_one(User, user.id).password_hash, NEW)
    assert desk.get("/profile").status_code == 200
    assert other.get("/profile").status_code == 303
    assert db.session.query(UserSession).count() == 1
    assert [e.name for e in events("user.password")] == ["user.password_changed"]


@pytest.mark.parametrize(
    ("current", "new"), [("wrong", NEW), (PASSWORD, "password123"), (PASSWORD, "short"), ("", NEW)]
)
def test_a_wrong_form_changes_nothing(
    desk: FlaskClient, user: User, current: str, new: str
) -> None:
    assert change(desk, current, new) == 422
    assert verify_password(db.session.get_one(User, user.id).password_hash, PASSWORD)


def test_guessing_the_current_one_is_slowed_down(desk: FlaskClient) -> None:
    answers = [change(desk, "wrong guess") for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2
    assert db.session.scalar(select(func.count()).select_from(LoginAttempt)) == 5
