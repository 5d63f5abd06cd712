"""Invitations: a link that works once, for 48 hours, and gives what its sender still may give."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.extensions import db
from app.staff.models import LoginLink, Membership, Role, User
from app.staff.permissions import Permission
from tests.desk import House, browser_of
from tests.factories import PASSWORD, person
from tests.staff.team import events, held, make_role, membership_of, role_id, text_of

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ADDRESS = "nina@onebooking.test"


def invite(browser: FlaskClient, role: str = "staff", *websites: str, **more: str) -> TestResponse:
    form = {"name": "Nina New", "email": ADDRESS, "role": role_id(role), **more}
    return browser.post("/team/invite", data={**form, "websites": list(websites or ("ours",))})


def link_in(answer: TestResponse) -> str:
    found = re.search(r'value="http://[^/"]+(/invite/[^"]+)"', answer.text)
    assert found, answer.status_code
    return found[1]


def follow(client: FlaskClient, address: str, **changes: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    form = {"name": "Nina New", "password": PASSWORD, "again": PASSWORD, **changes}
    return client.post(address, data={**form, "csrf_token": token[1] if token else ""})


def newcomer() -> User | None:
    return db.session.scalar(select(User).where(User.name == "Nina New"))


def test_from_the_link_to_the_desk(house: House, manager: FlaskClient) -> None:
    answer = invite(manager)
    assert "does not send e-mails yet" in text_of(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Nina New" in manager.get("/team").text
    client = house.app.test_client()
    assert follow(client, link_in(answer)).location == "/"
    user = newcomer()
    assert user
    assert held(user) == {("staff", "ours")}
    assert client.get("/bookings").status_code == 200
    assert client.get("/websites/ours").status_code == 403
    (invited,) = events("user.invited")
    assert (invited.website_id, invited.actor_label) == ("ours", "Mara Manager")
    assert ADDRESS not in f"{invited.changes}{invited.meta}"
    assert "Invited, not here yet" not in manager.get("/team").text


def test_the_link_is_shown_once_and_kept_as_a_hash(house: House, manager: FlaskClient) -> None:
    token = link_in(invite(manager)).rpartition("/")[2]
    assert token not in manager.get("/team").text
    link = db.session.scalars(select(LoginLink)).one()
    assert token.encode() not in link.token_hash


def test_it_works_once(house: House, manager: FlaskClient) -> None:
    address = link_in(invite(manager))
    assert follow(house.app.test_client(), address).status_code == 303
    again = house.app.test_client()
    assert again.get(address).status_code == 404
    assert follow(again, address, name="Second").status_code in (400, 404)
    assert db.session.scalar(select(User).where(User.name == "Second")) is None


def test_it_ends_after_two_days(house: House) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        address = link_in(invite(house.browser("manager")))
        clock.shift(timedelta(hours=47, minutes=59))
        client = house.app.test_client()
        assert client.get(address).status_code == 200
        clock.shift(timedelta(minutes=1))
        assert client.get(address).status_code == 404
        assert follow(client, address).status_code in (400, 404)
    assert newcomer() is None


def test_it_can_be_taken_back(house: House, manager: FlaskClient) -> None:
    address = link_in(invite(manager))
    link = db.session.scalars(select(LoginLink)).one()
    revoke = f"/team/invitations/{link.id}/revoke"
    assert house.browser("outsider").post(revoke).status_code == 404
    assert house.browser("colleague").post(revoke).status_code == 403
    assert manager.post(revoke).status_code == 303
    assert house.app.test_client().get(address).status_code == 404
    assert events("user.invitation_revoked")[0].website_id == "ours"


def test_only_its_own_managers_see_it(house: House, manager: FlaskClient) -> None:
    invite(manager)
    assert "Nina New" not in house.browser("outsider").get("/team").text
    assert house.browser("colleague").get("/team/invite").status_code == 403


@pytest.mark.parametrize(
    ("role", "website"),
    [("superadmin", "ours"), ("staff", "*"), ("staff", "theirs"), ("staff", "nowhere")],
)
def test_nobody_invites_to_what_they_do_not_hold(
    house: House, manager: FlaskClient, role: str, website: str
) -> None:
    assert invite(manager, role, website).status_code in (403, 404, 422)
    assert invite(manager, role, "ours", website).status_code in (403, 404, 422)
    assert db.session.scalars(select(LoginLink)).all() == []


def test_a_form_that_slips_past_the_choices_is_refused_by_the_rule(house: House) -> None:
    """Each role is offered when it can be given somewhere: not for every website beside it."""
    make_role("people", Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
    both = person("admin", "ours")
    people = db.session.scalars(select(Role).where(Role.name == "people")).one()
    db.session.add(Membership(user_id=both.id, role_id=people.id, website_id="theirs"))
    browser = browser_of(house.app, both)
    assert invite(browser, "staff", "ours", "theirs").status_code == 403
    assert invite(browser, "staff", "ours").status_code == 200


@pytest.mark.parametrize("change", ["demoted", "switched off", "role grown"])
def test_it_gives_only_what_its_sender_still_holds(
    house: House, manager: FlaskClient, boss: FlaskClient, change: str
) -> None:
    made = make_role("helper", Permission.BOOKINGS_VIEW)
    address = link_in(invite(manager, "helper"))
    assert house.app.test_client().get(address).status_code == 200
    if change == "demoted":
        where = f"/team/{house.manager.id}/memberships/{membership_of(house.manager)}"
        boss.post(where, data={"role": role_id("staff")})
    elif change == "switched off":
        boss.post(f"/team/{house.manager.id}/switch", data={"on": "0"})
    else:
        boss.post(f"/roles/{made}/permissions/settings:manage", data={"held": "1"})
    assert house.app.test_client().get(address).status_code == 404
    assert follow(house.app.test_client(), address).status_code in (400, 404)
    assert newcomer() is None


@pytest.mark.parametrize(
    "change",
    [
        {"password": "short", "again": "short"},
        {"again": "another one entirely"},
        {"password": "password123", "again": "password123"},
        {"password": ADDRESS, "again": ADDRESS},
        {"name": ""},
    ],
)
def test_a_wrong_form_uses_nothing_up(
    house: House, manager: FlaskClient, change: dict[str, str]
) -> None:
    address = link_in(invite(manager))
    assert follow(house.app.test_client(), address, **change).status_code == 422
    assert newcomer() is None
    assert follow(house.app.test_client(), address).status_code == 303


def test_who_is_in_the_team_is_not_invited(house: House, manager: FlaskClient) -> None:
    answer = invite(manager, email=house.colleague.email)
    assert answer.status_code == 422
    assert "They are in the team already" in answer.text


class TestSomebodyFromAnotherWebsite:
    """Nothing tells the inviter that the address has an account, and only its owner accepts."""

    @pytest.fixture
    def address(self, house: House, manager: FlaskClient) -> str:
        answer = invite(manager, email=house.outsider.email.upper())
        assert answer.status_code == 200
        return link_in(answer)

    def test_they_accept_when_signed_in(self, house: House, address: str) -> None:
        browser = house.browser("outsider")
        assert "Accept the role" in browser.get(address).text
        assert browser.post(address).status_code == 303
        assert held(house.outsider) == {("admin", "theirs"), ("staff", "ours")}
        assert browser.get(address).status_code == 404

    def test_a_stranger_is_asked_to_sign_in(self, app: Flask, house: House, address: str) -> None:
        client = app.test_client()
        text = client.get(address).text
        assert "Sign in to accept" in text
        assert 'name="password"' not in text
        assert follow(client, address).status_code in (303, 400)
        assert held(house.outsider) == {("admin", "theirs")}

    def test_nobody_else_takes_it(self, house: House, address: str) -> None:
        browser = house.browser("colleague")
        assert browser.post(address).status_code == 404
        assert held(house.colleague) == {("staff", "ours")}


def test_a_role_for_several_websites(house: House, boss: FlaskClient) -> None:
    address = link_in(invite(boss, "staff", "ours", "theirs"))
    assert {e.website_id for e in events("user.invited")} == {"ours", "theirs"}
    follow(house.app.test_client(), address)
    user = newcomer()
    assert user
    assert held(user) == {("staff", "ours"), ("staff", "theirs")}
    everywhere = link_in(invite(boss, "admin", "*", email="all@onebooking.test"))
    assert follow(house.app.test_client(), everywhere, name="Alma All").status_code == 303
    alma = db.session.scalars(select(User).where(User.name == "Alma All")).one()
    assert held(alma) == {("admin", None)}
