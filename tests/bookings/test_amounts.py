"""Amounts are for who may see payments at that website; others see the booking without them."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings.amounts import redacted
from app.bookings.fields import FIELDS, MONEY
from app.bookings.models import Booking
from app.deliveries.models import SyncLog
from app.extensions import db
from tests.bookings.made import edited, made
from tests.desk import House, browser_of
from tests.factories import holder
from tests.sync.traffic import called

AMOUNTS = ("3490", "3,490", "7777", "7,777", "431", "222", "pi_demo_amount", "THB")


@pytest.fixture
def booking(house: House) -> Booking:
    return made(
        package_price=3490,
        total_amount=7777,
        discount_amount=431,
        transport_cost=222,
        addons=[{"name": "Photo Package", "quantity": 2, "unit_price": 431}],
        stripe_payment_intent_id="pi_demo_amount",
    )


@pytest.fixture
def colleague(house: House) -> FlaskClient:
    return house.browser("colleague")


@pytest.fixture
def manager(house: House) -> FlaskClient:
    return house.browser("manager")


def found(text: str) -> list[str]:
    """The amounts that stand in a page, apart from its icons and ids."""
    beside = r"<svg.*?</svg>|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d"
    bare = re.sub(beside, "", text, flags=re.DOTALL)
    return [amount for amount in AMOUNTS if amount in bare]


@pytest.mark.parametrize("where", ["/bookings?when=all", "/bookings/{id}", "/bookings/{id}/edit"])
def test_pages(booking: Booking, colleague: FlaskClient, manager: FlaskClient, where: str) -> None:
    address = where.format(id=booking.id)
    assert found(manager.get(address).text)
    answer = colleague.get(address)
    assert answer.status_code == 200
    assert found(answer.text) == []


def test_add_ons_stay_without_their_prices(booking: Booking, colleague: FlaskClient) -> None:
    assert "2 × Photo Package" in colleague.get(f"/bookings/{booking.id}").text


def test_the_history(booking: Booking, colleague: FlaskClient, manager: FlaskClient) -> None:
    address = f"/api/bookings/{booking.id}"
    addons = [{"name": "Shirt", "quantity": 1, "unit_price": 222}]
    changes = {"version": 1, "total_amount": 7778, "addons": addons, "guest_count": 5}
    assert manager.put(address, json=changes).status_code == 200
    seen = colleague.get(f"/bookings/{booking.id}").text
    assert "Total" in seen
    assert "hidden" in seen
    assert "1 × Shirt" in seen
    assert not {"7,778", "222"} & set(re.findall(r"[\d,]+", seen))
    assert "7,778" in manager.get(f"/bookings/{booking.id}").text


def test_json_has_null_in_their_place(booking: Booking, colleague: FlaskClient) -> None:
    one = colleague.get(f"/api/bookings/{booking.id}").get_json()["booking"]
    listed = colleague.get("/api/bookings").get_json()["bookings"][0]
    for shown in (one, listed):
        assert {name: shown[name] for name in MONEY} == dict.fromkeys(MONEY)
        assert shown["addons"] == [{"name": "Photo Package", "quantity": 2, "unit_price": None}]
        assert shown["guest_count"] == booking.guest_count


@pytest.mark.parametrize(
    "change", [{"total_amount": 1}, {"discount_amount": 1}, {"addons": []}, {"package_price": 0}]
)
@pytest.mark.parametrize("status", [{}, {"status": "cancelled"}])
def test_nobody_sets_what_they_may_not_see(
    booking: Booking, colleague: FlaskClient, change: dict[str, object], status: dict[str, str]
) -> None:
    body = {"version": 1, "guest_count": 9, **change, **status}
    answer = colleague.put(f"/api/bookings/{booking.id}", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["details"][0]["field"] == next(iter(change))
    db.session.expire_all()
    assert (booking.version, booking.guest_count) == (1, 2)
    assert booking.total_amount == Decimal(7777)


def test_a_form_changes_the_rest_and_leaves_the_amounts(
    booking: Booking, colleague: FlaskClient
) -> None:
    page = colleague.get(f"/bookings/{booking.id}/edit").text
    match = re.search(r'name="originals"[^>]* value="([^"]*)"', page)
    assert match is not None
    originals = json.loads(match[1].replace("&#34;", '"').replace("&quot;", '"'))
    assert not (MONEY | {"addons"}) & originals.keys()
    sent = {name: "" if value is None else value for name, value in originals.items()}
    sent |= {"version": "1", "originals": json.dumps(originals), "guest_count": "5"}
    sent |= {"total_amount": "1", "addons": "[]", "package_price": "1"}  # forged: not in the form
    assert colleague.post(f"/bookings/{booking.id}/edit", data=sent).status_code == 303
    db.session.expire_all()
    assert (booking.guest_count, len(booking.addons)) == (5, 1)
    assert (booking.total_amount, booking.package_price) == (Decimal(7777), Decimal(3490))


def test_the_bodies_of_calls(booking: Booking, manager: FlaskClient, house: House) -> None:
    body = json.dumps({"total_amount": 7777, "transport": {"cost": 222}, "guest_count": 2})
    said = {"direction": "inbound", "event_type": "x", "door": "x", "status": "success"}
    call = SyncLog(website_id="ours", request_body=body, response_body="paid 7777", **said)
    looker = holder("ours", "sync:view", "bookings:view")
    db.session.add(call)
    db.session.flush()
    assert "7777" in manager.get(f"/sync/calls/{call.id}").text
    shown = browser_of(house.app, looker).get(f"/sync/calls/{call.id}").text
    assert "guest_count" in shown
    assert not {"7777", "222"} & set(re.findall(r"\d+", shown))
    assert db.session.scalars(select(SyncLog.request_body)).one() == body


def test_an_export_takes_amounts_for_who_may_see_them(
    booking: Booking, manager: FlaskClient, house: House
) -> None:
    edited(booking, total_amount=Decimal(7778), addons=[{"name": "Cap", "unit_price": 222}])
    body = json.dumps({"total_amount": 7777, "guest_count": 2})
    called("ours", booking, request_body=body, response_body=body)
    taker = browser_of(house.app, holder("ours", "customers:view", "customers:export"))
    address = f"/customers/{booking.customer_id}/export"
    amounts = {"7777", "7778", "222", "431", "3490"}
    for form in ({"format": "json"}, {}):
        assert set(re.findall(r"\d+", manager.post(address, data=form).text)) >= amounts
        answer = taker.post(address, data=form)
        assert answer.status_code == 200
        assert "Cap" in answer.text
        assert not set(re.findall(r"\d+", answer.text)) & amounts
    assert house.browser("outsider").post(address).status_code == 404


def test_every_field_of_money_is_known() -> None:
    kinds = {name for name, field in FIELDS.items() if field.kind == "money"}
    assert kinds <= MONEY
    everything = json.dumps([dict.fromkeys([*MONEY, "unit_price", "cost"], 7)])
    assert "7" not in (redacted(everything) or "")
    assert redacted(None) is None
