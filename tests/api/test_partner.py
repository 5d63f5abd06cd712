"""The partner API: what a partner does with it, and what it cannot."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.events.models import Event
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import departing
from app.venues.models import SlotUsage
from tests.api import partner_house
from tests.api.partner_house import DAY, SECRET, Piers
from tests.api.source import Source, full_booking
from tests.bookings.made import MIA
from tests.factories import ApiKeyFactory, partner_at
from tests.venues.made import TREK, an_activity


@pytest.fixture
def piers(app: Flask, db_session: object) -> Piers:
    return partner_house.build(app)


def used() -> int:
    """Places that are taken anywhere."""
    return sum(db.session.scalars(select(SlotUsage.used)))


def test_the_document_s_own_example_books(piers: Piers) -> None:
    made = piers.reef.ok("POST", "/bookings", piers.wish(number_of_dives=2))["booking"]
    assert (made["status"], made["time_slot"], made["guest_count"]) == ("confirmed", "10:00", 1)
    assert (made["total_amount"], made["commission_rate"], made["commission"]) == (3900, 15, 585)
    booking = db.session.get_one(Booking, uuid.UUID(made["id"]))
    assert (booking.source, booking.partner_id) == ("partner", piers.reef.partner.id)
    assert booking.addons == [{"name": "Dives", "quantity": 2, "unit_price": 0}]
    customer = db.session.get_one(Customer, booking.customer_id)
    assert (customer.source, customer.created_by_partner_id) == ("partner", piers.reef.partner.id)
    assert used() == 1


def test_what_can_be_booked(piers: Piers) -> None:
    piers.reef.ok("POST", "/bookings", piers.wish(guest_count=3))
    path = f"/availability?location_id={piers.first.id}&date={DAY}"
    (offer,) = piers.reef.ok("GET", path)["activities"]
    assert offer["activity_id"] == str(piers.dive.id)
    assert [(s["time_slot"], s["capacity"], s["remaining"]) for s in offer["slots"]] == [
        ("10:00", 4, 1),
        ("14:00", 4, 4),
    ]
    (two,) = piers.reef.ok("GET", f"{path}&party_size=2")["activities"]
    assert [s["time_slot"] for s in two["slots"]] == ["14:00"]


def test_locations_and_dive_sites_are_those_where_it_may_book(piers: Piers) -> None:
    names = [each["name"] for each in piers.reef.ok("GET", "/locations")["locations"]]
    assert names == ["First pier", "Second pier"]
    (only,) = piers.lagoon.ok("GET", "/locations")["locations"]
    assert only["name"] == "Second pier"
    assert piers.lagoon.ok("GET", "/dive-sites")["dive_sites"] == []


def test_the_first_slot_with_room_is_taken_until_none_has(piers: Piers) -> None:
    slots = [
        piers.reef.ok("POST", "/bookings", piers.wish(guest_count=3))["booking"]["time_slot"]
        for _ in range(2)
    ]
    assert slots == ["10:00", "14:00"]
    full = piers.reef.refused("POST", "/bookings", piers.wish(guest_count=3))
    assert full == (409, "SLOT_UNAVAILABLE")
    assert used() == 6


def test_a_closed_or_unknown_time_is_refused(piers: Piers) -> None:
    wish = piers.wish(time_slot="11:00")
    assert piers.reef.refused("POST", "/bookings", wish) == (409, "SLOT_UNAVAILABLE")
    assert piers.reef.refused("POST", "/bookings", piers.wish(time_slot="noonish"))[0] == 400
    past = piers.wish(booking_date="2020-01-01")
    assert piers.reef.refused("POST", "/bookings", past) == (409, "SLOT_UNAVAILABLE")
    assert used() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"customer": {"first_name": "Nobody"}},
        {"customer": None},
        {"guest_count": 0},
        {"guest_count": "2"},
        {"booking_date": "2027-02-30"},
        {"activity_type": "sailing"},
        {"activity_type": None},
        {"location_id": "here"},
        {"suprise": 1},
    ],
)
def test_bad_input_is_named_and_loses_nothing(piers: Piers, wrong: dict[str, Any]) -> None:
    response = piers.reef.call("POST", "/bookings", piers.wish(**wrong))
    assert response.status_code == 400
    assert response.json is not None
    assert response.json["details"]
    assert used() == 0


def test_a_change_exchanges_the_places(piers: Piers) -> None:
    made = piers.reef.ok("POST", "/bookings", piers.wish(guest_count=2))["booking"]
    path = f"/bookings/{made['id']}"
    moved = piers.reef.ok("PUT", path, {"time_slot": "14:00", "guest_count": 3})["booking"]
    assert (moved["time_slot"], moved["guest_count"], moved["total_amount"]) == ("14:00", 3, 11700)
    assert moved["version"] == 2
    rows = {row.slot: row.used for row in db.session.scalars(select(SlotUsage))}
    assert rows == {"10:00": 0, "14:00": 3}
    piers.reef.ok("POST", "/bookings", piers.wish(time_slot="10:00", guest_count=2))
    too_many = piers.reef.refused("PUT", path, {"time_slot": "10:00"})
    assert too_many == (409, "SLOT_UNAVAILABLE")
    again = piers.reef.ok("GET", path)["booking"]
    assert (again["time_slot"], again["version"]) == ("14:00", 2)


def test_another_day_alone_keeps_the_time_where_there_is_room(piers: Piers) -> None:
    made = piers.reef.ok("POST", "/bookings", piers.wish(time_slot="14:00", guest_count=3))
    path = f"/bookings/{made['booking_id']}"
    moved = piers.reef.ok("PUT", path, {"booking_date": "2027-03-02"})["booking"]
    assert (moved["booking_date"], moved["time_slot"]) == ("2027-03-02", "14:00")
    piers.reef.ok("POST", "/bookings", piers.wish(time_slot="14:00", guest_count=2))
    back = piers.reef.ok("PUT", path, {"booking_date": DAY})["booking"]
    assert (back["booking_date"], back["time_slot"]) == (DAY, "10:00")


def test_a_departure_is_booked_by_its_time_or_its_id(piers: Piers) -> None:
    trek = an_activity(piers.first, **TREK)
    ids = []
    for day, clock in ((DAY, "06:30"), (DAY, "18:00"), ("2027-03-02", "18:00")):
        given = {"activity_id": trek.id, "day": date.fromisoformat(day), "time": clock}
        sailing = departing.add(db.session(), MIA, EVERYTHING, piers.first.id, given, date.min)
        ids.append(str(sailing.id))
    wish = piers.wish(activity_type="trek", time_slot="18:00", guest_count=5)
    made = piers.reef.ok("POST", "/bookings", wish)["booking"]
    assert (made["time_slot"], made["departure_id"]) == ("18:00", ids[1])
    assert piers.reef.refused("POST", "/bookings", wish) == (409, "SLOT_UNAVAILABLE")
    path = f"/bookings/{made['id']}"
    moved = piers.reef.ok("PUT", path, {"booking_date": "2027-03-02"})["booking"]
    assert moved["departure_id"] == ids[2]
    moved = piers.reef.ok("PUT", path, {"booking_date": DAY, "departure_id": ids[0]})["booking"]
    assert (moved["time_slot"], moved["departure_id"]) == ("06:30", ids[0])
    rows = {row.slot: row.used for row in db.session.scalars(select(SlotUsage))}
    assert rows == {ids[0]: 5, ids[1]: 0, ids[2]: 0}


def test_a_change_of_words_keeps_place_and_price(piers: Piers) -> None:
    made = piers.reef.ok("POST", "/bookings", piers.wish())["booking"]
    body = {
        "version": 1,
        "special_requests": "Nitrox",
        "partner_reference": "RT-1",
        "customer": {"first_name": "New", "last_name": "Name", "email": "new@example.com"},
    }
    changed = piers.reef.ok("PUT", f"/bookings/{made['id']}", body)["booking"]
    assert changed["customer"]["name"] == "New Name"
    assert (changed["special_requests"], changed["partner_reference"]) == ("Nitrox", "RT-1")
    stale = piers.reef.refused("PUT", f"/bookings/{made['id']}", {"version": 1, "guest_count": 2})
    assert stale == (409, "CONFLICT")
    found = piers.reef.ok("GET", "/bookings?partner_reference=RT-1")["bookings"]
    assert [each["id"] for each in found] == [made["id"]]


def test_cancelling_gives_back_and_is_repeatable(piers: Piers) -> None:
    made = piers.reef.ok("POST", "/bookings", piers.wish(guest_count=4))["booking"]
    path = f"/bookings/{made['id']}"
    gone = piers.reef.ok("DELETE", f"{path}?reason=Seasick")["booking"]
    assert (gone["status"], gone["cancellation_reason"]) == ("cancelled", "Seasick")
    assert piers.reef.ok("DELETE", path)["booking"]["version"] == gone["version"]
    assert used() == 0
    assert piers.reef.refused("PUT", path, {"guest_count": 1}) == (409, "CONFLICT")


def test_after_the_deadline_it_is_the_venue_s_business(piers: Piers) -> None:
    made = piers.reef.ok("POST", "/bookings", piers.wish(guest_count=2))["booking"]
    assert made["cancellable_until"] == "2027-02-28T03:00:00Z"  # 24 hours before 10:00 there
    with time_machine.travel(datetime(2027, 2, 28, 3, 0, 1, tzinfo=UTC), tick=False):
        late = piers.reef.refused("DELETE", f"/bookings/{made['id']}")
        assert late == (409, "CONFLICT")
        refused = piers.reef.refused("PUT", f"/bookings/{made['id']}", {"guest_count": 1})
        assert refused == (409, "CONFLICT")
    assert used() == 2


def test_a_partner_that_may_not_change_may_cancel(piers: Piers) -> None:
    piers.reef.partner.settings = {"may_change": False}
    made = piers.reef.ok("POST", "/bookings", piers.wish())["booking"]
    refused = piers.reef.refused("PUT", f"/bookings/{made['id']}", {"guest_count": 2})
    assert refused == (403, "FORBIDDEN")
    assert piers.reef.ok("DELETE", f"/bookings/{made['id']}")["booking"]["status"] == "cancelled"


def test_the_same_idempotency_key_books_once(piers: Piers) -> None:
    first = piers.reef.ok("POST", "/bookings", piers.wish(), Idempotency_Key="k1")
    again = piers.reef.ok("POST", "/bookings", piers.wish(), Idempotency_Key="k1")
    assert first == again
    other = piers.reef.refused("POST", "/bookings", piers.wish(guest_count=2), Idempotency_Key="k1")
    assert other == (409, "CONFLICT")
    assert used() == 1


def test_one_guest_over_all_doors_but_each_partner_sees_its_own_words(piers: Piers) -> None:
    ApiKeyFactory.create(website_id="ours")
    guest = {"name": "Hub Name", "email": "hub@example.com", "phone": "+66812345678"}
    source = Source(piers.reef.client, "ours_sk_test")
    known = source.post(full_booking(customer=guest))
    assert known.status_code == 201
    body = {"first_name": "Our", "last_name": "Words", "phone": "+66812345678"}
    ours = piers.reef.ok("POST", "/customers", body)["customer"]
    theirs = piers.lagoon.ok("POST", "/customers", {**body, "first_name": "Their"})["customer"]
    assert ours["id"] == theirs["id"]
    assert (ours["email"], theirs["email"]) == (None, None)  # the hub knows one; they do not
    assert piers.reef.ok("GET", f"/customers/{ours['id']}")["customer"]["first_name"] == "Our"
    assert len(list(db.session.scalars(select(Customer)))) == 1
    booked = piers.reef.ok("POST", "/bookings", piers.wish(customer=None, customer_id=ours["id"]))[
        "booking"
    ]
    assert booked["customer"] == {
        "id": ours["id"], "name": "Our Words", "email": None, "phone": "+66812345678",
    }  # fmt: skip


def test_lists_are_paged(piers: Piers) -> None:
    for n in range(5):
        guest = {"first_name": f"Guest {n}", "phone": f"+6681234500{n}"}
        wish = piers.wish(
            customer=guest, location_id=str(piers.second.id), activity_type="activity"
        )
        piers.reef.ok("POST", "/bookings", wish)
    for path, name in (("/bookings", "bookings"), ("/customers", "customers")):
        seen: list[str] = []
        after = ""
        while True:
            page = piers.reef.ok("GET", f"{path}?limit=2&after={after}")
            seen += [row["id"] for row in page[name]]
            after = page["next"]
            if after is None:
                break
        assert len(set(seen)) == len(seen) == 5
    assert piers.reef.refused("GET", "/bookings?after=xx")[0] == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/bookings/{booking}"),
        ("PUT", "/bookings/{booking}"),
        ("DELETE", "/bookings/{booking}"),
        ("GET", "/customers/{customer}"),
    ],
)
def test_another_partner_s_things_do_not_exist(piers: Piers, method: str, path: str) -> None:
    wish = piers.wish(location_id=str(piers.second.id), activity_type="activity")
    made = piers.reef.ok("POST", "/bookings", wish)["booking"]
    where = path.format(booking=made["id"], customer=made["customer"]["id"])
    body = {"guest_count": 2} if method == "PUT" else None
    assert piers.lagoon.refused(method, where, body) == (404, "NOT_FOUND")
    assert piers.lagoon.ok("GET", "/bookings")["bookings"] == []
    assert piers.lagoon.ok("GET", "/customers")["customers"] == []
    assert piers.reef.ok("GET", f"/bookings/{made['id']}")["booking"]["version"] == 1


def test_a_venue_where_it_may_not_book_does_not_exist(piers: Piers) -> None:
    path = f"/availability?location_id={piers.first.id}&date={DAY}"
    assert piers.lagoon.refused("GET", path) == (404, "NOT_FOUND")
    assert piers.lagoon.refused("POST", "/bookings", piers.wish()) == (404, "NOT_FOUND")
    sneaky = piers.wish(location_id=str(piers.second.id), activity_id=str(piers.dive.id))
    assert piers.lagoon.refused("POST", "/bookings", sneaky) == (404, "NOT_FOUND")
    stranger = piers.wish(customer=None, customer_id=str(uuid.uuid4()))
    assert piers.reef.refused("POST", "/bookings", stranger) == (404, "NOT_FOUND")


def test_keys_pairs_and_tokens(piers: Piers) -> None:
    reef = piers.reef
    pair = {"Authorization": "", "X_API_Key": reef.key, "X_API_Secret": SECRET}
    assert reef.call("GET", "/locations", None, **pair).status_code == 200
    for wrong in ({"X_API_Secret": "no"}, {"X_API_Secret": ""}, {"X_API_Key": "no_sk_such"}):
        assert reef.call("GET", "/locations", None, **{**pair, **wrong}).status_code == 401
    body = {"api_key": reef.key, "api_secret": SECRET}
    token = reef.ok("POST", "/auth/token", body, Authorization="")
    bearer = f"Bearer {token['access_token']}"
    assert reef.call("GET", "/locations", None, Authorization=bearer).status_code == 200
    with time_machine.travel(datetime.now(UTC).replace(year=2030)):
        assert reef.call("GET", "/locations", None, Authorization=bearer).status_code == 401
    refused = reef.refused("POST", "/auth/token", {**body, "api_secret": "no"}, Authorization="")
    assert refused == (401, "AUTH_FAILED")
    # Staff's door does not take a partner's token, and a partner's none of a website.
    assert reef.client.get("/api/bookings", headers={"Authorization": bearer}).status_code == 401
    ApiKeyFactory.create(website_id="ours")
    assert (
        reef.call("GET", "/locations", None, Authorization="Bearer ours_sk_test").status_code == 401
    )


def test_a_switched_off_partner_and_a_foreign_address_stay_out(piers: Piers) -> None:
    piers.reef.partner.allowed_ips = ["203.0.113.0/24"]
    assert piers.reef.refused("GET", "/locations") == (403, "FORBIDDEN")
    piers.reef.partner.allowed_ips = []
    piers.reef.partner.is_active = False
    assert piers.reef.refused("GET", "/locations") == (401, "AUTH_FAILED")
    body = {"api_key": piers.reef.key, "api_secret": SECRET}
    assert piers.reef.refused("POST", "/auth/token", body, Authorization="")[0] == 401


def test_a_key_with_less_scope_does_less(app: Flask, piers: Piers) -> None:
    ApiKeyFactory.create(
        website_id=None,
        partner_id=piers.reef.partner.id,
        clear="reader_sk_test",
        scopes=["read:availability"],
    )
    bearer = {"Authorization": "Bearer reader_sk_test"}
    assert piers.reef.call("GET", "/locations", None, **bearer).status_code == 200
    assert piers.reef.refused("POST", "/bookings", piers.wish(), **bearer) == (403, "FORBIDDEN")
    assert piers.reef.refused("GET", "/bookings", None, **bearer) == (403, "FORBIDDEN")


def test_everything_is_told(piers: Piers) -> None:
    made = piers.reef.ok("POST", "/bookings", piers.wish())["booking"]
    piers.reef.ok("PUT", f"/bookings/{made['id']}", {"guest_count": 2})
    piers.reef.refused("PUT", f"/bookings/{made['id']}", {"guest_count": 5})
    piers.reef.ok("DELETE", f"/bookings/{made['id']}")
    booking_id = uuid.UUID(made["id"])
    query = select(Event).where(Event.booking_id == booking_id).order_by(Event.id)
    events = [(e.name, e.actor_kind, e.actor_label, e.door) for e in db.session.scalars(query)]
    door = f"partner:{piers.reef.partner.id}"
    assert events == [
        ("booking.created", "partner", "Reef Travel", door),
        ("booking.updated", "partner", "Reef Travel", door),
        ("booking.status_changed", "partner", "Reef Travel", door),
    ]
    logged = db.session.scalars(select(SyncLog).order_by(SyncLog.id)).all()
    assert [(row.http_status, row.code, row.booking_id) for row in logged] == [
        (201, None, booking_id),
        (200, None, booking_id),
        (409, "SLOT_UNAVAILABLE", booking_id),
        (200, None, booking_id),
    ]
    assert {row.door for row in logged} == {door}


def test_a_partner_without_venues_sees_nothing(app: Flask, piers: Piers) -> None:
    alone = partner_at(name="Nobody's")
    ApiKeyFactory.create(
        website_id=None, partner_id=alone.id, clear="alone_sk_test", scopes=partner_house.SCOPES
    )
    bearer = {"Authorization": "Bearer alone_sk_test"}
    assert piers.reef.ok("GET", "/locations", None, **bearer)["locations"] == []
    assert piers.reef.refused("POST", "/bookings", piers.wish(), **bearer) == (404, "NOT_FOUND")
