"""The JSON door of staff: guests, and what was written to them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings.models import Booking
from app.crypto import hash_email
from app.customers.models import Customer
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.extensions import db
from app.messaging.models import Message
from tests.bookings.made import made
from tests.desk import House, browser_of, build_house
from tests.factories import CustomerFactory, holder, person
from tests.harness import isolation
from tests.harness.counting import counted_queries

ANN = {
    "customer_name": "Ann Lee",
    "customer_email": "ann@example.com",
    "customer_phone": "0811111111",
}
ZOE = {
    "customer_name": "Zoe Far",
    "customer_email": "zoe@example.com",
    "customer_phone": "0833333333",
}


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def bookings(house: House) -> dict[str, Booking]:
    """Ann at both websites, Zoe at theirs; each was written to about each."""
    found = {
        "A-1": made("ours", booking_ref="A-1", **ANN),
        "A-2": made("theirs", booking_ref="A-2", status="no_show", **ANN),
        "Z-1": made("theirs", booking_ref="Z-1", **ZOE),
    }
    for booking in found.values():
        written(booking)
    return found


def written(booking: Booking, state: str = "sent", **fields: Any) -> Message:
    """A message about a booking to its guest."""
    about = NewEvent("booking.created", "booking", str(booking.id), website_id=booking.website_id)
    values = {
        "kind": "confirmation",
        "medium": "email",
        "audience": "guest",
        "recipient": booking.customer_email,
        "subject": f"Booking {booking.booking_ref}",
        "body": f"See you soon: {booking.booking_ref}",
        "customer_id": booking.customer_id,
        **fields,
    }
    message = Message(
        website_id=booking.website_id,
        event_id=record(db.session(), SYSTEM, about),
        booking_id=booking.id,
        state=state,
        **values,
    )
    db.session.add(message)
    db.session.flush()
    return message


def got(client: FlaskClient, address: str, **query: Any) -> dict[str, Any]:
    answer = client.get(address, query_string=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.get_json()
    return found


def names(client: FlaskClient, **query: Any) -> list[str]:
    return [each["name"] for each in got(client, "/api/customers", **query)["customers"]]


def said(client: FlaskClient, to: str, **query: Any) -> list[str]:
    return [
        each["booking_ref"] for each in got(client, "/api/messages", to=to, **query)["messages"]
    ]


@pytest.mark.usefixtures("bookings")
class TestCustomers:
    def test_the_guests_of_one_s_own_websites(self, house: House) -> None:
        assert names(house.browser("manager")) == ["Ann Lee"]
        assert names(house.browser("outsider")) == ["Zoe Far", "Ann Lee"]
        assert names(browser_of(house.app, person("superadmin"))) == ["Zoe Far", "Ann Lee"]
        boss = browser_of(house.app, person("superadmin"))
        assert names(boss, website_id="ours") == ["Ann Lee"]
        assert names(boss, website_id="no-such-website") == []
        assert names(house.browser("manager"), website_id="theirs") == []

    def test_a_guest_as_the_page_shows_them(self, house: House) -> None:
        (ann,) = got(house.browser("colleague"), "/api/customers")["customers"]
        ann.pop("id")
        assert ann == {
            "name": "Ann Lee",
            "first_name": "Ann",
            "last_name": "Lee",
            "phone": "+66811111111",
            "email": "ann@example.com",
            "bookings": 1,
            "visits": 0,
            "no_shows": 0,
            "last_visit": None,
            "next_visit": ann["next_visit"],
            "sms_health": "good",
            "email_health": "good",
            "erased": False,
        }
        theirs = got(house.browser("outsider"), "/api/customers", q="ann")["customers"]
        assert [each["no_shows"] for each in theirs] == [1]

    @pytest.mark.parametrize(
        ("q", "expected"),
        [
            ("ann", ["Ann Lee"]),
            ("0811", ["Ann Lee"]),
            ("+66 81", ["Ann Lee"]),
            ("ANN@example.com", ["Ann Lee"]),
            ("ann@example", []),
            ("zoe", []),
            ("0833", []),
            ("zoe@example.com", []),
        ],
    )
    def test_a_search_stays_within_the_scope(
        self, house: House, q: str, expected: list[str]
    ) -> None:
        assert names(house.browser("manager"), q=q) == expected

    def test_the_list_is_read_in_stretches(self, house: House) -> None:
        client = house.browser("outsider")
        first = got(client, "/api/customers", limit=1)
        second = got(client, "/api/customers", limit=1, after=first["next"])
        found = [each["name"] for body in (first, second) for each in body["customers"]]
        assert (found, second["next"]) == (["Zoe Far", "Ann Lee"], None)
        for bad in ("after=nonsense", "limit=0", "q=%00"):
            assert client.get(f"/api/customers?{bad}").status_code == 400

    def test_who_may_not_see_guests_is_told_so(self, house: House) -> None:
        client = browser_of(house.app, holder("ours", "bookings:view", "messages:view"))
        assert client.get("/api/customers").status_code == 403
        assert house.browser("nobody").get("/api/customers").status_code == 401


class TestMessages:
    def test_what_was_written_to_a_guest_of_ours(
        self, house: House, bookings: dict[str, Booking]
    ) -> None:
        body = got(house.browser("manager"), "/api/messages", to="ann@example.com")
        (message,) = body["messages"]
        made_at = message.pop("created_at")
        sent = db.session.scalars(select(Message).where(Message.website_id == "ours")).one()
        assert made_at == sent.created_at.isoformat()
        assert (message, body["next"]) == (
            {
                "id": str(sent.id),
                "website_id": "ours",
                "booking_id": str(bookings["A-1"].id),
                "booking_ref": "A-1",
                "customer_id": str(bookings["A-1"].customer_id),
                "kind": "confirmation",
                "medium": "email",
                "language": "en",
                "state": "sent",
                "reason": None,
                "error_code": None,
                "recipient": "ann@example.com",
                "subject": "Booking A-1",
                "body": "See you soon: A-1",
                "segments": None,
                "sent_at": None,
                "delivered_at": None,
            },
            None,
        )

    @pytest.mark.usefixtures("bookings")
    @pytest.mark.parametrize(
        "to",
        [
            "0811111111",
            "081-111 1111",
            "(081) 111.1111",
            "+66 81 111 1111",
            "66811111111",
            "0066811111111",
            " Ann@Example.com ",
        ],
    )
    def test_any_way_of_writing_whom(self, house: House, to: str) -> None:
        assert said(house.browser("manager"), to) == ["A-1"]
        assert said(house.browser("outsider"), to) == ["A-2"]

    @pytest.mark.usefixtures("bookings")
    def test_only_who_is_meant_exactly(self, house: House) -> None:
        client = house.browser("manager")
        for nobody in ("+66811111112", "nn@example.com", "0833333333", "zoe@example.com"):
            assert said(client, nobody) == []
        for unclear in ("", "0811", "Ann Lee", "%00", "A-1"):
            answer = client.get(f"/api/messages?to={unclear}")
            assert answer.status_code == 400
            assert [fault["field"] for fault in answer.get_json()["details"]] == ["to"]
        assert client.get("/api/messages").status_code == 400

    @pytest.mark.usefixtures("bookings")
    def test_nothing_of_a_website_whose_messages_one_does_not_read(self, house: House) -> None:
        boss = browser_of(house.app, person("superadmin"))
        assert said(boss, "0811111111") == ["A-2", "A-1"]
        assert said(boss, "0811111111", website_id="ours") == ["A-1"]
        assert said(house.browser("manager"), "0811111111", website_id="theirs") == []
        reader = holder("ours", "messages:view")
        assert said(browser_of(house.app, reader), "0811111111") == ["A-1"]
        blind = browser_of(house.app, holder("ours", "bookings:view", "customers:view"))
        assert blind.get("/api/messages?to=0811111111").status_code == 403
        assert house.browser("colleague").get("/api/messages?to=0811111111").status_code == 403
        assert house.browser("nobody").get("/api/messages?to=0811111111").status_code == 401

    def test_filters(self, house: House, bookings: dict[str, Booking]) -> None:
        written(bookings["A-1"], "failed", kind="reminder", reason="There is no such address.")
        client = house.browser("manager")
        for query, count in (
            ({}, 2),
            ({"state": "problems"}, 1),
            ({"state": "failed"}, 1),
            ({"state": "delivered"}, 0),
            ({"kind": "confirmation"}, 1),
            ({"kind": "reminder", "state": "sent"}, 0),
        ):
            assert len(said(client, "0811111111", **query)) == count, query
        for bad in ("state=lost", "kind=gossip", "after=nonsense", "limit=0"):
            assert client.get(f"/api/messages?to=0811111111&{bad}").status_code == 400

    def test_staff_s_own_messages_are_not_a_guest_s(
        self, house: House, bookings: dict[str, Booking]
    ) -> None:
        boss = "boss@example.com"
        written(bookings["A-1"], audience="manager", recipient=boss, customer_id=None)
        assert said(house.browser("manager"), "ann@example.com") == ["A-1"]
        assert said(house.browser("manager"), boss) == []

    def test_the_list_is_read_in_stretches(
        self, house: House, bookings: dict[str, Booking]
    ) -> None:
        for kind in ("reminder", "change"):
            written(bookings["A-1"], kind=kind)
        client, kinds = house.browser("manager"), list[str]()
        after: str | None = ""
        while after is not None:
            more = {"after": after} if after else {}
            body = got(client, "/api/messages", to="0811111111", limit=1, **more)
            kinds += [each["kind"] for each in body["messages"]]
            after = body["next"]
        assert kinds == ["change", "reminder", "confirmation"]

    def test_an_address_that_only_a_booking_says(
        self, house: House, bookings: dict[str, Booking]
    ) -> None:
        for booking in (bookings["A-1"], bookings["A-2"]):
            booking.customer_email = "work@example.com"
            booking.customer_email_hash = hash_email("work@example.com")
        assert said(house.browser("manager"), "work@example.com") == ["A-1"]

    def test_a_merged_record_leads_to_the_one_that_was_kept(
        self, house: House, bookings: dict[str, Booking]
    ) -> None:
        ann = db.session.get_one(Customer, bookings["A-1"].customer_id)
        CustomerFactory.create(phone="+66899999999", merged_into_id=ann.id)
        assert said(house.browser("manager"), "0899999999") == ["A-1"]


def test_more_of_them_ask_no_more(house: House, bookings: dict[str, Booking]) -> None:
    client = house.browser("manager")
    for address in ("/api/customers", "/api/messages?to=0811111111"):
        client.get(address)
        with counted_queries(house.app) as few:
            client.get(address)
        for number in range(5):
            made("ours", **{**ZOE, "customer_phone": f"084444444{number}", "customer_email": ""})
            written(bookings["A-1"])
        with counted_queries(house.app) as many:
            client.get(address)
        assert len(many) == len(few) <= 10


@pytest.mark.usefixtures("bookings")
def test_the_scope_holds_without_the_second_wall(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "behind_the_wall", lambda app: nullcontext())
    client = house.browser("manager")
    assert names(client) == ["Ann Lee"]
    assert names(client, q="zoe") == []
    for whom in ("0811111111", "ann@example.com"):
        assert said(client, whom) == ["A-1"]
    for other in ("0833333333", "zoe@example.com"):
        assert said(client, other) == []
