"""A restaurant that sells its tables through CoverManager and, after it, a second platform."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aiohttp import web
from flask import Flask
from sqlalchemy import select

from app.bookings.elsewhere import Heard, Question
from app.bookings.models import Booking
from app.deliveries.models import SyncLog
from app.extensions import db
from app.limits import limiter
from app.outbound import policy
from app.platforms import asking, registry
from app.platforms.base import Availability, Capability, Kind
from app.platforms.fresh import fresh
from app.platforms.models import PlatformConnection
from app.venues.models import Venue
from tests.api import table_house
from tests.api.table_house import SUNDAY, Restaurant
from tests.platforms import toy
from tests.platforms.contract import CASES, There
from tests.standins.serving import serving

FREE = ["12:00", "13:30", "14:00"]
"""At the second platform."""
OFFERED = ["12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00"]
"""Here."""
THERE = OFFERED[2:]
"""Here and at CoverManager, which opens at 13:00."""


class Second(toy.Toy):
    """Tells free times, and nothing else is asked of it."""

    platform_name = "Second"
    capabilities = frozenset({Capability.AVAILABILITY})

    async def check_availability(self, day: date, time: str, party_size: int) -> Availability:
        return Availability((await self._ask("GET", f"/free?day={day}"))["times"])


SECOND = Kind("second", "Second", toy.FIELDS, (), {}, Second, per_minute=None)


@dataclass
class Shop:
    """The stand-in of `Second`: `slow` seconds later it answers with `times`, or with `status`."""

    times: list[str] = field(default_factory=lambda: list(FREE))
    slow: float = 0.0
    status: int = 200
    calls: int = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/free", self.free)
        return app

    async def free(self, request: web.Request) -> web.Response:
        self.calls += 1
        await asyncio.sleep(self.slow)
        return web.Response(text=json.dumps({"times": self.times}), status=self.status)


@dataclass
class Tables:
    """The restaurant, and both platforms."""

    anchor: Restaurant
    cover: There
    second: Shop

    @property
    def venue(self) -> Venue:
        return self.anchor.venue

    @property
    def calls(self) -> int:
        """Questions that reached CoverManager."""
        return int(self.cover.state()["calls"].count("reserv/availability"))

    def connect(self, kind: str = "covermanager", priority: int = 1) -> PlatformConnection:
        secrets = CASES["covermanager"].secrets if kind == "covermanager" else {"token": "x" * 9}
        row = PlatformConnection(
            website_id="ours",
            venue_id=self.venue.id,
            platform_type=kind,
            configuration=dict(secrets),
            priority=priority,
        )
        db.session.add(row)
        db.session.flush()
        return row

    def down(self) -> None:
        """CoverManager fails at once, again and again."""
        self.cover.fail(mode="down", times=99)

    def silent(self) -> None:
        """CoverManager takes questions, and does not answer."""
        self.cover.fail(mode="silent", times=99)

    def up(self) -> None:
        """CoverManager answers again."""
        self.cover.fail()

    def ask(self, time: str = "13:00", party: int = 2, *, decides: bool = True) -> Heard:
        about = Question(self.venue.id, SUNDAY, time, party, decides=decides)
        return asking.times_for(db.session(), about)

    def times(self) -> list[str]:
        """What the website is told to be free for two."""
        return [slot["time_slot"] for slot in self.offered()["activities"][0]["slots"]]

    def offered(self, party: int = 2) -> Any:
        where = f"venue_id={self.venue.id}&date={SUNDAY}&party_size={party}&booking_type=regular"
        return self.anchor.guests.ok("GET", f"/availability?{where}")

    def wish(self, time: str = "13:00", **changes: Any) -> dict[str, Any]:
        """A plain table for two."""
        plain = {"booking_type": "regular", "menu_selections": [], "time": time}
        return self.anchor.wish(**plain, **changes)


@contextmanager
def opened(app: Flask, covermanager: str) -> Iterator[Tables]:
    """In the session of the test; `covermanager`: where its stand-in is served."""
    settings = app.extensions["settings"]
    policy.configure(settings.model_copy(update={"outbound_allow": "127.0.0.0/8"}))
    fresh.configure(settings.redis_url)
    limiter.configure(settings.redis_url)
    shop = Shop()
    registry.use(SECOND)
    with serving(shop.app()) as url:
        registry._standing_in.update(covermanager=covermanager, second=url)
        try:
            cover = There(CASES["covermanager"], covermanager)
            yield Tables(table_house.build(app), cover, shop)
        finally:
            registry._standing_in.clear()
            del registry.KINDS["second"]


def booking() -> Booking:
    return db.session.scalars(select(Booking).execution_options(populate_existing=True)).one()


def logged() -> list[SyncLog]:
    """What was said to platforms, oldest first."""
    query = select(SyncLog).where(SyncLog.event_type == "platform.availability")
    return list(db.session.scalars(query.order_by(SyncLog.id)))
