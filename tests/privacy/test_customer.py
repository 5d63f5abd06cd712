"""One customer: who sees them and which of their bookings, taking along, the road to erasing."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from sqlalchemy import select

from app.bookings.models import Booking
from app.customers.models import Customer
from app.events.models import Event
from app.extensions import db
from app.ids import new_id
from app.staff.models import Membership, Role, User
from tests.bookings.made import edited, made
from tests.desk import House, browser_of
from tests.factories import person
from tests.harness.counting import counted_queries
from tests.sync.traffic import called


@pytest.fixture
def booking(house: House) -> Booking:
    """Of the demo guest, at `ours`."""
    return made("ours")


@pytest.fixture
def theirs(booking: Booking) -> Booking:
    """Of the same guest, at `theirs`."""
    found = made("theirs", booking_ref="TH-000001", package_name="Their dive")
    assert found.customer_id == booking.customer_id
    return found


def address(booking: Booking, more: str = "") -> str:
    return f"/customers/{booking.customer_id}{more}"


def with_role(website_id: str | None, *permissions: str) -> User:
    role = Role(name=str(new_id()), permissions=list(permissions))
    db.session.add(role)
    user = person(name="Rae Reader")
    db.session.flush()
    db.session.add(Membership(user_id=user.id, role_id=role.id, website_id=website_id))
    db.session.flush()
    return user


def told(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.name == name).order_by(Event.id)))


def test_a_customer_is_seen_where_they_booked(house: House, booking: Booking) -> None:
    for who, status in (("manager", 200), ("colleague", 200), ("outsider", 404), ("nobody", 303)):
        answer = house.browser(who).get(address(booking))
        assert answer.status_code == status, who
        assert ("Demo Guest" in answer.text) is (status == 200)
    stranger = browser_of(house.app, with_role("ours", "bookings:view"))
    assert stranger.get(address(booking)).status_code == 403
    assert house.browser("manager").get(f"/customers/{new_id()}").status_code == 404


def test_only_bookings_in_scope_are_shown(house: House, theirs: Booking, booking: Booking) -> None:
    ours = house.browser("manager").get(address(booking)).text
    assert "World A+" in ours
    assert "Their dive" not in ours
    other = house.browser("outsider").get(address(booking)).text
    assert "Their dive" in other
    assert "World A+" not in other
    boss = browser_of(house.app, person("superadmin")).get(address(booking)).text
    assert "Their dive" in boss
    assert "World A+" in boss


def test_amounts_need_their_permission(house: House, booking: Booking) -> None:
    assert "8,500" in house.browser("manager").get(address(booking)).text
    assert "8,500" not in house.browser("colleague").get(address(booking)).text


def test_buttons_are_for_who_may_press_them(house: House, booking: Booking) -> None:
    manager = house.browser("manager").get(address(booking)).text
    colleague = house.browser("colleague").get(address(booking)).text
    for word in ("Export JSON", "Read everything", "/erase"):
        assert word in manager
        assert word not in colleague
    for more in ("/export", "/erase"):
        assert house.browser("colleague").post(address(booking, more)).status_code == 403
        assert house.browser("outsider").post(address(booking, more)).status_code == 404


def test_everything_within_scope_comes_along(
    house: House, theirs: Booking, booking: Booking
) -> None:
    edited(booking, customer_name="Demo Guest Senior", guest_count=4)
    called("ours", booking, request_body='{"said": "by ours"}')
    called("theirs", theirs, request_body='{"said": "by theirs"}')
    manager = house.browser("manager")
    answer = manager.post(address(booking, "/export"), data={"format": "json"})
    assert answer.mimetype == "application/json"
    assert "attachment" in answer.headers["Content-Disposition"]
    held = json.loads(answer.data)
    assert held["customer"]["email"] == "guest@example.com"
    assert [one["booking_ref"] for one in held["bookings"]] == ["HW-000023"]
    assert held["bookings"][0]["customer_name"] == "Demo Guest Senior"
    names = [event["name"] for event in held["history"]]
    assert names == ["booking.created", "booking.updated"]
    assert held["history"][1]["changes"]["customer_name"] == ["Demo Guest", "Demo Guest Senior"]
    assert [call["request_body"] for call in held["calls"]] == ['{"said": "by ours"}']
    assert "theirs" not in answer.text
    readable = manager.post(address(booking, "/export"))
    for word in ("guest@example.com", "Demo Guest Senior", "by ours", "HW-000023"):
        assert word in readable.text
    assert "by theirs" not in readable.text
    notes = told("customer.exported")
    assert [(note.website_id, note.actor_label) for note in notes] == [("ours", "Mara Manager")] * 2


def test_the_page_costs_the_same_for_any_number(house: House, booking: Booking) -> None:
    browser, url = house.browser("manager"), address(booking)
    with counted_queries(house.app) as few:
        browser.get(url)
    for number in range(15):
        made("ours", booking_ref=f"HW-1{number:05}")
    with counted_queries(house.app) as many:
        answer = browser.get(url)
    assert answer.text.count("data-row=") == 16
    assert len(many) == len(few) <= 12


def test_erasing_asks_for_the_name_or_a_reference(house: House, booking: Booking) -> None:
    browser, url = house.browser("manager"), address(booking, "/erase")
    assert "Erase for good" in browser.get(url).text
    for typed in ("", "Somebody Else", "HW-999999"):
        answer = browser.post(url, data={"typed": typed})
        assert answer.status_code == 422
        assert "neither the name nor a reference" in answer.text
        assert name_of(booking.customer_id) == "Demo"
    assert browser.post(url, data={"typed": "  demo   GUEST "}).status_code == 303
    assert name_of(booking.customer_id) == "Erased guest"
    assert [(e.website_id, e.actor_label) for e in told("customer.erased")] == [
        ("ours", "Mara Manager")
    ]
    shown = browser.get(address(booking)).text
    assert "Demo Guest" not in shown
    assert "World A+" in shown
    assert "already" in browser.get(url).text
    assert browser.post(url, data={"typed": "HW-000023"}).status_code == 409


def name_of(customer_id: UUID) -> str:
    return db.session.get_one(Customer, customer_id, populate_existing=True).first_name


def test_erasing_takes_every_website_they_booked_at(
    house: House, theirs: Booking, booking: Booking
) -> None:
    browser, url = house.browser("manager"), address(booking, "/erase")
    page = browser.get(url).text
    assert "You may not erase this customer" in page
    assert "theirs" in page
    assert "Erase for good" not in page
    answer = browser.post(url, data={"typed": "Demo Guest"})
    assert answer.status_code == 403
    assert name_of(booking.customer_id) == "Demo"
    both = browser_of(house.app, person("admin", "ours", "theirs"))
    assert both.post(url, data={"typed": "TH-000001"}).status_code == 303
    assert name_of(booking.customer_id) == "Erased guest"
    assert [event.website_id for event in told("customer.erased")] == ["ours", "theirs"]
    assert house.browser("outsider").get(address(booking)).status_code == 200
