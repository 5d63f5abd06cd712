"""Accounts: the first superadmin of an empty installation, people and their memberships."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.errors import InvalidPayload, NotFound
from app.events.models import SYSTEM, Event
from app.extensions import db
from app.staff import actions
from app.staff.devices import describe
from app.staff.models import User
from app.staff.permissions import Permission
from app.staff.queries import with_memberships
from tests.factories import PASSWORD, WebsiteFactory, person

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
FORM = {
    "name": "Flora First",
    "email": "flora@onebooking.test",
    "password": PASSWORD,
    "again": PASSWORD,
}


def link(client: FlaskClient) -> str:
    made = actions.first_admin_link(db.session(), "http://localhost/", datetime.now(UTC))
    assert made
    assert made.startswith("http://localhost/setup/")
    return made.removeprefix("http://localhost")


def redeem(client: FlaskClient, address: str, **changes: str) -> int:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    form = {**FORM, "csrf_token": token[1] if token else "", **changes}
    return client.post(address, data=form).status_code


@pytest.mark.usefixtures("db_session")
class TestFirstSuperadmin:
    def test_the_link_makes_one_who_may_do_everything(self, client: FlaskClient) -> None:
        assert redeem(client, link(client)) == 303
        user = db.session.scalars(select(User)).one()
        found = with_memberships(db.session(), user.id)
        assert found
        assert found.scope.can(Permission.SETTINGS_MANAGE)
        assert "Flora First" in client.get("/profile").text
        assert client.get("/websites/new").status_code == 200

    def test_the_link_works_once(self, app: Flask, client: FlaskClient) -> None:
        address = link(client)
        redeem(client, address)
        assert app.test_client().get(address).status_code == 404
        assert actions.first_admin_link(db.session(), "http://localhost", NOW) is None

    def test_the_link_ends_after_two_days(self, client: FlaskClient) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            address = link(client)
            clock.shift(timedelta(hours=47))
            assert client.get(address).status_code == 200
            clock.shift(timedelta(hours=1))
            assert client.get(address).status_code == 404

    def test_a_new_link_ends_the_one_before(self, client: FlaskClient) -> None:
        first, second = link(client), link(client)
        assert client.get(first).status_code == 404
        assert client.get(second).status_code == 200

    def test_the_link_is_dead_once_somebody_exists(self, client: FlaskClient) -> None:
        address = link(client)
        person("staff")
        assert redeem(client, address) in (400, 404)
        assert db.session.scalar(select(func.count()).select_from(User)) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"password": "short", "again": "short"},
            {"again": "another"},
            {"email": "x"},
            {"name": ""},
        ],
    )
    def test_a_wrong_form_makes_nobody(self, client: FlaskClient, change: dict[str, str]) -> None:
        address = link(client)
        assert redeem(client, address, **change) == 422
        assert db.session.scalar(select(func.count()).select_from(User)) == 0
        assert redeem(client, address) == 303


@pytest.mark.committed
def test_the_link_makes_one_person_however_often_it_is_used_at_once(app: Flask) -> None:
    with app.app_context():
        address = link(app.test_client())
        db.session.commit()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: redeem(app.test_client(), address), range(4)))
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
    assert answers.count(303) == 1


@pytest.mark.committed
def test_guesses_at_the_same_time_are_counted_one_by_one(app: Flask) -> None:
    with app.app_context():
        person("staff", address="ina@onebooking.test")
        db.session.commit()

    def guess(_: int) -> int:
        client = app.test_client()
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token
        form = {"email": "ina@onebooking.test", "password": "a guess", "csrf_token": token[1]}
        return client.post("/login", data=form).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(16)))
    assert answers.count(422) == 5
    assert answers.count(429) == 11


@pytest.mark.usefixtures("db_session")
class TestPeople:
    def test_an_address_belongs_to_one_person(self) -> None:
        actions.create_user(db.session(), SYSTEM, "One@OneBooking.test", "One")
        with pytest.raises(InvalidPayload):
            actions.create_user(db.session(), SYSTEM, " one@onebooking.TEST ", "Two")

    @pytest.mark.parametrize("password", ["short", "x" * 201])
    def test_a_password_has_a_decent_length(self, password: str) -> None:
        with pytest.raises(InvalidPayload):
            actions.create_user(db.session(), SYSTEM, "a@onebooking.test", "A", password)

    def test_memberships_add_up(self) -> None:
        WebsiteFactory.create(id="ours")
        WebsiteFactory.create(id="theirs")
        user = actions.create_user(db.session(), SYSTEM, "a@onebooking.test", "A", PASSWORD)
        actions.add_membership(db.session(), SYSTEM, user, "staff", "ours")
        actions.add_membership(db.session(), SYSTEM, user, "admin", "theirs")
        found = with_memberships(db.session(), user.id)
        assert found
        assert found.scope.can(Permission.BOOKINGS_EDIT, "ours")
        assert not found.scope.can(Permission.WEBSITES_VIEW, "ours")
        assert found.scope.can(Permission.WEBSITES_VIEW, "theirs")
        with pytest.raises(NotFound):
            actions.add_membership(db.session(), SYSTEM, user, "emperor", "ours")

    def test_the_log_tells_what_happened_without_passwords(self) -> None:
        user = actions.create_user(db.session(), SYSTEM, "a@onebooking.test", "A", PASSWORD)
        actions.set_password(db.session(), SYSTEM, user, "another quiet morning")
        actions.set_active(db.session(), SYSTEM, user, False)
        actions.set_active(db.session(), SYSTEM, user, False)
        events = db.session.scalars(select(Event).order_by(Event.id)).all()
        assert [event.name for event in events] == [
            "user.created",
            "user.password_changed",
            "user.sessions_ended",
            "user.switched_off",
        ]
        written = "".join(f"{event.changes}{event.meta}" for event in events)
        for hidden in (PASSWORD, "another quiet", "onebooking.test", "argon2"):
            assert hidden not in written


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26) Version/26 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko Firefox/150.0", "Firefox on Linux"),
        ("curl/8.5", "Unknown browser"),
    ],
)
def test_a_device_in_words(user_agent: str, words: str) -> None:
    assert describe(user_agent) == words
