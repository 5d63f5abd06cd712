"""Workers that are killed at every step, and two at once: nothing is lost, nothing is double."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from aiohttp import web
from flask import Flask
from sqlalchemy import select, text

from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.config import Settings
from app.deliveries.models import Delivery
from app.extensions import db
from app.outbound import policy
from app.platforms import registry
from app.platforms.base import Reservation
from app.platforms.channel import PlatformChannel
from app.platforms.models import PlatformConnection, PlatformReservation
from app.staff.scope import EVERYTHING
from app.venues.models import Venue
from demo.standins.covermanager.book import Book, Restaurant
from demo.standins.covermanager.server import KEY, Standin
from tests.bookings.made import MIA
from tests.deliveries.running import sending
from tests.harness.live import Stack, StackFactory
from tests.harness.processes import until
from tests.platforms.contract import CASES, SLUG, There, there
from tests.platforms.inn import a_table, an_inn, connect

OPEN = ("waiting", "ready", "sending", "parked", "failed")
STEPS = (
    "after_claim:1",
    *("platform_begun:1", "platform_begun:3"),
    *("platform_taken:1", "platform_taken:2", "platform_taken:3"),
    "before_finish:1",
)
"""Of a claim, and of the first, second or third call of a worker: a new one, a change, an end."""


@dataclass
class House:
    """A restaurant on a committed database."""

    app: Flask
    place: There
    venue_id: UUID
    guests: int = 0

    def book(self, **fields: object) -> UUID:
        """A table for a guest of its own."""
        self.guests += 1
        own = {
            "customer_phone": f"+356790{self.guests:05d}",
            "customer_email": f"guest{self.guests}@example.com",
            "customer_name": f"Gale Guest {self.guests}",
        }
        with self.app.app_context():
            made = a_table(db.session.get_one(Venue, self.venue_id), **{**own, **fields})
            db.session.commit()
            return made.id

    def edit(self, booking_id: UUID, **changes: object) -> None:
        with self.app.app_context():
            booking = db.session.get_one(Booking, booking_id)
            who = (db.session(), MIA, EVERYTHING)
            actions.edit(*who, booking_id, changes, booking.version)
            db.session.commit()

    def cancel(self, *bookings: UUID) -> None:
        with self.app.app_context():
            for booking_id in bookings:
                actions.move(db.session(), MIA, EVERYTHING, booking_id, Status.CANCELLED)
            db.session.commit()

    def is_done(self) -> bool:
        with self.app.app_context():
            query = select(Delivery.id).where(
                Delivery.channel == "platform", Delivery.state.in_(OPEN)
            )
            waits = db.session.execute(text("SELECT 1 FROM outbox LIMIT 1")).first()
            return waits is None and db.session.scalar(query.limit(1)) is None

    def states(self, booking_id: UUID) -> list[str]:
        with self.app.app_context():
            query = select(PlatformReservation.state).order_by(PlatformReservation.id)
            mine = query.where(PlatformReservation.booking_id == booking_id)
            return list(db.session.scalars(mine))

    def live(self, booking_id: UUID) -> list[Reservation]:
        return [each for each in self.place.live() if str(booking_id) in each.reference]

    def held(self, booking_id: UUID) -> list[Reservation]:
        return [each for each in self.place.held() if str(booking_id) in each.reference]

    def expire(self) -> None:
        """What 31 seconds after a kill bring."""
        with self.app.app_context():
            for statement in (
                "UPDATE deliveries SET lease_until = now() WHERE state = 'sending'",
                "UPDATE platform_reservations SET making_since = making_since - interval '31 s'",
                "UPDATE deliveries SET due_at = now() WHERE state = 'ready'",
            ):
                db.session.execute(text(statement))
            db.session.commit()


def a_house(app: Flask, place: There, **options: str) -> House:
    with app.app_context():
        venue = an_inn()
        connect(venue, place, options=options)
        db.session.commit()
        return House(app, place, venue.id)


def large() -> web.Application:
    """A restaurant in which nobody is refused."""
    place = Restaurant(SLUG, "The Anchor", "Valletta", tables=[4] * 80)
    return Standin(Book({SLUG: place}), {KEY: True}).app()


@pytest.fixture
def place() -> Iterator[There]:
    with there(replace(CASES["covermanager"], app=large)) as found:
        found.set(per_minute=10_000)
        yield found
    registry._standing_in.clear()


def deliver(house: House) -> None:
    """Until nothing waits: two that send at once, in this process."""
    with ExitStack() as workers:
        for _ in range(2):
            workers.enter_context(sending(house.app, 15.0, PlatformChannel()))
        until(house.is_done, 40, "not all arrived")


def die(stack: Stack, fault: str) -> None:
    """A worker that kills itself there."""
    stack.settings["DELIVERY_FAULT"] = fault
    worker = stack.start_worker()
    until(lambda: not worker.running, 20, f"not killed at {fault}")
    stack.kill_worker(index=stack.workers.index(worker))
    del stack.settings["DELIVERY_FAULT"]


@pytest.mark.committed
@pytest.mark.slow
def test_workers_die_at_every_step(live_stack: StackFactory, place: There) -> None:
    stack = live_stack(web=False, workers=0, ENV="test", COVERMANAGER_URL=place.url)
    house = a_house(stack.app, place, per_minute="900")
    changed, gone = [house.book() for _ in STEPS], [house.book() for _ in STEPS]
    deliver(house)
    fresh = []
    for step, change, leave in zip(STEPS, changed, gone, strict=True):
        fresh.append(house.book())
        house.edit(change, guest_count=3)
        house.cancel(leave)
        die(stack, step)
        house.expire()
    deliver(house)
    for booking in (*fresh, *changed):
        (only,) = house.held(booking)
        assert only.party_size == (3 if booking in changed else 2)
        assert house.live(booking) == [only]
        assert house.states(booking) == ["live"]
    for booking in gone:
        assert (len(house.held(booking)), house.live(booking)) == (1, [])
        assert house.states(booking) == ["cancelled"]


@pytest.mark.committed
@pytest.mark.slow
def test_a_worker_dies_between_cancel_and_create(live_stack: StackFactory) -> None:
    with there(CASES["restoo"]) as place:
        stack = live_stack(web=False, workers=0, ENV="test", RESTOO_URL=place.url)
        house = a_house(stack.app, place)
        first, second = house.book(), house.book(time_slot="21:00")
        deliver(house)
        house.edit(first, guest_count=4)
        die(stack, "platform_between:1")
        assert house.live(first) == [], "it has left what it had"
        house.expire()
        deliver(house)
        assert [each.party_size for each in house.live(first)] == [4]
        assert (len(house.held(first)), house.states(first)) == (2, ["cancelled", "live"])
        house.edit(second, guest_count=4)
        die(stack, "platform_marked:1")
        house.expire()
        deliver(house)
        assert house.live(second) == []
        assert house.states(second) == ["cancelled", "unknown"], "only people can look there"


@pytest.fixture
def house(app: Flask, place: There) -> House:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    return a_house(app, place, per_minute="900")


@pytest.mark.committed
def test_two_workers_and_two_bookings_on_one_reservation(house: House) -> None:
    alike = {
        "customer_phone": "+35679000009",
        "customer_email": "alike@example.com",
        "customer_name": "Alike",
    }
    with ExitStack() as workers:
        for _ in range(2):
            workers.enter_context(sending(house.app, 15.0, PlatformChannel()))
        pair = [house.book(**alike), house.book(**alike)]
        until(house.is_done, 20)
        assert len(house.place.held()) == 1
        assert [house.states(booking) for booking in pair] == [["live"], ["live"]]
        house.cancel(*pair)
        until(house.is_done, 20)
        assert house.place.state()["calls"].count("reserv/cancel_client") == 1
        assert house.place.live() == []
        # One goes while another comes: what comes must stand in the end.
        (goes,) = [house.book(**alike)]
        until(house.is_done, 20)
        comes = house.book(**alike)
        house.cancel(goes)
        until(house.is_done, 20)
    assert len(house.place.live()) == 1
    assert house.states(comes) == ["live"]
    with house.app.app_context():
        row = db.session.scalars(
            select(PlatformReservation).where(PlatformReservation.booking_id == comes)
        ).one()
        assert row.external_id == house.place.live()[0].external_id


@pytest.mark.committed
def test_the_pace_counts_over_all_workers(app: Flask, place: There) -> None:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    house = a_house(app, place)
    with ExitStack() as workers:
        for _ in range(2):
            workers.enter_context(sending(app, 15.0, PlatformChannel()))
        for _ in range(8):
            house.book()
        until(lambda: len(place.held()) >= 4, 10)
        with app.app_context():
            connection = db.session.scalars(select(PlatformConnection)).one()
            limit = "SELECT per_minute FROM destinations WHERE key = :key"
            assert db.session.scalar(text(limit), {"key": connection.key}) == 50
        assert len(place.held()) < 8, "more than the pace allows"
