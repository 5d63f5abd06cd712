"""Many calls for one booking at the same time, through real processes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session, scoped_session

from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.events.models import Event
from app.extensions import db
from tests.api.source import Source, full_booking
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.harness.live import Stack, StackFactory

CALLS = 50
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def post(url: str, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310
        f"{url}/api/bookings/sync",
        json.dumps(body).encode(),
        {"X-API-Key": key, "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def make_source(app: Flask) -> None:
    with app.app_context():
        ApiKeyFactory.create(website_id=WebsiteFactory.create(id="source").id)
        db.session.commit()


@pytest.mark.slow
def test_fifty_calls_for_one_booking_make_one_and_all_are_answered(
    live_stack: StackFactory,
) -> None:
    stack = live_stack(workers=0, fill=make_source, WEB_PROCESSES="2")
    body = full_booking(updated_at=BEGIN.isoformat())
    answers = together(stack, [body] * CALLS)
    assert sorted(status for status, _ in answers) == [200] * (CALLS - 1) + [201]
    assert len({answer["booking_id"] for _, answer in answers}) == 1
    answers = together(stack, [_update(body, number) for number in range(1, CALLS + 1)])
    assert {status for status, _ in answers} == {200}
    with stack.app.app_context():
        booking = db.session.scalars(select(Booking)).one()
        assert booking.guest_count == CALLS, "the newest won, whoever came last"
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 1
        assert db.session.scalar(select(func.count()).select_from(SyncLog)) == 2 * CALLS
        versions = db.session.scalars(select(Event.version).order_by(Event.version)).all()
        assert list(versions) == list(range(1, booking.version + 1))


def together(stack: Stack, bodies: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    with ThreadPoolExecutor(CALLS) as pool:
        return list(pool.map(lambda body: post(stack.url, "source_sk_test", body), bodies))


def _update(booking: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "event": "booking.updated",
        "source_booking_id": booking["source_booking_id"],
        "guest_count": number,
        "updated_at": (BEGIN + timedelta(minutes=number)).isoformat(),
    }


def test_full_messages_in_every_order_end_in_the_same_booking(
    source: Source, db_session: scoped_session[Session], app: Flask
) -> None:
    """Through the real door: created, updated, cancelled and refunded in all 24 orders."""
    ends = set()
    for order in permutations(range(4)):
        source_id = str(uuid.uuid4())
        sent = _story(source_id)
        for index in (*order, order[0], order[-1]):
            source.ok(sent[index])
        booking = db_session.scalars(
            select(Booking).where(Booking.source_booking_id == uuid.UUID(source_id))
        ).one()
        columns = ("status", "guest_count", "hotel_name", "cancellation_reason")
        more = ("refunded_amount", "total_amount", "field_times")
        ends.add(tuple(str(getattr(booking, name)) for name in (*columns, *more)))
    assert len(ends) == 1
    assert next(iter(ends))[:4] == ("refunded", "5", "Demo Hotel", "Storm")


def _story(source_id: str) -> list[dict[str, Any]]:
    full = full_booking(source_booking_id=source_id)
    later = {name: value for name, value in full.items() if name not in ("transport", "status")}
    return [
        {**full, "updated_at": BEGIN.isoformat()},
        {**later, "event": "booking.updated", "guest_count": 5, "total_amount": 100}
        | {"updated_at": (BEGIN + timedelta(hours=1)).isoformat()},
        {**later, "event": "booking.cancelled", "guest_count": 5, "total_amount": 100}
        | {"reason": "Storm", "updated_at": (BEGIN + timedelta(hours=2)).isoformat()},
        {**later, "event": "booking.refunded", "guest_count": 5, "total_amount": 100}
        | {"refund_amount": 100, "updated_at": (BEGIN + timedelta(hours=3)).isoformat()},
    ]
