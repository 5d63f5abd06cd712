"""Customers book treks for themselves and others, change their minds, and call it off."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.bookings.fields import values_of
from app.bookings.models import Booking
from app.bookings.naming import Named, name_travelers
from app.bookings.pricing import hint
from app.customers.models import Customer
from app.events.models import Event
from app.extensions import db
from app.payments.models import Payment, PaymentKind, PaymentState
from app.staff.scope import EVERYTHING
from app.travelers.models import BookingTraveler, Traveler
from tests.api.table_house import takes_money
from tests.bookings.made import MIA
from tests.harness.counting import counted_queries
from tests.signin.people import SignedInCustomer, signed_in_customer
from tests.treks.shop import FIRST, Shop, build, leaves

ANN = {
    "name": "Ann Example",
    "age": 41,
    "gender": "female",
    "phone": "+919876543210",
    "emergency_contact_name": "Eve Example",
    "emergency_contact_phone": "+919876543211",
    "is_primary": True,
}
KIM = {"name": "Kim Example", "age": 9}
TOM = {"name": "Tom Example", "age": 12, "special_requirements": "No nuts"}
BEN = {"name": "Ben Example", "age": 40}
FAMILY = [ANN, BEN, KIM, TOM]


@pytest.fixture
def ann(app: Flask, shop: Shop) -> SignedInCustomer:
    return signed_in_customer(app, first_name="Ann", last_name="Example")


def count(table: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def faults(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.text
    return [each["field"] for each in answer.get_json()["details"]]


def test_a_family_of_four_in_one_call(shop: Shop, ann: SignedInCustomer) -> None:
    booked = shop.book(ann, FAMILY, special_requests="Late arrival", expected_total=2880)["booking"]
    assert (booked["status"], booked["party"], booked["trek_name"]) == ("confirmed", 4, "Base camp")
    assert (booked["first_day"], booked["last_day"]) == ("2026-12-12", "2026-12-16")
    prices = [(each["name"], each["price"], each["is_primary"]) for each in booked["travelers"]]
    assert prices == [
        ("Ann Example", 1000, True),
        ("Ben Example", 1000, False),
        ("Kim Example", 600, False),
        ("Tom Example", 600, False),
    ]
    assert booked["price"] == {"currency": "THB", "subtotal": 3200, "discount": 320, "total": 2880}
    assert booked["travelers"][3]["special_requirements"] == "No nuts"
    assert booked["payment"]["required"] is False
    assert shop.used(shop.batch) == 4
    booking = db.session.get_one(Booking, booked["id"])
    assert hint(values_of(booking), "THB") is None  # staff are told of no odd total
    assert (booking.source, booking.customer_id) == ("customer_app", ann.customer.id)
    assert (booking.customer_name, booking.departure_id) == ("Ann Example", shop.batch.id)
    event = db.session.scalars(select(Event).where(Event.name == "booking.created")).one()
    assert (event.actor_kind, event.actor_label, event.door) == ("customer", "Guest", "app")
    assert "Kim" not in str(event.changes)
    assert count(Customer) == 1


def test_profiles_are_used_again(shop: Shop, ann: SignedInCustomer) -> None:
    first = shop.book(ann, [ANN, KIM])["booking"]
    kim = first["travelers"][1]["traveler_id"]
    again = {"id": kim, "is_primary": False, "special_requirements": "Vegetarian meals"}
    second = shop.book(ann, [BEN | {"is_primary": True}, again], batch_id=str(shop.later.id))
    shown = second["booking"]["travelers"][1]
    assert (shown["name"], shown["traveler_id"]) == ("Kim Example", kim)
    assert shown["special_requirements"] == "Vegetarian meals"
    assert first["travelers"][1]["special_requirements"] is None
    assert count(Traveler) == 3


@pytest.mark.parametrize(
    ("travelers", "fields"),
    [
        ([], ["travelers"]),
        ([{**ANN, "age": 7}], ["travelers.0.age"]),
        ([{"id": str(uuid4())}], ["travelers.0.id"]),
        ([{"age": 30}], ["travelers.0.name"]),
        ([ANN] * 9, ["travelers"]),
    ],
)
def test_a_party_that_cannot_go_leaves_nothing_behind(
    app: Flask, shop: Shop, travelers: list[dict[str, Any]], fields: list[str]
) -> None:
    shop.trek.max_party = 8
    ann = signed_in_customer(app)
    assert faults(shop.call(ann, "POST", "/bookings", shop.wish(travelers))) == fields
    assert (count(Traveler), count(Booking), shop.used(shop.batch)) == (0, 0, 0)


def test_another_customers_profile_is_none(app: Flask, shop: Shop, ann: SignedInCustomer) -> None:
    profile = shop.book(ann, [ANN])["booking"]["travelers"][0]["traveler_id"]
    ben = signed_in_customer(app)
    answer = shop.call(ben, "POST", "/bookings", shop.wish([{"id": profile}]))
    assert faults(answer) == ["travelers.0.id"]


def test_children_go_with_an_adult(app: Flask, db_session: object, noon: object) -> None:
    child = {"category": "child", "label": "Child", "price": "6", "max_age": "15"}
    adult = {"category": "adult", "label": "Adult", "price": "10", "min_age": "16"}
    shop = build(app, min_age="", prices=[adult, {**child, "needs_adult": "1"}])
    ann = signed_in_customer(app)
    answer = shop.call(ann, "POST", "/bookings", shop.wish([KIM]))
    assert faults(answer) == ["travelers.0.age"]
    assert shop.book(ann, [ANN, KIM])["booking"]["price"]["total"] == 16


def test_what_cannot_be_had_is_refused(app: Flask, shop: Shop, ann: SignedInCustomer) -> None:
    shop.book(ann, FAMILY)
    shop.batch.capacity = 7
    refused = shop.call(ann, "POST", "/bookings", shop.wish(FAMILY))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "SLOT_UNAVAILABLE")
    assert (shop.used(shop.batch), count(Traveler)) == (4, 4)
    dearer = shop.call(ann, "POST", "/bookings", shop.wish([ANN], expected_total=900))
    assert (dearer.status_code, dearer.get_json()["code"]) == (409, "CONFLICT")
    told = {"field": "expected_total", "message": "It costs 1,000 THB now."}
    assert dearer.get_json()["details"] == [told]
    shop.later.is_closed = True
    for batch, status in ((shop.later.id, 409), (uuid4(), 404)):
        wish = shop.wish([ANN], batch_id=str(batch))
        assert shop.call(ann, "POST", "/bookings", wish).status_code == status


def test_repeated_with_its_key_it_is_booked_once(shop: Shop, ann: SignedInCustomer) -> None:
    key = {"Idempotency-Key": "one"}
    first = shop.as_guest(ann, "POST", "/bookings", shop.wish(FAMILY), **key)
    again = shop.as_guest(ann, "POST", "/bookings", shop.wish(FAMILY), **key)
    assert first == again
    assert (count(Booking), shop.used(shop.batch)) == (1, 4)
    other = shop.call(ann, "POST", "/bookings", shop.wish([ANN]), **key)
    assert other.status_code == 409


def test_others_go_and_all_are_priced_anew(shop: Shop, ann: SignedInCustomer) -> None:
    booked = shop.book(ann, [ANN, KIM])["booking"]
    ids = {each["name"]: each["traveler_id"] for each in booked["travelers"]}
    going = [{"id": ids["Ann Example"], "is_primary": True}, BEN, TOM]
    path = f"/bookings/{booked['id']}"
    changed = shop.as_guest(ann, "PUT", path, {"version": 1, "travelers": going})["booking"]
    assert [each["name"] for each in changed["travelers"]] == [
        "Ann Example",
        "Ben Example",
        "Tom Example",
    ]
    assert (changed["party"], changed["price"]["total"], changed["version"]) == (3, 2600, 2)
    assert changed["travelers"][0]["id"] == booked["travelers"][0]["id"]
    assert shop.used(shop.batch) == 3
    stale = shop.call(ann, "PUT", path, {"version": 1, "special_requests": "x"})
    assert (stale.status_code, stale.get_json()["version"]) == (409, 2)


def test_another_departure_costs_what_it_did(shop: Shop, ann: SignedInCustomer) -> None:
    booked = shop.book(ann, [ANN, KIM])["booking"]
    shop.trek.group_discounts = [{"guests": 2, "percent": "50"}]
    path = f"/bookings/{booked['id']}"
    moved = shop.as_guest(ann, "PUT", path, {"batch_id": str(shop.later.id)})["booking"]
    assert (moved["first_day"], moved["price"]) == ("2026-12-19", booked["price"])
    assert (shop.used(shop.batch), shop.used(shop.later)) == (0, 2)
    same = [
        {"id": each["traveler_id"], "is_primary": each["is_primary"]}
        for each in booked["travelers"]
    ]
    same[1]["special_requirements"] = "Vegetarian"
    kept = shop.as_guest(ann, "PUT", path, {"travelers": same})["booking"]
    assert kept["price"] == booked["price"]  # the same people
    assert kept["travelers"][1]["special_requirements"] == "Vegetarian"
    shop.later.capacity = 2
    more = [*same, BEN]
    assert shop.call(ann, "PUT", path, {"travelers": more}).status_code == 409
    assert shop.used(shop.later) == 2


def test_on_another_day_they_are_as_old_as_then(shop: Shop, ann: SignedInCustomer) -> None:
    born = {"name": "Kim Example", "birth_date": "2018-12-15"}
    later = str(shop.later.id)
    booked = shop.book(ann, [ANN, {**born, "birth_date": "2010-12-15"}])["booking"]
    assert [each["age"] for each in booked["travelers"]] == [41, 15]
    path = f"/bookings/{booked['id']}"
    moved = shop.as_guest(ann, "PUT", path, {"batch_id": later})["booking"]
    assert [each["age"] for each in moved["travelers"]] == [41, 16]
    assert moved["price"] == booked["price"]
    with_kim = shop.wish([ANN, born], batch_id=later)
    path = f"/bookings/{shop.as_guest(ann, 'POST', '/bookings', with_kim)['booking_id']}"
    younger = shop.call(ann, "PUT", path, {"batch_id": str(shop.batch.id)})
    assert faults(younger) == ["travelers.1.age"]
    assert shop.as_guest(ann, "GET", path)["booking"]["batch_id"] == later


def test_ages_without_a_birthday_grow_with_the_years(
    shop: Shop, ann: SignedInCustomer, db_session: object
) -> None:
    booked = shop.book(ann, [ANN, TOM])["booking"]
    next_year = leaves(shop.trek, FIRST + timedelta(days=350))
    said = db.session.scalars(select(Traveler).where(Traveler.name == TOM["name"])).one()
    assert said.age_on is not None
    path, there = f"/bookings/{booked['id']}", str(next_year.id)
    moved = shop.as_guest(ann, "PUT", path, {"batch_id": there})["booking"]
    assert [each["age"] for each in moved["travelers"]] == [42, 13]
    back = shop.as_guest(ann, "PUT", path, {"batch_id": str(shop.batch.id)})["booking"]
    assert [each["age"] for each in back["travelers"]] == [41, 12]


def test_after_the_cut_off_it_can_only_be_called_off(
    shop: Shop, ann: SignedInCustomer, noon: Any
) -> None:
    booked = shop.book(ann, [ANN])["booking"]
    path = f"/bookings/{booked['id']}"
    assert (booked["can_change"], booked["can_cancel"]) == (True, True)
    assert booked["changeable_until"] == "2026-12-10T23:30:00Z"
    noon.move_to("2026-12-11T12:00:00Z")
    late = shop.as_guest(ann, "GET", path)["booking"]
    assert (late["can_change"], late["can_cancel"]) == (False, True)
    assert shop.call(ann, "PUT", path, {"special_requests": "x"}).status_code == 409
    noon.move_to("2026-12-12T00:00:00Z")
    assert shop.call(ann, "DELETE", path).status_code == 409
    assert shop.used(shop.batch) == 1


def test_called_off_its_places_are_free(shop: Shop, ann: SignedInCustomer) -> None:
    path = f"/bookings/{shop.book(ann, FAMILY)['booking_id']}"
    gone = shop.as_guest(ann, "DELETE", f"{path}?reason=Ill")
    assert (gone["booking"]["status"], gone["refund"]) == ("cancelled", 0)
    assert gone["booking"]["cancellation_reason"] == "Ill"
    assert shop.used(shop.batch) == 0
    again = shop.as_guest(ann, "DELETE", path)
    assert again["booking"]["version"] == gone["booking"]["version"]
    assert shop.call(ann, "PUT", path, {"special_requests": "x"}).status_code == 409
    assert shop.call(ann, "POST", f"{path}/confirm", {}).status_code == 409


def test_a_deposit_is_asked_for_and_goes_back_by_the_rule(
    shop: Shop, ann: SignedInCustomer, noon: Any
) -> None:
    takes_money()
    shop.trek.deposit, shop.venue.late_refund_percent = Decimal(100), 25
    booked = shop.book(ann, [ANN, KIM])["booking"]
    assert booked["status"] == "pending"
    payment = booked["payment"]
    assert (payment["required"], payment["amount"], payment["currency"]) == (True, 200, "THB")
    assert payment["url"]
    assert payment["expires_at"] == booked["held_until"]
    assert booked["can_confirm"] is False  # it is paid instead
    path = f"/bookings/{booked['id']}"
    still = shop.as_guest(ann, "POST", f"{path}/confirm", {})["booking"]
    assert (still["status"], still["payment"]["url"]) == ("pending", payment["url"])
    pay(booked["id"])
    full = shop.as_guest(ann, "GET", path)["booking"]["refund"]
    assert full == {
        "if_cancelled_now": 200,
        "full_until": "2026-12-10T23:30:00Z",
        "percent_later": 25,
    }
    noon.move_to("2026-12-11T12:00:00Z")
    assert shop.as_guest(ann, "GET", path)["booking"]["refund"]["if_cancelled_now"] == 50
    assert shop.as_guest(ann, "DELETE", path)["refund"] == 50


def test_no_party_grows_past_its_deposit(shop: Shop, ann: SignedInCustomer) -> None:
    takes_money()
    shop.trek.deposit, shop.trek.deposit_from_party = Decimal(100), 3
    booked = shop.book(ann, [ANN, KIM])["booking"]
    assert (booked["status"], booked["payment"]["required"]) == ("confirmed", False)
    path = f"/bookings/{booked['id']}"
    grown = shop.call(ann, "PUT", path, {"travelers": [ANN, KIM, TOM]})
    assert (grown.status_code, grown.get_json()["code"]) == (409, "CONFLICT")
    assert shop.used(shop.batch) == 2
    assert shop.as_guest(ann, "PUT", path, {"travelers": [ANN, TOM]})["booking"]["party"] == 2


def pay(booking_id: str) -> None:
    """As if the provider had said so."""
    booking = db.session.get_one(Booking, booking_id)
    query = select(Payment).where(Payment.booking_id == booking.id)
    deposit = db.session.scalars(query.where(Payment.kind == PaymentKind.DEPOSIT)).one()
    deposit.state, booking.paid_amount = PaymentState.COMPLETED.value, deposit.amount
    booking.status = booking.stated_status = "confirmed"
    db.session.commit()


def test_what_is_held_is_accepted_in_time(shop: Shop, ann: SignedInCustomer, noon: Any) -> None:
    offered = shop.offer(ann, 2)
    path = f"/bookings/{offered.id}"
    shown = shop.as_guest(ann, "GET", path)["booking"]
    assert (shown["status"], shown["can_confirm"], shown["travelers"]) == ("pending", True, [])
    assert shown["price"]["total"] == 2000  # the most that it can come to
    taken = shop.as_guest(ann, "POST", f"{path}/confirm", {"travelers": [ANN, KIM]})["booking"]
    assert (taken["status"], taken["price"]["total"]) == ("confirmed", 1600)
    again = shop.as_guest(ann, "POST", f"{path}/confirm", {})["booking"]
    assert again["version"] == taken["version"]


def test_the_list_is_paged_by_the_first_day(app: Flask, shop: Shop, ann: SignedInCustomer) -> None:
    for batch in (shop.later, shop.batch, shop.later):
        shop.book(ann, [ANN], batch_id=str(batch.id))
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = shop.as_guest(ann, "GET", f"/bookings?limit=1&after={after}")
        seen += [each["first_day"] for each in page["bookings"]]
        after = page["next"]
    assert seen == ["2026-12-12", "2026-12-19", "2026-12-19"]
    later = shop.as_guest(ann, "GET", "/bookings?from=2026-12-13&status=confirmed")
    assert len(later["bookings"]) == 2
    assert shop.as_guest(ann, "GET", "/bookings?to=2026-12-11")["bookings"] == []
    with counted_queries(app) as many:
        shop.as_guest(ann, "GET", "/bookings")
    assert len(many) <= 6
    with counted_queries(app) as one:
        shop.as_guest(ann, "GET", f"/bookings/{page['bookings'][0]['id']}")
    assert len(one) <= 12


def test_who_has_no_name_yet_is_called_as_the_leader(app: Flask, shop: Shop) -> None:
    nobody = signed_in_customer(app, first_name="", last_name="")
    booked = shop.book(nobody, [BEN])["booking"]
    assert db.session.get_one(Booking, booked["id"]).customer_name == "Ben Example"
    assert booked["travelers"][0]["is_primary"]  # alone
    assert date.fromisoformat(booked["first_day"]) - timedelta(days=22) == date(2026, 11, 20)
    assert count(BookingTraveler) == 1


def test_what_staff_correct_prices_nothing_anew(shop: Shop, ann: SignedInCustomer) -> None:
    booked = shop.book(ann, [ANN, KIM])["booking"]
    rows = {each["name"]: each for each in booked["travelers"]}
    going = [
        Named(UUID(rows["Ann Example"]["id"]), is_primary=True),
        Named(UUID(rows["Kim Example"]["id"]), said={"age": 30}),
    ]
    name_travelers(db.session(), MIA, EVERYTHING, UUID(booked["id"]), going, booked["version"])
    shown = shop.as_guest(ann, "GET", f"/bookings/{booked['id']}")["booking"]
    assert shown["travelers"][1]["age"] == 30
    assert shown["travelers"][1]["price"] == 600
    assert shown["price"] == booked["price"]
