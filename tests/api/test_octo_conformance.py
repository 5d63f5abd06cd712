"""OCTO core 1.0 as the standard's public validator asks for it, scenario by scenario.

Each test stands for one or two of the validator's 47 scenarios (in its own words, in brackets) and
runs over four products: start times and opening hours, with and without price categories. What the
validator would only warn of fails here. Its flows:

supplier 1, products 3 in `TestCatalogue`
calendar 5 (two intervals, product, option, BAD_REQUEST) in `TestCalendar`
availability 11 (interval, date, id, status, each twice; product, option, BAD_REQUEST) in
`TestAvailability`
reservation 8 in `TestReservation`, extension 2 in `TestExtension`
confirmation 4 in `TestConfirmation`, update 4 in `TestUpdate`
cancellation 3 in `TestCancellation`, get 3 in `TestGet`, list 3 in `TestList`
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask

from tests.api import partner_house
from tests.api.octo_client import Octo
from tests.api.octo_shapes import Availability, CalendarDay, Product, Supplier
from tests.api.octo_shop import DAYS, GUEST, NAMES, Shop, four_products

NO_PRODUCT = {"error": "INVALID_PRODUCT_ID", "productId": "invalidProductId"}
NO_OPTION = {"error": "INVALID_OPTION_ID", "optionId": "invalidOptionId"}
NO_UUID = {"error": "INVALID_BOOKING_UUID", "uuid": "invalidUUID"}
BAD = {"error": "BAD_REQUEST"}
REFUSED = {"error": "UNPROCESSABLE_ENTITY"}


@pytest.fixture
def octo(app: Flask, db_session: object) -> Octo:
    piers = partner_house.build(app)
    four_products(piers.first)
    return Octo(app.test_client(), piers.reef.key)


@pytest.fixture(params=NAMES)
def shop(request: pytest.FixtureRequest, octo: Octo) -> Shop:
    return Shop.find(octo, request.param)


@pytest.fixture
def other(octo: Octo, shop: Shop) -> Shop:
    """A product of the other kind."""
    return Shop.find(octo, NAMES[NAMES.index(shop.product.internalName) - 1])


class TestCatalogue:
    def test_supplier(self, octo: Octo) -> None:
        """[Get Supplier]"""
        Supplier.model_validate(octo.ok("GET", "/supplier"))

    def test_products(self, octo: Octo) -> None:
        """[Get Products]"""
        found = [Product.model_validate(row) for row in octo.ok("GET", "/products")]
        assert {each.availabilityType for each in found} == {"START_TIME", "OPENING_HOURS"}

    def test_product(self, shop: Shop) -> None:
        """[Get Product]"""
        row = shop.octo.ok("GET", f"/products/{shop.product.id}")
        assert Product.model_validate(row) == shop.product

    def test_invalid_product(self, octo: Octo) -> None:
        """[Get Product Invalid]"""
        assert octo.refused("GET", "/products/invalidProductId") == NO_PRODUCT


class TestCalendar:
    PATH = "/availability/calendar"

    def test_interval(self, shop: Shop) -> None:
        """[Availability Calendar Interval, for both types]"""
        rows = shop.octo.ok("POST", self.PATH, shop.asks(**shop.soon))
        days = [CalendarDay.model_validate(row) for row in rows]
        assert len({day.localDate for day in days}) == len(days) == DAYS + 1
        has_hours = shop.product.availabilityType == "OPENING_HOURS"
        assert {bool(day.openingHours) for day in days} == {has_hours}

    def test_invalid_product(self, shop: Shop) -> None:
        """[Invalid Product]"""
        asks = shop.asks(**shop.soon, productId="invalidProductId")
        assert shop.refused("POST", self.PATH, asks) == NO_PRODUCT

    def test_invalid_option(self, shop: Shop) -> None:
        """[Invalid Option]"""
        asks = shop.asks(**shop.soon, optionId="invalidOptionId")
        assert shop.refused("POST", self.PATH, asks) == NO_OPTION

    def test_half_an_interval(self, shop: Shop) -> None:
        """[BAD_REQUEST]: an end without a beginning"""
        asks = shop.asks(localDateEnd=shop.soon["localDateEnd"])
        assert shop.refused("POST", self.PATH, asks) == BAD


class TestAvailability:
    PATH = "/availability"

    def ask(self, shop: Shop, **more: Any) -> list[Availability]:
        rows = shop.octo.ok("POST", self.PATH, shop.asks(**more))
        return [Availability.model_validate(row) for row in rows]

    def test_interval(self, shop: Shop) -> None:
        """[Interval, for both types]"""
        found = self.ask(shop, **shop.soon)
        assert {slot.allDay for slot in found} == {"days" in shop.product.internalName}
        assert len({slot.id for slot in found}) == len(found) >= DAYS

    def test_date(self, shop: Shop) -> None:
        """[Date, for both types]"""
        wanted = shop.slots[-1]
        found = self.ask(shop, localDate=wanted.localDateTimeStart.partition("T")[0])
        assert wanted in found
        assert all(slot.id[:10] == wanted.id[:10] for slot in found)

    def test_id(self, shop: Shop) -> None:
        """[AvailabilityId, for both types]"""
        assert self.ask(shop, availabilityIds=[shop.free()]) == [
            slot for slot in shop.slots if slot.id == shop.free()
        ]

    def test_status(self, shop: Shop) -> None:
        """[Status, for both types]: what is full is sold out, and there is something to book"""
        shop.hold(12)
        found = {slot.id: slot for slot in self.ask(shop, **shop.soon)}
        assert found[shop.free()].status == "SOLD_OUT"
        assert sum(slot.available for slot in found.values()) > 1

    def test_invalid_product(self, shop: Shop) -> None:
        """[Invalid Product]"""
        asks = shop.asks(**shop.soon, productId="invalidProductId")
        assert shop.refused("POST", self.PATH, asks) == NO_PRODUCT

    def test_invalid_option(self, shop: Shop) -> None:
        """[Invalid Option]"""
        asks = shop.asks(**shop.soon, optionId="invalidOptionId")
        assert shop.refused("POST", self.PATH, asks) == NO_OPTION

    def test_days_in_two_ways(self, shop: Shop) -> None:
        """[BAD_REQUEST]: of a date, an interval and ids only one can be asked for"""
        ids, day = {"availabilityIds": [shop.free()]}, {"localDate": shop.free()[:10]}
        for both in ({**shop.soon, **ids}, {**shop.soon, **day}, {**day, **ids}, {}):
            assert shop.refused("POST", self.PATH, shop.asks(**both)) == BAD
        assert shop.refused("POST", self.PATH, shop.asks(**shop.soon, **day, **ids)) == BAD


class TestReservation:
    @pytest.mark.parametrize("tickets", [1, 5])
    def test_reservation(self, shop: Shop, tickets: int) -> None:
        """[Booking Reservation]"""
        held = shop.hold(tickets)
        assert (held.status, held.availabilityId) == ("ON_HOLD", shop.free())
        assert (held.productId, held.optionId) == (shop.product.id, "DEFAULT")
        assert held.product == shop.product
        assert [item.unitId for item in held.unitItems] == [shop.unit] * tickets
        assert held.cancellable

    def test_sold_out(self, shop: Shop) -> None:
        """[SOLD_OUT]"""
        shop.hold(12)
        assert shop.refused("POST", "/bookings", shop.wish(1)) == REFUSED

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"productId": "invalidProductId"}, NO_PRODUCT),
            ({"optionId": "invalidOptionId"}, NO_OPTION),
            (
                {"availabilityId": "invalidAvailabilityId"},
                {"error": "INVALID_AVAILABILITY_ID", "availabilityId": "invalidAvailabilityId"},
            ),
            ({"unitItems": []}, REFUSED),
            (
                {"unitItems": [{"unitId": "invalidUnitId"}]},
                {"error": "INVALID_UNIT_ID", "unitId": "invalidUnitId"},
            ),
        ],
    )
    def test_invalid(self, shop: Shop, changes: dict[str, Any], expected: dict[str, Any]) -> None:
        """[Invalid Product, Invalid Option, Invalid Availability ID, Empty UnitItems, Invalid Unit
        ID]"""
        assert shop.refused("POST", "/bookings", shop.wish(**changes)) == expected

    def test_no_unit_items(self, shop: Shop) -> None:
        """[Missing UnitItems]"""
        wish = shop.asks(availabilityId=shop.free())
        assert shop.refused("POST", "/bookings", wish) == REFUSED


class TestExtension:
    def test_extension(self, shop: Shop) -> None:
        """[Extend Reservation]"""
        held = shop.hold()
        path = f"/bookings/{held.uuid}/extend"
        longer = shop.booking("POST", path, {"expirationMinutes": 31})
        assert longer.status == "ON_HOLD"
        assert (longer.utcExpiresAt or "") > (held.utcExpiresAt or "")
        assert longer.availabilityId == held.availabilityId

    def test_invalid_uuid(self, octo: Octo) -> None:
        """[Invalid UUID]"""
        path = "/bookings/invalidUUID/extend"
        assert octo.refused("POST", path, {"expirationMinutes": 31}) == NO_UUID


class TestConfirmation:
    def test_confirmation(self, shop: Shop) -> None:
        """[Booking Confirmation]"""
        done = shop.confirmed(resellerReference="VALIDATOR-1")
        assert (done.status, done.resellerReference) == ("CONFIRMED", "VALIDATOR-1")
        said = done.contact.model_dump()
        assert {name: said[name] for name in GUEST} == GUEST

    def test_other_items(self, shop: Shop) -> None:
        """[Booking Confirmation unitItems update]: three instead of two"""
        held = shop.hold(2)
        body = {"contact": GUEST, "resellerReference": "V-2", "unitItems": shop.items(3)}
        done = shop.booking("POST", f"/bookings/{held.uuid}/confirm", body)
        assert (done.status, len(done.unitItems)) == ("CONFIRMED", 3)

    def test_invalid_uuid(self, octo: Octo) -> None:
        """[Invalid UUID]"""
        path = "/bookings/invalidUUID/confirm"
        assert octo.refused("POST", path, {"contact": GUEST}) == NO_UUID

    def test_invalid_unit(self, shop: Shop) -> None:
        """[Invalid Unit ID]"""
        body = {"contact": GUEST, "unitItems": [{"unitId": "invalidUnitId"}]}
        found = shop.refused("POST", f"/bookings/{shop.hold().uuid}/confirm", body)
        assert found == {"error": "INVALID_UNIT_ID", "unitId": "invalidUnitId"}


class TestUpdate:
    def test_date(self, shop: Shop) -> None:
        """[Change Date]"""
        held = shop.hold()
        moved = shop.booking("PATCH", f"/bookings/{held.uuid}", {"availabilityId": shop.free(1)})
        assert (moved.availabilityId, moved.availability.id) == (shop.free(1), shop.free(1))
        assert (moved.status, moved.unitItems) == ("ON_HOLD", held.unitItems)

    def test_items(self, shop: Shop) -> None:
        """[Unit Items]: three instead of two"""
        body = {"unitItems": shop.items(3)}
        changed = shop.booking("PATCH", f"/bookings/{shop.hold(2).uuid}", body)
        assert [item.unitId for item in changed.unitItems] == [shop.unit] * 3

    def test_contact(self, shop: Shop) -> None:
        """[Contact]: any telephone number, with the notes of the booking"""
        guest = {**GUEST, "phoneNumber": "+00000000", "country": "GB", "locales": ["en"]}
        body = {"contact": guest, "notes": "Left hand"}
        changed = shop.booking("PATCH", f"/bookings/{shop.hold().uuid}", body)
        said = changed.contact.model_dump()
        assert {name: said[name] for name in guest} == guest
        assert changed.notes == "Left hand"

    def test_product(self, shop: Shop, other: Shop) -> None:
        """[Change Product]"""
        body = other.wish(4)
        changed = shop.booking("PATCH", f"/bookings/{shop.hold().uuid}", body)
        assert (changed.productId, changed.product) == (other.product.id, other.product)
        assert changed.availabilityId == other.free()
        assert [item.unitId for item in changed.unitItems] == [other.unit] * 4


class TestCancellation:
    @pytest.mark.parametrize("confirmed", [False, True])
    def test_cancellation(self, shop: Shop, confirmed: bool) -> None:
        """[Reservation, Booking]"""
        there = shop.confirmed() if confirmed else shop.hold()
        body = {"reason": "Reason for cancellation"}
        gone = shop.booking("POST", f"/bookings/{there.uuid}/cancel", body)
        assert (gone.status, gone.cancellable) == ("CANCELLED", False)
        assert gone.cancellation
        assert gone.cancellation.reason == "Reason for cancellation"
        assert gone.availabilityId == there.availabilityId
        assert [item.uuid for item in gone.unitItems] == [item.uuid for item in there.unitItems]

    def test_invalid_uuid(self, octo: Octo) -> None:
        """[Invalid UUID]"""
        assert octo.refused("POST", "/bookings/invalidUUID/cancel", {"reason": "x"}) == NO_UUID


class TestGet:
    def test_reservation(self, shop: Shop) -> None:
        """[Reservation]"""
        held = shop.hold()
        assert shop.booking("GET", f"/bookings/{held.uuid}") == held

    def test_booking(self, shop: Shop) -> None:
        """[Booking]"""
        done = shop.confirmed()
        assert shop.booking("GET", f"/bookings/{done.uuid}") == done

    def test_invalid_uuid(self, octo: Octo) -> None:
        """[Invalid UUID]"""
        assert octo.refused("GET", "/bookings/invalidUUID") == NO_UUID


class TestList:
    def test_by_supplier_reference(self, shop: Shop) -> None:
        """[Supplier Reference]"""
        shop.hold()
        done = shop.confirmed(contact={"fullName": "Demo Diver"})
        (row,) = shop.octo.ok("GET", f"/bookings?supplierReference={done.supplierReference}")
        assert shop.booking("GET", f"/bookings/{row['uuid']}") == done

    def test_by_reseller_reference(self, shop: Shop) -> None:
        """[Reseller Reference]"""
        reference = f"R {uuid.uuid4()}"
        done = shop.confirmed(resellerReference=reference)
        (row,) = shop.octo.ok("GET", f"/bookings?resellerReference={reference}")
        assert (row["id"], row["resellerReference"]) == (done.id, reference)

    def test_without_a_filter(self, octo: Octo) -> None:
        """[BAD_REQUEST]"""
        assert octo.refused("GET", "/bookings?") == BAD
