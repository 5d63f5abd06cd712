"""`/api/table-bookings` as a website uses it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.apikeys.models import KeyScope
from app.bookings import paying
from app.bookings.models import Booking
from app.bookings.paying import Captured
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.events.models import SYSTEM, Event
from app.extensions import db
from app.menus.models import BookingItem
from app.payments import queries as payments
from app.payments.models import Payment
from app.staff.context import now
from tests.api import table_house
from tests.api.table_house import SUNDAY, Guests, Restaurant
from tests.factories import ApiKeyFactory, WebsiteFactory, partner_at


@pytest.fixture
def anchor(app: Flask, db_session: object) -> Restaurant:
    return table_house.build(app)


def the_booking() -> Booking:
    return db.session.scalars(select(Booking).execution_options(populate_existing=True)).one()


def faults(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {each["field"]: each["message"] for each in answer.get_json()["details"]}


def test_a_website_books_sunday_lunch(anchor: Restaurant) -> None:
    made = anchor.guests.ok("POST", "", anchor.wish(celebration="A birthday", high_chairs=1))
    assert made["status"] == "confirmed"
    assert made["booking_reference"].startswith("TB-")
    assert made["payment"]["required"] is False
    booking = the_booking()
    assert str(booking.id) == made["booking_id"]
    assert (booking.kind, booking.booking_type, booking.source) == (
        *("table", "sunday_lunch"),
        "website",
    )
    assert (booking.allergies, booking.celebration, booking.high_chairs) == (
        *(["nuts"], "A birthday"),
        1,
    )
    assert booking.total_amount == Decimal("35.50")
    items = db.session.scalars(select(BookingItem).order_by(BookingItem.position)).all()
    assert [(i.name, i.price, i.guest_name) for i in items] == [
        ("Roast beef", Decimal("19.50"), "Mia"),
        ("Nut roast", Decimal(16), "Tom"),
    ]
    shown = anchor.guests.ok("GET", f"/{made['booking_reference'].lower()}")["booking"]
    assert shown["menu_selections"][0]["price"] == 19.5
    assert shown["starts_at"] == "2027-03-07T12:00:00Z"
    row = db.session.scalars(select(SyncLog)).one()
    assert (row.event_type, row.http_status, row.booking_id) == ("booking.created", 201, booking.id)


def test_what_is_offered(anchor: Restaurant) -> None:
    (venue,) = anchor.guests.ok("GET", "/venues")["venues"]
    assert {each["booking_type"] for each in venue["tables"]} == {"regular", "sunday_lunch"}
    where = f"venue_id={anchor.venue.id}&date={SUNDAY}"
    sections = anchor.guests.ok("GET", f"/menu?{where}")["sections"]
    assert [each["name"] for each in sections] == ["Roasts", "Puddings"]
    anchor.nut.is_available = False
    anchor.pudding.until_day = SUNDAY - timedelta(days=1)
    db.session.flush()
    (roasts,) = anchor.guests.ok("GET", f"/menu?{where}")["sections"]
    assert [each["name"] for each in roasts["items"]] == ["Roast beef"]
    assert anchor.guests.ok("GET", f"/menu?{where}&booking_type=regular")["sections"] == []


def times(anchor: Restaurant, party: int, kind: str = "sunday_lunch") -> list[str]:
    query = f"venue_id={anchor.venue.id}&date={SUNDAY}&party_size={party}&booking_type={kind}"
    (found,) = anchor.guests.ok("GET", f"/availability?{query}")["activities"]
    return [slot["time_slot"] for slot in found["slots"]]


def test_availability_is_for_the_whole_party_and_its_whole_stay(anchor: Restaurant) -> None:
    assert times(anchor, 8) == ["12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00"]
    assert times(anchor, 9) == [], "the kitchen takes eight at a time"
    anchor.guests.ok("POST", "", anchor.wish(time="13:00"))
    assert times(anchor, 8)[:1] == ["12:00"]
    six = [anchor.dish(anchor.beef, quantity=6)]
    anchor.guests.ok("POST", "", anchor.wish(party_size=6, menu_selections=six, time="13:30"))
    assert times(anchor, 2) == ["12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00"]
    assert times(anchor, 3) == ["12:00", "14:30", "15:00"]
    full = anchor.guests.call("POST", "", anchor.wish(party_size=3, menu_selections=[
        anchor.dish(anchor.beef, quantity=3)], time="13:00"))  # fmt: skip
    assert (full.status_code, full.get_json()["code"]) == (409, "SLOT_UNAVAILABLE")


def test_dishes_that_cannot_be_had_are_named(anchor: Restaurant) -> None:
    anchor.nut.is_available = False
    anchor.beef.from_day = SUNDAY + timedelta(days=1)
    db.session.flush()
    found = faults(anchor.guests.call("POST", "", anchor.wish()))
    assert found == {
        "menu_selections.0.menu_item_id": "Roast beef is not served on 7 March 2027.",
        "menu_selections.1.menu_item_id": "Nut roast is not available.",
    }
    assert db.session.scalars(select(Booking)).all() == []
    plain = anchor.wish(booking_type="regular", menu_selections=[anchor.dish(anchor.nut)])
    assert "Sunday lunch only" in str(faults(anchor.guests.call("POST", "", plain)))
    elsewhere = {"menu_item_id": str(anchor.venue.id)}
    strange = anchor.wish(menu_selections=[elsewhere])
    assert "no such dish" in str(faults(anchor.guests.call("POST", "", strange)))


def test_everybody_chooses_a_main_dish(anchor: Restaurant) -> None:
    one = [anchor.dish(anchor.beef), anchor.dish(anchor.pudding)]
    found = faults(anchor.guests.call("POST", "", anchor.wish(menu_selections=one)))
    assert found["menu_selections"] == "Every guest chooses a main dish: 1 still missing."
    three = [anchor.dish(anchor.beef, quantity=3)]
    assert "3 main" in str(
        faults(anchor.guests.call("POST", "", anchor.wish(menu_selections=three)))
    )
    plain = anchor.wish(booking_type="regular", menu_selections=[])
    anchor.guests.ok("POST", "", plain)
    assert the_booking().total_amount == 0


def test_a_repeated_call_books_once(anchor: Restaurant) -> None:
    body = anchor.wish()
    first, again = (
        anchor.guests.ok("POST", "", body, **{"Idempotency-Key": "one"}) for _ in range(2)
    )
    assert first == again
    other = anchor.guests.call("POST", "", anchor.wish(time="14:00"), **{"Idempotency-Key": "one"})
    assert other.status_code == 409
    assert the_booking().time_slot == "12:00"


def test_guests_are_found_again_and_say_whether_they_want_messages(anchor: Restaurant) -> None:
    anchor.guests.ok("POST", "", anchor.wish())
    customer = db.session.scalars(select(Customer)).one()
    assert (customer.phone, customer.sms_opt_in_at) == ("+447911123456", None)
    wants = {"first_name": "Demo", "mobile_number": "07911 123456", "sms_opt_in": True}
    anchor.guests.ok("POST", "", anchor.wish(time="14:30", customer=wants))
    db.session.expire_all()
    customer = db.session.scalars(select(Customer)).one()
    assert (customer.sms_opt_in, customer.sms_opt_in_source) == (True, "website:ours")
    assert (customer.table_booking_count, customer.last_table_booking_date) == (2, SUNDAY)


def test_a_change_is_one_event(anchor: Restaurant) -> None:
    reference = anchor.guests.ok("POST", "", anchor.wish())["booking_reference"]
    three = [anchor.dish(anchor.beef, "Mia"), anchor.dish(anchor.nut, quantity=2)]
    change = {"party_size": 3, "time": "13:00", "menu_selections": three, "allergies": []}
    changed = anchor.guests.ok("PUT", f"/{reference}", change)["booking"]
    assert (changed["party_size"], changed["time"], changed["version"]) == (3, "13:00", 2)
    assert changed["total_amount"] == 51.5
    event = db.session.scalars(select(Event).where(Event.name == "booking.updated")).one()
    assert {"menu_choices", "allergies", "guest_count", "time_slot", "total_amount"} <= set(
        event.changes
    )
    assert "Mia" not in str(event.changes), "who eats what is sealed"
    again = anchor.guests.ok("PUT", f"/{reference}", {**change, "version": 2})["booking"]
    assert again["version"] == 2
    old = anchor.guests.call("PUT", f"/{reference}", {**change, "version": 1})
    assert old.status_code == 409


def test_more_guests_need_more_dishes(anchor: Restaurant) -> None:
    reference = anchor.guests.ok("POST", "", anchor.wish())["booking_reference"]
    found = faults(anchor.guests.call("PUT", f"/{reference}", {"party_size": 3}))
    assert found == {"menu_selections": "Every guest chooses a main dish: 1 still missing."}
    assert the_booking().guest_count == 2


def test_what_was_chosen_keeps_its_price_and_its_place(anchor: Restaurant) -> None:
    reference = anchor.guests.ok("POST", "", anchor.wish())["booking_reference"]
    anchor.beef.price, anchor.beef.is_available = Decimal(25), False
    db.session.flush()
    same = [anchor.dish(anchor.beef, "Kim"), anchor.dish(anchor.nut)]
    shown = anchor.guests.ok("PUT", f"/{reference}", {"menu_selections": same})["booking"]
    assert shown["menu_selections"][0] | {"menu_item_id": ""} == {
        "menu_item_id": "",
        "name": "Roast beef",
        "price": 19.5,
        "quantity": 1,
        "guest_name": "Kim",
        "special_requests": None,
    }
    more = {"menu_selections": [anchor.dish(anchor.beef, quantity=2)]}
    assert "not available" in str(faults(anchor.guests.call("PUT", f"/{reference}", more)))


def test_a_deposit_is_asked_for_and_makes_it_count(app: Flask, db_session: object) -> None:
    anchor = table_house.build(app, deposit="10", deposit_from_party="2")
    table_house.takes_money()
    made = anchor.guests.ok("POST", "", anchor.wish())
    payment = made["payment"]
    assert (made["status"], payment["required"], payment["amount"]) == ("pending", True, 20)
    assert payment["url"].startswith("http")
    booking = the_booking()
    assert booking.version == 1, "asking for the deposit is part of booking"
    deposit = db.session.scalars(select(Payment)).one()
    captured = Captured("capture-1", Decimal(20), "GBP")
    paying.received(db.session(), SYSTEM, deposit.id, captured, now())
    shown = anchor.guests.ok("GET", f"/{made['booking_reference']}")
    assert (shown["status"], shown["payment"]["paid"], shown["payment"]["url"]) == (
        *("confirmed", 20),
        None,
    )


@pytest.mark.parametrize(
    ("hours_before", "percent", "refund"), [(30, 50, 20), (2, 50, 10), (2, 0, 0)]
)
def test_who_cancels_gets_back_what_the_rule_says(
    app: Flask, db_session: object, hours_before: int, percent: int, refund: int
) -> None:
    anchor = table_house.build(app, deposit="10")
    anchor.venue.late_refund_percent = percent
    table_house.takes_money()
    reference = anchor.guests.ok("POST", "", anchor.wish())["booking_reference"]
    booking = the_booking()
    deposit = payments.open_deposit(db.session(), booking.id)
    assert deposit is not None
    assert booking.starts_at is not None
    paying.received(db.session(), SYSTEM, deposit.id, Captured("c-1", Decimal(20), "GBP"), now())
    with time_machine.travel(booking.starts_at - timedelta(hours=hours_before)):
        late = anchor.guests.call("PUT", f"/{reference}", {"time": "14:00"})
        assert late.status_code == (200 if hours_before > 24 else 409)
        gone = anchor.guests.ok("DELETE", f"/{reference}?reason=Ill")
        assert (gone["status"], gone["refund"]) == ("cancelled", refund)
        again = anchor.guests.ok("DELETE", f"/{reference}")
        assert (again["status"], again["refund"]) == ("cancelled", 0)
    assert db.session.scalars(select(Customer.table_booking_count)).one() == 0


def test_what_has_begun_is_not_cancelled(anchor: Restaurant) -> None:
    reference = anchor.guests.ok("POST", "", anchor.wish())["booking_reference"]
    begins = the_booking().starts_at
    assert begins is not None
    with time_machine.travel(begins + timedelta(minutes=1)):
        assert anchor.guests.call("DELETE", f"/{reference}").status_code == 409


def test_others_do_not_find_it(app: Flask, anchor: Restaurant) -> None:
    reference = anchor.guests.ok("POST", "", anchor.wish())["booking_reference"]
    WebsiteFactory.create(id="theirs")
    ApiKeyFactory.create(
        website_id="theirs", clear="theirs_sk_tables", scopes=[KeyScope.MANAGE_TABLES.value]
    )
    theirs = Guests(app.test_client(), "theirs_sk_tables")
    for method in ("GET", "PUT", "DELETE"):
        body = {"party_size": 1} if method == "PUT" else None
        assert theirs.call(method, f"/{reference}", body).status_code == 404
    assert theirs.call("POST", "", anchor.wish()).status_code == 404
    where = f"venue_id={anchor.venue.id}&date={SUNDAY}"
    assert theirs.get(f"/availability?{where}&party_size=2").status_code == 404
    assert theirs.get(f"/menu?{where}").status_code == 404
    assert theirs.ok("GET", "/venues")["venues"] == []
    partner = partner_at(anchor.venue)
    the_booking().partner_id = partner.id
    db.session.flush()
    assert anchor.guests.get(f"/{reference}").status_code == 404


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [
        (KeyScope.READ_TABLES, (200, 403)),
        (KeyScope.WRITE_TABLES, (403, 201)),
        (KeyScope.MANAGE_TABLES, (200, 201)),
        (KeyScope.MANAGE_BOOKINGS, (403, 403)),
    ],
)
def test_a_key_does_what_its_scope_says(
    app: Flask, anchor: Restaurant, scope: KeyScope, statuses: tuple[int, int]
) -> None:
    ApiKeyFactory.create(website_id="ours", clear="ours_sk_other", scopes=[scope.value])
    other = Guests(app.test_client(), "ours_sk_other")
    found = other.get("/venues").status_code, other.call("POST", "", anchor.wish()).status_code
    assert found == statuses


def test_faulty_bodies_are_refused_with_every_fault(anchor: Restaurant) -> None:
    body = anchor.wish(time="noon", party_size=0, allergies="nuts", surprise=1)
    found = faults(anchor.guests.call("POST", "", body))
    assert set(found) >= {"time", "party_size", "allergies", "surprise"}
    nobody = anchor.wish(customer={"first_name": "Demo"})
    assert "mobile number" in str(faults(anchor.guests.call("POST", "", nobody)))


def test_a_word_of_the_address_is_no_reference(anchor: Restaurant) -> None:
    assert anchor.guests.call("PUT", "/menu", {"party_size": 2}).status_code == 405
    assert anchor.guests.call("DELETE", "/menus").status_code == 404
