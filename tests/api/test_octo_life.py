"""What becomes of an OCTO booking: verb by verb, hold by hold, and when the supplier changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.bookings.models import Booking as Row
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import actions, offers
from app.venues.models import SlotUsage
from tests.api import partner_house
from tests.api.octo_client import Octo
from tests.api.octo_shapes import Booking
from tests.api.octo_shop import GUEST, NAMES, Shop, four_products
from tests.api.partner_house import Piers
from tests.bookings.made import MIA


@pytest.fixture
def piers(app: Flask, db_session: object) -> Piers:
    piers = partner_house.build(app)
    four_products(piers.first)
    return piers


@pytest.fixture
def octo(app: Flask, piers: Piers) -> Octo:
    return Octo(app.test_client(), piers.reef.key)


@pytest.fixture
def shop(octo: Octo) -> Shop:
    return Shop.find(octo, NAMES[0])


@pytest.fixture
def family(octo: Octo) -> Shop:
    """A product with a child that needs an adult."""
    return Shop.find(octo, NAMES[1])


def used() -> list[int]:
    return sorted(row.used for row in db.session.scalars(select(SlotUsage)) if row.used)


def row_of(booking: Booking) -> Row:
    return db.session.scalars(select(Row).where(Row.booking_ref == booking.supplierReference)).one()


def activity_of(booking: Booking) -> UUID:
    return UUID(booking.productId)


class TestWhatChanged:
    """The supplier changes its mind; what is booked stays."""

    def test_taken_off_sale(self, octo: Octo, piers: Piers, shop: Shop) -> None:
        held, sold = shop.hold(), shop.confirmed()
        values = {"is_active": False}
        offers.edit(db.session(), MIA, EVERYTHING, piers.first.id, activity_of(held), values)
        assert shop.product.id not in {row["id"] for row in octo.ok("GET", "/products")}
        missing = {"error": "INVALID_PRODUCT_ID", "productId": shop.product.id}
        assert shop.refused("POST", "/bookings", shop.wish()) == missing
        assert shop.booking("GET", f"/bookings/{sold.uuid}").availability.status == "CLOSED"
        path = f"/bookings/{held.uuid}"
        shop.booking("POST", f"{path}/extend", {"expirationMinutes": 60})
        shop.booking("PATCH", path, {"notes": "Still there"})
        assert shop.booking("POST", f"{path}/confirm", {"contact": GUEST}).status == "CONFIRMED"
        assert shop.booking("POST", f"{path}/cancel").status == "CANCELLED"

    @pytest.mark.parametrize("name", [NAMES[0], NAMES[2]])
    def test_nothing_is_offered_then_any_more(self, octo: Octo, piers: Piers, name: str) -> None:
        shop = Shop.find(octo, name)
        sold = shop.confirmed()
        closed = {"day": sold.availabilityId[:10], "is_closed": True}
        actions.set_special_day(db.session(), MIA, EVERYTHING, piers.first.id, closed)
        found = shop.booking("GET", f"/bookings/{sold.uuid}")
        assert found.availabilityId == sold.availabilityId
        then, before = found.availability, sold.availability
        assert (then.status, then.localDateTimeEnd) == ("CLOSED", before.localDateTimeEnd)
        assert shop.booking("POST", f"/bookings/{sold.uuid}/cancel").status == "CANCELLED"

    def test_the_price_that_was_agreed_stays(self, octo: Octo, piers: Piers, family: Shop) -> None:
        adult, child = (unit.id for unit in family.product.options[0].units)
        items = [{"unitId": adult}, {"unitId": child}]
        held = family.hold(unitItems=items)
        path = f"/bookings/{held.uuid}"
        assert row_of(held).total_amount == 160
        family.booking("PATCH", path, {"availabilityId": family.free(1)})
        assert row_of(held).total_amount == 160
        row_of(held).total_amount = Decimal(150)  # staff let ten off
        same = [{"unitId": item.unitId, "uuid": item.uuid} for item in held.unitItems]
        body = {"availabilityId": family.free(2), "unitItems": same}
        family.booking("PATCH", path, body)
        assert row_of(held).total_amount == 150
        family.booking("PATCH", path, {"unitItems": [{"unitId": adult}, {"unitId": adult}]})
        assert row_of(held).total_amount == 200

    def test_tickets_are_changed_where_they_were_sold(self, piers: Piers, family: Shop) -> None:
        booking = row_of(family.hold())
        path = f"/bookings/{booking.id}"
        assert piers.reef.refused("PUT", path, {"guest_count": 3}) == (409, "CONFLICT")
        piers.reef.ok("PUT", path, {"guest_count": 2, "special_requests": "Left hand"})

    def test_other_categories(self, octo: Octo, piers: Piers, family: Shop) -> None:
        sold = family.confirmed()
        prices = [{"category": "senior", "label": "Senior", "price": "5"}]
        values = {"prices": prices}
        offers.edit(db.session(), MIA, EVERYTHING, piers.first.id, activity_of(sold), values)
        found = family.booking("GET", f"/bookings/{sold.uuid}")
        assert [item.unitId for item in found.unitItems] == [family.unit] * 2


STATES = ("held", "confirmed", "expired", "cancelled", "redeemed", "waiting")
WAYS: dict[str, dict[str, str]] = {
    "confirm": {"held": "CONFIRMED", "confirmed": "CONFIRMED", "expired": "INVALID_BOOKING_UUID"},
    "extend": {"held": "ON_HOLD"},
    "update": {"held": "ON_HOLD", "confirmed": "CONFIRMED", "waiting": "PENDING"},
    "cancel": {
        **dict.fromkeys(("held", "confirmed", "cancelled"), "CANCELLED"),
        "waiting": "REJECTED",
    },
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", WAYS)
def test_the_life_of_a_booking(shop: Shop, state: str, verb: str) -> None:
    """What each verb does in each state; what is not named is UNPROCESSABLE_ENTITY."""
    there = shop.hold(expirationMinutes=5) if state in ("held", "expired") else shop.confirmed()
    path, row = f"/bookings/{there.uuid}", row_of(there)
    if state == "cancelled":
        shop.booking("POST", f"{path}/cancel")
    if state == "redeemed":
        row.status = row.stated_status = "checked_in"
        row.checked_in_at = datetime.now(UTC)
    if state == "waiting":
        row.status = row.stated_status = "pending"
        row.hold_expires_at = row.confirmed_at = None
    db.session.flush()
    before = used()
    method, body = ("PATCH", {"notes": "New"}) if verb == "update" else ("POST", {"contact": GUEST})
    late = timedelta(minutes=6 if state == "expired" else 0)
    with time_machine.travel(datetime.now(UTC) + late, tick=True):
        response = shop.octo.call(method, path if verb == "update" else f"{path}/{verb}", body)
        expected = WAYS[verb].get(state, "UNPROCESSABLE_ENTITY")
        said = response.get_json()
        assert said["status" if response.status_code == 200 else "error"] == expected
        assert shop.booking("GET", path).uuid == there.uuid
    if response.status_code != 200:
        assert used() == before


def test_a_hold_lasts_two_hours_at_most(shop: Shop) -> None:
    held = shop.hold(expirationMinutes=5000)
    longer = shop.booking("POST", f"/bookings/{held.uuid}/extend", {"expirationMinutes": 5000})
    for each in (held, longer):
        left = datetime.fromisoformat(each.utcExpiresAt or "") - datetime.now(UTC)
        assert timedelta(minutes=119) < left <= timedelta(hours=2)


def test_lapsed_holds_are_listed(shop: Shop) -> None:
    held = shop.hold(resellerReference="LATE")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=20), tick=True):
        (row,) = shop.octo.ok("GET", "/bookings?resellerReference=LATE")
        assert Booking.model_validate(row).status == "EXPIRED"
        refused = shop.refused("POST", f"/bookings/{held.uuid.upper()}/confirm", {"contact": GUEST})
    assert refused == {"error": "INVALID_BOOKING_UUID", "uuid": held.uuid.upper()}
