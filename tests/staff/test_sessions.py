"""Sessions live in the database: they end by time, by sign-out and from another device."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.events.models import SYSTEM
from app.extensions import db
from app.staff import actions
from app.staff.models import User, UserSession
from tests.desk import browser_of
from tests.factories import WebsiteFactory, person
from tests.harness.counting import counted_queries

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def user() -> User:
    return person("staff", WebsiteFactory().id, WebsiteFactory().id)


def test_signing_out_ends_the_session_not_only_the_cookie(app: Flask, user: User) -> None:
    browser = browser_of(app, user)
    stolen = browser.get_cookie("session")
    assert browser.post("/logout").location == "/login"
    thief = app.test_client()
    assert stolen
    thief.set_cookie("session", stolen.value)
    assert thief.get("/profile").status_code == 303
    assert browser.get("/profile").location.startswith("/login?next=")


def test_a_session_that_lies_idle_ends(app: Flask, user: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = browser_of(app, user)
        clock.shift(timedelta(hours=11))
        assert browser.get("/profile").status_code == 200
        clock.shift(timedelta(hours=11))
        assert browser.get("/profile").status_code == 200
        clock.shift(timedelta(hours=12))
        assert browser.get("/profile").status_code == 303


def test_no_session_lasts_for_ever(app: Flask, user: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = browser_of(app, user)
        for _ in range(29 * 3):
            clock.shift(timedelta(hours=8))
            assert browser.get("/profile").status_code == 200
        clock.shift(timedelta(hours=8))
        clock.shift(timedelta(hours=8))
        clock.shift(timedelta(hours=8))
        assert browser.get("/profile").status_code == 303


def test_use_is_noted_at_most_once_a_minute(app: Flask, user: User) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = browser_of(app, user)
        row = db.session.scalars(select(UserSession)).one()
        clock.shift(59)
        browser.get("/profile")
        assert row.last_seen_at == NOW
        clock.shift(1)
        browser.get("/profile")
        assert row.last_seen_at == NOW + timedelta(minutes=1)
        assert user.last_seen_at == NOW + timedelta(minutes=1)


def test_one_device_signs_another_out(app: Flask, user: User) -> None:
    here, lost = browser_of(app, user), browser_of(app, user)
    assert "Sign out everywhere else" in here.get("/profile").text
    rows = db.session.scalars(select(UserSession).order_by(UserSession.id)).all()
    here.post(f"/profile/devices/{rows[1].id}/end")
    assert (here.get("/profile").status_code, lost.get("/profile").status_code) == (200, 303)


def test_nobody_ends_a_session_of_somebody_else(app: Flask, user: User) -> None:
    theirs = browser_of(app, user)
    row = db.session.scalars(select(UserSession)).one()
    outsider = browser_of(app, person("superadmin"))
    assert outsider.post(f"/profile/devices/{row.id}/end").status_code == 404
    outsider.post("/profile/devices/end-others")
    assert theirs.get("/profile").status_code == 200


def test_all_other_devices_at_once(app: Flask, user: User) -> None:
    here, *others = [browser_of(app, user) for _ in range(3)]
    here.post("/profile/devices/end-others")
    assert [b.get("/profile").status_code for b in (here, *others)] == [200, 303, 303]


def test_a_new_password_signs_out_everywhere(app: Flask, user: User) -> None:
    browser = browser_of(app, user)
    actions.set_password(db.session(), SYSTEM, user, "another quiet morning")
    assert browser.get("/profile").status_code == 303


def test_switching_an_account_off_works_at_once(app: Flask, user: User) -> None:
    browser = browser_of(app, user)
    actions.set_active(db.session(), SYSTEM, user, False)
    assert browser.get("/profile").status_code == 303


def test_a_person_is_known_after_one_query(app: Flask, user: User) -> None:
    browser = browser_of(app, user)
    with counted_queries(app) as statements:
        browser.get("/login")  # looks at who it is, and nothing else
    assert len(statements) == 1, statements
