"""The last seats, wanted by everybody at once: through real processes and every kind of door."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import Any

import aiohttp
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.bookings.models import Booking
from app.bookings.status import GONE
from app.extensions import db
from app.venues.models import Activity, SlotUsage
from tests.api.partner_house import DAY, SCOPES
from tests.factories import ApiKeyFactory, WebsiteFactory, partner_at
from tests.harness.live import StackFactory
from tests.venues.made import a_venue, an_activity

ROUNDS, CALLS, SEATS = 20, 200, 7
KEY = "reef_sk_test"
BEARER = {"Authorization": f"Bearer {KEY}"}


def fill(app: Flask) -> None:
    """A pier that sells one trip for every round."""
    with app.app_context():
        WebsiteFactory.create(id="seats")
        pier = a_venue("seats")
        for number in range(ROUNDS):
            an_activity(pier, name=f"Trip {number:02}", capacity=str(SEATS))
        reef = partner_at(pier, name="Reef Travel")
        ApiKeyFactory.create(website_id=None, partner_id=reef.id, clear=KEY, scopes=SCOPES)
        db.session.commit()


def by_partner(activity: Activity, number: int) -> tuple[str, dict[str, Any]]:
    body = {
        "customer": {"first_name": f"Guest {number}", "email": f"guest{number}@example.com"},
        "location_id": str(activity.venue_id),
        "activity_id": str(activity.id),
        "booking_date": DAY,
        "time_slot": "10:00",
    }
    return "/api/partner/bookings", body


def by_octo(activity: Activity, number: int) -> tuple[str, dict[str, Any]]:
    body = {
        "uuid": str(uuid.uuid4()),
        "productId": str(activity.id),
        "optionId": "DEFAULT",
        "availabilityId": f"{DAY}T10:00:00+07:00",
        "unitItems": [{"unitId": "adult"}],
    }
    return "/octo/bookings", body


async def together(url: str, activity: Activity) -> Counter[str]:
    """All calls at once. What was answered, by door and status."""
    said: Counter[str] = Counter()

    async def call(session: aiohttp.ClientSession, number: int) -> None:
        path, body = (by_partner, by_octo)[number % 2](activity, number)
        async with session.post(url + path, json=body, headers=BEARER) as answer:
            said[f"{path} {answer.status}"] += 1

    connector = aiohttp.TCPConnector(limit=CALLS)
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await asyncio.gather(*(call(session, number) for number in range(CALLS)))
    return said


@pytest.mark.slow
def test_everybody_wants_the_last_seats(live_stack: StackFactory) -> None:
    stack = live_stack(workers=0, fill=fill, WEB_PROCESSES="2", RATE_LIMITS="off")
    with stack.app.app_context():
        trips = db.session.scalars(select(Activity).order_by(Activity.name)).all()
        for trip in trips:
            said = asyncio.run(together(stack.url, trip))
            sold = sum(count for what, count in said.items() if what.endswith((" 201", " 200")))
            refused = sum(count for what, count in said.items() if what.endswith((" 409", " 400")))
            assert (sold, refused) == (SEATS, CALLS - SEATS), said
        db.session.rollback()
        assert set(db.session.scalars(select(SlotUsage.used))) == {SEATS}
        held = (
            select(Booking.activity_id, func.sum(Booking.guest_count))
            .where(Booking.status.not_in(GONE))
            .group_by(Booking.activity_id)
        )
        assert [int(row[1]) for row in db.session.execute(held)] == [SEATS] * ROUNDS
        assert not db.session.scalar(select(func.count()).where(Booking.overbooked))
