"""Looking at the desk as somebody else: as far as both may see, and nothing changes."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from app.events.models import Event
from app.extensions import db
from app.staff.guards import signed_in
from app.staff.models import Membership, User, UserSession
from app.staff.permissions import Permission
from app.staff.scope import EVERYTHING, NOTHING, Scope
from tests.desk import House, browser_of
from tests.factories import BookingFactory, CustomerFactory, person
from tests.staff.team import events, make_role, role_id, text_of
from tests.staff.test_guards import address

NOT_NOW = "nothing can be changed"
LOCKING = {"apikeys.edit", "partner_keys.edit"}  # it holds the key while the form is made
STAYS_POSSIBLE = {"team.stop_viewing", "staff.logout", "health.quiet"}


def view_as(client: FlaskClient, user: User) -> int:
    return client.post(f"/team/{user.id}/view-as").status_code


@pytest.fixture
def viewing(house: House, manager: FlaskClient) -> FlaskClient:
    """The manager's browser, looking as the colleague."""
    assert view_as(manager, house.colleague) == 303
    return manager


class TestWho:
    @pytest.mark.parametrize(
        ("who", "answer"), [("manager", 303), ("colleague", 403), ("outsider", 404), ("", 303)]
    )
    def test_only_who_manages_them(self, house: House, who: str, answer: int) -> None:
        assert view_as(house.browser(who), house.colleague) == answer
        started = events("session.view_as_started")
        assert len(started) == (1 if who == "manager" else 0)

    def test_seeing_the_team_is_not_enough(self, house: House) -> None:
        make_role("watcher", Permission.TEAM_VIEW)
        assert view_as(browser_of(house.app, person("watcher", "ours")), house.colleague) == 403

    def test_not_oneself_nor_somebody_switched_off(
        self, house: House, manager: FlaskClient
    ) -> None:
        assert view_as(manager, house.manager) == 403
        assert view_as(manager, person("staff", "ours", is_active=False)) == 403


class TestWhatIsSeen:
    def test_the_desk_of_the_other(self, house: House, viewing: FlaskClient) -> None:
        assert viewing.get("/bookings").status_code == 200
        for hidden in ("/team", "/roles", "/websites", "/sync"):
            assert viewing.get(hidden).status_code == 403, hidden
        page = text_of(viewing.get("/today").text)
        assert "You see the desk as Cole Colleague sees it." in page
        assert "Stop viewing as" in page
        assert "Stop viewing as" in viewing.get("/team").text, "also where they may not go"

    def test_never_more_than_ones_own(self, house: House, manager: FlaskClient) -> None:
        both = person("staff", "ours", name="Bo Both")
        admin = UUID(role_id("superadmin"))
        db.session.add(Membership(user_id=both.id, role_id=admin, website_id="theirs"))
        theirs = BookingFactory(website_id="theirs", customer_id=CustomerFactory().id)
        ours = BookingFactory(website_id="ours", customer_id=CustomerFactory().id)
        assert browser_of(house.app, both).get(f"/bookings/{theirs.id}").status_code == 200
        assert view_as(manager, both) == 303
        assert manager.get(f"/bookings/{ours.id}").status_code == 200
        assert manager.get(f"/bookings/{theirs.id}").status_code == 404
        assert "Their park" not in manager.get("/bookings").text

    def test_a_manager_who_sees_less_stays_with_less(self, house: House) -> None:
        make_role("people", Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
        keeper = browser_of(house.app, person("people", "ours"))
        assert view_as(keeper, house.manager) == 303
        assert keeper.get("/team").status_code == 200
        assert keeper.get("/bookings").status_code == 403

    def test_the_other_losing_a_role_is_seen_at_once(
        self, house: House, viewing: FlaskClient, boss: FlaskClient
    ) -> None:
        assert viewing.get("/bookings").status_code == 200
        boss.post(f"/team/{house.colleague.id}/switch", data={"on": "0"})
        assert viewing.get("/bookings").status_code == 403
        boss.post(f"/team/{house.colleague.id}/switch", data={"on": "1"})
        assert viewing.get("/bookings").status_code == 200

    def test_oneself_losing_a_role_is_too(
        self, house: House, viewing: FlaskClient, boss: FlaskClient
    ) -> None:
        boss.post(f"/team/{house.manager.id}/switch", data={"on": "0"})
        assert viewing.get("/bookings").status_code == 303


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        (EVERYTHING, NOTHING, NOTHING),
        (Scope.of([("a", ["x", "y"])]), Scope.of([("a", ["y"]), ("b", ["y"])]), [("a", ["y"])]),
        (Scope.of([(None, ["x"])]), Scope.of([("a", ["x", "y"])]), [("a", ["x"])]),
        (Scope.of([(None, ["x"]), ("a", ["y"])]), Scope.of([(None, ["y"])]), [("a", ["y"])]),
        (Scope.of([(None, ["x"])]), Scope.of([(None, ["x", "y"])]), [(None, ["x"])]),
    ],
)
def test_both_scopes(mine: Scope, theirs: Scope, both: object) -> None:
    expected = both if isinstance(both, Scope) else Scope.of(both)  # type: ignore[arg-type]
    for shared in (mine & theirs, theirs & mine):
        assert shared == expected


class TestNothingChanges:
    def test_every_changing_view_is_refused(self, house: House, boss: FlaskClient) -> None:
        """As a superadmin who looks as another: every permission is held, and nothing works."""
        assert view_as(boss, person("superadmin", name="Olga Other")) == 303
        before = db.session.scalar(select(func.max(Event.id)))
        tried = 0
        for rule in house.app.url_map.iter_rules():
            for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
                if rule.endpoint in STAYS_POSSIBLE:
                    continue
                answer = boss.open(address(rule), method=method)
                tried += 1
                assert answer.status_code == 403, (rule, method)
                assert NOT_NOW in text_of(answer.text), (rule, method)
        assert tried > 40
        assert db.session.scalar(select(func.max(Event.id))) == before

    def test_htmx_says_it_in_a_toast(self, viewing: FlaskClient, house: House) -> None:
        answer = viewing.post("/profile/devices/end-others", headers={"HX-Request": "true"})
        assert answer.status_code == 403
        assert NOT_NOW in answer.headers["HX-Trigger"]

    def test_a_page_that_writes_is_refused_by_the_database(
        self, house: House, viewing: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @signed_in
        def sneaky() -> str:
            db.session.rollback()  # a transaction of its own makes no difference
            db.session.execute(text("UPDATE users SET name = 'Changed'"))
            db.session.commit()
            return "written"

        monkeypatch.setitem(house.app.view_functions, "staff.profile", sneaky)
        answer = viewing.get("/profile")
        assert answer.status_code == 403
        assert "Nothing can be changed" in answer.text
        assert db.session.get_one(User, house.manager.id).name == "Mara Manager"
        assert viewing.post("/team/stop-viewing").status_code == 303
        assert viewing.get("/profile").text == "written", "the test itself can write"

    def test_every_page_still_opens(self, house: House, boss: FlaskClient) -> None:
        """But for those that lock or write on the way, and these say why."""
        refused = set()
        view_as(boss, person("superadmin", name="Olga Other"))
        for rule in house.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and not rule.rule.startswith("/static"):
                answer = boss.get(address(rule))
                if answer.status_code == 403:
                    assert "Nothing can be changed" in answer.text, rule
                    refused.add(rule.endpoint)
                assert answer.status_code < 500 or rule.rule == "/readyz", rule
        assert refused <= LOCKING

    def test_the_use_of_the_session_is_still_noted(
        self, house: House, viewing: FlaskClient
    ) -> None:
        row = db.session.scalars(select(UserSession)).one()
        db.session.execute(text("UPDATE user_sessions SET last_seen_at = now() - interval '1 h'"))
        db.session.expire_all()
        before = row.last_seen_at
        assert viewing.get("/bookings").status_code == 200
        assert row.last_seen_at > before


class TestEnding:
    def test_stopping_leads_back(self, house: House, viewing: FlaskClient) -> None:
        answer = viewing.post("/team/stop-viewing")
        assert answer.location == f"/team/{house.colleague.id}"
        assert viewing.get("/websites/ours").status_code == 200
        assert "Stop viewing as" not in viewing.get("/bookings").text
        names = [(e.name, e.subject_id, e.actor_label) for e in events("session.view_as")]
        assert names == [
            ("session.view_as_started", str(house.colleague.id), "Mara Manager"),
            ("session.view_as_stopped", str(house.colleague.id), "Mara Manager"),
        ]

    def test_signing_out_ends_it_too(self, house: House, viewing: FlaskClient) -> None:
        assert viewing.post("/logout").location == "/login"
        assert [e.name for e in events("session.view_as")][-1] == "session.view_as_stopped"

    def test_other_devices_are_not_concerned(
        self, app: Flask, house: House, viewing: FlaskClient
    ) -> None:
        other = browser_of(app, house.manager)
        assert other.get("/websites/ours").status_code == 200
        assert "Stop viewing as" not in other.get("/bookings").text
