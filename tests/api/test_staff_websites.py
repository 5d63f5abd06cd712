"""The JSON door of staff: websites, their keys, test webhooks."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.api.models import Receipt
from app.apikeys import queries as apikeys
from app.apikeys.models import ApiKey
from app.config import Settings
from app.extensions import db
from app.outbound import policy
from app.staff.context import now
from app.websites.models import Website
from tests.desk import House, browser_of, build_house
from tests.factories import ApiKeyFactory, BookingFactory, holder, person
from tests.standins.receiver import Receiver, Reply, receiving

NEW = {
    "id": "luge",
    "name": "Hanuman Luge",
    "domain": "luge.example.com",
    "webhook_url": "https://luge.example.com/hook",
}


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def owner(house: House) -> FlaskClient:
    return browser_of(house.app, person("superadmin"))


@pytest.fixture
def receiver(house: House) -> Iterator[Receiver]:
    """The webhook endpoint of `ours`, within reach."""
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    with receiving() as found:
        db.session.get_one(Website, "ours").webhook_url = f"{found.url}/hook"
        yield found
    policy.configure(Settings(env="test"))


def works(clear_text: str) -> bool:
    found = apikeys.find(db.session(), clear_text)
    return found is not None and found.works_at(now())


def test_the_list_is_one_s_own(house: House, owner: FlaskClient) -> None:
    def ids(client: FlaskClient, query: str = "") -> list[str]:
        return [w["id"] for w in client.get(f"/api/websites{query}").get_json()["websites"]]

    assert ids(house.browser("manager")) == ["ours"]
    assert ids(owner) == ["ours", "theirs"]
    assert ids(owner, "?limit=1") == ["ours"]
    assert ids(owner, "?limit=1&after=ours") == ["theirs"]
    assert house.browser("colleague").get("/api/websites").status_code == 403
    assert "secret" not in owner.get("/api/websites").text


def test_a_new_website_comes_with_its_secrets(owner: FlaskClient) -> None:
    answer = owner.post("/api/websites", json=NEW)
    body = answer.get_json()
    assert answer.status_code == 201
    assert body["website"]["timezone"] == "Asia/Bangkok"
    assert works(body["api_key"])
    assert db.session.get_one(Website, "luge").webhook_secret == body["webhook_secret"]
    taken = owner.post("/api/websites", json=NEW)
    assert (taken.status_code, taken.get_json()["details"][0]["field"]) == (400, "id")


def test_the_same_idempotency_key_makes_one_website(owner: FlaskClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = owner.post("/api/websites", json=NEW, headers=headers)
    again = owner.post("/api/websites", json=NEW, headers=headers)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    other = owner.post("/api/websites", json={**NEW, "id": "other"}, headers=headers)
    assert (other.status_code, other.get_json()["code"]) == (409, "CONFLICT")
    kept = db.session.scalars(select(Receipt)).one()
    assert first.get_json()["api_key"] not in str(kept.answer)


def test_a_refusal_does_not_use_up_the_idempotency_key(owner: FlaskClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    assert owner.post("/api/websites", json={"id": "luge"}, headers=headers).status_code == 400
    assert owner.post("/api/websites", json=NEW, headers=headers).status_code == 201


def test_who_may_add_one(house: House) -> None:
    assert house.browser("manager").post("/api/websites", json=NEW).status_code == 403
    assert db.session.get(Website, "luge") is None


def test_faults_of_a_website(owner: FlaskClient) -> None:
    body = {"id": "A B", "domain": 7, "webhook_url": "ftp://x", "colour": "red"}
    answer = owner.post("/api/websites", json=body).get_json()
    assert {fault["field"] for fault in answer["details"]} == {"name", "colour"}
    body = {"id": "A B", "name": "X", "domain": 7, "webhook_url": "ftp://x"}
    answer = owner.post("/api/websites", json=body).get_json()
    assert {fault["field"] for fault in answer["details"]} == {"id", "domain", "webhook_url"}


@pytest.mark.parametrize(
    ("who", "status"), [("manager", 200), ("colleague", 403), ("outsider", 404)]
)
def test_who_may_change_one(house: House, who: str, status: int) -> None:
    body = {"name": "Renamed", "webhook_url": None, "is_active": False}
    answer = house.browser(who).put("/api/websites/ours", json=body)
    assert answer.status_code == status
    website = db.session.get_one(Website, "ours")
    assert (website.name == "Renamed") is (website.is_active is False) is (status == 200)
    if status == 404:
        assert answer.get_json()["code"] == "WEBSITE_NOT_FOUND"


def test_null_for_what_a_website_must_have(house: House) -> None:
    answer = house.browser("manager").put("/api/websites/ours", json={"name": None})
    assert (answer.status_code, answer.get_json()["details"][0]["field"]) == (400, "name")


def test_keys_come_and_go(house: House) -> None:
    browser = house.browser("manager")
    made = browser.post("/api/websites/ours/keys", json={"name": "Till"})
    assert made.status_code == 201
    first = made.get_json()
    assert (first["key"]["name"], works(first["api_key"])) == ("Till", True)
    body = {"replaces": first["key"]["id"]}
    second = browser.post("/api/websites/ours/keys", json=body).get_json()
    assert works(first["api_key"])
    assert works(second["api_key"])
    ended = browser.delete(f"/api/websites/ours/keys/{first['key']['id']}")
    assert ended.get_json()["key"]["revoked_at"]
    assert not works(first["api_key"])
    assert works(second["api_key"])


def test_a_key_is_made_and_edited_with_its_limits(house: House) -> None:
    browser, address = house.browser("manager"), "/api/websites/ours/keys"
    body = {
        "name": "Till",
        "scopes": ["write:bookings"],
        "allowed_ips": ["10.0.0.0/8"],
        "expires_at": "2099-01-01T00:00:00Z",
    }
    made = browser.post(address, json=body).get_json()["key"]
    assert {name: made[name] for name in body} == body
    changes = {"scopes": ["read:bookings"], "expires_at": None}
    changed = browser.put(f"{address}/{made['id']}", json=changes).get_json()["key"]
    assert (changed["scopes"], changed["expires_at"]) == (["read:bookings"], None)
    assert changed["name"] == "Till"
    assert browser.get(address).get_json()["keys"] == [changed]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes.0"),
        ({"allowed_ips": ["x"]}, "allowed_ips"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"replaces": "0199c0de-0000-7000-8000-000000000000", "name": "X"}, "replaces"),
    ],
)
def test_faults_of_a_key(house: House, body: dict[str, Any], field: str) -> None:
    answer = house.browser("manager").post("/api/websites/ours/keys", json=body)
    assert (answer.status_code, answer.get_json()["details"][0]["field"]) == (400, field)


@pytest.mark.parametrize(("depth", "too_deep"), [(32, False), (33, True)])
def test_a_body_that_is_too_deep_or_too_large(house: House, depth: int, too_deep: bool) -> None:
    browser = house.browser("manager")
    deep = "[" * depth + "]" * depth
    answer = browser.put("/api/websites/ours", data=deep, content_type="application/json")
    assert answer.status_code == 400
    assert ("levels" in answer.text) is too_deep
    plain = browser.put("/api/websites/ours", data=deep)
    assert (plain.status_code, plain.get_json()["details"][0]["field"]) == (400, "Content-Type")
    large = browser.put("/api/websites/ours", data=" " * 300_000, content_type="application/json")
    assert (large.status_code, large.get_json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_repeated_request_makes_one_key(house: House) -> None:
    browser, headers = house.browser("manager"), {"Idempotency-Key": "k"}
    answers = [
        browser.post("/api/websites/ours/keys", json={}, headers=headers).get_json()["api_key"]
        for _ in range(3)
    ]
    assert len(set(answers)) == 1
    assert db.session.scalar(select(func.count()).select_from(ApiKey)) == 1


@pytest.mark.parametrize(("who", "status"), [("colleague", 403), ("outsider", 404)])
def test_who_may_not_touch_keys(house: House, who: str, status: int) -> None:
    key = ApiKeyFactory.create(website_id="ours")
    browser = house.browser(who)
    assert browser.post("/api/websites/ours/keys", json={}).status_code == status
    assert browser.delete(f"/api/websites/ours/keys/{key.id}").status_code == status
    assert key.revoked_at is None


def test_a_test_webhook_is_a_real_call(house: House, receiver: Receiver) -> None:
    booking = BookingFactory.create(website_id="ours", admin_notes="Window table")
    body = {"website_id": "ours", "booking_id": str(booking.id), "event": "booking.updated"}
    answer = house.browser("manager").post("/api/admin/test-webhook", json=body).get_json()
    [call] = receiver.calls
    assert answer["success"] is True
    assert (answer["response"]["status"], answer["request"]["body"]) == (200, call.body.decode())
    assert call.is_signed_with(db.session.get_one(Website, "ours").webhook_secret or "")
    assert (call.json["booking_id"], call.json["test"]) == (str(booking.id), True)


def test_a_test_webhook_shows_amounts_to_who_may_see_them(house: House, receiver: Receiver) -> None:
    booking = BookingFactory.create(website_id="ours", total_amount=7771)
    receiver.answer(Reply(body=b'{"success": true, "total_amount": 7771}'))
    permissions = ("websites:view", "websites:manage", "bookings:view")
    tester = browser_of(house.app, holder("ours", *permissions))
    body = {"website_id": "ours", "booking_id": str(booking.id), "event": "booking.created"}
    for browser, seen in ((house.browser("manager"), True), (tester, False)):
        answer = browser.post("/api/admin/test-webhook", json=body).get_json()
        assert answer["success"] is True
        for side in ("request", "response"):
            assert ("7771" in answer[side]["body"]) is seen
    assert [call.json["data"]["total_amount"] for call in receiver.calls] == [7771, 7771]


def test_a_test_webhook_that_fails_says_so(house: House, receiver: Receiver) -> None:
    receiver.answer(Reply(status=500, body=b"<h1>no</h1>"))
    body = {"website_id": "ours"}
    answer = house.browser("manager").post("/api/admin/test-webhook", json=body).get_json()
    assert (answer["success"], answer["response"]["status"]) == (False, 500)
    assert answer["response"]["body"] == "<h1>no</h1>"


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("colleague", {"website_id": "ours"}, 403),
        ("outsider", {"website_id": "ours"}, 404),
        ("manager", {"website_id": "theirs"}, 404),
        ("manager", {"website_id": "ours", "event": "booking.eaten"}, 400),
        ("manager", {"website_id": "ours", "booking_id": "7"}, 400),
    ],
)
def test_a_test_webhook_that_is_not_sent(
    house: House, receiver: Receiver, who: str, body: dict[str, Any], status: int
) -> None:
    assert house.browser(who).post("/api/admin/test-webhook", json=body).status_code == status
    assert receiver.calls == []


def test_a_booking_of_another_website_is_not_given_away(house: House, receiver: Receiver) -> None:
    theirs = BookingFactory.create(website_id="theirs")
    owner = browser_of(house.app, person("superadmin"))
    for browser in (house.browser("manager"), owner):
        body = {"website_id": "ours", "booking_id": str(theirs.id)}
        assert browser.post("/api/admin/test-webhook", json=body).status_code == 404
    assert receiver.calls == []


def test_the_page_shows_the_whole_exchange(house: House, receiver: Receiver) -> None:
    booking = BookingFactory.create(website_id="ours", booking_ref="HW-000077")
    receiver.answer(Reply(body=b'{"success": false, "message": "Unknown booking"}'))
    browser = house.browser("manager")
    assert "Send a test" in browser.get("/websites/ours").text
    assert browser.get("/websites/ours/test").status_code == 200
    form = {"event": "booking.updated", "booking": "hw-000077"}
    shown = browser.post("/websites/ours/test", data=form).text
    for expected in ("X-Webhook-Signature", str(booking.id), "Unknown booking", "Failed"):
        assert expected in shown
    assert "It did not arrive." in browser.get("/websites/ours").text


@pytest.mark.parametrize(
    "form", [{"event": "nonsense"}, {"event": "booking.updated", "booking": "ZZ-1"}]
)
def test_the_page_says_what_is_wrong(
    house: House, receiver: Receiver, form: dict[str, str]
) -> None:
    answer = house.browser("manager").post("/websites/ours/test", data=form)
    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert receiver.calls == []


@pytest.mark.parametrize(("who", "status"), [("colleague", 403), ("outsider", 404)])
def test_who_may_not_send_one(house: House, receiver: Receiver, who: str, status: int) -> None:
    for method in ("GET", "POST"):
        answer = house.browser(who).open("/websites/ours/test", method=method)
        assert answer.status_code == status
    assert receiver.calls == []
