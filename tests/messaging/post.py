"""A post office for tests: websites that write, guests, and the machine step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.config import Settings
from app.customers.models import Customer
from app.deliveries import finishing, housekeeping, lanes
from app.deliveries.channel import Channels, Claim, Meaning, Unsendable, Verdict
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, Destination
from app.deliveries.outcome import Attempt
from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent
from app.extensions import db
from app.messaging.carrying import MessageChannel
from app.messaging.channel import EmailChannel, SmsChannel
from app.messaging.models import Message, MessageSettings
from app.outbound import Answer, Client, Outgoing, Unreachable
from demo.standins import graph, smtp, twilio
from tests.factories import BookingFactory, CustomerFactory, VenueFactory, WebsiteFactory

BASE = "https://desk.onebooking.test"
MOBILE = "+66812345678"
NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
"""In Bangkok, where the venues of the tests are."""

ACCOUNTS: dict[str, dict[str, Any]] = {
    "twilio": {
        "account_sid": twilio.ACCOUNT,
        "auth_token": twilio.TOKEN,
        "messaging_service_sid": twilio.SERVICE,
    },
    "graph": {
        "tenant": graph.TENANT,
        "client_id": graph.CLIENT,
        "client_secret": graph.SECRET,
        "mailbox": "desk@onebooking.test",
    },
    "smtp": {
        "host": "127.0.0.1",
        "user": smtp.USER,
        "password": smtp.PASSWORD,
        "tls": "none",
        "from_address": "desk@onebooking.test",
    },
    "capture": {},
    "off": {},
}


def a_writer(sms: str = "capture", email: str = "capture", **more: Any) -> MessageSettings:
    """A website that writes."""
    made = MessageSettings(
        website_id=WebsiteFactory.create().id,
        sms_by=sms,
        sms=dict(ACCOUNTS[sms]),
        email_by=email,
        email={**ACCOUNTS[email], **more.pop("server", {})},
        segment_price=Decimal("0.05"),
        **more,
    )
    db.session.add(made)
    db.session.flush()
    return made


def a_guest(**fields: Any) -> Customer:
    """A guest who agreed to SMS."""
    wanted = {"phone": MOBILE, "sms_opt_in": True, **fields}
    made: Customer = CustomerFactory.create(**wanted)
    return made


def a_booking(settings: MessageSettings, guest: Customer, **fields: Any) -> Booking:
    """A booking at a venue, for the day after tomorrow."""
    starts = fields.pop("starts_at", NOON + timedelta(days=2))
    venue = VenueFactory.create(website_id=settings.website_id)
    made: Booking = BookingFactory.create(
        website_id=settings.website_id,
        customer_id=guest.id,
        venue_id=venue.id,
        starts_at=starts,
        activity_date=starts.date(),
        time_slot="12:00",
        **fields,
    )
    return made


@dataclass
class Post:
    """The machine on the session of a test. `deadline`: seconds for a call."""

    session: Session
    settings: Settings = field(default_factory=lambda: Settings(env="test", base_url=BASE))
    deadline: float = 5.0

    def __post_init__(self) -> None:
        self.sms, self.email = SmsChannel(self.settings), EmailChannel(self.settings)

    @property
    def channels(self) -> dict[str, MessageChannel]:
        return {"sms": self.sms, "email": self.email}

    def tell(
        self, booking: Booking, name: str = "booking.created", version: int = 1, **changes: Any
    ) -> None:
        """An event of a booking; `changes`: (old, new) by field."""
        said = {key: list(pair) for key, pair in changes.items()}
        if name == "booking.created" and not said:
            said = {"status": [None, booking.status]}
        event = NewEvent(
            name=name,
            subject_type="booking",
            subject_id=str(booking.id),
            website_id=booking.website_id,
            booking_id=booking.id,
            customer_id=booking.customer_id,
            version=version,
            changes=said,
            dispatch=True,
        )
        record(self.session, SYSTEM, event)

    def want(self, booking: Booking, kind: str) -> None:
        """A message that came due."""
        self.tell(booking, "message.wanted", None, kind=(None, kind))  # type: ignore[arg-type]

    def dispatch(self) -> None:
        dispatch(self.session, Channels(self.sms, self.email))

    def claim(self) -> list[Claim]:
        return sorted(lanes.claim(self.session, 100, 100), key=lambda claim: claim.id)

    def compose(self, claims: Sequence[Claim]) -> list[tuple[Claim, Outgoing | Unsendable]]:
        made: dict[int, Outgoing | Unsendable] = {}
        for name, channel in self.channels.items():
            if mine := [claim for claim in claims if claim.channel == name]:
                made |= channel.compose(self.session, mine)
        return [(claim, made[claim.id]) for claim in claims]

    def carry(self, composed: Sequence[tuple[Claim, Outgoing | Unsendable]]) -> list[Attempt]:
        """Make the calls, as the loop does."""
        return asyncio.run(self._carry(composed))

    async def _carry(
        self, composed: Sequence[tuple[Claim, Outgoing | Unsendable]]
    ) -> list[Attempt]:
        async with Client(self.deadline) as client:
            return list(await asyncio.gather(*(self._one(client, *pair) for pair in composed)))

    async def _one(self, client: Client, claim: Claim, what: Outgoing | Unsendable) -> Attempt:
        if isinstance(what, Unsendable):
            return Attempt(claim, what, None, Verdict(Meaning.RETRY, what.reason))
        channel = self.channels[claim.channel]
        answer: Answer | Unreachable
        try:
            async with asyncio.timeout(self.deadline + 1):
                answer = await channel.carry(client, what)
        except TimeoutError:
            answer = Unreachable("timeout", "No answer.")
        if isinstance(answer, Unreachable):
            return Attempt(claim, what, answer, channel.unanswered(answer, what))
        return Attempt(claim, what, answer, channel.judge(answer, what))

    def finish(self, attempts: Sequence[Attempt]) -> None:
        finishing.finish(self.session, attempts, list(self.channels.values()))

    def run(self, rounds: int = 3) -> None:
        """Send what is due, and what follows from it."""
        for _ in range(rounds):
            self.dispatch()
            claims = self.claim()
            if claims:
                self.finish(self.carry(self.compose(claims)))

    def send_and_die(self) -> None:
        """Claim, call, and be killed before anything of it is written down."""
        self.dispatch()
        self.carry(self.compose(self.claim()))
        self.session.execute(
            text("UPDATE deliveries SET lease_until = now() - interval '1 s' WHERE state='sending'")
        )
        housekeeping.keep_house(self.session, Channels(self.sms, self.email))

    def make_due(self) -> None:
        """Whatever is claimed or waits its time is due now."""
        due = "UPDATE deliveries SET state = 'ready', due_at = now(), claim = NULL"
        self.session.execute(text(f"{due} WHERE state IN ('ready', 'sending')"))
        self.session.expire_all()

    def pass_time(self, seconds: float) -> None:
        """Let time pass for the machine and for what the messages know of it."""
        self.session.flush()
        for table, columns in {
            "deliveries": ("due_at", "lease_until", "give_up_at"),
            "destinations": ("probe_at", "paced_until"),
            "messages": ("sending_since",),
        }.items():
            shifts = ", ".join(f"{c} = {c} - make_interval(secs => :s)" for c in columns)
            self.session.execute(text(f"UPDATE {table} SET {shifts}"), {"s": seconds})
        self.session.expire_all()
        housekeeping.keep_house(self.session, Channels(self.sms, self.email))

    def messages(self, **where: str) -> list[Message]:
        query = select(Message).filter_by(**where).order_by(Message.created_at, Message.id)
        return list(self.session.scalars(query.execution_options(populate_existing=True)))

    def one(self, **where: str) -> Message:
        (found,) = self.messages(**where)
        return found

    def deliveries(self, channel: str) -> list[Delivery]:
        query = select(Delivery).where(Delivery.channel == channel).order_by(Delivery.id)
        return list(self.session.scalars(query.execution_options(populate_existing=True)))

    def destination(self, channel: str) -> Destination:
        query = select(Destination).where(Destination.channel == channel)
        return self.session.scalars(query.execution_options(populate_existing=True)).one()

    def events(self, name: str) -> list[Event]:
        return list(self.session.scalars(select(Event).where(Event.name == name)))


def states(rows: Sequence[Message]) -> Mapping[str, int]:
    """How many messages are in which state."""
    found = [row.state for row in rows]
    return {state: found.count(state) for state in sorted(set(found))}
