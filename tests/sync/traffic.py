"""Something to look at: changes that were sent, or not, and calls that came in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from app.bookings.models import Booking
from app.deliveries import finishing, lanes
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, Destination, SyncLog
from app.deliveries.outcome import Attempt, judge_unreachable
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.extensions import db
from app.outbound import Answer, Outgoing, Unreachable
from app.webhooks.channel import WebhookChannel
from app.websites.models import Website
from tests.bookings.made import edited, made

CHANNEL = WebhookChannel()
TAKEN = b'{"success": true, "message": "Booking updated"}'


def listens(website_id: str) -> None:
    """Give a website a webhook address."""
    website = db.session.get_one(Website, website_id)
    website.webhook_url = f"https://{website_id}.example.com/hook"
    db.session.flush()


def changed(website_id: str = "ours", reference: str = "HW-000001", **changes: Any) -> Booking:
    """A booking of a website that listens, changed once at the desk and dispatched."""
    booking = made(website_id, booking_ref=reference)
    change(booking, **(changes or {"time_slot": "15:00"}))
    return booking


def change(booking: Booking, **changes: Any) -> None:
    """One more change at the desk, dispatched."""
    edited(booking, **changes)
    dispatch(db.session(), [CHANNEL])


def answered(status: int | None = 200, body: bytes = TAKEN) -> int:
    """Send what is due, to endpoints that answer so (None: not at all). Returns how many."""
    session = db.session()
    claims = lanes.claim(session, 100, 100)
    composed = CHANNEL.compose(session, claims)
    attempts = []
    for claim in claims:
        sent = composed[claim.id]
        assert isinstance(sent, Outgoing)
        if status is None:
            fault = Unreachable("timeout", "No answer within 15 s.", 15_000)
            attempts.append(Attempt(claim, sent, fault, judge_unreachable(fault)))
        else:
            answer = Answer(status, {"content-type": "application/json"}, body, 12)
            attempts.append(Attempt(claim, sent, answer, CHANNEL.judge(answer, sent)))
    finishing.finish(session, attempts)
    return len(claims)


def delivery_of(booking: Booking, position: int | None = None) -> Delivery:
    """The delivery of a booking's version; without one: the latest."""
    query = select(Delivery).where(Delivery.booking_id == booking.id)
    if position is not None:
        query = query.where(Delivery.position == position)
    query = query.order_by(Delivery.position.desc()).limit(1)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def called(website_id: str = "ours", booking: Booking | None = None, **columns: Any) -> int:
    """A call that came in; returns its id."""
    row: dict[str, Any] = {
        "direction": "inbound",
        "website_id": website_id,
        "booking_id": booking.id if booking else None,
        "event_type": "booking.updated",
        "door": f"website:{website_id}",
        "status": "success",
        "http_status": 200,
        "notes": [],
        "request_headers": {"X-API-Key": "ours_sk_test…"},
        "request_body": '{"customer":{"name":"Demo Guest"}}',
        "response_body": '{"success":true}',
        "url": "/api/bookings/sync",
        "duration_ms": 7,
    }
    statement = insert(SyncLog).returning(SyncLog.id)
    return int(db.session.scalars(statement, {**row, **columns}).one())


def many(website_id: str, count: int, state: str = "delivered") -> None:
    """Deliveries of as many bookings, written directly."""
    session = db.session()
    there = select(Destination.id).where(Destination.key == f"website:{website_id}")
    destination_id = session.scalars(there).one()
    for number in range(count):
        event = NewEvent(
            "booking.updated",
            "booking",
            str(number),
            changes={"guest_count": [1, 2]},
            website_id=website_id,
            version=2,
        )
        row = {
            "event_id": record(session, SYSTEM, event),
            "destination_id": destination_id,
            "channel": "webhook",
            "lane": f"lane-{number}-{state}",
            "position": 2,
            "website_id": website_id,
            "state": state,
        }
        session.execute(insert(Delivery), row)
