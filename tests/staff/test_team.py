"""The team page: who sees whom, who may give what, and that nobody gets further than that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.staff.models import Membership, User, UserSession
from app.staff.permissions import Permission
from tests.desk import House, browser_of, build_house
from tests.factories import person
from tests.harness.counting import counted_queries
from tests.staff.team import events, held, make_role, membership_of, role_id, text_of


class TestWhoSeesWhom:
    @pytest.mark.parametrize(
        ("who", "answer"), [("manager", 200), ("colleague", 403), ("outsider", 200), ("", 303)]
    )
    def test_the_list_is_for_who_may_see_a_team(self, house: House, who: str, answer: int) -> None:
        assert house.browser(who).get("/team").status_code == answer

    @pytest.mark.parametrize(
        ("who", "answer"), [("manager", 200), ("colleague", 403), ("outsider", 404), ("", 303)]
    )
    @pytest.mark.parametrize("page", ["", "/powers"])
    def test_a_person_is_seen_by_their_own_manager(
        self, house: House, who: str, answer: int, page: str
    ) -> None:
        address = f"/team/{house.colleague.id}{page}"
        assert house.browser(who).get(address).status_code == answer

    def test_a_manager_sees_the_people_of_their_website_alone(
        self, house: House, manager: FlaskClient, owner: User
    ) -> None:
        both = person("staff", "ours", name="Bo Both")
        person("admin", "theirs", name="Not In Sight")
        db.session.add(_membership(both, "admin", "theirs"))
        text = text_of(manager.get("/team").text)
        assert "Cole Colleague" in text
        assert "Bo Both" in text
        for hidden in ("Otto Outsider", "Not In Sight", "Olga Owner", "Their park"):
            assert hidden not in text, hidden
        assert "Their park" not in manager.get(f"/team/{both.id}").text

    def test_the_owner_sees_everybody(self, house: House, boss: FlaskClient) -> None:
        person(name="Nora Norole")
        text = text_of(boss.get("/team").text)
        for name in ("Mara Manager", "Otto Outsider", "Olga Owner", "Nora Norole"):
            assert name in text
        chosen = text_of(boss.get("/team?website=theirs").text)
        assert "Otto Outsider" in chosen
        assert "Mara Manager" not in chosen

    def test_the_list_goes_on_page_by_page(self, house: House, boss: FlaskClient) -> None:
        for number in range(60):
            person("staff", "ours", name=f"Staff {number:02d}")
        seen, address = [], "/team"
        for _ in range(3):
            text = boss.get(address).text
            seen += [n for n in range(60) if f">Staff {n:02d}</a>" in text]
            found = text.partition('id="more"')[2].partition('href="')[2].partition('"')[0]
            if not found:
                break
            address = found.replace("&amp;", "&")
        assert seen == list(range(60))
        assert boss.get("/team?after=x").status_code == 400

    def test_the_queries_do_not_grow(self, house: House, boss: FlaskClient) -> None:
        boss.get("/team")
        with counted_queries(house.app) as few:
            boss.get("/team")
        for _ in range(20):
            person("staff", "ours")
        with counted_queries(house.app) as many:
            boss.get("/team")
        assert len(many) == len(few) <= 12


class TestGiving:
    def test_a_role_works_from_the_next_request(self, house: House, manager: FlaskClient) -> None:
        browser = house.browser("colleague")
        assert browser.get("/websites/ours").status_code == 403
        assert _give(manager, house.colleague, "admin", "ours") == 303
        assert browser.get("/websites/ours").status_code == 200
        assert held(house.colleague) == {("staff", "ours"), ("admin", "ours")}
        (event,) = events("membership.granted")
        assert (event.subject_id, event.website_id) == (str(house.colleague.id), "ours")
        assert event.changes == {"role": [None, "admin"]}
        assert event.actor_label == "Mara Manager"

    def test_taking_away_works_from_the_next_request(
        self, house: House, manager: FlaskClient
    ) -> None:
        browser = house.browser("colleague")
        assert browser.get("/bookings").status_code == 200
        address = f"/team/{house.colleague.id}/memberships/{membership_of(house.colleague)}/remove"
        assert manager.post(address).location == "/team"
        assert browser.get("/bookings").status_code == 403
        assert events("membership.revoked")[0].changes == {"role": ["staff", None]}

    def test_a_role_is_changed_in_its_place(self, house: House, manager: FlaskClient) -> None:
        assert _change(manager, house.colleague, role_id("admin")) == 303
        assert held(house.colleague) == {("admin", "ours")}
        assert events("membership.changed")[0].changes == {"role": ["staff", "admin"]}

    def test_the_same_role_twice_is_said(self, house: House, manager: FlaskClient) -> None:
        form = {"role": role_id("staff"), "website": "ours"}
        answer = manager.post(f"/team/{house.colleague.id}/memberships", data=form)
        assert answer.status_code == 422
        assert "They have this role." in answer.text

    def test_a_colleague_gives_nothing(self, house: House) -> None:
        browser = house.browser("colleague")
        assert _give(browser, house.colleague, "staff", "ours") == 403
        assert _give(browser, house.manager, "staff", "ours") == 403

    def test_an_outsider_does_not_find_the_person(self, house: House) -> None:
        browser = house.browser("outsider")
        assert _give(browser, house.colleague, "staff", "ours") == 404
        assert _give(browser, house.colleague, "staff", "theirs") == 404
        assert _change(browser, house.colleague, role_id("admin")) == 404
        switch = browser.post(f"/team/{house.colleague.id}/switch", data={"on": "0"})
        assert switch.status_code == 404
        assert held(house.colleague) == {("staff", "ours")}


class TestNobodyGivesWhatTheyDoNotHold:
    @pytest.mark.parametrize(
        ("role", "website", "answer"),
        [
            ("superadmin", "ours", 403),  # holds settings:manage
            ("staff", "*", 403),
            ("superadmin", "*", 403),
            ("staff", "theirs", 404),
            ("admin", "theirs", 404),
            ("staff", "nowhere", 404),
            ("staff", "", 404),
        ],
    )
    @pytest.mark.parametrize("who", ["colleague", "manager"])
    def test_by_crafted_forms(
        self, house: House, manager: FlaskClient, who: str, role: str, website: str, answer: int
    ) -> None:
        target = getattr(house, who)
        before = held(target)
        assert _give(manager, target, role, website) == answer
        assert held(target) == before

    def test_not_even_the_owner_gives_a_website_that_is_not_there(
        self, house: House, boss: FlaskClient
    ) -> None:
        assert _give(boss, house.colleague, "staff", "nowhere") == 404

    @pytest.mark.parametrize("role", ["", "no-uuid", "00000000-0000-7000-8000-000000000000"])
    def test_a_role_that_is_not_there(self, house: House, manager: FlaskClient, role: str) -> None:
        form = {"role": role, "website": "ours"}
        answer = manager.post(f"/team/{house.colleague.id}/memberships", data=form)
        assert answer.status_code == 404

    def test_by_changing_a_role(self, house: House, manager: FlaskClient) -> None:
        assert _change(manager, house.colleague, role_id("superadmin")) == 403
        assert _change(manager, house.manager, role_id("superadmin")) == 403

    def test_by_a_custom_role_that_can_more(self, house: House) -> None:
        view_and_manage = (Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
        make_role("people", *view_and_manage)
        make_role("refunds", Permission.PAYMENTS_REFUND)
        keeper = browser_of(house.app, person("people", "ours"))
        assert _give(keeper, house.colleague, "refunds", "ours") == 403
        assert _give(keeper, house.colleague, "staff", "ours") == 403
        assert _give(keeper, house.colleague, "people", "ours") == 303

    def test_what_they_do_not_hold_they_cannot_take_away_either(self, house: House) -> None:
        make_role("people", Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
        keeper = browser_of(house.app, person("people", "ours"))
        assert _change(keeper, house.manager, role_id("people")) == 403
        address = f"/team/{house.manager.id}/memberships/{membership_of(house.manager)}/remove"
        assert keeper.post(address).status_code == 403
        assert held(house.manager) == {("admin", "ours")}

    def test_permissions_of_two_websites_do_not_add_up(self, house: House) -> None:
        make_role("people", Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
        make_role("viewer", Permission.BOOKINGS_VIEW)
        both = person("people", "ours")
        db.session.add(_membership(both, "viewer", "theirs"))
        browser = browser_of(house.app, both)
        assert _give(browser, house.colleague, "viewer", "ours") == 403
        assert _give(browser, house.colleague, "viewer", "theirs") == 404

    def test_a_membership_of_another_website_is_out_of_reach(
        self, house: House, manager: FlaskClient
    ) -> None:
        both = person("staff", "theirs", name="Bo Both")
        theirs = membership_of(both)
        db.session.add(_membership(both, "staff", "ours"))
        for end, form in (("", {"role": role_id("admin")}), ("/remove", {})):
            address = f"/team/{both.id}/memberships/{theirs}{end}"
            assert manager.post(address, data=form).status_code == 404
        # Nor through the address of somebody who is in sight.
        address = f"/team/{house.colleague.id}/memberships/{theirs}/remove"
        assert manager.post(address).status_code == 404
        assert held(both) == {("staff", "ours"), ("staff", "theirs")}

    def test_the_page_offers_only_what_would_be_taken(
        self, house: House, manager: FlaskClient
    ) -> None:
        text = manager.get(f"/team/{house.colleague.id}").text
        assert role_id("superadmin") not in text
        assert 'value="*"' not in text
        assert role_id("admin") in text


class TestSwitchingOff:
    def test_it_ends_sessions_at_once(self, house: House, manager: FlaskClient) -> None:
        browser = house.browser("colleague")
        assert browser.get("/bookings").status_code == 200
        address = f"/team/{house.colleague.id}/switch"
        assert manager.post(address, data={"on": "0"}).status_code == 303
        assert browser.get("/bookings").status_code == 303
        rows = db.session.query(UserSession).filter_by(user_id=house.colleague.id).count()
        assert rows == 0
        manager.post(address, data={"on": "1"})
        assert browser.get("/bookings").status_code == 303, "an old session does not come back"
        assert [e.name for e in events("user.switched")] == [
            "user.switched_off",
            "user.switched_on",
        ]

    def test_nobody_switches_themselves_off(self, house: House, manager: FlaskClient) -> None:
        answer = manager.post(f"/team/{house.manager.id}/switch", data={"on": "0"})
        assert answer.status_code == 403
        assert "You cannot switch yourself off." in answer.text

    def test_who_works_elsewhere_too_is_not_theirs_to_switch_off(
        self, house: House, manager: FlaskClient
    ) -> None:
        both = person("staff", "ours", name="Bo Both")
        db.session.add(_membership(both, "staff", "theirs"))
        assert manager.post(f"/team/{both.id}/switch", data={"on": "0"}).status_code == 403
        assert db.session.get_one(User, both.id).is_active

    def test_who_can_do_more_is_not_theirs_to_switch_off(self, house: House) -> None:
        make_role("people", Permission.TEAM_VIEW, Permission.TEAM_MANAGE)
        keeper = browser_of(house.app, person("people", "ours"))
        assert keeper.post(f"/team/{house.manager.id}/switch", data={"on": "0"}).status_code == 403


class TestTheLastSuperadmin:
    @pytest.fixture
    def rival(self, house: House, owner: User) -> FlaskClient:
        """Somebody who manages all, and holds all, without being a superadmin."""
        make_role("viceroy", *Permission)
        return browser_of(house.app, person("viceroy", name="Vic Viceroy"))

    def test_is_not_removed(self, rival: FlaskClient, owner: User) -> None:
        address = f"/team/{owner.id}/memberships/{membership_of(owner)}/remove"
        answer = rival.post(address)
        assert answer.status_code == 403
        assert "This is the last superadmin." in answer.text
        assert held(owner) == {("superadmin", None)}

    def test_is_not_demoted(self, rival: FlaskClient, boss: FlaskClient, owner: User) -> None:
        for browser in (rival, boss):
            assert _change(browser, owner, role_id("admin")) == 403
        assert held(owner) == {("superadmin", None)}

    def test_is_not_switched_off(self, rival: FlaskClient, owner: User) -> None:
        assert rival.post(f"/team/{owner.id}/switch", data={"on": "0"}).status_code == 403
        assert db.session.get_one(User, owner.id).is_active

    def test_one_who_is_switched_off_does_not_count(self, rival: FlaskClient, owner: User) -> None:
        person("superadmin", is_active=False)
        person("superadmin", "ours")
        assert _change(rival, owner, role_id("admin")) == 403

    def test_of_two_one_may_go(self, rival: FlaskClient, owner: User) -> None:
        person("superadmin", name="Olga Other")
        assert _change(rival, owner, role_id("admin")) == 303
        assert held(owner) == {("admin", None)}

    def test_the_page_does_not_offer_it(self, boss: FlaskClient, owner: User) -> None:
        text = boss.get(f"/team/{owner.id}").text
        assert "The last superadmin" in text
        assert "Take away" not in text


@pytest.mark.committed
def test_two_superadmins_cannot_remove_each_other(app: Flask) -> None:
    with app.app_context():
        build_house(app)
        one, two = person("superadmin"), person("superadmin")
        pairs = [
            (browser_of(app, one), f"/team/{two.id}/memberships/{membership_of(two)}/remove"),
            (browser_of(app, two), f"/team/{one.id}/memberships/{membership_of(one)}/remove"),
        ]
        db.session.commit()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].post(pair[1]).status_code, pairs))
    with app.app_context():
        left = [u for u in db.session.query(User) if ("superadmin", None) in held(u.id)]
    assert len(left) == 1
    assert answers.count(303) == 1


class TestWhatCanTheyDo:
    def test_each_permission_with_its_source(self, house: House, boss: FlaskClient) -> None:
        make_role("exports", Permission.BOOKINGS_EXPORT)
        db.session.add(_membership(house.colleague, "exports", None))
        text = text_of(boss.get(f"/team/{house.colleague.id}/powers").text)
        assert "Permission All websites Our park" in text
        assert "Export exports exports for all" in text
        assert "Check in – No staff" in text

    def test_only_what_is_in_sight(self, house: House, manager: FlaskClient) -> None:
        db.session.add(_membership(house.colleague, "admin", "theirs"))
        text = manager.get(f"/team/{house.colleague.id}/powers").text
        assert "Their park" not in text
        assert "admin" not in text_of(text.partition("<main")[2])


def _membership(user: User, role: str, website: str | None) -> Membership:

    return Membership(user_id=user.id, role_id=UUID(role_id(role)), website_id=website)


def _give(browser: FlaskClient, user: User, role: str, website: str) -> int:
    form = {"role": role_id(role), "website": website}
    return browser.post(f"/team/{user.id}/memberships", data=form).status_code


def _change(browser: FlaskClient, user: User, role: str) -> int:
    address = f"/team/{user.id}/memberships/{membership_of(user)}"
    return browser.post(address, data={"role": role}).status_code
