"""Correcting a guest's record, their answer to text messages, and merging on the pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.customers.models import Customer, CustomerMerge
from app.events.models import Event
from app.extensions import db
from app.privacy import editing
from tests.bookings.made import edited, made
from tests.desk import House, browser_of
from tests.factories import CustomerFactory, holder, person

ANN = {
    "customer_name": "Ann Lee",
    "customer_email": "ann@example.com",
    "customer_phone": "0811111111",
}
ANNE = {
    "booking_ref": "B-1",
    "customer_name": "Anne Lee",
    "customer_email": "anne@example.com",
    "customer_phone": "0822222222",
}


@pytest.fixture
def ann(house: House) -> Customer:
    return db.session.get_one(Customer, made("ours", booking_ref="A-1", **ANN).customer_id)


@pytest.fixture
def anne(house: House, ann: Customer) -> Customer:
    return db.session.get_one(Customer, made("ours", **ANNE).customer_id)


def url(customer: Customer, more: str = "") -> str:
    return f"/customers/{customer.id}{more}"


def typed(customer: Customer, **fields: str) -> dict[str, str]:
    return {**editing.shown(customer), "read": editing.fingerprint(customer), **fields}


def told(name: str) -> list[Event]:
    db.session.expire_all()
    return list(db.session.scalars(select(Event).where(Event.name == name).order_by(Event.id)))


def test_name_phone_e_mail_and_language_are_corrected(house: House, ann: Customer) -> None:
    ann.sms_health, ann.sms_failures = "bad", 3
    db.session.flush()
    browser = house.browser("manager")
    assert "Ann" in browser.get(url(ann, "/edit")).text
    new = {
        "first_name": " Anna ",
        "phone": "089 999 9999",
        "email": "a@example.com",
        "language": "es",
    }
    assert browser.post(url(ann, "/edit"), data=typed(ann, **new)).status_code == 303
    db.session.expire_all()
    assert (ann.name, ann.phone, ann.email, ann.language) == (
        *("Anna Lee", "+66899999999", "a@example.com", "es"),
    )
    assert (ann.sms_health, ann.sms_failures) == ("good", 0), "a new number begins anew"
    (event,) = told("customer.updated")
    assert event.sealed_fields() == {"first_name", "phone", "email", "language"}
    assert event.opened(ann.key)["phone"] == ["+66811111111", "+66899999999"]
    browser.post(url(ann, "/edit"), data=typed(ann))
    assert len(told("customer.updated")) == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("first_name", "", "required"),
        ("phone", "ask at the hotel", "no phone number"),
        ("email", "nobody", "no e-mail"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    house: House, ann: Customer, field: str, value: str, said: str
) -> None:
    answer = house.browser("manager").post(url(ann, "/edit"), data=typed(ann, **{field: value}))
    assert answer.status_code == 422
    assert said in answer.text
    assert told("customer.updated") == []


def test_a_number_that_another_has_leads_to_merging(
    house: House, ann: Customer, anne: Customer
) -> None:
    answer = house.browser("manager").post(url(ann, "/edit"), data=typed(ann, phone="0822222222"))
    assert answer.status_code == 422
    assert "Another customer has this phone" in answer.text
    assert f"other={anne.id}" in answer.text
    made("theirs", booking_ref="T-1", customer_phone="0844444444", customer_email="t@example.com")
    hidden = house.browser("manager").post(url(ann, "/edit"), data=typed(ann, phone="0844444444"))
    assert hidden.status_code == 422
    assert "where you do not work" in hidden.text
    assert "other=" not in hidden.text
    assert "Demo Guest" not in hidden.text


def test_somebody_changed_it_meanwhile(house: House, ann: Customer) -> None:
    browser, read = house.browser("manager"), typed(ann)
    browser.post(url(ann, "/edit"), data=typed(ann, last_name="Long"))
    answer = browser.post(url(ann, "/edit"), data={**read, "first_name": "Late"})
    assert answer.status_code == 422
    assert "meanwhile" in answer.text
    db.session.expire_all()
    assert ann.name == "Ann Long"


def test_who_may_edit(house: House, ann: Customer) -> None:
    made("theirs", booking_ref="A-2", **ANN)
    reader = browser_of(house.app, holder("ours", "customers:view"))
    far = browser_of(house.app, holder("theirs", "customers:view", "customers:edit"))
    both = browser_of(house.app, person("admin", "ours", "theirs"))
    posts: list[tuple[str, dict[str, Any]]] = [
        ("/edit", typed(ann)),
        ("/sms", {"wanted": "yes"}),
        ("/mend", {"medium": "sms"}),
    ]
    for more, data in posts:
        assert house.browser("colleague").post(url(ann, more), data=data).status_code == 403
        assert reader.post(url(ann, more), data=data).status_code == 403
        assert far.post(url(ann, more), data=data).status_code == 303, "they are a guest there too"
        assert both.post(url(ann, more), data=data).status_code == 303
    for word in ("/edit", "/merge", "/sms"):
        assert word not in house.browser("colleague").get(url(ann)).text
        assert word in house.browser("manager").get(url(ann)).text


def test_an_answer_to_text_messages_is_shown_with_its_history(house: House, ann: Customer) -> None:
    browser = house.browser("manager")
    assert "Not asked" in browser.get(url(ann)).text
    for wanted in ("yes", "yes", "no"):
        browser.post(url(ann, "/sms"), data={"wanted": wanted})
    assert len(told("customer.opt_in_changed")) == 2
    shown = browser.get(url(ann)).text
    assert shown.count("through the desk") == 3
    assert "Mara Manager" in shown
    assert not ann.sms_opt_in


def test_a_number_is_marked_as_good_again_unless_they_said_stop(
    house: House, ann: Customer
) -> None:
    ann.sms_health, ann.email_health = "stopped", "bad"
    db.session.flush()
    browser = house.browser("manager")
    shown = browser.get(url(ann)).text
    assert "Mark the e-mail as good again" in shown
    assert "Mark the number as good again" not in shown
    for medium in ("sms", "email"):
        browser.post(url(ann, "/mend"), data={"medium": medium})
    db.session.expire_all()
    assert (ann.sms_health, ann.email_health) == ("stopped", "good")
    assert [event.changes for event in told("customer.health_mended")] == [
        {"email_health": ["bad", "good"]}
    ]
    assert browser.post(url(ann, "/mend"), data={"medium": "fax"}).status_code == 400


def test_likely_duplicates_are_offered(house: House, ann: Customer) -> None:
    CustomerFactory.create(first_name="Far", email_hash=ann.email_hash)
    browser = house.browser("manager")
    assert "may be the same person" not in browser.get(url(ann)).text, "nobody of ours"
    twin = made(
        "ours",
        booking_ref="B-1",
        customer_name="Ann Lee",
        customer_email="b@example.com",
        customer_phone="+1 212 511 1111",
    )
    assert f"other={twin.customer_id}" in browser.get(url(ann)).text
    assert "may be the same person" not in house.browser("colleague").get(url(ann)).text


def test_two_records_are_merged_and_taken_apart_on_the_pages(house: House, ann: Customer) -> None:
    other = made("ours", **ANNE)
    anne = db.session.get_one(Customer, other.customer_id)
    browser = house.browser("manager")
    assert "Anne Lee" in browser.get(url(ann, "/merge"), query_string={"q": "anne"}).text
    shown = browser.get(url(ann, "/merge"), query_string={"other": anne.id}).text
    assert "1 booking" in shown
    assert shown.count('type="radio"') == 6
    for _ in range(2):
        sent = {"other": str(anne.id), "phone": "other"}
        assert browser.post(url(ann, "/merge"), data=sent).status_code == 303
    db.session.expire_all()
    (done,) = db.session.scalars(select(CustomerMerge)).all()
    assert (ann.name, ann.phone) == ("Ann Lee", "+66822222222")
    gone = browser.get(url(anne))
    assert gone.status_code == 303
    assert gone.location.endswith(url(ann))
    page = browser.get(url(ann)).text
    assert page.count("data-row=") == 2
    assert "Undo this merge" in page
    assert "Undo this merge" not in house.browser("colleague").get(url(ann)).text
    assert house.browser("outsider").post(url(ann, f"/merges/{done.id}/undo")).status_code == 404
    assert house.browser("colleague").post(url(ann, f"/merges/{done.id}/undo")).status_code == 403
    for _ in range(2):
        assert browser.post(url(ann, f"/merges/{done.id}/undo")).status_code == 303
    db.session.expire_all()
    assert (ann.phone, anne.phone) == ("+66811111111", "+66822222222")
    assert browser.get(url(ann)).text.count("data-row=") == 1
    assert browser.get(url(anne)).status_code == 200
    assert [e.website_id for e in told("customer.merged")] == ["ours"]
    assert [e.website_id for e in told("customer.merge_undone")] == ["ours"]


def test_the_history_of_a_merged_booking_is_read_by_its_own_people(
    house: House, ann: Customer
) -> None:
    """Sealed under the key of a record that has no booking any more: behind the wall."""
    other = made("ours", **ANNE)
    browser = house.browser("manager")
    edited(other, customer_name="Anne Second Lee")
    browser.post(url(ann, "/merge"), data={"other": str(other.customer_id)})
    shown = browser.get(f"/bookings/{other.id}").text
    assert "Anne Second Lee" in shown
    assert "erased" not in re.sub(r'="[^"]*"', "", shown)


def test_what_cannot_be_merged_says_why(house: House, ann: Customer) -> None:
    other = made(
        "ours", booking_ref="B-1", customer_phone="0822222222", customer_email="b@example.com"
    )
    made("theirs", booking_ref="B-2", customer_phone="0822222222", customer_email="b@example.com")
    browser = house.browser("manager")
    shown = browser.get(url(ann, "/merge"), query_string={"other": other.customer_id}).text
    assert "another website" in shown
    assert "Their park" not in shown
    answer = browser.post(url(ann, "/merge"), data={"other": str(other.customer_id)})
    assert answer.status_code == 403
    assert browser.post(url(ann, "/merge"), data={"other": str(ann.id)}).status_code == 400
    assert browser.post(url(ann, "/merge"), data={}).status_code == 422
    assert db.session.scalars(select(CustomerMerge)).all() == []
