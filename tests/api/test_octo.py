"""OCTO core: catalogue, availability, and the life of a booking."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.bookings.holds import expire_lapsed
from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import offers
from app.venues.models import ActivityPrice, SlotUsage
from tests.api import partner_house
from tests.api.octo_client import Octo
from tests.api.partner_house import Piers
from tests.bookings.made import MIA
from tests.venues.made import an_activity

DAY = "2027-03-01"
TEN = f"{DAY}T10:00:00+07:00"
TWO = f"{DAY}T14:00:00+07:00"
CONTACT = {
    "fullName": "Demo Diver",
    "emailAddress": "diver@example.com",
    "phoneNumber": "+66812345678",
}


@pytest.fixture
def piers(app: Flask, db_session: object) -> Piers:
    return partner_house.build(app)


@pytest.fixture
def octo(app: Flask, piers: Piers) -> Octo:
    return Octo(app.test_client(), piers.reef.key)


def used() -> dict[str, int]:
    return {row.slot: row.used for row in db.session.scalars(select(SlotUsage)) if row.used}


def wish(piers: Piers, tickets: int = 1, **changes: Any) -> dict[str, Any]:
    """A reservation of the dive."""
    body = {
        "productId": str(piers.dive.id),
        "optionId": "DEFAULT",
        "availabilityId": TEN,
        "unitItems": [{"unitId": "adult"} for _ in range(tickets)],
    }
    return {**body, **changes}


def test_the_supplier_is_the_website(octo: Octo, piers: Piers) -> None:
    found = octo.ok("GET", "/supplier")
    assert (found["id"], found["name"]) == ("ours", piers.website.name)
    assert found["endpoint"].endswith("/octo/ours")
    assert set(found["contact"]) == {"website", "email", "telephone", "address"}
    assert octo.ok("GET", "/supplier/") == found


def test_products_are_what_may_be_sold(octo: Octo, piers: Piers) -> None:
    names = [each["internalName"] for each in octo.ok("GET", "/products")]
    assert names == ["Fun dive", "Snorkelling"]
    product = octo.ok("GET", f"/products/{piers.dive.id}")
    (option,) = product["options"]
    assert product["availabilityType"] == "START_TIME"
    assert option["availabilityLocalStartTimes"] == ["10:00", "14:00"]
    assert option["units"][0]["type"] == "ADULT"
    lagoon = Octo(octo.client, piers.lagoon.key)
    assert [each["internalName"] for each in lagoon.ok("GET", "/products")] == ["Snorkelling"]
    theirs = lagoon.refused("GET", f"/products/{piers.dive.id}")
    assert theirs == {"error": "INVALID_PRODUCT_ID", "productId": str(piers.dive.id)}


def test_availability_says_how_full_it_is(octo: Octo, piers: Piers) -> None:
    body = {"productId": str(piers.dive.id), "optionId": "DEFAULT", "localDate": DAY}
    ten, two = octo.ok("POST", "/availability", body)
    assert (ten["id"], ten["status"], ten["vacancies"], ten["capacity"]) == (TEN, "AVAILABLE", 4, 4)
    assert (ten["localDateTimeStart"], ten["utcCutoffAt"]) == (TEN, f"{DAY}T03:00:00Z")
    octo.ok("POST", "/bookings", wish(piers, 3))
    ten, two = octo.ok("POST", "/availability", body)
    assert (ten["status"], ten["vacancies"], two["status"]) == ("LIMITED", 1, "AVAILABLE")
    asked = {**body, "units": [{"id": "adult", "quantity": 2}]}
    ten, two = octo.ok("POST", "/availability", asked)
    assert (ten["available"], ten["status"], two["available"]) == (False, "SOLD_OUT", True)
    only = {"productId": str(piers.dive.id), "optionId": "DEFAULT", "availabilityIds": [TWO]}
    assert [each["id"] for each in octo.ok("POST", "/availability", only)] == [TWO]


def test_the_calendar_has_one_entry_a_day(octo: Octo, piers: Piers) -> None:
    body = {"productId": str(piers.dive.id), "optionId": "DEFAULT"}
    days = {**body, "localDateStart": "2027-02-27", "localDateEnd": "2027-03-02"}
    found = octo.ok("POST", "/availability/calendar", days)
    assert [each["localDate"] for each in found] == [
        "2027-02-27", "2027-02-28", "2027-03-01", "2027-03-02",
    ]  # fmt: skip
    assert {each["status"] for each in found} == {"AVAILABLE"}
    long = {**body, "localDateStart": "2027-01-01", "localDateEnd": "2028-01-03"}
    assert octo.refused("POST", "/availability/calendar", long) == {"error": "BAD_REQUEST"}
    assert octo.refused("POST", "/availability/calendar", body) == {"error": "BAD_REQUEST"}


def test_opening_hours_products_are_booked_by_the_day(octo: Octo, piers: Piers) -> None:
    day_pass = an_activity(piers.first, name="Day pass", slot_rule="day", times="", capacity="")
    body = {"productId": str(day_pass.id), "optionId": "DEFAULT", "localDate": DAY}
    (slot,) = octo.ok("POST", "/availability", body)
    assert (slot["allDay"], slot["status"], slot["vacancies"]) == (True, "FREESALE", None)
    assert slot["openingHours"] == [{"from": "09:00", "to": "17:00"}]
    assert slot["localDateTimeStart"] == f"{DAY}T00:00:00+07:00"
    held = octo.ok(
        "POST",
        "/bookings",
        {
            **wish(piers),
            **{k: v for k, v in body.items() if k != "localDate"},
            "availabilityId": slot["id"],
        },
    )
    assert held["availability"]["allDay"] is True
    done = octo.ok("POST", f"/bookings/{held['uuid']}/confirm", {"contact": CONTACT})
    assert done["status"] == "CONFIRMED"
    assert used() == {"day": 1}


def test_reserve_confirm_and_read(octo: Octo, piers: Piers) -> None:
    the_id = str(uuid.uuid4()).upper()
    held = octo.ok("POST", "/bookings", wish(piers, 2, uuid=the_id, notes="Left hand"))
    assert held["uuid"] == the_id.lower()
    assert (held["status"], held["cancellable"]) == ("ON_HOLD", True)
    assert held["voucher"]["deliveryOptions"] == []
    assert (held["notes"], len(held["unitItems"])) == ("Left hand", 2)
    assert used() == {"10:00": 2}
    body = {"contact": CONTACT, "resellerReference": "V-1"}
    done = octo.ok("POST", f"/bookings/{the_id}/confirm", body)
    assert (done["status"], done["utcExpiresAt"]) == ("CONFIRMED", None)
    assert done["contact"]["emailAddress"] == "diver@example.com"
    assert done["voucher"]["deliveryOptions"][0]["deliveryValue"] == done["supplierReference"]
    again = octo.ok("POST", f"/bookings/{the_id}/confirm", body)
    assert again == done
    assert octo.ok("GET", f"/bookings/{the_id}") == done
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.source, booking.partner_reference) == ("partner", "V-1")
    assert (booking.customer_name, booking.customer_phone) == ("Demo Diver", "+66812345678")
    customer = db.session.get_one(Customer, booking.customer_id)
    assert customer.phone == "+66812345678"


def test_the_uuid_makes_a_repetition_harmless(octo: Octo, piers: Piers) -> None:
    body = wish(piers, uuid=str(uuid.uuid4()))
    first = octo.ok("POST", "/bookings", body)
    assert octo.ok("POST", "/bookings", body)["id"] == first["id"]
    assert used() == {"10:00": 1}
    other = octo.refused("POST", "/bookings", {**body, "availabilityId": TWO})
    assert other == {"error": "INVALID_BOOKING_UUID", "uuid": body["uuid"]}
    lagoon = Octo(octo.client, piers.lagoon.key)
    theirs = wish(piers, uuid=body["uuid"], productId=str(piers.snorkel.id))
    assert lagoon.ok("POST", "/bookings", theirs)["id"] != first["id"]


def test_a_hold_runs_out(octo: Octo, piers: Piers) -> None:
    held = octo.ok("POST", "/bookings", wish(piers, 4, expirationMinutes=5))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6), tick=True):
        late = octo.ok("GET", f"/bookings/{held['uuid']}")
        assert (late["status"], late["cancellable"]) == ("EXPIRED", False)
        refused = octo.refused("POST", f"/bookings/{held['uuid']}/confirm", {"contact": CONTACT})
        assert refused == {"error": "INVALID_BOOKING_UUID", "uuid": held["uuid"]}
        assert octo.ok("POST", "/bookings", wish(piers, 4))["status"] == "ON_HOLD"  # its place
        assert octo.ok("GET", f"/bookings/{held['uuid']}")["status"] == "EXPIRED"
    assert used() == {"10:00": 4}


def test_the_worker_gives_back_what_ran_out(octo: Octo, piers: Piers) -> None:
    octo.ok("POST", "/bookings", wish(piers, 4))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16), tick=False):
        assert expire_lapsed(db.session()) == 1
        assert expire_lapsed(db.session()) == 0
    assert used() == {}


def test_a_hold_is_extended(octo: Octo, piers: Piers) -> None:
    held = octo.ok("POST", "/bookings", wish(piers))
    longer = octo.ok("POST", f"/bookings/{held['uuid']}/extend", {"expirationMinutes": 60})
    assert longer["utcExpiresAt"] > held["utcExpiresAt"]
    octo.ok("POST", f"/bookings/{held['uuid']}/confirm", {"contact": CONTACT})
    refused = octo.refused("POST", f"/bookings/{held['uuid']}/extend")
    assert refused == {"error": "UNPROCESSABLE_ENTITY"}


def test_a_full_slot_is_refused(octo: Octo, piers: Piers) -> None:
    octo.ok("POST", "/bookings", wish(piers, 3))
    assert octo.refused("POST", "/bookings", wish(piers, 2)) == {"error": "UNPROCESSABLE_ENTITY"}
    assert used() == {"10:00": 3}


def test_a_booking_moves_to_another_time_and_product(octo: Octo, piers: Piers) -> None:
    held = octo.ok("POST", "/bookings", wish(piers, 2))
    path = f"/bookings/{held['uuid']}"
    octo.ok("POST", f"{path}/confirm", {"contact": CONTACT})
    moved = octo.ok("PATCH", path, {"availabilityId": TWO})
    assert (moved["availabilityId"], used()) == (TWO, {"14:00": 2})
    missing = octo.refused("PATCH", path, {"productId": str(piers.snorkel.id)})
    assert missing == {"error": "INVALID_AVAILABILITY_ID", "availabilityId": ""}
    other = {"productId": str(piers.snorkel.id), "optionId": "DEFAULT", "availabilityId": TEN}
    found = octo.ok("PATCH", path, other)
    assert found["productId"] == str(piers.snorkel.id)
    assert used() == {"10:00": 2}
    assert len(found["unitItems"]) == 2


def test_unit_items_are_the_whole_list(octo: Octo, piers: Piers) -> None:
    held = octo.ok("POST", "/bookings", wish(piers, 2))
    keep = held["unitItems"][0]
    items = [
        {"uuid": keep["uuid"], "unitId": "adult", "contact": {"firstName": "Ann"}},
        {"unitId": "adult"},
        {"unitId": "adult"},
    ]
    found = octo.ok("PATCH", f"/bookings/{held['uuid']}", {"unitItems": items})
    assert found["unitItems"][0]["uuid"] == keep["uuid"]
    assert found["unitItems"][0]["contact"]["firstName"] == "Ann"
    assert used() == {"10:00": 3}
    body = {"contact": CONTACT, "unitItems": [{"uuid": keep["uuid"], "unitId": "adult"}]}
    done = octo.ok("POST", f"/bookings/{held['uuid']}/confirm", body)
    assert len(done["unitItems"]) == 1
    assert done["unitItems"][0]["contact"]["firstName"] == "Ann"  # not said again, so it stays
    assert used() == {"10:00": 1}
    cleared = octo.ok(
        "PATCH", f"/bookings/{held['uuid']}", {"notes": None, "resellerReference": "R2"}
    )
    assert (cleared["notes"], cleared["resellerReference"]) == (None, "R2")


def test_cancelling(octo: Octo, piers: Piers) -> None:
    held = octo.ok("POST", "/bookings", wish(piers, 2))
    path = f"/bookings/{held['uuid']}/cancel"
    gone = octo.ok("POST", path, {"reason": "Rain"})
    assert (gone["status"], gone["cancellable"], used()) == ("CANCELLED", False, {})
    assert gone["cancellation"]["reason"] == "Rain"
    assert octo.ok("POST", path) == gone
    firm = octo.ok("POST", "/bookings", wish(piers))
    octo.ok("POST", f"/bookings/{firm['uuid']}/confirm", {"contact": CONTACT})
    with time_machine.travel(datetime(2027, 2, 28, 4, tzinfo=UTC), tick=False):
        late = octo.refused("POST", f"/bookings/{firm['uuid']}/cancel")
        assert late == {"error": "UNPROCESSABLE_ENTITY"}
        assert octo.ok("GET", f"/bookings/{firm['uuid']}")["cancellable"] is False


def test_lists(octo: Octo, piers: Piers) -> None:
    held = octo.ok("POST", "/bookings", wish(piers, resellerReference="R-1"))
    by = {
        "resellerReference=R-1",
        f"supplierReference={held['supplierReference']}",
        f"localDate={DAY}",
        f"localDateStart={DAY}&localDateEnd={DAY}",
        f"localDate={DAY}&productId={piers.dive.id}&optionId=DEFAULT",
    }
    for query in by:
        assert [each["id"] for each in octo.ok("GET", f"/bookings?{query}")] == [held["id"]]
    assert octo.ok("GET", "/bookings?localDate=2027-03-02") == []
    assert octo.ok("GET", f"/bookings?localDate={DAY}&productId={uuid.uuid4()}") == []
    for query in ("", "?productId=x", f"?localDateStart={DAY}", "?localDate=tomorrow"):
        assert octo.refused("GET", f"/bookings{query}") == {"error": "BAD_REQUEST"}
    assert Octo(octo.client, piers.lagoon.key).ok("GET", f"/bookings?localDate={DAY}") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"productId": "x"}, {"error": "INVALID_PRODUCT_ID", "productId": "x"}),
        ({"productId": None}, {"error": "INVALID_PRODUCT_ID", "productId": ""}),
        ({"optionId": "x"}, {"error": "INVALID_OPTION_ID", "optionId": "x"}),
        ({"availabilityId": "x"}, {"error": "INVALID_AVAILABILITY_ID", "availabilityId": "x"}),
        ({"availabilityId": None}, {"error": "INVALID_AVAILABILITY_ID", "availabilityId": ""}),
        ({"unitItems": [{"unitId": "x"}]}, {"error": "INVALID_UNIT_ID", "unitId": "x"}),
        ({"unitItems": [{}]}, {"error": "INVALID_UNIT_ID", "unitId": ""}),
        ({"unitItems": []}, {"error": "UNPROCESSABLE_ENTITY"}),
        ({"unitItems": "adult"}, {"error": "BAD_REQUEST"}),
        ({"uuid": "x"}, {"error": "INVALID_BOOKING_UUID", "uuid": "x"}),
        ({"expirationMinutes": "5"}, {"error": "BAD_REQUEST"}),
    ],
)
def test_invalid_ids_come_back(
    octo: Octo, piers: Piers, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert octo.refused("POST", "/bookings", wish(piers, **changes)) == expected
    assert used() == {}


@pytest.mark.parametrize("verb", ["", "/confirm", "/extend", "/cancel"])
def test_another_reseller_s_booking_does_not_exist(octo: Octo, piers: Piers, verb: str) -> None:
    held = octo.ok("POST", "/bookings", wish(piers, productId=str(piers.snorkel.id)))
    lagoon = Octo(octo.client, piers.lagoon.key)
    expected = {"error": "INVALID_BOOKING_UUID", "uuid": held["uuid"]}
    body = {"contact": CONTACT} if verb == "/confirm" else {}
    path = f"/bookings/{held['uuid']}{verb}"
    if verb:
        assert lagoon.refused("POST", path, body) == expected
    else:
        assert lagoon.refused("GET", path) == expected
        assert lagoon.refused("PATCH", path, {"notes": "mine"}) == expected
    assert octo.ok("GET", f"/bookings/{held['uuid']}") == held


def test_prices_are_whole_minor_units(octo: Octo, piers: Piers) -> None:
    values = {"group_discounts": [{"guests": 3, "percent": "10"}], "price": "33.35"}
    offers.edit(db.session(), MIA, EVERYTHING, piers.first.id, piers.dive.id, values)
    piers.website.currency = "EUR"
    priced = Octo(octo.client, octo.key, headers={"Octo-Capabilities": "octo/pricing, x/y"})
    product = priced.ok("GET", f"/products/{piers.dive.id}")
    assert (product["defaultCurrency"], product["pricingPer"]) == ("EUR", "UNIT")
    (hint,) = product["options"][0]["units"][0]["pricingFrom"]
    assert (hint["original"], hint["retail"], hint["net"]) == (3335, 3335, 2835)
    asked = {"productId": str(piers.dive.id), "optionId": "DEFAULT", "localDate": DAY}
    slot = priced.ok("POST", "/availability", {**asked, "units": [{"id": "adult", "quantity": 3}]})[
        0
    ]
    assert (slot["pricing"]["original"], slot["pricing"]["retail"]) == (10005, 9004)
    held = priced.ok("POST", "/bookings", wish(piers, 3))
    assert held["pricing"]["retail"] == 9004
    assert sum(item["pricing"]["retail"] for item in held["unitItems"]) == 9004
    assert "pricing" not in octo.ok("GET", f"/bookings/{held['uuid']}")
    response = priced.call("GET", "/supplier")
    assert response.headers["Octo-Capabilities"] == "octo/pricing"


def test_price_categories_are_units(octo: Octo, piers: Piers) -> None:
    rows = [
        ActivityPrice(activity_id=piers.dive.id, category="adult", label="Adult", price=100),
        ActivityPrice(
            activity_id=piers.dive.id, category="family", label="Family", price=300, pax=3
        ),
    ]
    db.session.add_all(rows)
    db.session.flush()
    (option,) = octo.ok("GET", f"/products/{piers.dive.id}")["options"]
    assert [(u["type"], u["restrictions"]["paxCount"]) for u in option["units"]] == [
        ("ADULT", 1),
        ("FAMILY", 3),
    ]
    items = [{"unitId": unit["id"]} for unit in option["units"]]
    octo.ok("POST", "/bookings", wish(piers, unitItems=items))
    assert used() == {"10:00": 4}
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.guest_count, int(booking.total_amount)) == (4, 400)


def test_who_may_not(octo: Octo, piers: Piers) -> None:
    nobody = octo.client.get("/octo/supplier")
    assert (nobody.status_code, nobody.get_json()["error"]) == (400, "UNAUTHORIZED")
    stranger = Octo(octo.client, "reef_sk_wrong").call("GET", "/supplier")
    assert (stranger.status_code, stranger.get_json()["error"]) == (403, "FORBIDDEN")
    theirs = Octo(octo.client, octo.key, "/octo/theirs").call("GET", "/supplier")
    assert (theirs.status_code, theirs.get_json()["error"]) == (403, "FORBIDDEN")
    assert Octo(octo.client, octo.key, "/octo/ours").ok("GET", "/supplier")["id"] == "ours"
    for path in ("/no/such/thing", "/products/x/y", ""):
        unknown = octo.call("GET", path or "/nothing")
        assert (unknown.status_code, unknown.get_json()["error"]) == (400, "BAD_REQUEST")
    assert octo.call("PUT", "/supplier").status_code == 400
    assert (
        octo.client.post(
            "/octo/bookings", data="{", headers={"Authorization": f"Bearer {octo.key}"}
        ).get_json()["error"]
        == "BAD_REQUEST"
    )


def test_every_write_is_logged(octo: Octo, piers: Piers) -> None:
    held = octo.ok("POST", "/bookings", wish(piers))
    octo.refused("POST", f"/bookings/{held['uuid']}/extend", {"expirationMinutes": 0})
    octo.ok("POST", f"/bookings/{held['uuid']}/confirm", {"contact": CONTACT})
    rows = db.session.scalars(select(SyncLog).order_by(SyncLog.id)).all()
    said = [(row.event_type, row.status, row.code) for row in rows]
    assert said == [
        ("booking.created", "success", None),
        ("booking.extended", "failed", "BAD_REQUEST"),
        ("booking.confirmed", "success", None),
    ]
