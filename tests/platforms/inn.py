"""A restaurant that sells through platforms, and the delivery machine step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.bookings.writing import write
from app.deliveries import finishing, housekeeping, lanes
from app.deliveries.channel import Channels, Claim, Meaning, Unsendable, Verdict
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, Destination, SyncLog
from app.deliveries.outcome import Attempt
from app.events.models import Actor
from app.extensions import db
from app.outbound import Client, Outgoing, Unreachable
from app.platforms import registry
from app.platforms.base import Reservation
from app.platforms.channel import PlatformChannel
from app.platforms.models import PlatformConnection, PlatformReservation
from app.staff.scope import EVERYTHING
from app.venues.models import Activity, Venue
from app.websites.models import Website
from tests.bookings.made import MIA, made
from tests.factories import WebsiteFactory
from tests.platforms.contract import There
from tests.venues.made import a_venue, an_activity

DAY = date.today() + timedelta(days=20)  # noqa: DTZ011 (any day to come)
SAIL = "the-sail-demo"
"""Another restaurant at CoverManager."""
PHONE = "+35679000001"
DINNER: dict[str, Any] = {
    "name": "Dinner",
    "kind": "table",
    "booking_type": "regular",
    "slot_rule": "interval",
    "every_minutes": "10",
    "duration_minutes": "90",
    "capacity": "80",
    "seats": "90",
    "times": "",
}
TIMES = {
    "deliveries": ("due_at", "lease_until", "give_up_at"),
    "destinations": ("probe_at", "paced_until"),
    "platform_reservations": ("making_since",),
}


def an_inn(website_id: str = "inn", name: str = "The Anchor") -> Venue:
    """A venue of a website of its own."""
    if db.session.get(Website, website_id) is None:
        WebsiteFactory.create(id=website_id, timezone="Europe/Malta", phone_region="MT")
    venue = a_venue(website_id, name, {"opens": "12:00", "closes": "23:30"})
    venue.timezone = "Europe/Malta"
    an_activity(venue, **DINNER)
    db.session.flush()
    return venue


def connect(venue: Venue, place: There, **fields: Any) -> PlatformConnection:
    """The venue's account at the platform of a stand-in that runs."""
    kind = place.case.kind
    registry._standing_in[kind.type] = place.url
    wanted = {"configuration": dict(place.case.secrets), "priority": 1, **fields}
    connection = PlatformConnection(
        website_id=venue.website_id, venue_id=venue.id, platform_type=kind.type, **wanted
    )
    db.session.add(connection)
    db.session.flush()
    return connection


def a_table(venue: Venue, **fields: Any) -> Booking:
    """A table that was booked here, with the event that tells of it."""
    service = db.session.scalars(select(Activity).where(Activity.venue_id == venue.id)).one()
    wanted = {
        "kind": "table",
        "activity_id": service.id,
        "venue_id": venue.id,
        "venue": venue.name,
        "package_name": "Dinner",
        "activity_date": DAY,
        "time_slot": "20:00",
        "customer_phone": PHONE,
        "customer_country_code": None,
        **fields,
    }
    return made(venue.website_id, **wanted)


def to_venue(booking: Booking, venue: Venue) -> None:
    """The website moves its booking to another venue."""
    session = db.session()
    website = session.get_one(Website, venue.website_id)
    service = session.scalars(select(Activity).where(Activity.venue_id == venue.id)).one()
    places = {"venue_id": venue.id, "activity_id": service.id, "venue": venue.name}
    actor = Actor("website", website.id, website.name, website.door)
    write(session, actor, website, booking, places, {}, key=None, now=datetime.now(UTC))


@dataclass
class Inn:
    """The machine on the session of a test."""

    session: Session
    deadline: float = 5.0
    channel: PlatformChannel = field(default_factory=PlatformChannel)

    def edit(self, booking: Booking, actor: Actor = MIA, **changes: Any) -> None:
        who = (self.session, actor, EVERYTHING)
        actions.edit(*who, booking.id, changes, booking.version)

    def move(self, booking: Booking, status: Status, actor: Actor = MIA) -> None:
        actions.move(self.session, actor, EVERYTHING, booking.id, status)

    def dispatch(self) -> None:
        self.session.flush()
        dispatch(self.session, Channels(self.channel))

    def claim(self) -> list[Claim]:
        return sorted(lanes.claim(self.session, 100, 100), key=lambda claim: claim.id)

    def compose(self, claims: Sequence[Claim]) -> list[tuple[Claim, Outgoing | Unsendable]]:
        made = self.channel.compose(self.session, claims)
        return [(claim, made[claim.id]) for claim in claims]

    def carry(self, composed: Sequence[tuple[Claim, Outgoing | Unsendable]]) -> list[Attempt]:
        return asyncio.run(self._carry(composed))

    async def _carry(
        self, composed: Sequence[tuple[Claim, Outgoing | Unsendable]]
    ) -> list[Attempt]:
        async with Client(self.deadline) as client:
            return list(await asyncio.gather(*(self._one(client, *pair) for pair in composed)))

    async def _one(self, client: Client, claim: Claim, what: Outgoing | Unsendable) -> Attempt:
        if isinstance(what, Unsendable):
            return Attempt(claim, what, None, Verdict(Meaning.RETRY, what.reason))
        answer = await self.channel.carry(client, what)
        if isinstance(answer, Unreachable):
            return Attempt(claim, what, answer, self.channel.unanswered(answer, what))
        return Attempt(claim, what, answer, self.channel.judge(answer, what))

    def finish(self, attempts: Sequence[Attempt]) -> None:
        finishing.finish(self.session, attempts, [self.channel])

    def run(self, rounds: int = 4) -> None:
        """Send what is due, and what follows from it."""
        for _ in range(rounds):
            self.dispatch()
            housekeeping.keep_house(self.session, Channels(self.channel))
            claims = self.claim()
            if claims:
                self.finish(self.carry(self.compose(claims)))

    def send_and_die(self) -> None:
        """Claim, call, and be killed before anything of it is written down."""
        self.dispatch()
        self.carry(self.compose(self.claim()))
        self.revive()

    def revive(self) -> None:
        """A worker has died; its leases run out."""
        self.pass_time(31)
        self.session.execute(
            text("UPDATE deliveries SET lease_until = now() - interval '1 s' WHERE state='sending'")
        )
        housekeeping.keep_house(self.session, Channels(self.channel))

    def pass_time(self, seconds: float) -> None:
        """Everything that has a time lies that much further back."""
        self.session.flush()
        for table, columns in TIMES.items():
            shifts = ", ".join(f"{c} = {c} - make_interval(secs => :s)" for c in columns)
            self.session.execute(text(f"UPDATE {table} SET {shifts}"), {"s": seconds})
        self.session.expire_all()

    def later(self, seconds: float = 60) -> None:
        """Let time pass, and send what has come due."""
        self.pass_time(seconds)
        self.run()

    def rows(self, booking: Booking | None = None) -> list[PlatformReservation]:
        query = select(PlatformReservation).order_by(PlatformReservation.id)
        if booking is not None:
            query = query.where(PlatformReservation.booking_id == booking.id)
        return list(self.session.scalars(query.execution_options(populate_existing=True)))

    def row(self, booking: Booking) -> PlatformReservation:
        return self.rows(booking)[-1]

    def states(self, booking: Booking) -> list[str]:
        """Of its deliveries to platforms, in order."""
        query = select(Delivery.state).where(Delivery.booking_id == booking.id)
        mine = query.where(Delivery.channel == "platform").order_by(Delivery.position, Delivery.id)
        return list(self.session.scalars(mine))

    def destination(self, connection: PlatformConnection) -> Destination:
        query = select(Destination).where(Destination.key == connection.key)
        return self.session.scalars(query.execution_options(populate_existing=True)).one()

    def logs(self) -> list[SyncLog]:
        self.session.flush()
        return list(self.session.scalars(select(SyncLog).order_by(SyncLog.id)))


def platform_actor(connection: PlatformConnection) -> Actor:
    """The platform itself, at its door."""
    return Actor("platform", str(connection.id), "CoverManager", connection.key)


def brief(found: Sequence[Reservation]) -> list[tuple[str, int]]:
    """Time and party of each."""
    return [(each.time, each.party_size) for each in found]
