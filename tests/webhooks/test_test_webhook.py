"""The test webhook: one real call, shown and logged."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.config import Settings
from app.deliveries.models import Delivery, SyncLog
from app.errors import InvalidPayload
from app.events.models import Actor, Event
from app.extensions import db
from app.outbound import policy
from app.webhooks.actions import Exchange, send_test
from app.websites.models import Website
from tests.factories import BookingFactory, WebsiteFactory
from tests.standins.receiver import Receiver, Reply, receiving

ACTOR = Actor("user", "1", "Demo Manager", "staff", "req-1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    with receiving() as found:
        yield found
    policy.configure(Settings(env="test"))


@pytest.fixture
def session(db_session: object) -> Session:
    return db.session()


@pytest.fixture
def booking(session: Session, receiver: Receiver) -> Booking:
    website = WebsiteFactory.create(id="shop", webhook_url=f"{receiver.url}/hook")
    made: Booking = BookingFactory.create(website_id=website.id, admin_notes="Window.")
    return made


def send(session: Session, booking: Booking, event: str = "booking.updated") -> Exchange:
    website = session.get_one(Website, booking.website_id)
    return send_test(session, website, booking, event, ACTOR)


def test_a_real_signed_call(session: Session, booking: Booking, receiver: Receiver) -> None:
    exchange = send(session, booking)
    (call,) = receiver.calls
    website = session.get_one(Website, "shop")
    assert call.is_signed_with(str(website.webhook_secret))
    assert call.json["test"] is True
    assert call.json["source_booking_id"] == str(booking.source_booking_id)
    assert call.json["data"] == {"status": "confirmed", "admin_notes": "Window."}
    assert call.json["updated_fields"] == ["admin_notes", "status"]
    assert (exchange.success, exchange.status, exchange.message) == (True, 200, "")
    assert exchange.request_headers["X-Webhook-Signature"] == call.headers["X-Webhook-Signature"]
    assert exchange.request_body.encode() == call.body
    assert json.loads(exchange.response_body)["success"] is True


def test_it_is_in_the_log_and_in_the_history(session: Session, booking: Booking) -> None:
    exchange = send(session, booking)
    entry = session.get_one(SyncLog, exchange.log_id)
    assert (entry.direction, entry.status, entry.event_type, entry.door) == (
        "outbound", "success", "booking.updated", "website:shop",
    )  # fmt: skip
    assert entry.notes == ["Test webhook."]
    assert entry.request_body == exchange.request_body
    event = session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert (event.name, event.actor_label) == ("website.webhook_tested", "Demo Manager")


def test_it_is_no_delivery(session: Session, booking: Booking) -> None:
    send(session, booking)
    assert session.scalars(select(Delivery)).all() == []


def test_a_created_holds_everything(session: Session, booking: Booking, receiver: Receiver) -> None:
    send(session, booking, "booking.created")
    data = receiver.calls[0].json["data"]
    assert data["customer_email"] == booking.customer_email
    assert data["package_price"] == 3490
    assert data["activity_date"] == "2026-03-01"


def test_without_a_booking_the_ids_are_made_up(
    session: Session, booking: Booking, receiver: Receiver
) -> None:
    website = session.get_one(Website, "shop")
    exchange = send_test(session, website, None, "booking.status_changed", ACTOR)
    assert exchange.success
    assert receiver.calls[0].json["data"] == {"status": "confirmed"}


@pytest.mark.parametrize(
    ("reply", "status", "sentence"),
    [
        (Reply(500, b"oops"), 500, "status 500"),
        (Reply(302, b"", {"Location": "/x"}), 302, "redirect"),
        (Reply(200, b'{"success": false}'), 200, "success: false"),
    ],
)
def test_what_went_wrong_is_said(
    session: Session, booking: Booking, receiver: Receiver, reply: Reply, status: int, sentence: str
) -> None:
    receiver.answer(reply)
    exchange = send(session, booking)
    assert (exchange.success, exchange.status) == (False, status)
    assert sentence in exchange.message
    assert exchange.response_body == reply.body.decode()


def test_an_address_that_is_not_allowed_is_said(session: Session, booking: Booking) -> None:
    policy.configure(Settings(env="test"))
    exchange = send(session, booking)
    assert (exchange.success, exchange.status) == (False, None)
    assert "OUTBOUND_ALLOW" in exchange.message


def test_no_transaction_is_held_while_the_endpoint_takes_its_time(
    session: Session, booking: Booking, receiver: Receiver
) -> None:
    seen: list[bool] = []

    def behave(call: object) -> Reply:
        seen.append(session.in_transaction())
        return Reply()

    receiver.behave = behave
    send(session, booking)
    assert seen == [False]


def test_an_unknown_event_and_a_website_without_address(session: Session, booking: Booking) -> None:
    with pytest.raises(InvalidPayload, match="Unknown event"):
        send(session, booking, "booking.teleported")
    session.get_one(Website, "shop").webhook_url = None
    with pytest.raises(InvalidPayload, match="no webhook"):
        send(session, booking)
