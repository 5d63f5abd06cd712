"""Every row of the sync table."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from app.api.models import Receipt
from app.apikeys.models import ApiKey
from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.crypto import hash_secret
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.events.models import Actor, Event
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from tests.api.source import Source, full_booking
from tests.harness.counting import counted_queries

Database = scoped_session[Session]
STAFF = Actor(kind="user", id="1", label="Demo Person", door="staff")


@pytest.fixture
def stored(db_session: Database) -> Callable[[dict[str, Any]], Booking]:
    """Reads the booking that a body is about."""

    def read(body: dict[str, Any]) -> Booking:
        db_session.expire_all()
        source_id = uuid.UUID(body["source_booking_id"])
        query = select(Booking).where(Booking.source_booking_id == source_id)
        return db_session.scalars(query).one()

    return read


def count(session: Database, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def last_log(session: Database) -> SyncLog:
    return session.scalars(select(SyncLog).order_by(SyncLog.id.desc())).first()  # type: ignore[return-value]


def staff_edits(session: Database, booking: Booking, **changes: Any) -> None:
    actions.edit(session(), STAFF, EVERYTHING, booking.id, changes, booking.version)
    session.commit()


def test_a_new_booking_is_kept_with_every_field(source: Source, stored: Any) -> None:
    body = full_booking()
    response = source.post(body)
    booking = stored(body)
    assert response.status_code == 201
    assert response.get_json() == {
        "success": True,
        "booking_id": str(booking.id),
        "message": "Booking synced successfully",
    }
    assert (booking.source, booking.status, booking.version) == ("website", "confirmed", 1)
    assert (booking.booking_ref, booking.package_name) == ("HW-000023", "World A+")
    assert (booking.package_price, booking.total_amount) == (3490, 8500)
    assert (booking.guest_count, booking.currency) == (2, "THB")
    assert (booking.customer_name, booking.customer_email) == ("Demo Guest", "guest@example.com")
    assert (booking.customer_phone, booking.customer_country_code) == ("812345678", "+66")
    assert booking.special_requests == "Vegetarian lunch please"
    assert (booking.transport_type, booking.hotel_name) == ("hotel_pickup", "Demo Hotel")
    assert (booking.room_number, booking.non_players) == ("1205", 1)
    assert booking.addons == [{"name": "Photo Package", "quantity": 1, "unit_price": 500}]
    assert booking.stripe_payment_intent_id == "pi_demo"
    assert booking.source_created_at == datetime(2026, 2, 20, 10, 30, tzinfo=UTC)
    assert booking.starts_at == datetime(2027, 3, 1, 3, 0, tzinfo=UTC), "10:00 in Bangkok"


def test_the_same_created_again_answers_200_and_writes_nothing(
    source: Source, db_session: Database
) -> None:
    body = full_booking()
    first = source.ok(body)
    events = count(db_session, Event)
    response = source.post({**body, "event_id": "another"})
    assert (response.status_code, response.get_json()) == (200, first)
    assert count(db_session, Event) == events


def test_a_retry_of_created_is_no_fault_after_staff_edited(
    source: Source, stored: Any, db_session: Database
) -> None:
    body = source.create()
    staff_edits(db_session, stored(body), guest_count=4)
    assert source.post(body).status_code == 200
    assert stored(body).guest_count == 4


def test_created_with_other_content_is_a_duplicate(
    source: Source, stored: Any, db_session: Database
) -> None:
    body = source.create()
    response = source.post({**body, "total_amount": 9000})
    assert response.status_code == 409
    assert response.get_json()["code"] == "DUPLICATE_BOOKING"
    assert last_log(db_session).booking_id == stored(body).id
    assert (stored(body).total_amount, stored(body).version) == (8500, 1)


def test_an_update_changes_only_its_fields_null_clears_absent_leaves(
    source: Source, stored: Any
) -> None:
    body = source.create()
    source.update(
        body, guest_count=5, transport={"room_number": None}, customer={"special_requests": None}
    )
    booking = stored(body)
    assert (booking.guest_count, booking.room_number, booking.special_requests) == (5, None, None)
    assert (booking.hotel_name, booking.customer_name) == ("Demo Hotel", "Demo Guest")
    source.update(body, transport=None, addons=None, discount_amount=None)
    booking = stored(body)
    assert (booking.hotel_name, booking.non_players, booking.addons) == (None, 0, [])


@pytest.mark.parametrize(
    ("event", "extra", "status"),
    [
        ("booking.updated", {}, "confirmed"),
        ("booking.updated", {"status": "pending"}, "pending"),
        ("booking.cancelled", {"reason": "Storm"}, "cancelled"),
        ("booking.refunded", {}, "refunded"),
    ],
)
def test_a_lost_created_is_healed_by_a_full_message(
    source: Source, stored: Any, event: str, extra: dict[str, Any], status: str
) -> None:
    body = full_booking(event=event, **extra)
    assert source.post(body).status_code == 201
    assert stored(body).status == status


@pytest.mark.parametrize("event", ["booking.updated", "booking.cancelled", "booking.refunded"])
def test_a_partial_message_about_an_unknown_booking_is_404(source: Source, event: str) -> None:
    body = {"event": event, "source_booking_id": str(uuid.uuid4()), "guest_count": 2}
    response = source.post(body)
    answer = response.get_json()
    assert (response.status_code, answer["code"]) == (404, "NOT_FOUND")
    assert "full booking" in answer["error"]
    assert {"field": "customer.name", "message": "Is missing."} in answer["details"]


def test_a_stale_update_answers_200_says_so_and_writes_nothing(
    source: Source, stored: Any, db_session: Database
) -> None:
    body = source.create(updated_at="2026-03-01T12:00:00+07:00")
    events = count(db_session, Event)
    answer = source.update(body, guest_count=9, updated_at="2026-03-01T04:59:59Z")
    assert "stale" in answer["message"].lower()
    assert (stored(body).guest_count, count(db_session, Event)) == (2, events)
    source.update(body, guest_count=9, updated_at="2026-03-01T05:00:01Z")
    assert stored(body).guest_count == 9


def test_newest_wins_per_field(source: Source, stored: Any) -> None:
    body = source.create(updated_at="2026-03-01T00:00:00Z")
    source.update(body, guest_count=5, updated_at="2026-03-03T00:00:00Z")
    source.update(body, guest_count=4, time_slot="11:00", updated_at="2026-03-02T00:00:00Z")
    booking = stored(body)
    assert (booking.guest_count, booking.time_slot) == (5, "11:00")


def test_a_late_created_behind_the_update_that_healed_it_merges_by_time(
    source: Source, stored: Any
) -> None:
    late = full_booking(updated_at="2026-03-01T00:00:00Z")
    newer = {**late, "event": "booking.updated", "updated_at": "2026-03-02T00:00:00Z"}
    del newer["transport"]
    source.ok({**newer, "guest_count": 6})
    source.ok(late)
    booking = stored(late)
    assert (booking.guest_count, booking.hotel_name) == (6, "Demo Hotel")


def test_a_repeated_event_id_hears_the_first_answer(source: Source, stored: Any) -> None:
    body = full_booking(event_id="evt-1")
    first = source.ok(body)
    response = source.post({**body, "guest_count": 7})
    assert (response.status_code, response.get_json()) == (200, first)
    assert stored(body).guest_count == 2


def test_a_refused_event_id_may_be_corrected(source: Source) -> None:
    assert source.post(full_booking(event_id="evt-2", guest_count=-1)).status_code == 400
    assert source.post(full_booking(event_id="evt-2")).status_code == 201


def test_an_idempotency_key_with_another_body_is_a_conflict(
    source: Source, db_session: Database
) -> None:
    body = full_booking()
    first = source.ok(body, **{"Idempotency-Key": "once"})
    assert source.ok(body, **{"Idempotency-Key": "once"}) == first
    response = source.post(full_booking(), **{"Idempotency-Key": "once"})
    assert (response.status_code, response.get_json()["code"]) == (409, "CONFLICT")
    assert (count(db_session, Booking), count(db_session, Receipt)) == (1, 1)


def test_the_same_content_makes_no_event(source: Source, stored: Any, db_session: Database) -> None:
    body = source.create()
    events = count(db_session, Event)
    source.ok({**body, "event": "booking.updated"})
    assert (count(db_session, Event), stored(body).version) == (events, 1)


def test_what_staff_changed_and_the_source_has_not_acknowledged_stays(
    source: Source, stored: Any, db_session: Database
) -> None:
    body = source.create()
    staff_edits(db_session, stored(body), time_slot="14:00")
    source.update(body, time_slot="09:00", guest_count=3)
    booking = stored(body)
    assert (booking.time_slot, booking.guest_count) == ("14:00", 3)
    conflict = db_session.scalars(select(Event).where(Event.name == "booking.conflict")).one()
    assert conflict.changes == {"time_slot": ["14:00", "09:00"]}
    assert last_log(db_session).notes == ["Kept what staff changed: Time"]
    source.update(body, time_slot="09:00")
    conflicts = select(Event).where(Event.name == "booking.conflict")
    assert len(db_session.scalars(conflicts).all()) <= 2, "retries do not pile up"


def test_without_a_webhook_only_time_decides(
    source: Source, website: Website, stored: Any, db_session: Database
) -> None:
    website.webhook_url = None
    body = source.create()
    staff_edits(db_session, stored(body), time_slot="14:00")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    source.update(body, time_slot="09:00", updated_at=yesterday)
    assert stored(body).time_slot == "14:00", "a late event does not undo a staff edit"
    source.update(body, time_slot="09:00")
    assert stored(body).time_slot == "09:00"


def test_cancelled_keeps_its_reason(source: Source, stored: Any) -> None:
    body = source.create()
    source.update(body, event="booking.cancelled", reason="Flight change")
    booking = stored(body)
    assert (booking.status, booking.cancellation_reason) == ("cancelled", "Flight change")


def test_a_partial_refund_keeps_the_status_a_full_one_does_not(source: Source, stored: Any) -> None:
    body = source.create()
    source.update(body, event="booking.refunded", refund_amount=1000.5)
    assert (stored(body).status, float(stored(body).refunded_amount)) == ("confirmed", 1000.5)
    source.update(body, event="booking.refunded", refund_amount=8500)
    assert (stored(body).status, stored(body).refunded_amount) == ("refunded", 8500)


@pytest.mark.parametrize(
    ("word", "status"), [("Canceled", "cancelled"), ("no-show", "no_show"), ("PAID", "confirmed")]
)
def test_a_source_may_use_its_own_words(
    source: Source, stored: Any, word: str, status: str
) -> None:
    body = source.create(status=word)
    assert (stored(body).status, stored(body).source_status) == (status, word)


def test_one_customer_over_all_sources(source: Source, stored: Any, db_session: Database) -> None:
    first = source.create()
    second = source.create(
        customer={"name": "D. Guest", "email": "other@example.com", "phone": "+66 81 234 5678"}
    )
    third = source.create(customer={"name": "Guest", "email": "GUEST@example.com"})
    people = {stored(body).customer_id for body in (first, second, third)}
    assert (len(people), count(db_session, Customer)) == (1, 1)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)}, True),
        ({"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}, True),
        ({}, False),
    ],
)
def test_a_key_that_has_ended_is_401_and_leaves_its_row(
    source: Source, website: Website, db_session: Database, fields: dict[str, Any], state: bool
) -> None:
    key = db_session.scalars(select(ApiKey)).one()
    for name, value in fields.items():
        setattr(key, name, value)
    website.is_active = state
    response = source.post(full_booking())
    assert (response.status_code, response.get_json()["code"]) == (401, "AUTH_FAILED")
    assert (last_log(db_session).status, last_log(db_session).http_status) == ("failed", 401)


@pytest.mark.parametrize("key", ["", "unknown", "x" * 5000, "naïve"])
def test_an_unknown_key_is_401_and_leaves_no_row(
    source: Source, db_session: Database, key: str
) -> None:
    response = source.post(full_booking(), **{"X-API-Key": key})
    assert (response.status_code, response.get_json()["code"]) == (401, "AUTH_FAILED")
    assert count(db_session, SyncLog) == 0


def test_scope_address_and_website_of_the_key(source: Source, db_session: Database) -> None:
    key = db_session.scalars(select(ApiKey)).one()
    assert source.post(full_booking(website_id="elsewhere")).get_json()["code"] == (
        "WEBSITE_NOT_FOUND"
    )
    key.allowed_ips = ["203.0.113.0/24"]
    assert source.post(full_booking()).get_json()["code"] == "FORBIDDEN"
    key.allowed_ips = ["127.0.0.0/8"]
    assert source.post(full_booking()).status_code == 201
    key.scopes = ["read:bookings"]
    assert source.post(full_booking()).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"guest_count": "2"}, "guest_count"),
        ({"guest_count": True}, "guest_count"),
        ({"guest_count": -1}, "guest_count"),
        ({"guest_count": 2.5}, "guest_count"),
        ({"guest_count": None}, "guest_count"),
        ({"total_amount": "8500"}, "total_amount"),
        ({"total_amount": -1}, "total_amount"),
        ({"total_amount": 1.999}, "total_amount"),
        ({"total_amount": 1e15}, "total_amount"),
        ({"package_price": False}, "package_price"),
        ({"activity_date": "01/03/2026"}, "activity_date"),
        ({"activity_date": "2026-02-30"}, "activity_date"),
        ({"activity_date": "9999-01-01"}, "activity_date"),
        ({"activity_date": 20260301}, "activity_date"),
        ({"currency": "BAHT"}, "currency"),
        ({"currency": "ZZZ"}, "currency"),
        ({"status": "sleeping"}, "status"),
        ({"event": "booking.exploded"}, "event"),
        ({"source_booking_id": "not-a-uuid"}, "source_booking_id"),
        ({"source_booking_id": None}, "source_booking_id"),
        ({"booking_ref": "x" * 101}, "booking_ref"),
        ({"booking_ref": "   "}, "booking_ref"),
        ({"package_name": 5}, "package_name"),
        ({"customer": {"name": "x", "email": "nobody"}}, "customer.email"),
        ({"customer": {"name": "x" * 201, "email": "a@example.com"}}, "customer.name"),
        ({"customer": {"name": "x\x00y", "email": "a@example.com"}}, "customer.name"),
        ({"customer": "Demo Guest"}, "customer"),
        ({"customer": None}, "customer"),
        ({"transport": {"non_players": -1}}, "transport.non_players"),
        ({"transport": []}, "transport"),
        ({"addons": [{"quantity": 1}]}, "addons.0.name"),
        ({"addons": {"name": "x"}}, "addons"),
        ({"updated_at": "yesterday"}, "updated_at"),
        ({"created_at": 1}, "created_at"),
        ({"time_slot": ""}, "time_slot"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(
    source: Source, db_session: Database, changes: dict[str, Any], field: str
) -> None:
    response = source.post(full_booking(**changes))
    answer = response.get_json()
    assert (response.status_code, answer["code"]) == (400, "INVALID_PAYLOAD")
    assert field in [fault["field"] for fault in answer["details"]]
    assert (count(db_session, Booking), count(db_session, Event)) == (0, 0)
    assert last_log(db_session).status == "failed"


def test_every_fault_is_listed(source: Source) -> None:
    response = source.post(full_booking(guest_count=-1, currency="??", activity_date="soon"))
    fields = {fault["field"] for fault in response.get_json()["details"]}
    assert fields == {"guest_count", "currency", "activity_date"}


@pytest.mark.parametrize("field", ["booking_ref", "package_price", "customer", "total_amount"])
def test_created_needs_all_that_a_booking_needs(source: Source, field: str) -> None:
    body = full_booking()
    del body[field]
    response = source.post(body)
    assert (response.status_code, response.get_json()["code"]) == (400, "INVALID_PAYLOAD")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 5000, b'{"a": NaN}']
)
def test_what_is_no_booking_at_all_is_400(source: Source, raw: bytes) -> None:
    response = source.post(raw)
    assert (response.status_code, response.get_json()["code"]) == (400, "INVALID_PAYLOAD")


def test_a_body_over_the_limit_is_413(source: Source, db_session: Database) -> None:
    response = source.post(b" " * (256 * 1024 + 1))
    assert (response.status_code, response.get_json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert last_log(db_session).http_status == 413


def test_unknown_fields_are_accepted_and_named(
    source: Source, stored: Any, db_session: Database
) -> None:
    body = full_booking(loyalty=1)
    body["customer"]["shoe_size"] = 44
    source.ok(body)
    assert last_log(db_session).notes == ["Ignored unknown fields: loyalty, customer.shoe_size"]
    log = last_log(db_session)
    assert (log.booking_id, log.direction) == (stored(body).id, "inbound")
    assert '"shoe_size"' in (log.request_body or "")


def test_two_websites_may_use_the_same_source_id(source: Source, db_session: Database) -> None:
    other = ApiKey(
        name="k",
        website_id=Website(id="other", name="Other", domain="other.example.com").id,
        prefix="x",
        key_hash=hash_secret("other-key"),
        scopes=["manage:bookings"],
    )
    db_session.add(Website(id="other", name="Other", domain="other.example.com"))
    db_session.flush()
    db_session.add(other)
    body = source.create()
    assert Source(source.client, "other-key").post(body).status_code == 201
    assert count(db_session, Booking) == 2


def test_the_door_of_a_source_is_not_held_to_the_moves_of_staff(
    source: Source, stored: Any
) -> None:
    body = source.create(status="completed")
    source.update(body, status="pending")
    assert stored(body).status == Status.PENDING


MOST_QUERIES = 10


def test_a_call_takes_few_queries_whatever_is_stored(app: Flask, source: Source) -> None:
    for _ in range(3):
        body = full_booking(event_id=str(uuid.uuid4()))
        with counted_queries(app) as created:
            source.ok(body)
        with counted_queries(app) as updated:
            source.update(body, guest_count=3, event_id=str(uuid.uuid4()))
        with counted_queries(app) as repeated:
            source.ok(body)
        assert max(len(created), len(updated), len(repeated)) <= MOST_QUERIES
