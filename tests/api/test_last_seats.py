"""The last seats, wanted by everybody at once: through real processes and every kind of door."""

from __future__ import annotations

import asyncio
import re
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
from tests.factories import PASSWORD, ApiKeyFactory, WebsiteFactory, partner_at, person
from tests.harness.live import StackFactory
from tests.venues.made import a_venue, an_activity

ROUNDS, CALLS, SEATS = 5, 200, 7
"""`bench.availability` does the same twenty times."""
TRIP = {"capacity": str(SEATS)}
TABLE = {
    "kind": "table",
    "capacity": "",
    "seats": str(SEATS),
    "duration_minutes": "60",
    "times": "10:00, 10:30",
}
KEY = "reef_sk_test"
EMAIL = "desk@onebooking.test"
BEARER = {"Authorization": f"Bearer {KEY}"}


def fill(app: Flask, rounds: int = ROUNDS) -> None:
    """A pier that sells one trip for every round; the first is a table, at which all who come at
    10:00 still sit when others would at 10:30."""
    with app.app_context():
        WebsiteFactory.create(id="seats")
        pier = a_venue("seats")
        for number in range(rounds):
            an_activity(pier, name=f"Trip {number:02}", **(TABLE if number == 0 else TRIP))
        reef = partner_at(pier, name="Reef Travel")
        ApiKeyFactory.create(website_id=None, partner_id=reef.id, clear=KEY, scopes=SCOPES)
        person("admin", "seats", address=EMAIL)
        db.session.commit()


def time_for(activity: Activity, number: int) -> str:
    """When a caller wants to come."""
    return "10:30" if activity.kind == "table" and number % 3 == 0 else "10:00"


def by_partner(activity: Activity, number: int) -> tuple[str, dict[str, Any]]:
    body = {
        "customer": {"first_name": f"Guest {number}", "email": f"guest{number}@example.com"},
        "location_id": str(activity.venue_id),
        "activity_id": str(activity.id),
        "booking_date": DAY,
        "time_slot": time_for(activity, number),
    }
    return "/api/partner/bookings", body


def by_octo(activity: Activity, number: int) -> tuple[str, dict[str, Any]]:
    body = {
        "uuid": str(uuid.uuid4()),
        "productId": str(activity.id),
        "optionId": "DEFAULT",
        "availabilityId": f"{DAY}T{time_for(activity, number)}:00+07:00",
        "unitItems": [{"unitId": "adult"}],
    }
    return "/octo/bookings", body


def by_form(activity: Activity, number: int, token: str) -> dict[str, str]:
    """What staff send from the page of a new booking."""
    return {
        "csrf_token": token,
        "venue": str(activity.venue_id),
        "activity": str(activity.id),
        "day": DAY,
        "guests": "1",
        "slot": time_for(activity, number),
        "source": "walk_in",
        "customer_name": f"Guest {number}",
    }


async def token_of(session: aiohttp.ClientSession, url: str) -> str:
    """The CSRF token in a page."""
    async with session.get(url) as page:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', await page.text())
        assert found is not None, page.status
        return found[1]


async def signed_in(session: aiohttp.ClientSession, url: str) -> str:
    """Sign in at the desk; the CSRF token of its forms."""
    login = {"email": EMAIL, "password": PASSWORD}
    login["csrf_token"] = await token_of(session, f"{url}/login")
    async with session.post(f"{url}/login", data=login) as answer:
        assert answer.status == 200, answer.status
    return await token_of(session, f"{url}/bookings/new")


async def together(url: str, activity: Activity) -> Counter[str]:
    """All calls at once. What was answered, by door and status."""
    said: Counter[str] = Counter()

    async def call(session: aiohttp.ClientSession, number: int, token: str) -> None:
        if number % 5 == 0:
            form = by_form(activity, number, token)
            sent = session.post(f"{url}/bookings/new", data=form, allow_redirects=False)
            path = "/bookings/new"
        else:
            path, body = (by_partner, by_octo)[number % 2](activity, number)
            sent = session.post(url + path, json=body, headers=BEARER)
        async with sent as answer:
            said[f"{path} {answer.status}"] += 1

    connector = aiohttp.TCPConnector(limit=CALLS)
    timeout, jar = aiohttp.ClientTimeout(total=120), aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=jar
    ) as session:
        token = await signed_in(session, url)
        await asyncio.gather(*(call(session, number, token) for number in range(CALLS)))
    return said


def sold_in(said: Counter[str]) -> tuple[int, int]:
    """How many calls got a seat, and how many were told that there is none."""
    won = sum(n for what, n in said.items() if what.endswith((" 200", " 201", " 303")))
    lost = sum(n for what, n in said.items() if what.endswith((" 400", " 409", " 422")))
    return won, lost


@pytest.mark.slow
def test_everybody_wants_the_last_seats(live_stack: StackFactory) -> None:
    stack = live_stack(workers=0, fill=fill, WEB_PROCESSES="2", RATE_LIMITS="off")
    with stack.app.app_context():
        trips = db.session.scalars(select(Activity).order_by(Activity.name)).all()
        for trip in trips:
            said = asyncio.run(together(stack.url, trip))
            assert sold_in(said) == (SEATS, CALLS - SEATS), said
        db.session.rollback()
        sold = select(func.sum(SlotUsage.used)).group_by(SlotUsage.activity_id)
        assert {int(each) for each in db.session.scalars(sold)} == {SEATS}
        seated = select(func.max(SlotUsage.seated)).group_by(SlotUsage.activity_id)
        assert sorted(db.session.scalars(seated)) == [*[0] * (ROUNDS - 1), SEATS]
        held = (
            select(Booking.activity_id, func.sum(Booking.guest_count))
            .where(Booking.status.not_in(GONE))
            .group_by(Booking.activity_id)
        )
        assert [int(row[1]) for row in db.session.execute(held)] == [SEATS] * ROUNDS
        assert not db.session.scalar(select(func.count()).where(Booking.overbooked))
