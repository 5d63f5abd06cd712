"""Stories of a booking, made by chance, told in many orders: one end, and a history that fits."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from app.bookings.fields import FIELDS, STATUS_COMPANIONS
from app.bookings.models import Booking
from app.customers.queries import data_key
from app.events.models import Event
from app.plain import plain
from tests.api.source import Source, full_booking

Database = scoped_session[Session]
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
STORIES = 6
ORDERS = 3
OTHERS = ("booking.updated", "booking.updated", "booking.cancelled", "booking.refunded")
CHOICES: dict[str, list[Any]] = {
    "guest_count": [1, 2, 3],
    "total_amount": [0, 100, 100.5, 200],
    "status": ["confirmed", "paid", "pending", "checked_in", "cancelled", "canceled", "refunded"],
    "transport": [None, {"type": "private"}, {"hotel_name": "Other"}, {"room_number": None}],
    "customer": [{"phone": None}, {"special_requests": "Window"}, {"name": "Other Guest"}],
    "addons": [None, [], [{"name": "Photo", "quantity": 2, "unit_price": 12.5}]],
    "discount_amount": [None, 5],
    "currency": [None, "EUR"],
    "refund_amount": [None, 0, 50, 100],
    "reason": [None, "Storm"],
}
MAY_BE_LEFT_OUT = ("transport", "addons", "status", "discount_amount", "currency", "created_at")
"""Of a full booking, too."""


def story(rng: random.Random) -> list[dict[str, Any]]:
    """Messages about one booking, timed with many ties; the first is full, one may be `created`."""
    told = [_full(rng, rng.choice(("booking.created", *OTHERS)))]
    for _ in range(rng.randint(1, 5)):
        event = rng.choice(OTHERS)
        some = {name: rng.choice(those) for name, those in CHOICES.items() if rng.random() < 0.3}
        told.append(_full(rng, event) if rng.random() < 0.5 else {"event": event, **some})
    times = [(BEGIN + timedelta(minutes=rng.randint(0, 3))).isoformat() for _ in told]
    return [{**message, "updated_at": at} for message, at in zip(told, times, strict=True)]


def _full(rng: random.Random, event: str) -> dict[str, Any]:
    body = full_booking(event=event)
    for name in MAY_BE_LEFT_OUT:
        if rng.random() < 0.4:
            del body[name]
    names = [name for name in CHOICES if name != "customer" and rng.random() < 0.4]
    return {**body, **{name: rng.choice(CHOICES[name]) for name in names}}


def tell(source: Source, messages: Sequence[dict[str, Any]]) -> str:
    """Post them in this order, and again what came before its booking. Returns the source's id."""
    source_id = str(uuid.uuid4())
    waiting = [{**message, "source_booking_id": source_id} for message in messages]
    while waiting:
        codes = [source.post(body).status_code for body in waiting]
        assert set(codes) <= {200, 201, 404}
        assert set(codes) & {200, 201}
        waiting = [body for body, code in zip(waiting, codes, strict=True) if code == 404]
    return source_id


def end_of(booking: Booking) -> dict[str, Any]:
    """All that a reader of the booking can see, and what later messages are compared with."""
    also = ("stated_status", "source_status", "refund_is_full", "field_times", "search_text")
    return {name: plain(getattr(booking, name)) for name in (*FIELDS, *also)}


def check_history(session: Session, booking: Booking) -> None:
    """Versions without a gap; no event without a difference; played again, they make the row."""
    query = select(Event).where(Event.booking_id == booking.id).order_by(Event.id)
    key = data_key(session, booking.customer_id)
    seen: dict[str, Any] = {}
    for version, event in enumerate(session.scalars(query), start=1):
        assert event.version == version
        changes = event.opened(key)
        assert changes
        for name, (old, new) in changes.items():
            assert seen.get(name) == old != new
            seen[name] = new
        alone = "status" in changes and changes.keys() <= STATUS_COMPANIONS
        expected = "booking.status_changed" if alone else "booking.updated"
        assert event.name == ("booking.created" if version == 1 else expected)
    assert booking.version == version
    assert seen == {n: plain(getattr(booking, n)) for n in FIELDS if n in seen}
    assert all(getattr(booking, name) is None for name in FIELDS.keys() - seen.keys())


@pytest.mark.parametrize("seed", range(4))
def test_any_story_ends_the_same_in_any_order(
    source: Source, db_session: Database, seed: int
) -> None:
    rng = random.Random(seed)
    for _ in range(STORIES):
        messages = story(rng)
        ends = []
        for _ in range(ORDERS):
            order = rng.sample(messages, len(messages)) + rng.choices(messages, k=2)
            source_id = uuid.UUID(tell(source, order))
            query = select(Booking).where(Booking.source_booking_id == source_id)
            booking = db_session.scalars(query).one()
            check_history(db_session(), booking)
            ends.append(end_of(booking))
        assert all(end == ends[0] for end in ends), messages


def test_a_late_created_that_says_what_is_there_counts_by_its_time(
    source: Source, db_session: Database
) -> None:
    full = full_booking(updated_at=BEGIN.isoformat())
    later = (BEGIN + timedelta(hours=2)).isoformat()
    between = (BEGIN + timedelta(hours=1)).isoformat()
    source.ok({**full, "event": "booking.updated"})
    source.ok({**full, "updated_at": later})
    source.update(full, guest_count=9, updated_at=between)
    assert db_session.scalars(select(Booking.guest_count)).one() == 2
