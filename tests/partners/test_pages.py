"""The pages of the partners, for a manager, a colleague, an outsider and the owner."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.apikeys.models import ApiKey
from app.deliveries.models import Destination
from app.events.models import Event
from app.extensions import db
from app.partners import callers, queries
from app.partners.models import Partner
from app.staff.context import now
from app.venues.models import Venue
from tests.desk import House
from tests.factories import BookingFactory, VenueFactory, partner_at
from tests.harness.counting import counted_queries

FORM: dict[str, Any] = {
    "name": "Lagoon Tours",
    "company_name": "Lagoon Tours Ltd.",
    "contact_email": "Desk@Lagoon.example.com",
    "contact_phone": "",
    "commission_rate": "12,5 %",
    "payment_relation": "net",
    "allowed_ips": "203.0.113.7",
    "webhook_url": "https://lagoon.example.com/hook",
    "may_change": "y",
}
ADDRESSES = ["", "/edit", "/venues", "/keys/new", "/keys/{key}", "/test"]
CHANGES = ["/edit", "/switch", "/venues", "/secret", "/keys", "/keys/{key}", "/keys/{key}/rotate",
           "/keys/{key}/revoke", "/test"]  # fmt: skip


def secrets_in(text: str) -> list[str]:
    return re.findall(r'id="secret-\d" type="text" value="([^"]+)"', text)


def events(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.name == name)))


def issue(browser: FlaskClient, partner: Partner) -> list[str]:
    form = {"name": "Server", "scopes": ["manage:bookings", "read:availability"]}
    return secrets_in(browser.post(f"/partners/{partner.id}/keys", data=form).text)


def a_key(partner: Partner) -> ApiKey:
    key = ApiKey(name="Server", partner_id=partner.id, prefix="reef", key_hash=b"x", scopes=["read:bookings"])  # fmt: skip  # noqa: E501
    db.session.add(key)
    db.session.flush()
    return key


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 200), ("colleague", 403), ("outsider", 404), ("nobody", 303)]
)
def test_who_opens_what(
    house: House, partner: Partner, who: str, answer: int, address: str
) -> None:
    there = f"/partners/{partner.id}{address.format(key=a_key(partner).id)}"
    got = house.browser(who).get(there)
    assert got.status_code == answer


@pytest.mark.parametrize("address", CHANGES)
@pytest.mark.parametrize(("who", "answer"), [("colleague", 403), ("outsider", 404)])
def test_who_may_not_change_it(
    house: House, partner: Partner, who: str, answer: int, address: str
) -> None:
    there = f"/partners/{partner.id}{address.format(key=a_key(partner).id)}"
    assert house.browser(who).post(there, data=FORM).status_code == answer
    assert db.session.scalars(select(Event).where(Event.subject_type == "partner")).all() == []


@pytest.mark.parametrize("address", [c for c in CHANGES if c != "/venues"])
def test_a_partner_of_two_websites_is_changed_by_who_manages_both(
    house: House, pier: Venue, their_pier: Venue, address: str
) -> None:
    both = partner_at(pier, their_pier)
    there = f"/partners/{both.id}{address.format(key=a_key(both).id)}"
    manager = house.browser("manager")
    answer = manager.post(there, data=FORM)
    assert answer.status_code == 403
    page = manager.get(f"/partners/{both.id}").text
    assert "Our pier" in page
    assert "Their pier" not in page
    assert "1 venue of other websites" in page
    assert "Switch off" not in page


def test_the_list_shows_who_books_here(
    house: House, owner: FlaskClient, partner: Partner, their_pier: Venue
) -> None:
    partner_at(their_pier, name="Not Ours Agency")
    made_lately = {"partner_id": partner.id, "website_id": "ours", "created_at": now()}
    BookingFactory.create(**made_lately)
    BookingFactory.create(**made_lately, status="cancelled")
    BookingFactory.create(**made_lately | {"created_at": now() - timedelta(days=40)})
    text = house.browser("manager").get("/partners").text
    assert "Reef Travel" in text
    assert "Not Ours Agency" not in text
    assert re.search(r'data-label="Bookings, 30 days">1<', text)
    assert "Not Ours Agency" in owner.get("/partners").text
    assert "Reef Travel" not in owner.get("/partners?website=theirs").text
    assert house.browser("colleague").get("/partners").status_code == 403


def test_the_list_goes_on_by_name(house: House, owner: FlaskClient) -> None:
    for number in range(60):
        partner_at(name=f"Agency {number:02d}")
    first = owner.get("/partners").text
    following = re.search(r'href="(/partners\?after=[^"]+)"', first)
    assert following
    second = owner.get(following[1].replace("&amp;", "&")).text
    seen = re.findall(r">(Agency \d\d)<", first) + re.findall(r">(Agency \d\d)<", second)
    assert seen == [f"Agency {number:02d}" for number in range(60)]


def test_the_queries_of_the_list_do_not_grow(house: House, pier: Venue, owner: FlaskClient) -> None:
    counts = []
    for _ in range(2):
        for _ in range(4):
            partner_at(pier)
        db.session.expire_all()
        with counted_queries(house.app) as statements:
            assert owner.get("/partners").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


def test_adding_one(house: House, pier: Venue) -> None:
    form = {**FORM, "venues": [str(pier.id)]}
    answer = house.browser("manager").post("/partners/new", data=form)
    made = db.session.scalars(select(Partner)).one()
    assert answer.location == f"/partners/{made.id}"
    assert (made.contact_email, made.commission_rate) == (
        "desk@lagoon.example.com",
        Decimal("12.5"),
    )
    assert (made.payment_relation, made.allowed_ips) == ("net", ["203.0.113.7"])
    assert (made.may_change, made.shows_contact, made.is_active) == (True, False, True)
    assert queries.websites_of(db.session(), made.id) == {"ours"}
    (event,) = events("partner.added")
    assert (event.website_id, event.actor_label) == ("ours", "Mara Manager")
    assert "lagoon.example.com" not in str(event.changes["contact_email"])


def test_adding_one_needs_a_venue_of_one_s_own(
    house: House, owner: FlaskClient, their_pier: Venue
) -> None:
    manager = house.browser("manager")
    answer = manager.post("/partners/new", data=FORM)
    assert answer.status_code == 422
    assert "Choose at least one venue" in answer.text
    theirs = {**FORM, "venues": [str(their_pier.id)]}
    assert manager.post("/partners/new", data=theirs).status_code == 403
    assert db.session.scalars(select(Partner)).all() == []
    assert owner.post("/partners/new", data=FORM).status_code == 303


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", " ", "Name is required."),
        ("contact_email", "nobody", "This is not an e-mail address."),
        ("contact_email", "desk@reef.example.com", "Another partner has this e-mail address."),
        ("commission_rate", "101", "from 0 to 100 percent"),
        ("commission_rate", "1.234", "at most two decimals"),
        ("commission_rate", "NaN", "from 0 to 100 percent"),
        ("payment_relation", "barter", "Must be one of"),
        ("allowed_ips", "nowhere", "is not an address or network"),
        ("webhook_url", "ftp://x", "not a URL that starts with https://"),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(
    owner: FlaskClient, partner: Partner, field: str, value: str, said: str
) -> None:
    answer = owner.post("/partners/new", data={**FORM, field: value})
    assert answer.status_code == 422
    assert said.lower() in answer.text.lower().replace("&#39;", "'")
    assert "Lagoon Tours Ltd." in answer.text
    assert db.session.scalars(select(Partner)).all() == [partner]


def test_an_edit_is_told_field_by_field(house: House, partner: Partner) -> None:
    browser = house.browser("manager")
    assert 'value="Reef Travel"' in browser.get(f"/partners/{partner.id}/edit").text
    form = {**FORM, "name": "Reef Travel", "may_change": ""}
    answer = browser.post(f"/partners/{partner.id}/edit", data=form)
    assert answer.location == f"/partners/{partner.id}"
    (event,) = events("partner.updated")
    assert event.changes["commission_rate"] == ["15.00", "12.50"]
    assert event.changes["payment_relation"] == ["commission", "net"]
    assert event.changes["may_change"] == [True, False]
    assert "name" not in event.changes
    assert not db.session.get_one(Partner, partner.id).may_change
    shown = browser.get(f"/partners/{partner.id}").text
    assert "<del>15.00</del>" in shown
    browser.post(f"/partners/{partner.id}/edit", data=form)
    assert len(events("partner.updated")) == 1


def test_switching_off_ends_its_keys_at_once(house: House, partner: Partner) -> None:
    browser = house.browser("manager")
    key, _ = issue(browser, partner)
    found = callers.find(db.session(), key)
    assert found
    assert found.works_at(now())
    browser.post(f"/partners/{partner.id}/switch", data={"on": "0"})
    db.session.expire_all()
    assert not found.works_at(now())
    assert "switched the partner off" in browser.get(f"/partners/{partner.id}").text
    browser.post(f"/partners/{partner.id}/switch", data={"on": "1"})
    db.session.expire_all()
    assert found.works_at(now())


def test_venues_of_others_stay_as_they_are(house: House, pier: Venue, their_pier: Venue) -> None:
    both, second = partner_at(pier, their_pier), VenueFactory.create(website_id="ours")
    browser = house.browser("manager")
    text = browser.get(f"/partners/{both.id}/venues").text
    assert "Their pier" not in text
    assert "1 other venue where" in text
    answer = browser.post(f"/partners/{both.id}/venues", data={"venues": [str(second.id)]})
    assert answer.status_code == 303
    allowed = callers.venues_of(db.session(), both.id)
    assert allowed == {second.id: "ours", their_pier.id: "theirs"}
    (event,) = events("partner.venues_changed")
    assert event.changes["venues"] == [["Our pier"], [second.name]]
    refused = browser.post(f"/partners/{both.id}/venues", data={"venues": [str(their_pier.id)]})
    assert refused.status_code == 403


def test_the_last_venue_stays_but_for_who_manages_everywhere(
    house: House, owner: FlaskClient, partner: Partner
) -> None:
    answer = house.browser("manager").post(f"/partners/{partner.id}/venues", data={})
    assert answer.status_code == 422
    assert "Leave it at least one" in answer.text
    assert callers.venues_of(db.session(), partner.id)
    assert owner.post(f"/partners/{partner.id}/venues", data={}).status_code == 303
    assert callers.venues_of(db.session(), partner.id) == {}


def test_leaving_a_partner_to_others_leads_back_to_the_list(
    house: House, pier: Venue, their_pier: Venue
) -> None:
    both = partner_at(pier, their_pier)
    browser = house.browser("manager")
    assert browser.post(f"/partners/{both.id}/venues", data={}).location == "/partners"
    assert browser.get(f"/partners/{both.id}").status_code == 404


def test_the_secret_is_rotated_and_the_endpoint_tried_again(house: House, partner: Partner) -> None:
    gone = {"is_on": False, "off_reason": "The endpoint answered 410 Gone."}
    db.session.add(Destination(key=partner.door, channel="webhook", label="Reef Travel", **gone))
    old = partner.webhook_secret
    answer = house.browser("manager").post(f"/partners/{partner.id}/secret")
    (secret,) = secrets_in(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert partner.signing_secrets() == [secret, old]
    (event,) = events("partner.webhook_secret_rotated")
    assert secret not in str(event.meta)
