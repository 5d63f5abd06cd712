"""Sync calls per second through gunicorn, as a ratio to bare Flask + psycopg with the same SQL.

Run: `.venv/bin/python -m bench.sync [seconds] [rounds]`
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import sys
import time
import uuid
from typing import Any

import aiohttp
from flask import Flask

from app.extensions import db
from bench.servers import Bench, bench
from tests.factories import ApiKeyFactory, WebsiteFactory

GOAL = 0.6
CONNECTIONS = 16
_guests = itertools.count(10_000_000)
"""Phones that never meet: the bare app's guests have no key that the hub could open."""
HEADERS = {"X-API-Key": "source_sk_test", "Content-Type": "application/json"}


def body(number: int) -> dict[str, Any]:
    """A new booking of a new guest."""
    return {
        "event": "booking.created",
        "source_booking_id": str(uuid.uuid4()),
        "booking_ref": f"HW-{number:06}",
        "package_name": "World A+",
        "package_price": 3490,
        "activity_date": f"2027-03-{number % 28 + 1:02}",
        "time_slot": "10:00",
        "guest_count": 2,
        "total_amount": 8500,
        "discount_amount": 0,
        "currency": "THB",
        "status": "confirmed",
        "customer": {
            "name": "Demo Guest",
            "email": f"guest-{uuid.uuid4().hex}@example.com",
            "phone": f"8{next(_guests)}",
            "country_code": "+66",
            "special_requests": "Vegetarian lunch please",
        },
        "transport": {
            "type": "hotel_pickup",
            "hotel_name": "Demo Hotel",
            "room_number": "1205",
            "non_players": 1,
            "private_passengers": 0,
            "cost": 0,
        },
        "addons": [{"name": "Photo Package", "quantity": 1, "unit_price": 500}],
        "stripe_payment_intent_id": "pi_demo",
        "created_at": "2026-02-20T10:30:00Z",
    }


async def calls_per_second(url: str, seconds: float) -> float:
    """Calls answered with 201 in that time, over CONNECTIONS kept-alive connections."""
    done = 0
    end = time.perf_counter() + seconds

    async def one(session: aiohttp.ClientSession, start: int) -> None:
        nonlocal done
        number = start
        while time.perf_counter() < end:
            number += CONNECTIONS
            data = json.dumps(body(number)).encode()
            async with session.post(f"{url}/api/bookings/sync", data=data) as response:
                await response.read()
                assert response.status == 201, await response.text()
                done += 1

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
        await asyncio.gather(*(one(session, start) for start in range(CONNECTIONS)))
    return done / seconds


def prepare(app: Flask) -> None:
    """A website with a key."""
    with app.app_context():
        WebsiteFactory.create(id="source")
        ApiKeyFactory.create(website_id="source")
        db.session.commit()


def measure(stand: Bench, seconds: float, rounds: int) -> list[tuple[float, float]]:
    """(hub, bare) calls per second, in turn, so that a drifting machine hits both."""
    pairs = []
    unlimited = stand.serving(RATE_LIMITS="off")
    with unlimited as hub, stand.serving("bench.bare_sync:app") as bare:
        for url in (hub, bare):
            asyncio.run(calls_per_second(url, 2))
        for _ in range(rounds):
            pair = [asyncio.run(calls_per_second(url, seconds)) for url in (hub, bare)]
            pairs.append((pair[0], pair[1]))
    return pairs


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with bench() as stand:
        prepare(stand.app)
        pairs = measure(stand, seconds, rounds)
    for hub, bare in pairs:
        print(f"hub {hub:7.0f}/s   bare {bare:7.0f}/s   ratio {hub / bare:.2f}")
    ratio = statistics.median(hub / bare for hub, bare in pairs)
    print(f"median ratio {ratio:.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
