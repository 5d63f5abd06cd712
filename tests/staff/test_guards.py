"""Every view declares who may call it, and that is what happens."""

from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from app.extensions import db
from app.staff.guards import declared
from app.staff.permissions import Permission
from app.staff.queries import with_memberships
from app.staff.scope import Scope
from tests.desk import browser_of, build_house
from tests.factories import WebsiteFactory, person

pytestmark = pytest.mark.usefixtures("db_session")
SAMPLE = {"website_id": "ours", "token": "x", "filename": "x"}
NO_UUID = "00000000-0000-7000-8000-000000000000"


def address(rule: Rule) -> str:
    values = {
        name: SAMPLE.get(name, 1 if isinstance(c, IntegerConverter) else NO_UUID)
        for name, c in rule._converters.items()
    }
    built = rule.build(values, append_unknown=False)
    assert built
    return built[1]


def test_every_view_declares_who_may_call_it(app: Flask) -> None:
    forgotten = [name for name, view in app.view_functions.items() if declared(view) is None]
    assert not forgotten


def test_a_view_that_declares_nothing_is_refused(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgotten() -> str:
        return "secrets"

    monkeypatch.setitem(app.view_functions, "staff.profile", forgotten)
    answer = browser_of(app, person("superadmin")).get("/profile")
    assert answer.status_code == 403
    assert "secrets" not in answer.text


def test_a_stranger_sees_only_what_is_public(app: Flask) -> None:
    build_house(app)
    stranger = app.test_client()
    for rule in app.url_map.iter_rules():
        access = declared(app.view_functions[rule.endpoint])
        if access is None or access.open_because:
            continue
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = stranger.open(address(rule), method=method)
            if rule.rule.startswith("/api/"):
                assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_FAILED"), rule
            else:
                assert answer.status_code == 303, rule
                assert answer.location.startswith("/login"), rule


def test_without_the_permission_no_view_answers(app: Flask) -> None:
    build_house(app)
    nobody = browser_of(app, person())
    for rule in app.url_map.iter_rules():
        access = declared(app.view_functions[rule.endpoint])
        if access is None or not access.permissions:
            continue
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = nobody.open(address(rule), method=method)
            assert answer.status_code == 403, (rule, method)


def test_every_changing_view_wants_the_csrf_token(app: Flask) -> None:
    build_house(app)
    boss = browser_of(app, person("superadmin"))
    boss.environ_base.pop("HTTP_X_CSRFTOKEN")
    for rule in app.url_map.iter_rules():
        access = declared(app.view_functions[rule.endpoint])
        if access is None or access.open_because:
            continue
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            answer = boss.open(address(rule), method=method)
            api = rule.rule.startswith("/api/")
            assert answer.status_code == (403 if api else 400), (rule, method)


def test_an_expired_login_leads_back_to_where_one_was(app: Flask) -> None:
    stranger = app.test_client()
    assert stranger.get("/websites?after=x").location == "/login?next=/websites?after%3Dx"
    assert stranger.post("/websites/new").location == "/login"


def test_an_expired_login_never_lands_inside_a_page(app: Flask) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/websites?after=x"}
    answer = app.test_client().get("/websites", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == "/login?next=/websites?after%3Dx"
    assert answer.text == ""


def test_a_foreign_current_url_is_not_followed(app: Flask) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://evil.example/x"}
    answer = app.test_client().get("/websites", headers=headers)
    assert answer.headers["HX-Redirect"].startswith("/login")
    assert app.test_client().get("/login?next=http://evil.example/x").status_code == 200


@pytest.mark.parametrize(
    ("role", "permission", "held"),
    [
        ("superadmin", Permission.SETTINGS_MANAGE, True),
        ("admin", Permission.SETTINGS_MANAGE, False),
        ("admin", Permission.WEBSITES_MANAGE, True),
        ("staff", Permission.WEBSITES_VIEW, False),
        ("staff", Permission.BOOKINGS_CHECK_IN, True),
    ],
)
def test_a_role_is_held_for_its_website_alone(
    app: Flask, role: str, permission: Permission, held: bool
) -> None:
    WebsiteFactory(id="ours")
    scope = reload_scope(person(role, "ours").id)
    assert scope.can(permission, "ours") is held
    assert not scope.can(permission, "theirs")
    assert not scope.can(permission)


def reload_scope(user_id: UUID) -> Scope:
    db.session.flush()
    db.session.expire_all()
    user = with_memberships(db.session(), user_id)
    assert user
    return user.scope
