"""The JSON door of staff: bookings."""

from datetime import date, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import Event
from app.extensions import db
from app.staff.models import UserSession
from app.staff.tokens import _key
from app.travelers.models import BookingTraveler
from tests.desk import House, build_house
from tests.factories import PASSWORD, BookingFactory
from tests.harness.counting import counted_queries

LOGIN = "/api/v1/auth/login"


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


@pytest.fixture
def booking(house: House) -> Booking:
    made: Booking = BookingFactory.create(website_id="ours")
    return made


def log_in(client: FlaskClient, email: str, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, json={"email": email, "password": password})


def bearer(house: House, who: str) -> dict[str, str]:
    answer = log_in(house.app.test_client(), getattr(house, who).email)
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def refs(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["booking_ref"] for row in answer.get_json()["bookings"]]


def test_a_token_opens_the_door(house: House, booking: Booking) -> None:
    client = house.app.test_client()
    answer = log_in(client, house.colleague.email).get_json()
    assert answer.keys() == {"access_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    headers = {"Authorization": f"bearer {answer['access_token']}"}
    assert refs(client.get("/api/bookings", headers=headers)) == [booking.booking_ref]
    assert client.get("/api/bookings").status_code == 401


def test_a_wrong_password_is_told_apart_by_nobody(house: House) -> None:
    client = house.app.test_client()
    wrong = log_in(client, house.colleague.email, "not the password")
    unknown = log_in(client, "nobody@onebooking.test")
    for answer in (wrong, unknown):
        assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_FAILED")
    assert wrong.get_json()["error"] == unknown.get_json()["error"]
    for _ in range(4):
        log_in(client, house.colleague.email, "not the password")
    slowed = log_in(client, house.colleague.email)
    assert (slowed.status_code, slowed.get_json()["code"]) == (429, "RATE_LIMITED")
    assert int(slowed.headers["Retry-After"]) > 0


def test_a_token_ends_by_time_by_hand_and_with_the_account(house: House) -> None:
    client = house.app.test_client()
    with time_machine.travel("2026-03-01T09:00:00Z", tick=False) as clock:
        headers = bearer(house, "colleague")
        clock.shift(timedelta(minutes=59))
        assert client.get("/api/bookings", headers=headers).status_code == 200
        clock.shift(timedelta(minutes=1))
        assert client.get("/api/bookings", headers=headers).status_code == 401
    headers = bearer(house, "colleague")
    row = db.session.scalars(select(UserSession).order_by(UserSession.id.desc())).first()
    db.session.delete(row)
    assert client.get("/api/bookings", headers=headers).status_code == 401
    headers = bearer(house, "colleague")
    house.colleague.is_active = False
    assert client.get("/api/bookings", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "change", [{"aud": "onebooking:customer"}, {"jti": None}, {"jti": "x"}, {"exp": 1}]
)
def test_only_our_own_tokens_for_staff_count(house: House, change: dict[str, Any]) -> None:
    settings = house.app.extensions["settings"]
    token = bearer(house, "colleague")["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False}) | change
    client = house.app.test_client()
    for key in (_key(settings), settings.secret_key.get_secret_value() + "x" * 32):
        forged = jwt.encode({k: v for k, v in claims.items() if v is not None}, key)
        headers = {"Authorization": f"Bearer {forged}"}
        assert client.get("/api/bookings", headers=headers).status_code == 401


def test_a_bearer_token_outweighs_the_cookie(house: House) -> None:
    browser = house.browser("colleague")
    browser.environ_base.pop("HTTP_X_CSRFTOKEN")
    headers = {"Authorization": "Bearer nonsense"}
    assert browser.get("/api/bookings").status_code == 200
    assert browser.get("/api/bookings", headers=headers).status_code == 401


def test_a_token_of_the_api_is_no_cookie_and_the_reverse(house: House) -> None:
    client = house.app.test_client()
    token = bearer(house, "colleague")["Authorization"].removeprefix("Bearer ")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    assert client.get("/profile").status_code == 303
    assert client.get("/profile", headers={"Authorization": f"Bearer {token}"}).status_code == 303


def test_the_cookie_works_with_the_csrf_token(house: House, booking: Booking) -> None:
    browser = house.browser("colleague")
    body = {"version": booking.version, "admin_notes": "Late lunch"}
    assert browser.put(f"/api/bookings/{booking.id}", json=body).status_code == 200
    browser.environ_base.pop("HTTP_X_CSRFTOKEN")
    refused = browser.put(f"/api/bookings/{booking.id}", json=body)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(("who", "get", "put"), [("colleague", 200, 200), ("outsider", 404, 404)])
def test_whose_booking_it_is(house: House, booking: Booking, who: str, get: int, put: int) -> None:
    client, headers = house.app.test_client(), bearer(house, who)
    address = f"/api/bookings/{booking.id}"
    assert client.get(address, headers=headers).status_code == get
    body = {"version": 1, "time_slot": "11:00"}
    assert client.put(address, json=body, headers=headers).status_code == put
    assert refs(client.get("/api/bookings", headers=headers)) == (
        [booking.booking_ref] if get == 200 else []
    )


def test_filters(house: House) -> None:
    def book(ref: str, **fields: Any) -> None:
        BookingFactory.create(**{"website_id": "ours", "booking_ref": ref, **fields})

    book("A", customer_name="Amelia Hart", activity_date=date(2026, 3, 1))
    book("B", status="cancelled", activity_date=date(2026, 3, 2), customer_email="b@example.com")
    book("C", source="phone", activity_date=date(2026, 3, 3))
    book("D", website_id="theirs")
    browser = house.browser("manager")

    def found(query: str) -> list[str]:
        return refs(browser.get(f"/api/bookings?{query}"))

    assert found("") == ["A", "B", "C"]
    assert found("status=cancelled") == ["B"]
    assert found("status=cancelled,confirmed") == ["A", "B", "C"]
    assert found("source=phone") == ["C"]
    assert found("activity_date=2026-03-02") == ["B"]
    assert found("date_from=2026-03-02") == ["B", "C"]
    assert found("date_to=2026-03-02&status=") == ["A", "B"]
    assert found("q=amel") == ["A"]
    assert found("q=b@example.com") == ["B"]
    assert found("booking_date=2020-01-01") == []
    booked = db.session.scalars(select(Booking.created_at)).first()
    assert booked
    assert found(f"booking_date={booked.date()}") == ["A", "B", "C"]
    assert found("website_id=ours") == ["A", "B", "C"]
    assert found("website_id=theirs") == found("website_id=nowhere") == []
    nobody = "00000000-0000-7000-8000-000000000000"
    for name in ("partner_id", "venue_id", "location_id"):
        assert found(f"{name}={nobody}") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=gone", "status"),
        ("activity_date=tomorrow", "activity_date"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("venue_id=7", "venue_id"),
        ("after=%00", "after"),
    ],
)
def test_a_wrong_query_is_told(house: House, query: str, field: str) -> None:
    answer = house.browser("manager").get(f"/api/bookings?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_PAYLOAD")
    assert [fault["field"] for fault in answer.get_json()["details"]] == [field]


def test_paging_shows_each_once_in_order(house: House) -> None:
    for n in range(25):
        slot = f"{8 + n % 5:02d}:00"
        BookingFactory.create(website_id="ours", time_slot=slot, booking_ref=f"R{n}")
    browser, seen, after = house.browser("manager"), [], ""
    for _ in range(10):
        page = browser.get(f"/api/bookings?limit=7&after={after}").get_json()
        seen += [(row["time_slot"], row["id"]) for row in page["bookings"]]
        after = page["next"] or ""
        if not after:
            break
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen)


def test_the_list_costs_the_same_for_any_number(house: House) -> None:
    browser = house.browser("manager")
    BookingFactory.create(website_id="ours")
    with counted_queries(house.app) as few:
        browser.get("/api/bookings")
    BookingFactory.create_batch(15, website_id="ours", kind="table")
    for booking in BookingFactory.create_batch(15, website_id="ours", traveler_count=1):
        of = {"website_id": "ours", "booking_id": booking.id}
        db.session.add(BookingTraveler(name="Tess Traveler", is_primary=True, **of))
    db.session.flush()
    with counted_queries(house.app) as many:
        rows = browser.get("/api/bookings").get_json()["bookings"]
    assert sorted(len(row["travelers"]) for row in rows) == [0] * 16 + [1] * 15
    assert len(many) == len(few) <= 5


def test_a_booking_in_full(house: House, booking: Booking) -> None:
    shown = house.browser("manager").get(f"/api/bookings/{booking.id}").get_json()["booking"]
    assert shown["package_price"] == 3490
    assert shown["customer_email"] == booking.customer_email
    assert shown["activity_date"] == "2026-03-01"
    assert shown["version"] == 1
    assert not {"created_digest", "field_times", "search_text"} & shown.keys()


def test_an_edit_is_an_event_that_will_be_sent(house: House, booking: Booking) -> None:
    body = {"version": 1, "time_slot": "14:00", "guest_count": 4, "discount_amount": 99.5}
    browser = house.browser("manager")
    answer = browser.put(f"/api/bookings/{booking.id}", json=body).get_json()["booking"]
    assert (answer["version"], answer["time_slot"], answer["discount_amount"]) == (2, "14:00", 99.5)
    event = db.session.scalars(select(Event).where(Event.name == "booking.updated")).one()
    assert event.changes == {
        "time_slot": ["10:00", "14:00"],
        "guest_count": [2, 4],
        "discount_amount": [0, 99.5],
    }
    assert (event.actor_label, event.door) == ("Mara Manager", "staff")


def test_a_stale_version_shows_both_values(house: House, booking: Booking) -> None:
    browser = house.browser("colleague")
    address = f"/api/bookings/{booking.id}"
    browser.put(address, json={"version": 1, "time_slot": "14:00"})
    stale = browser.put(address, json={"version": 1, "time_slot": "16:00", "status": "cancelled"})
    answer = stale.get_json()
    assert (stale.status_code, answer["code"], answer["version"]) == (409, "CONFLICT", 2)
    assert answer["conflicts"]["time_slot"] == {"yours": "16:00", "current": "14:00"}
    db.session.expire_all()
    assert (booking.time_slot, booking.status) == ("14:00", "confirmed")


def test_a_status_with_notes_is_all_or_nothing(house: House, booking: Booking) -> None:
    browser = house.browser("colleague")
    address = f"/api/bookings/{booking.id}"
    body = {"version": 1, "status": "cancelled", "reason": "Flight", "admin_notes": "Called"}
    answer = browser.put(address, json=body).get_json()["booking"]
    assert (answer["status"], answer["cancellation_reason"]) == ("cancelled", "Flight")
    assert answer["admin_notes"] == "Called"
    wrong = {"version": answer["version"], "status": "checked_in", "admin_notes": "Came anyway"}
    assert browser.put(address, json=wrong).status_code == 409
    db.session.expire_all()
    assert booking.admin_notes == "Called"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"time_slot": "11:00"}, ["version"]),
        ({"version": 1, "guest_count": 0}, ["guest_count"]),
        ({"version": 1, "guest_count": "2"}, ["guest_count"]),
        ({"version": 1, "customer_name": None}, ["customer_name"]),
        ({"version": 1, "customer_email": "nobody"}, ["customer_email"]),
        ({"version": 1, "booking_ref": "X"}, ["booking_ref"]),
        ({"version": 1, "status": "gone"}, ["status"]),
        ({"version": 1, "reason": "Why"}, ["reason"]),
        ({"version": True, "nonsense": 1}, ["version", "nonsense"]),
        ({"version": 1, "addons": [{"name": ""}]}, ["addons.0.name"]),
    ],
)
def test_every_fault_of_a_body_is_named(
    house: House, booking: Booking, body: dict[str, Any], fields: list[str]
) -> None:
    answer = house.browser("colleague").put(f"/api/bookings/{booking.id}", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_PAYLOAD")
    assert sorted(f["field"] for f in answer.get_json()["details"]) == sorted(fields)
    assert booking.version == 1


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b'{"version": 1', "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"version": 1}', "text/plain", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"admin_notes": "' + b"x" * 300_000 + b'"}', "application/json", 413),
    ],
)
def test_what_is_no_json(
    house: House, booking: Booking, raw: bytes, kind: str, status: int
) -> None:
    answer = house.browser("colleague").put(
        f"/api/bookings/{booking.id}", data=raw, content_type=kind
    )
    code = "INVALID_PAYLOAD" if status == 400 else "PAYLOAD_TOO_LARGE"
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_clearing_a_field(house: House) -> None:
    booking = BookingFactory.create(
        website_id="ours", hotel_name="Marriott", addons=[{"name": "Photo"}], discount_amount=50
    )
    body = {"version": 1, "hotel_name": None, "addons": None, "discount_amount": None}
    browser = house.browser("manager")
    shown = browser.put(f"/api/bookings/{booking.id}", json=body).get_json()["booking"]
    assert (shown["hotel_name"], shown["addons"], shown["discount_amount"]) == (None, [], 0)


def test_addons_are_stored_as_sources_send_them(house: House, booking: Booking) -> None:
    addons = [{"name": "Photo", "quantity": 2, "unit_price": 12.5}, {"name": "Shirt"}]
    body = {"version": 1, "addons": addons}
    browser = house.browser("manager")
    shown = browser.put(f"/api/bookings/{booking.id}", json=body).get_json()["booking"]["addons"]
    assert shown == [addons[0], {"name": "Shirt", "quantity": 1, "unit_price": 0}]
