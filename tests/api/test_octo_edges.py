"""OCTO where a standard is thin: headers, odd bodies, what is sold together, prices, queries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import actions
from app.venues.models import SlotUsage
from tests.api import partner_house
from tests.api.octo_client import Octo
from tests.api.octo_shapes import Availability, CalendarDay, Capability, Product
from tests.api.octo_shop import GUEST, NAMES, Shop, add_categories, four_products
from tests.api.partner_house import Piers
from tests.bookings.made import MIA
from tests.factories import WebsiteFactory
from tests.harness.counting import counted_queries, counted_rows
from tests.venues.made import a_venue, an_activity

BAD = {"error": "BAD_REQUEST"}
REFUSED = {"error": "UNPROCESSABLE_ENTITY"}


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


def with_headers(octo: Octo, **headers: str) -> Octo:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Octo(octo.client, octo.key, octo.base, named)


class TestHeaders:
    @pytest.mark.parametrize(
        ("asked", "in_force"),
        [
            (None, ""),
            ("", ""),
            ("octo/content, octo/cart", ""),
            ("octo/pricing", "octo/pricing"),
            ("pricing,octo/content", "pricing"),
        ],
    )
    def test_capabilities(self, octo: Octo, asked: str | None, in_force: str) -> None:
        asking = octo if asked is None else with_headers(octo, Octo_Capabilities=asked)
        response = asking.call("GET", "/products")
        assert (response.status_code, response.headers["Octo-Capabilities"]) == (200, in_force)
        assert ("pricing" in response.text) == bool(in_force)
        assert response.headers["Octo-Env"] == "live"
        refused = asking.call("GET", "/products/none")
        assert refused.headers["Octo-Capabilities"] == in_force

    def test_the_list_of_capabilities(self, octo: Octo) -> None:
        (found,) = octo.ok("GET", "/capabilities")
        assert Capability.model_validate(found).id == "octo/pricing"

    def test_nobody_tests_on_real_places(self, octo: Octo, shop: Shop) -> None:
        testing = with_headers(octo, Octo_Env="test")
        assert testing.refused("POST", "/bookings", shop.wish()) == BAD
        assert testing.refused("GET", "/products") == BAD
        assert used() == []
        assert with_headers(octo, Octo_Env="Live").ok("GET", "/products")

    @pytest.mark.parametrize("path", ["/supplier", "/products", "/capabilities"])
    def test_addresses_end_with_a_slash_or_without(self, octo: Octo, path: str) -> None:
        assert octo.ok("GET", f"{path}/") == octo.ok("GET", path)
        head = octo.call("HEAD", path)
        assert (head.status_code, head.data) == (200, b"")

    def test_every_other_address_too(self, octo: Octo, shop: Shop) -> None:
        octo.ok("POST", "/availability/", shop.asks(**shop.soon))
        octo.ok("POST", "/availability/calendar/", shop.asks(**shop.soon))
        held = octo.ok("POST", "/bookings/", shop.wish())
        path = f"/bookings/{held['uuid']}"
        octo.ok("GET", f"{path}/")
        octo.ok("PATCH", f"{path}/", {"notes": "x"})
        octo.ok("POST", f"{path}/extend/")
        octo.ok("POST", f"{path}/confirm/", {"contact": GUEST})
        octo.ok("POST", f"{path}/cancel/")

    @pytest.mark.parametrize("path", ["", "/", "/nothing", "/ours", "/ours/nothing"])
    def test_where_nothing_is_the_answer_is_json(self, octo: Octo, path: str) -> None:
        for method in ("GET", "POST", "DELETE"):
            assert octo.refused(method, path) == BAD

    def test_a_body_needs_no_content_type(self, octo: Octo, shop: Shop) -> None:
        raw = json.dumps(shop.asks(**shop.soon))
        headers = {"Authorization": f"Bearer {octo.key}"}
        response = octo.client.post("/octo/availability", data=raw, headers=headers)
        assert response.status_code == 200

    def test_unknown_fields_are_left_alone(self, shop: Shop) -> None:
        assert shop.hold(mood="sunny", force=True).status == "ON_HOLD"


@pytest.mark.parametrize("path", ["/availability", "/availability/calendar", "/bookings"])
@pytest.mark.parametrize(
    "body",
    [
        [], "x", 7, None, {}, {"productId": {}}, {"productId": [1]}, {"productId": "\u0000"},
        {"unitItems": [[]]}, {"units": [{"id": 1}]}, {"localDate": "0001-01-01"},
    ],
)  # fmt: skip
def test_odd_bodies_are_refused(octo: Octo, shop: Shop, path: str, body: Any) -> None:
    whole = {**shop.asks(), **body} if isinstance(body, dict) else body
    assert octo.refused("POST", path, whole)["error"] != "INTERNAL_SERVER_ERROR"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "1000000-01-01"])
def test_odd_days(shop: Shop, day: str) -> None:
    for path in ("/availability", "/availability/calendar"):
        assert shop.refused("POST", path, shop.asks(localDateStart=day, localDateEnd=day)) == BAD
    odd = shop.asks(availabilityIds=[f"{day}T10:00:00+07:00", "x", ""])
    assert shop.octo.ok("POST", "/availability", odd) == []
    refused = shop.refused("POST", "/bookings", shop.wish(availabilityId=f"{day}T10:00:00+07:00"))
    assert refused["error"] == "INVALID_AVAILABILITY_ID"


def test_a_year_at_most(shop: Shop) -> None:
    for path in ("/availability", "/availability/calendar"):
        year = {"localDateStart": "2027-01-01", "localDateEnd": "2028-01-01"}
        assert shop.octo.ok("POST", path, shop.asks(**year))
        longer = {**year, "localDateEnd": "2028-01-03"}
        assert shop.refused("POST", path, shop.asks(**longer)) == BAD
    ids = shop.asks(availabilityIds=["2027-01-01T10:00:00+07:00", "2029-01-01T10:00:00+07:00"])
    assert shop.refused("POST", "/availability", ids) == BAD


def test_a_closed_day_has_hours_of_no_length(octo: Octo, piers: Piers) -> None:
    shop = Shop.find(octo, NAMES[2])
    day = shop.soon["localDateEnd"]
    values = {"day": day, "is_closed": True, "note": "Holiday"}
    actions.set_special_day(db.session(), MIA, EVERYTHING, piers.first.id, values)
    rows = octo.ok("POST", "/availability/calendar", shop.asks(localDate=day))
    (closed,) = [CalendarDay.model_validate(row) for row in rows]
    assert (closed.status, closed.available) == ("CLOSED", False)
    assert [(span.from_, span.to) for span in closed.openingHours] == [("00:00", "00:00")]


class TestTogether:
    """Which tickets are sold together."""

    def units(self, family: Shop) -> tuple[str, str]:
        adult, child = family.product.options[0].units
        assert child.restrictions.accompaniedBy == [adult.id]
        return adult.id, child.id

    def test_a_child_needs_an_adult(self, family: Shop) -> None:
        adult, child = self.units(family)
        alone, both = [{"unitId": child}], [{"unitId": child}, {"unitId": adult}]
        assert family.refused("POST", "/bookings", family.wish(unitItems=alone)) == REFUSED
        path = f"/bookings/{family.hold(unitItems=both).uuid}"
        assert family.refused("PATCH", path, {"unitItems": alone}) == REFUSED
        confirmation = {"contact": GUEST, "unitItems": alone}
        assert family.refused("POST", f"{path}/confirm", confirmation) == REFUSED
        assert family.booking("GET", path).status == "ON_HOLD"
        assert used() == [2]

    def test_availability_knows_it(self, family: Shop) -> None:
        adult, child = self.units(family)
        for units, fits in (([child], False), ([child, adult], True), ([adult], True)):
            asks = family.asks(
                availabilityIds=[family.free()], units=[{"id": u, "quantity": 1} for u in units]
            )
            (row,) = family.octo.ok("POST", "/availability", asks)
            assert Availability.model_validate(row).available is fits

    def test_the_size_of_a_party(self, octo: Octo, piers: Piers) -> None:
        an_activity(piers.first, name="Duo", min_party="2", max_party="3")
        shop = Shop.find(octo, "Duo")
        limits = shop.product.options[0].restrictions
        assert (limits.minUnits, limits.maxUnits) == (2, 3)
        for tickets in (1, 4):
            assert shop.refused("POST", "/bookings", shop.wish(tickets)) == REFUSED
        path = f"/bookings/{shop.hold(3).uuid}"
        for tickets in (1, 4):
            items = {"unitItems": shop.items(tickets)}
            assert shop.refused("PATCH", path, items) == REFUSED
            assert shop.refused("POST", f"{path}/confirm", {"contact": GUEST, **items}) == REFUSED
        assert used() == [3]

    @pytest.mark.parametrize("verb", ["PATCH", "confirm"])
    def test_more_than_there_is_room_for(self, shop: Shop, verb: str) -> None:
        held, more = shop.hold(10), {"unitItems": shop.items(13), "contact": GUEST}
        path = f"/bookings/{held.uuid}"
        if verb == "PATCH":
            assert shop.refused("PATCH", path, more) == REFUSED
        else:
            assert shop.refused("POST", f"{path}/confirm", more) == REFUSED
        assert shop.booking("GET", path) == held
        assert used() == [10]

    def test_none_at_all(self, shop: Shop) -> None:
        path = f"/bookings/{shop.hold().uuid}"
        assert shop.refused("PATCH", path, {"unitItems": []}) == REFUSED
        body = {"contact": GUEST, "unitItems": []}
        assert shop.refused("POST", f"{path}/confirm", body) == REFUSED


def test_another_supplier_is_another_world(octo: Octo, piers: Piers, shop: Shop) -> None:
    WebsiteFactory.create(id="theirs")
    their_trip = an_activity(a_venue("theirs", "Their pier"), name="Their trip")
    body = {**shop.wish(), "productId": str(their_trip.id)}
    missing = {"error": "INVALID_PRODUCT_ID", "productId": str(their_trip.id)}
    assert octo.refused("POST", "/bookings", body) == missing
    assert octo.refused("PATCH", f"/bookings/{shop.hold().uuid}", body) == missing


class TestPrices:
    def test_they_come_when_asked_for(self, octo: Octo) -> None:
        shop = Shop.find(with_headers(octo, Octo_Capabilities="octo/pricing"), NAMES[1])
        product = shop.product
        assert (product.defaultCurrency, product.pricingPer) == ("THB", "UNIT")
        assert all(unit.pricingFrom for unit in product.options[0].units)
        assert all(len(slot.unitPricing or []) == 2 for slot in shop.slots)
        rows = shop.octo.ok("POST", "/availability/calendar", shop.asks(**shop.soon))
        assert all(CalendarDay.model_validate(row).unitPricingFrom for row in rows)
        units = [{"id": shop.unit, "quantity": 3}]
        asks = shop.asks(availabilityIds=[shop.free()], units=units)
        (row,) = shop.octo.ok("POST", "/availability", asks)
        total = Availability.model_validate(row).pricing
        held = shop.hold(3)
        assert held.pricing == total
        assert total
        assert sum(item.pricing.retail for item in held.unitItems if item.pricing) == total.retail
        assert all(item.unit.pricing for item in held.unitItems)

    def test_and_only_then(self, octo: Octo) -> None:
        shop = Shop.find(octo, NAMES[1])
        held = shop.hold()
        said = [held, shop.product, *shop.slots]
        assert not any("pric" in each.model_dump_json(exclude_none=True) for each in said)


class TestQueries:
    """As many for many rows as for one."""

    def sent(self, app: Flask, octo: Octo, path: str) -> int:
        octo.ok("GET", path)  # the first use of a key is noted
        db.session.expire_all()
        with counted_queries(app) as statements:
            octo.ok("GET", path)
        return len(statements)

    def test_bookings(self, app: Flask, octo: Octo, piers: Piers) -> None:
        path = "/bookings?resellerReference=R"
        shops = [Shop.find(octo, name) for name in NAMES]
        shops[0].hold(1, resellerReference="R")
        one = self.sent(app, octo, path)
        for number in range(3):
            for shop in shops:
                shop.hold(1, resellerReference="R", availabilityId=shop.free(number))
        assert self.sent(app, octo, path) == one
        assert len(octo.ok("GET", path)) == 13

    def test_one_product_reads_nothing_of_the_others(
        self, app: Flask, octo: Octo, piers: Piers, shop: Shop
    ) -> None:
        calls: tuple[tuple[str, str, Any], ...] = (
            ("GET", f"/products/{shop.product.id}", None),
            ("POST", "/availability", shop.asks(**shop.soon)),
            ("POST", "/availability/calendar", shop.asks(**shop.soon)),
            ("POST", "/bookings", shop.wish()),
        )

        def read() -> list[int]:
            found = []
            for call in calls:
                db.session.expire_all()
                with counted_rows(app) as rows:
                    octo.ok(*call)
                found.append(sum(rows))
            return found

        read()  # the first use of a key is noted
        before = read()
        for number in range(5):
            add_categories(an_activity(piers.first, name=f"Trip {number}"))
        db.session.flush()
        assert read() == before

    def test_products(self, app: Flask, octo: Octo, piers: Piers) -> None:
        few = self.sent(app, octo, "/products")
        for number in range(5):
            add_categories(an_activity(piers.second, name=f"Trip {number}"))
        db.session.flush()
        assert self.sent(app, octo, "/products") == few
        rows = octo.ok("GET", "/products")
        assert len([Product.model_validate(row) for row in rows]) == 11
