"""A hundred families want the last twelve places at once, through real processes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.bookings.models import Booking
from app.customers.models import Customer
from app.extensions import db
from app.travelers.models import BookingTraveler, Traveler
from app.venues.models import Departure, SlotUsage
from tests.factories import WebsiteFactory
from tests.harness.live import StackFactory
from tests.signin.people import signed_in_customer
from tests.treks.shop import CAMP, leaves
from tests.venues.made import a_venue, an_activity

FAMILIES, PLACES = 100, 12
SIZES = (2, 3, 4, 5)


@dataclass(frozen=True)
class Family:
    """Who calls: a parent with a profile kept from before, and the others."""

    customer_id: UUID
    headers: dict[str, str]
    profile_id: UUID
    size: int

    def body(self, departure: Departure) -> dict[str, Any]:
        others = [{"name": f"Child {n}", "age": 9 + n} for n in range(1, self.size)]
        return {
            "trek_id": str(departure.activity_id),
            "batch_id": str(departure.id),
            "travelers": [{"id": str(self.profile_id), "is_primary": True}, *others],
        }


def a_family(app: Flask, number: int) -> Family:
    """Signed in on a phone of their own."""
    person = signed_in_customer(app)
    profile = Traveler(customer_id=person.customer.id, name=f"Parent {number}", age=40)
    profile.age_on = person.device.created_at.date()
    db.session.add(profile)
    db.session.flush()
    headers = {**person.headers, "Idempotency-Key": f"family-{number}"}
    return Family(person.customer.id, headers, profile.id, SIZES[number % len(SIZES)])


async def together(
    url: str, families: list[Family], departure: Departure
) -> list[tuple[int, dict[str, Any]]]:
    """What every family is answered, all at once."""
    connector = aiohttp.TCPConnector(limit=FAMILIES)
    timeout = aiohttp.ClientTimeout(total=120)
    address = f"{url}/api/v1/customer/bookings"
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def call(family: Family) -> tuple[int, dict[str, Any]]:
            sent = session.post(address, json=family.body(departure), headers=family.headers)
            async with sent as answer:
                return answer.status, await answer.json()

        return await asyncio.gather(*(call(family) for family in families))


def count(table: type[Any], *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


@pytest.mark.slow
def test_no_more_than_twelve_and_no_family_is_split(live_stack: StackFactory) -> None:
    families: list[Family] = []

    def fill(app: Flask) -> None:
        with app.app_context():
            WebsiteFactory.create(id="ours")
            camp = an_activity(a_venue("ours"), **{**CAMP, "capacity": str(PLACES)})
            leaves(camp)
            families.extend(a_family(app, number) for number in range(FAMILIES))
            db.session.commit()

    stack = live_stack(workers=0, fill=fill, WEB_PROCESSES="2", RATE_LIMITS="off")
    with stack.app.app_context():
        departure = db.session.scalars(select(Departure)).one()
        said = asyncio.run(together(stack.url, families, departure))
        won = [family for family, (status, _) in zip(families, said, strict=True) if status == 201]
        assert {status for status, _ in said} == {201, 409}
        taken = sum(family.size for family in won)
        # A pair that was refused found one place at most, and places do not come back.
        assert PLACES - 1 <= taken <= PLACES
        demand_whole(families, won, taken)
        again = asyncio.run(together(stack.url, won, departure))
        first = {answer["booking_id"] for status, answer in said if status == 201}
        assert {status for status, _ in again} == {201}
        assert {answer["booking_id"] for _, answer in again} == first
        db.session.rollback()
        demand_whole(families, won, taken)


def demand_whole(families: list[Family], won: list[Family], taken: int) -> None:
    """Who won goes with everybody; who did not has left nothing behind."""
    assert db.session.scalars(select(SlotUsage.used)).one() == taken
    assert count(BookingTraveler) == taken
    bookings = {each.customer_id: each for each in db.session.scalars(select(Booking))}
    assert bookings.keys() == {family.customer_id for family in won}
    for family in won:
        mine = bookings[family.customer_id]
        rows = count(BookingTraveler, BookingTraveler.booking_id == mine.id)
        assert (mine.guest_count, mine.traveler_count, rows) == (family.size,) * 3
        assert count(Traveler, Traveler.customer_id == family.customer_id) == family.size
    assert count(Customer) == FAMILIES
    assert count(Traveler) == FAMILIES + taken - len(won)
