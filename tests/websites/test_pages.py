"""The pages of the websites, for a manager, a colleague, an outsider and the owner."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.apikeys import queries as apikeys
from app.apikeys.models import ApiKey
from app.crypto import hash_secret
from app.deliveries.health import GONE
from app.deliveries.models import Destination
from app.events.models import Event
from app.extensions import db
from app.staff.context import now
from app.websites.models import Website
from tests.desk import House, browser_of, build_house
from tests.factories import ApiKeyFactory, WebsiteFactory, person
from tests.harness.counting import counted_queries

NEW = {
    "id": "luge",
    "name": "Hanuman Luge",
    "domain": "luge.example.com",
    "timezone": "Asia/Bangkok",
    "currency": "THB",
    "phone_region": "TH",
    "webhook_url": "https://luge.example.com/hook",
}


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def owner(house: House) -> FlaskClient:
    return browser_of(house.app, person("superadmin"))


def website(website_id: str = "ours") -> Website:
    return db.session.get_one(Website, website_id)


def secrets_in(text: str) -> list[str]:
    return re.findall(r'id="secret-\d" type="text" value="([^"]+)"', text)


@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 200), ("colleague", 403), ("outsider", 404), ("nobody", 303)]
)
def test_who_sees_a_website(house: House, who: str, answer: int) -> None:
    assert house.browser(who).get("/websites/ours").status_code == answer


@pytest.mark.parametrize(
    "address",
    ["edit", "switch", "keys", "secret", "keys/{key}", "keys/{key}/rotate", "keys/{key}/revoke"],
)
@pytest.mark.parametrize(
    ("who", "answer"), [("colleague", 403), ("outsider", 404), ("nobody", 303)]
)
def test_who_may_not_change_it(house: House, who: str, answer: int, address: str) -> None:
    key = ApiKeyFactory.create(website_id="ours")
    browser = house.browser(who)
    if who == "nobody":
        browser.environ_base.pop("HTTP_X_CSRFTOKEN", None)
    got = browser.post(f"/websites/ours/{address.format(key=key.id)}", data={"name": "X"})
    assert got.status_code == answer
    assert db.session.scalars(select(Event).where(Event.subject_type == "website")).all() == []


def test_the_list_shows_only_one_s_own(house: House) -> None:
    text = house.browser("manager").get("/websites").text
    assert "Our park" in text
    assert "Their park" not in text
    assert "Add a website" not in text


def test_only_who_manages_all_may_add_one(house: House, owner: FlaskClient) -> None:
    for method in ("GET", "POST"):
        answer = house.browser("manager").open("/websites/new", method=method, data=NEW)
        assert answer.status_code == 403
    assert db.session.get(Website, "luge") is None
    assert "Add a website" in owner.get("/websites").text


def test_adding_one_shows_its_secrets_once(owner: FlaskClient) -> None:
    answer = owner.post("/websites/new", data=NEW)
    assert answer.headers["Cache-Control"] == "no-store"
    key, secret = secrets_in(answer.text)
    found = apikeys.find(db.session(), key)
    assert found
    assert found.website
    assert (found.website.id, found.works_at(now())) == ("luge", True)
    assert website("luge").webhook_secret == secret
    later = owner.get("/websites/luge").text
    assert key not in later
    assert secret not in later
    assert found.key.prefix in later


def test_a_wrong_form_keeps_what_was_typed(owner: FlaskClient) -> None:
    form = {**NEW, "id": "ours", "webhook_url": "nonsense", "name": "Typed by hand"}
    answer = owner.post("/websites/new", data=form)
    assert answer.status_code == 422
    assert "Typed by hand" in answer.text
    assert "This is not a URL that starts with https://." in answer.text
    assert owner.post("/websites/new", data={**NEW, "id": "ours"}).status_code == 422


def test_an_edit_is_told_field_by_field(house: House) -> None:
    browser = house.browser("manager")
    assert 'value="Our park"' in browser.get("/websites/ours/edit").text
    form = {**NEW, "id": "evil", "name": "Our new park", "domain": website().domain}
    assert browser.post("/websites/ours/edit", data=form).location == "/websites/ours"
    event = db.session.scalars(select(Event).where(Event.name == "website.updated")).one()
    assert event.changes == {
        "name": ["Our park", "Our new park"],
        "webhook_url": [None, "https://luge.example.com/hook"],
    }
    assert (event.actor_label, event.website_id, event.door) == ("Mara Manager", "ours", "staff")
    shown = browser.get("/websites/ours").text
    assert "<del>Our park</del>" in shown
    assert "Mara Manager" in shown


def test_saving_without_a_change_leaves_no_trace(house: House) -> None:
    ours = website()
    form = {**NEW, "name": ours.name, "domain": ours.domain, "webhook_url": ""}
    house.browser("manager").post("/websites/ours/edit", data=form)
    assert db.session.scalars(select(Event).where(Event.name == "website.updated")).all() == []


def test_switching_off_and_on(house: House) -> None:
    browser = house.browser("manager")
    browser.post("/websites/ours/switch", data={"on": "0"})
    assert not website().is_active
    assert "switched the website off" in browser.get("/websites/ours").text
    browser.post("/websites/ours/switch", data={"on": "1"})
    assert website().is_active


def test_a_key_is_issued_replaced_and_revoked(house: House) -> None:
    browser = house.browser("manager")
    form = {"name": "Till", "scopes": "write:bookings", "allowed_ips": "10.0.0.0/8, ::1"}
    [first] = secrets_in(browser.post("/websites/ours/keys", data=form).text)
    key = db.session.scalars(select(ApiKey)).one()
    replaced = browser.post(f"/websites/ours/keys/{key.id}/rotate")
    assert "The old key works for another 24 hours" in replaced.text
    [second] = secrets_in(replaced.text)
    assert "Replaced" in browser.get("/websites/ours").text
    browser.post(f"/websites/ours/keys/{key.id}/revoke")
    callers = [apikeys.find(db.session(), clear) for clear in (first, second)]
    assert [bool(c and c.works_at(now())) for c in callers] == [False, True]
    assert second not in browser.get("/websites/ours").text


def test_a_key_is_edited_in_the_days_of_its_website(house: House) -> None:
    browser, key = house.browser("manager"), ApiKeyFactory.create(website_id="ours")
    address = f"/websites/ours/keys/{key.id}"
    form = {"name": "Till", "scopes": ["read:bookings"], "allowed_ips": "10.0.0.1\n::1"}
    last_day = (now() + timedelta(days=30)).date()
    answer = browser.post(address, data={**form, "expires_on": last_day.isoformat()})
    assert answer.location == "/websites/ours"
    bangkok = ZoneInfo("Asia/Bangkok")
    end = datetime.combine(last_day + timedelta(days=1), time(), bangkok)
    assert (key.name, key.scopes, key.expires_at) == ("Till", ["read:bookings"], end)
    assert key.allowed_ips == ["10.0.0.1", "::1"]
    shown = browser.get(address).text
    for expected in (f'value="{last_day}"', "10.0.0.1\n::1", 'value="read:bookings" checked'):
        assert expected in shown
    panel = browser.get("/websites/ours").text
    assert "only from 10.0.0.1, ::1" in panel
    assert "changed the key Till" in panel


def test_an_end_in_the_middle_of_a_day_stays_when_nobody_changes_it(house: House) -> None:
    end = now().replace(microsecond=0) + timedelta(days=3)
    key = ApiKeyFactory.create(website_id="ours", expires_at=end)
    day = end.astimezone(ZoneInfo("Asia/Bangkok")).date().isoformat()
    form = {"name": "X", "scopes": "read:bookings", "expires_on": day}
    house.browser("manager").post(f"/websites/ours/keys/{key.id}", data=form)
    assert (key.name, key.expires_at) == ("X", end)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["root:everything"]}, "error-summary"),
        ({"allowed_ips": "example.com"}, "is not an address or network"),
        ({"expires_on": "2020-01-01"}, "Must lie in the future"),
        ({"expires_on": "soon"}, "error-summary"),
        ({"expires_on": "9999-12-31"}, "Must lie in the future"),
    ],
)
def test_a_wrong_key_keeps_what_was_typed(house: House, form: dict[str, object], said: str) -> None:
    key = ApiKeyFactory.create(website_id="ours")
    typed = {"name": "Typed by hand", "scopes": ["read:bookings"], **form}
    for address in ("/websites/ours/keys", f"/websites/ours/keys/{key.id}"):
        answer = house.browser("manager").post(address, data=typed)
        assert answer.status_code == 422
        assert said in answer.text or said.lower() in answer.text
        assert "Typed by hand" in answer.text
    assert key.name == "Test key"


def test_a_new_webhook_secret(house: House) -> None:
    before = website().webhook_secret
    answer = house.browser("manager").post("/websites/ours/secret")
    assert secrets_in(answer.text) == [website().webhook_secret]
    assert answer.headers["Cache-Control"] == "no-store"
    assert website().signing_secrets() == [website().webhook_secret, before]


def test_a_key_of_another_website_is_not_found(house: House) -> None:
    theirs = ApiKeyFactory.create(website_id="theirs")
    answer = house.browser("manager").post(f"/websites/ours/keys/{theirs.id}/revoke")
    assert answer.status_code == 404
    assert theirs.revoked_at is None


def test_the_list_costs_the_same_for_any_number(house: House, owner: FlaskClient) -> None:
    with counted_queries(house.app) as few:
        owner.get("/websites")
    for n in range(20):
        made = WebsiteFactory.create()
        ApiKeyFactory.create(website_id=made.id, key_hash=hash_secret(str(n)))
    with counted_queries(house.app) as many:
        answer = owner.get("/websites")
    assert answer.text.count('data-row="') == 22
    assert len(many) == len(few) <= 12


def test_a_long_list_goes_on(house: House, owner: FlaskClient) -> None:
    WebsiteFactory.create_batch(120)
    first = owner.get("/websites").text
    following = re.search(r'hx-get="(/websites\?after=[^"]+)"', first)
    assert following
    second = owner.get(following[1]).text
    rows = re.findall(r'data-row="([^"]+)"', first + second)
    assert len(rows) == len(set(rows)) == 122


@pytest.mark.parametrize(("reason", "again"), [(GONE, True), ("Closed for repairs.", False)])
def test_a_new_address_gets_a_new_chance(house: House, reason: str, again: bool) -> None:
    destination = Destination(channel="webhook", key="website:ours", label="Our park")
    destination.is_on, destination.off_reason = False, reason
    db.session.add(destination)
    browser = house.browser("manager")
    form = {**NEW, "webhook_url": "https://old.example.com/hook"}
    db.session.get_one(Website, "ours").webhook_url = form["webhook_url"]
    assert reason in browser.get("/websites/ours").text
    browser.post("/websites/ours/edit", data={**form, "name": "Another name"})
    assert not destination.is_on
    browser.post("/websites/ours/edit", data=NEW)
    assert destination.is_on is again
