"""The JSON door of connections: the rules of the pages, and no secret in any answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.extensions import db
from app.platforms.models import PlatformConnection
from tests.api.documented import faults_of
from tests.desk import House, browser_of, build_house
from tests.factories import holder
from tests.harness.counting import counted_queries
from tests.platforms.contract import SLUG, There
from tests.platforms.linked import KEY, a_connection, a_restaurant, covermanager

DOOR = "/api/platform-connections"


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def manager(house: House) -> FlaskClient:
    return house.browser("manager")


@pytest.fixture
def place(house: House) -> Iterator[There]:
    with covermanager() as found:
        yield found


def new(venue: Any, **more: Any) -> dict[str, Any]:
    account = {"restaurant": SLUG, "api_key": KEY}
    return {
        "venue_id": str(venue.id),
        "platform_type": "covermanager",
        "account": account,
        **more,
    }


def as_documented(house: House, answer: Any) -> dict[str, Any]:
    assert faults_of(house.app, answer) == []
    assert KEY not in answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def test_a_connection_is_made_checked_changed_and_pulled(
    house: House, manager: FlaskClient, place: There
) -> None:
    venue = a_restaurant()
    made = manager.post(DOOR, json=new(venue), headers={"Idempotency-Key": "once"})
    assert made.status_code == 201, made.text
    body = as_documented(house, made)
    shown, one = body["connection"], f"{DOOR}/{body['connection']['id']}"
    assert (shown["state"], shown["account"], shown["secrets"]) == (
        "on",
        {"restaurant": SLUG},
        ["api_key"],
    )
    assert shown["options"]["host"] == "live"
    assert len(body["webhook_secret"]) >= 32
    again = manager.post(DOOR, json=new(venue), headers={"Idempotency-Key": "once"})
    assert again.get_json() == body
    assert manager.post(DOOR, json=new(venue)).status_code == 409
    checked = as_documented(house, manager.post(f"{one}/check"))
    assert (checked["works"], checked["is_sure"]) == (True, True)
    asked = manager.post(f"{one}/sync")
    assert asked.status_code == 202
    assert as_documented(house, asked)["connection"]["is_syncing"]
    said = {"statuses": {"11": "no_show"}, "options": {"host": "beta"}, "is_enabled": True}
    changed = as_documented(house, manager.put(one, json=said))["connection"]
    assert (changed["statuses"], changed["options"]["host"]) == ({"11": "no_show"}, "beta")
    off = as_documented(house, manager.put(one, json={"is_enabled": False}))
    assert off["connection"]["state"] == "off"
    refused = manager.post(f"{one}/sync")
    assert (refused.status_code, faults_of(house.app, refused)) == (409, [])
    [listed] = as_documented(house, manager.get(DOOR))["connections"]
    assert listed["id"] == shown["id"]
    assert body["webhook_secret"] not in manager.get(DOOR).text


def test_what_does_not_work_is_saved_off_alone(
    house: House, manager: FlaskClient, place: There
) -> None:
    venue = a_restaurant()
    wrong = new(venue, account={"restaurant": SLUG, "api_key": "wrong-key-99"})
    refused = manager.post(DOOR, json=wrong)
    assert refused.status_code == 400
    assert as_documented(house, refused)["details"][0]["field"] == "is_enabled"
    assert db.session.scalar(select(func.count()).select_from(PlatformConnection)) == 0
    made = as_documented(house, manager.post(DOOR, json={**wrong, "is_enabled": False}))
    assert made["connection"]["state"] == "off"
    assert made["connection"]["check_error"] == made["message"]
    one = f"{DOOR}/{made['connection']['id']}"
    assert manager.put(one, json={"is_enabled": True}).status_code == 400
    right = {"is_enabled": True, "account": {"api_key": KEY}}
    assert as_documented(house, manager.put(one, json=right))["connection"]["state"] == "on"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": {"api_key": 7}}, "account.api_key"),
        ({"account": {"restaurant": ""}}, "account.restaurant"),
        ({"account": {"nonsense": "x"}}, "account.nonsense"),
        ({"account": "x"}, "account"),
        ({"account": {"restaurant": "a\x00b"}}, "account.restaurant"),
        ({"options": {"host": "moon"}}, "options.host"),
        ({"options": {"per_minute": 0}}, "options.per_minute"),
        ({"statuses": {"1": "gone"}}, "statuses.1"),
        ({"statuses": {"": "pending"}}, "statuses"),
        ({"activity_id": "0198f0c1-8a00-7000-8000-0000000000a1"}, "activity_id"),
        ({"is_enabled": 1}, "is_enabled"),
        ({"priority": 0}, "priority"),
        ({"name": "x"}, "name"),
        ({}, "(body)"),
    ],
)
def test_faults_are_named(
    house: House, manager: FlaskClient, change: dict[str, Any], field: str
) -> None:
    made = a_connection(a_restaurant())
    answer = manager.put(f"{DOOR}/{made.id}", json=change)
    assert answer.status_code == 400
    assert [each["field"] for each in as_documented(house, answer)["details"]] == [field]


def test_the_order_is_changed_and_told(house: House, manager: FlaskClient) -> None:
    venue = a_restaurant()
    first, second = a_connection(venue), a_connection(venue, "restoo", priority=2)
    answer = manager.put(f"{DOOR}/{second.id}", json={"priority": 1})
    assert as_documented(house, answer)["connection"]["priority"] == 1
    listed = manager.get(f"{DOOR}?venue_id={venue.id}").get_json()["connections"]
    assert [each["id"] for each in listed] == [str(second.id), str(first.id)]
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = manager.get(DOOR, query_string={"limit": 1, **({"after": after} if after else {})})
        found += [each["id"] for each in page.get_json()["connections"]]
        after = page.get_json()["next"]
    assert found == [str(second.id), str(first.id)]


def test_who_may(house: House, manager: FlaskClient, place: There) -> None:
    venue = a_restaurant()
    made = a_connection(venue)
    outsider, looker = (
        house.browser("outsider"),
        browser_of(house.app, holder("ours", "platforms:view")),
    )
    assert outsider.get(DOOR).get_json()["connections"] == []
    assert outsider.post(DOOR, json=new(venue)).status_code == 404
    assert manager.get(f"{DOOR}?website_id=theirs").status_code == 404
    for verb in ("check", "sync"):
        assert outsider.post(f"{DOOR}/{made.id}/{verb}").status_code == 404
        assert looker.post(f"{DOOR}/{made.id}/{verb}").status_code == 403
    assert len(looker.get(DOOR).get_json()["connections"]) == 1
    assert house.browser("colleague").get(DOOR).status_code == 403
    assert house.browser("nobody").get(DOOR).status_code == 401


def test_more_connections_ask_no_more(house: House, manager: FlaskClient) -> None:
    a_connection(a_restaurant())
    manager.get(DOOR)
    with counted_queries(house.app) as one:
        manager.get(DOOR)
    for number in range(4):
        a_connection(a_restaurant(name=f"Table {number}"))
    with counted_queries(house.app) as many:
        manager.get(DOOR)
    assert len(many) == len(one)
