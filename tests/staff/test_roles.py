"""Roles: the matrix edited in place, by who holds what it gives; effective at once."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from app.extensions import db
from app.staff.models import LoginLink, Membership, Role
from app.staff.permissions import BUILT_IN_ROLES, Permission
from tests.desk import House, browser_of
from tests.factories import person
from tests.staff.team import events, make_role, role_id

HTMX = {"HX-Request": "true"}


@pytest.fixture
def helper(house: House) -> str:
    """The id of a custom role."""
    return make_role("helper", Permission.BOOKINGS_VIEW)


def grants(role: str) -> set[str]:
    db.session.expire_all()
    return set(db.session.scalars(select(Role).where(Role.name == role)).one().grants)


def tick(browser: FlaskClient, role: str, permission: str, held: bool = True) -> int:
    form = {"held": "1"} if held else {}
    return browser.post(f"/roles/{role}/permissions/{permission}", data=form).status_code


@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 200), ("colleague", 403), ("outsider", 200), ("", 303)]
)
def test_who_sees_the_matrix(house: House, helper: str, who: str, answer: int) -> None:
    for address in ("/roles", f"/roles/{helper}"):
        assert house.browser(who).get(address).status_code == answer


@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 403), ("colleague", 403), ("outsider", 403), ("", 303)]
)
def test_who_manages_one_website_changes_no_role(
    house: House, helper: str, who: str, answer: int
) -> None:
    browser = house.browser(who)
    for address, form in (
        (f"/roles/{helper}/permissions/bookings:edit", {"held": "1"}),
        (f"/roles/{helper}/two-step", {"held": "1"}),
        (f"/roles/{helper}", {"name": "mine"}),
        (f"/roles/{helper}/delete", {}),
    ):
        assert browser.post(address, data=form).status_code == answer, address
    if who == "manager":
        assert 'type="checkbox"' not in browser.get("/roles").text
        browser.post("/roles/new", data={"name": "mine"})
    assert {r.name for r in db.session.scalars(select(Role))} == {*BUILT_IN_ROLES, "helper"}
    assert grants("helper") == {"bookings:view"}


def test_a_tick_works_with_the_next_request_and_can_be_undone(
    house: House, boss: FlaskClient, helper: str
) -> None:
    browser = browser_of(house.app, person("helper", "ours"))
    assert browser.get("/websites/ours").status_code == 403
    address = f"/roles/{helper}/permissions/websites:view"
    answer = boss.post(address, data={"held": "1"}, headers=HTMX)
    assert answer.status_code == 200
    assert f'id="cell-{helper}-websites-view"' in answer.text
    assert "checked" in answer.text
    assert browser.get("/websites/ours").status_code == 200
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast["undo"]["target"] == f"#cell-{helper}-websites-view"
    undone = boss.post(toast["undo"]["url"], headers=HTMX)
    assert "checked" not in undone.text
    assert browser.get("/websites/ours").status_code == 403
    changed = events("role.changed")
    assert [e.changes for e in changed] == [
        {"websites:view": [False, True]},
        {"websites:view": [True, False]},
    ]
    assert changed[0].actor_label == "Olga Owner"


def test_without_script_a_tick_is_a_form(boss: FlaskClient, helper: str) -> None:
    assert boss.post(f"/roles/{helper}/permissions/bookings:edit", data={"held": "1"}).location == (
        "/roles"
    )
    assert boss.post(f"/roles/{helper}/permissions/bookings:view").location == "/roles"
    assert grants("helper") == {"bookings:edit"}


def test_the_same_tick_twice_is_one_event(boss: FlaskClient, helper: str) -> None:
    tick(boss, helper, "bookings:edit")
    tick(boss, helper, "bookings:edit")
    assert len(events("role.changed")) == 1


@pytest.mark.parametrize("permission", ["bookings", "bookings:fly", "BOOKINGS_VIEW", "superadmin"])
def test_only_known_permissions(boss: FlaskClient, helper: str, permission: str) -> None:
    assert tick(boss, helper, permission) == 404


class TestNobodyPutsInWhatTheyDoNotHold:
    @pytest.fixture
    def keeper(self, house: House) -> FlaskClient:
        """Manages the team everywhere, and may look at bookings there."""
        team = (Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
        self.own = make_role("keeper", *team, Permission.BOOKINGS_VIEW)
        return browser_of(house.app, person("keeper"))

    def test_by_a_tick(self, keeper: FlaskClient, helper: str) -> None:
        assert tick(keeper, helper, "settings:manage") == 403
        assert tick(keeper, self.own, "settings:manage") == 403
        assert tick(keeper, self.own, "bookings:edit") == 403
        assert tick(keeper, helper, "team:view") == 303

    def test_what_is_held_for_one_website_is_not_held_for_all(self, house: House) -> None:
        mine = make_role("keeper", Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
        user = person("keeper")
        admin = db.session.scalars(select(Role).where(Role.name == "admin")).one()
        db.session.add(Membership(user_id=user.id, role_id=admin.id, website_id="ours"))
        assert tick(browser_of(house.app, user), mine, "bookings:edit") == 403

    def test_by_taking_it_out_of_others(self, keeper: FlaskClient, house: House) -> None:
        strong = make_role("strong", Permission.SETTINGS_MANAGE)
        assert tick(keeper, strong, "settings:manage", held=False) == 403
        assert grants("strong") == {"settings:manage"}

    @pytest.mark.parametrize("like", ["superadmin", "admin", "staff"])
    def test_by_a_copy(self, keeper: FlaskClient, like: str) -> None:
        form = {"name": "copy", "like": role_id(like)}
        assert keeper.post("/roles/new", data=form).status_code == 422
        assert role_id(like) not in keeper.get("/roles/new").text

    def test_by_asking_less_of_the_strong(self, keeper: FlaskClient) -> None:
        answer = keeper.post(f"/roles/{role_id('superadmin')}/two-step", data={"held": "0"})
        assert answer.status_code == 403


def test_built_in_roles_stay_as_they_are(boss: FlaskClient, house: House) -> None:
    staff = role_id("staff")
    assert tick(boss, staff, "websites:view") == 403
    assert tick(boss, staff, "bookings:view", held=False) == 403
    assert boss.post(f"/roles/{staff}", data={"name": "crew"}).status_code == 403
    assert boss.post(f"/roles/{staff}/delete").status_code == 403
    assert grants("staff") == set(BUILT_IN_ROLES["staff"])


def test_every_role_can_ask_for_2_step_sign_in(house: House, boss: FlaskClient) -> None:
    browser = house.browser("colleague")
    assert browser.get("/bookings").status_code == 200
    address = f"/roles/{role_id('staff')}/two-step"
    answer = boss.post(address, data={"held": "1"}, headers=HTMX)
    assert "checked" in answer.text
    assert browser.get("/bookings").location == "/profile/two-step"
    boss.post(address)
    assert browser.get("/bookings").status_code == 200
    assert events("role.changed")[0].changes == {"requires_two_step": [False, True]}


class TestMakingAndDeleting:
    def test_a_copy_has_what_its_model_has(self, boss: FlaskClient, house: House) -> None:
        form = {"name": "Front desk", "like": role_id("staff")}
        assert boss.post("/roles/new", data=form).location == "/roles"
        assert grants("Front desk") == set(BUILT_IN_ROLES["staff"])
        assert "Front desk" in boss.get("/roles").text
        assert events("role.created")[0].meta == {"role": "Front desk"}

    @pytest.mark.parametrize("name", ["", "  ", "x" * 41, "Superadmin", "HELPER", "staff "])
    def test_a_name_is_needed_and_its_own(self, boss: FlaskClient, helper: str, name: str) -> None:
        assert boss.post("/roles/new", data={"name": name, "like": ""}).status_code == 422
        if name != "HELPER":
            assert boss.post(f"/roles/{helper}", data={"name": name}).status_code == 422

    def test_renaming(self, boss: FlaskClient, helper: str) -> None:
        assert boss.post(f"/roles/{helper}", data={"name": "Helper"}).status_code == 303
        assert events("role.renamed")[0].changes == {"name": ["helper", "Helper"]}

    def test_only_an_unused_one_is_deleted(
        self, house: House, boss: FlaskClient, helper: str
    ) -> None:
        user = person("helper", "ours")
        assert boss.post(f"/roles/{helper}/delete").status_code == 403
        db.session.execute(delete(Membership).where(Membership.user_id == user.id))
        form = {"name": "N", "email": "n@onebooking.test", "role": helper, "websites": ["ours"]}
        assert boss.post("/team/invite", data=form).status_code == 200
        assert "invited to this role" in boss.post(f"/roles/{helper}/delete").text
        link = db.session.scalars(select(LoginLink)).one()
        boss.post(f"/team/invitations/{link.id}/revoke")
        assert boss.post(f"/roles/{helper}/delete").status_code == 303
        assert boss.get(f"/roles/{helper}").status_code == 404
        assert events("role.deleted")[0].changes == {"permissions": [["bookings:view"], []]}
