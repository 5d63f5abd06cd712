"""The sending loop in a thread of the test, against a real receiver."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings import actions as bookings
from app.bookings.models import Booking
from app.deliveries.channel import Channel, Channels
from app.deliveries.machine import Machine
from app.deliveries.models import Delivery, SyncLog
from app.deliveries.sending import Sender
from app.events.models import Actor
from app.extensions import db
from app.outbound import Client
from app.staff.scope import EVERYTHING
from app.webhooks.channel import WebhookChannel
from tests.factories import BookingFactory, WebsiteFactory

STAFF = Actor("user", str(uuid.UUID(int=1)), "Demo Manager", "staff")


@dataclass
class Desk:
    """Staff at work on a committed database."""

    app: Flask
    bookings: list[uuid.UUID] = field(default_factory=list)

    def website(self, name: str, url: str | None, count: int = 1) -> list[uuid.UUID]:
        """A website with that many bookings; returns their ids."""
        with self.app.app_context():
            WebsiteFactory.create(id=name, webhook_url=url)
            made = [BookingFactory.create(website_id=name).id for _ in range(count)]
            db.session.commit()
        self.bookings += made
        return made

    def edit(self, booking_id: uuid.UUID, text: str | None = None) -> None:
        """One edit, committed."""
        with self.app.app_context():
            booking = db.session.get_one(Booking, booking_id)
            changes = {"admin_notes": text or uuid.uuid4().hex}
            version = booking.version
            bookings.edit(db.session(), STAFF, EVERYTHING, booking_id, changes, version)
            db.session.commit()

    def states(self) -> dict[str, int]:
        """How many deliveries are in which state."""
        with self.app.app_context():
            found = list(db.session.scalars(select(Delivery.state)))
        return {state: found.count(state) for state in set(found)}

    def deliveries(self) -> Sequence[Delivery]:
        with self.app.app_context():
            return db.session.scalars(select(Delivery).order_by(Delivery.id)).all()

    def logs(self) -> Sequence[SyncLog]:
        with self.app.app_context():
            return db.session.scalars(select(SyncLog).order_by(SyncLog.id)).all()

    def session(self) -> Session:
        with self.app.app_context():
            return Session(db.engine)


@contextmanager
def sending(app: Flask, deadline: float = 15.0, *channels: Channel) -> Iterator[Sender]:
    """The loop, until the block ends; then it stops as at a SIGTERM."""
    with app.app_context():
        machine = Machine(db.engine, Channels(*(channels or (WebhookChannel(),))))
    started = threading.Event()
    box: list[tuple[Sender, asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        async with Client(deadline) as client:
            sender = Sender(machine, client)
            box.append((sender, asyncio.get_running_loop()))
            started.set()
            await sender.run()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert started.wait(10)
    sender, loop = box[0]
    try:
        yield sender
    finally:
        loop.call_soon_threadsafe(sender.stop)
        thread.join(30)
        assert not thread.is_alive()
