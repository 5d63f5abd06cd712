"""Sources with strange habits: what they send is taken or named, and never breaks the door."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from app.apikeys.models import ApiKey
from app.bookings.models import Booking
from app.deliveries.models import SyncLog
from app.websites.models import Website
from tests.api.source import Source, full_booking

Database = scoped_session[Session]
HIDDEN = "Ignored unknown fields: (no plain name)"


def last_log(session: Database) -> SyncLog:
    return session.scalars(select(SyncLog).order_by(SyncLog.id.desc())).first()  # type: ignore[return-value]


@pytest.mark.parametrize(
    "name", ["a\x00b", "guest@example.com", "+66812345678", "\u202e", "", " ", "x" * 59 + "\n"]
)
def test_an_unknown_field_with_an_odd_name_is_not_repeated_in_the_log(
    source: Source, db_session: Database, name: str
) -> None:
    source.ok(full_booking(**{name: "x"}))
    assert last_log(db_session).notes == [HIDDEN]


def test_an_unknown_field_with_a_long_or_foreign_name_is_named(
    source: Source, db_session: Database
) -> None:
    source.ok(json.dumps(full_booking(**{"x" * 500: 1, "größe": 2, "a.b-c": 3})))
    named = f"Ignored unknown fields: {'x' * 60}, größe, a.b-c"
    assert last_log(db_session).notes == [named]


def body_with(field: str, literal: str) -> str:
    """A booking with a field in JSON that Python would not write."""
    return json.dumps(full_booking(**{field: "@@"})).replace('"@@"', literal)


@pytest.mark.parametrize(
    ("field", "literal"),
    [
        ("total_amount", "1e400"),
        ("total_amount", "9" * 400),
        ("total_amount", "9" * 5000),
        ("total_amount", "NaN"),
        ("total_amount", "-Infinity"),
        ("guest_count", "9" * 400),
        ("guest_count", "2.0"),
        ("booking_ref", r'"\ud800"'),
        ("loyalty", r'"\ud800"'),
        ("loyalty", "[" * 3000 + "]" * 3000),
        ("loyalty", "[" * 32 + "]" * 32),
        ("loyalty", '{"[": ' * 32 + "1" + "}" * 32),
        ("activity_date", '"1772323200"'),
        ("activity_date", '"20270301"'),
        ("updated_at", '"1772323200"'),
        ("updated_at", '"2026-03-01"'),
    ],
)
def test_numbers_and_texts_beyond_reason_are_400(
    source: Source, db_session: Database, field: str, literal: str
) -> None:
    response = source.post(body_with(field, literal))
    assert (response.status_code, response.get_json()["code"]) == (400, "INVALID_PAYLOAD")
    assert last_log(db_session).http_status == 400
    assert db_session.scalar(select(func.count()).select_from(Booking)) == 0


@pytest.mark.parametrize(
    ("field", "literal", "kept"),
    [
        ("total_amount", "-0.0", 0),
        ("total_amount", "1e2", 100),
        ("total_amount", "9999999999.99", 9999999999.99),
        ("total_amount", "8500.10", 8500.1),
        ("loyalty", "1e400", None),
        ("loyalty", "[" * 31 + "]" * 31, None),
        ("loyalty", "[" + "[],{}," * 500 + "1]", None),
        ("loyalty", '"' + "[" * 500 + r"\"" + "{" * 500 + '"', None),
    ],
)
def test_odd_but_sound_json_is_taken(
    source: Source, db_session: Database, field: str, literal: str, kept: Any
) -> None:
    assert source.post(body_with(field, literal)).status_code == 201
    if kept is not None:
        assert float(db_session.scalars(select(Booking.total_amount)).one()) == kept


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd"])
def test_a_website_in_a_zone_that_nobody_knows_still_books(
    source: Source, website: Website, db_session: Database, zone: str
) -> None:
    website.timezone = zone
    source.create()
    assert db_session.scalars(select(Booking.starts_at)).one() is None


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 201),
        ("::ffff:127.0.0.1", 201),
        ("2001:db8::1", 403),
        ("127.0.0.1:5555", 403),
        ("unknown", 403),
        ("", 403),
    ],
)
def test_a_key_bound_to_addresses_meets_any_address(
    source: Source, db_session: Database, address: str, status: int
) -> None:
    key = db_session.scalars(select(ApiKey)).one()
    key.allowed_ips = ["not a network", "127.0.0.0/8"]
    response = source.client.post(
        "/api/bookings/sync",
        json=full_booking(),
        headers={"X-API-Key": source.key},
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert response.status_code == status


def test_event_id_and_idempotency_key_are_both_remembered(source: Source) -> None:
    body = full_booking(event_id="evt-1")
    first = source.ok(body, **{"Idempotency-Key": "one"})
    assert source.ok(body, **{"Idempotency-Key": "two"}) == first
    for key, other in (
        ("one", {**body, "guest_count": 9}),
        ("one", full_booking(event_id="evt-2")),
        ("two", full_booking(event_id="evt-2")),
    ):
        response = source.post(other, **{"Idempotency-Key": key})
        assert (response.status_code, response.get_json()["code"]) == (409, "CONFLICT")
    assert source.post(full_booking(event_id="evt-2")).status_code == 201


def test_idempotency_keys_of_any_length_are_told_apart(source: Source) -> None:
    for end in ("1", "2"):
        response = source.post(full_booking(), **{"Idempotency-Key": "x" * 3000 + end})
        assert response.status_code == 201


@pytest.mark.parametrize(("size", "status"), [(200_000, 201), (262_144, 413), (900_000, 413)])
def test_a_body_in_chunks_is_taken_whole_or_refused(
    source: Source, db_session: Database, size: int, status: int
) -> None:
    raw = json.dumps(full_booking()).encode().ljust(size)
    response = source.client.post(
        "/api/bookings/sync",
        input_stream=io.BytesIO(raw),
        content_type="application/json",
        headers={"X-API-Key": source.key, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},  # as the server says of chunks
    )
    assert response.status_code == last_log(db_session).http_status == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("application/vnd.source+json", 201),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
    ],
)
def test_what_a_body_is_said_to_be(source: Source, kind: str, status: int) -> None:
    answer = source.post(json.dumps(full_booking()), **{"Content-Type": kind})
    assert answer.status_code == status
    if status == 400:
        assert answer.get_json()["details"][0]["field"] == "Content-Type"


def test_of_a_name_that_stands_twice_the_last_value_counts(
    source: Source, db_session: Database
) -> None:
    once, twice = '"guest_count": 2', '"guest_count": 2, "guest_count": 7'
    source.ok(json.dumps(full_booking()).replace(once, twice))
    assert db_session.scalars(select(Booking.guest_count)).one() == 7


@pytest.mark.parametrize(
    ("shown", "said"),
    [("", "Missing"), ("hanuman_sk_" + "a" * 36, "check digits"), ("x" * 300, "Invalid API key")],
)
def test_a_key_that_is_none_is_told_why(source: Source, shown: str, said: str) -> None:
    answer = source.post(full_booking(), **{"X-API-Key": shown})
    assert answer.status_code == 401
    assert said in answer.get_json()["error"]
