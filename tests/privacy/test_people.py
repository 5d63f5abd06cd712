"""The list of customers: whose guests they are, how they are found, and what their bookings say."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.customers.models import Customer
from app.extensions import db
from app.privacy import people
from app.staff.scope import EVERYTHING
from tests.bookings.made import TODAY, made
from tests.desk import House, browser_of
from tests.factories import BookingFactory, CustomerFactory, person
from tests.harness.counting import counted_queries

ANN = {
    "customer_name": "Ann Lee",
    "customer_email": "ann@example.com",
    "customer_phone": "0811111111",
}
JOSE = {
    "customer_name": "José Bó",
    "customer_email": "jo@example.com",
    "customer_phone": "0822222222",
}
ZOE = {
    "customer_name": "Zoe Far",
    "customer_email": "zoe@example.com",
    "customer_phone": "0833333333",
}


@pytest.fixture(autouse=True)
def guests(house: House) -> None:
    """Ann at both websites, José at ours, Zoe at theirs."""
    made("ours", booking_ref="A-1", **ANN)
    made("theirs", booking_ref="A-2", status="no_show", **ANN)
    made("theirs", booking_ref="A-3", **ANN)
    made("ours", booking_ref="J-1", **JOSE)
    made("theirs", booking_ref="Z-1", **ZOE)


def names(house: House, who: str, **args: str) -> list[str]:
    answer = house.browser(who).get("/customers", query_string=args)
    assert answer.status_code == 200
    return re.findall(r"data-row-link[^>]*>([^<]+)</a>", answer.text)


def test_everybody_sees_the_guests_of_their_own_websites(house: House) -> None:
    assert names(house, "manager") == ["José Bó", "Ann Lee"]
    assert names(house, "colleague") == ["José Bó", "Ann Lee"]
    assert names(house, "outsider") == ["Zoe Far", "Ann Lee"]
    boss = browser_of(house.app, person("superadmin"))
    assert boss.get("/customers").text.count("data-row=") == 3
    assert boss.get("/customers?website=theirs").text.count("data-row=") == 2
    assert house.browser("nobody").get("/customers").status_code == 303
    assert house.browser("manager").get("/customers?website=theirs").status_code == 404
    assert house.browser("manager").get("/customers?after=nonsense").status_code == 400


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("ann", ["Ann Lee"]),
        ("le an", ["Ann Lee"]),
        ("jose", ["José Bó"]),
        ("josé", ["José Bó"]),
        ("0811", ["Ann Lee"]),
        ("081 11", ["Ann Lee"]),
        ("+66 81", ["Ann Lee"]),
        ("006681", ["Ann Lee"]),
        ("ANN@example.com", ["Ann Lee"]),
        ("ann@example", []),
        ("zoe", []),
        ("0833", []),
        ("zoe@example.com", []),
        ("A-1", ["Ann Lee"]),
        ("Z-1", []),
        ("'; :* & !", []),
    ],
)
def test_a_search_stays_within_the_scope(house: House, q: str, expected: list[str]) -> None:
    assert names(house, "manager", q=q) == expected


def test_figures_are_of_the_bookings_that_one_sees(house: House) -> None:
    assert names(house, "manager", only="no_shows") == []
    assert names(house, "outsider", only="no_shows") == ["Ann Lee"]
    assert names(house, "manager", only="repeat") == []
    assert names(house, "outsider", only="repeat") == ["Ann Lee"]
    assert "no-show" not in house.browser("manager").get("/customers").text.replace("no-shows", "")
    assert "1 no-show" in house.browser("outsider").get("/customers").text
    ann = db.session.query(Customer).filter_by(first_name="Ann").one()
    ours = house.browser("manager").get(f"/customers/{ann.id}").text
    assert "of 1 booking" in ours
    assert "Their park" not in ours
    assert "of 2 bookings" in house.browser("outsider").get(f"/customers/{ann.id}").text


def test_who_has_trouble_with_messages(house: House) -> None:
    assert names(house, "manager", only="trouble") == []
    db.session.execute(update(Customer).where(Customer.last_name == "Lee").values(sms_health="bad"))
    assert names(house, "manager", only="trouble") == ["Ann Lee"]
    assert "SMS trouble" in house.browser("manager").get("/customers").text


def test_pages_follow_each_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "ROWS", 3)
    for _ in range(8):
        BookingFactory(website_id="ours")
    seen, after = list[str](), None
    while True:
        found = people.page(db.session(), EVERYTHING, people.Wanted(website="ours"), TODAY, after)
        seen += [row.customer.name for row in found.rows]
        after = found.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 10
    assert {"Ann Lee", "José Bó"} <= set(seen)
    more = house.browser("manager").get(
        "/customers", headers={"HX-Request": "true", "HX-Target": "more"}
    )
    assert more.text.count("data-row=") == 3
    assert "<table" not in more.text


def test_a_merged_record_is_found_as_the_one_that_was_kept(house: House) -> None:
    ann = db.session.query(Customer).filter_by(first_name="Ann").one()
    CustomerFactory.create(phone="+66899999999", first_name="Annie", merged_into_id=ann.id)
    assert names(house, "manager", q="0899") == ["Ann Lee"]
    assert names(house, "manager", q="annie") == ["Ann Lee"]
    assert len(names(house, "manager")) == 2


def test_the_list_costs_the_same_for_any_number(house: House) -> None:
    browser = house.browser("manager")
    with counted_queries(house.app) as few:
        browser.get("/customers")
    for _ in range(10):
        BookingFactory(website_id="ours", activity_date=TODAY - timedelta(days=3))
    with counted_queries(house.app) as many:
        browser.get("/customers")
    assert len(many) == len(few) <= 8
