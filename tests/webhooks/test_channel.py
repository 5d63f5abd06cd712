"""What a website is told: who hears of what, and the exact request."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings import actions as bookings
from app.bookings.models import Booking
from app.bookings.status import Status
from app.crypto import new_webhook_secret
from app.customers.models import Customer
from app.deliveries import lanes
from app.deliveries.channel import Channels, Claim, Unsendable, Unsent
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery
from app.events.models import Actor, Event
from app.extensions import db
from app.outbound import Outgoing
from app.staff.scope import EVERYTHING
from app.webhooks.channel import WebhookChannel
from app.webhooks.signing import central, standard
from app.websites.models import Website
from tests.factories import BookingFactory, WebsiteFactory, person
from tests.harness.counting import counted_queries

URL = "https://shop.example.com/api/webhooks/onebooking"


@pytest.fixture
def session(db_session: object) -> Session:
    return db.session()


@pytest.fixture
def website(session: Session) -> Website:
    made: Website = WebsiteFactory.create(id="shop", name="Demo Shop", webhook_url=URL)
    return made


@pytest.fixture
def booking(session: Session, website: Website) -> Booking:
    made: Booking = BookingFactory.create(website_id=website.id)
    return made


@pytest.fixture
def staff(session: Session) -> Actor:
    user = person("admin", email="manager@onebooking.test", name="Demo Manager")
    return Actor("user", str(user.id), user.name, "staff")


def edit(session: Session, actor: Actor, booking: Booking, **changes: object) -> None:
    bookings.edit(session, actor, EVERYTHING, booking.id, changes, booking.version)


def claims(session: Session) -> list[Claim]:
    dispatch(session, Channels(WebhookChannel()))
    return lanes.claim(session, 10, 10)


def compose(session: Session) -> Outgoing | Unsendable:
    (claim,) = claims(session)
    return WebhookChannel().compose(session, [claim])[claim.id]


def sent(session: Session) -> Outgoing:
    made = compose(session)
    assert isinstance(made, Outgoing), made
    return made


def test_the_request_of_an_edit(
    session: Session, website: Website, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, guest_count=4, admin_notes="Window table, please.")
    event = session.scalars(select(Event).where(Event.name == "booking.updated")).one()
    request = sent(session)
    assert request.url == URL
    assert json.loads(request.body) == {
        "event_id": str(event.uid),
        "event": "booking.updated",
        "source_booking_id": str(booking.source_booking_id),
        "booking_id": str(booking.id),
        "version": 2,
        "updated_fields": ["admin_notes", "guest_count"],
        "data": {"admin_notes": "Window table, please.", "guest_count": 4},
        "updated_at": event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "updated_by": "manager@onebooking.test",
    }


def test_both_families_of_signatures(
    session: Session, website: Website, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, guest_count=4)
    request = sent(session)
    timestamp = int(request.headers["X-Webhook-Timestamp"])
    assert abs(timestamp - datetime.now(UTC).timestamp()) < 5
    secret, event_id = str(website.webhook_secret), json.loads(request.body)["event_id"]
    assert request.headers == {
        "Content-Type": "application/json",
        "X-Webhook-Timestamp": str(timestamp),
        "X-Webhook-Signature": f"sha256={central(secret, timestamp, request.body)}",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{standard(secret, event_id, timestamp, request.body)}",
    }


def test_while_a_secret_is_rotated_both_sign(
    session: Session, website: Website, booking: Booking, staff: Actor
) -> None:
    website.old_webhook_secret, website.webhook_secret = (
        website.webhook_secret,
        new_webhook_secret(),
    )
    website.old_secret_until = datetime.now(UTC) + timedelta(hours=1)
    edit(session, staff, booking, guest_count=4)
    request = sent(session)
    timestamp = int(request.headers["X-Webhook-Timestamp"])
    shown, other = (
        f"sha256={central(str(secret), timestamp, request.body)}"
        for secret in (website.webhook_secret, website.old_webhook_secret)
    )
    assert request.headers["X-Webhook-Signature"] == shown
    assert request.headers["X-Webhook-Signature-Other"] == other


def test_a_status_alone_is_a_status_change(
    session: Session, booking: Booking, staff: Actor
) -> None:
    bookings.move(session, staff, EVERYTHING, booking.id, Status.CANCELLED, reason="Storm.")
    body = json.loads(sent(session).body)
    assert body["event"] == "booking.status_changed"
    assert body["data"] == {"status": "cancelled", "cancellation_reason": "Storm."}


def test_money_that_is_whole_is_an_integer_and_a_date_is_iso(
    session: Session, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, total_amount=Decimal("7000.00"), discount_amount=Decimal("0.50"),
         activity_date=date(2026, 4, 2))  # fmt: skip
    raw = sent(session).body
    assert b'"total_amount":7000,' in raw or b'"total_amount":7000}' in raw
    assert json.loads(raw)["data"] == {
        "total_amount": 7000, "discount_amount": 0.5, "activity_date": "2026-04-02",
    }  # fmt: skip


def test_a_source_does_not_hear_of_its_own_change(
    session: Session, website: Website, booking: Booking, staff: Actor
) -> None:
    edit(session, staff.through(website.door), booking, guest_count=4)
    assert claims(session) == []
    edit(session, staff.through("website:other"), booking, guest_count=5)
    assert len(claims(session)) == 1


def test_a_website_without_an_address_hears_nothing(
    session: Session, website: Website, booking: Booking, staff: Actor
) -> None:
    website.webhook_url = None
    edit(session, staff, booking, guest_count=4)
    assert claims(session) == []
    assert session.scalars(select(Delivery)).all() == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_active": False}, "The website is switched off."),
        ({"webhook_url": None}, "The website has no webhook address."),
        ({"webhook_secret": None}, "The website has no webhook secret."),
    ],
)
def test_what_cannot_leave_now_waits(
    session: Session,
    website: Website,
    booking: Booking,
    staff: Actor,
    change: dict[str, object],
    reason: str,
) -> None:
    edit(session, staff, booking, guest_count=4)
    (claim,) = claims(session)
    for name, value in change.items():
        setattr(website, name, value)
    session.flush()
    made = WebhookChannel().compose(session, [claim])[claim.id]
    assert made == Unsendable(Unsent.WAIT, reason)
    assert WebhookChannel().closed(session, ["website:shop"]) == {"website:shop": reason}


def test_an_open_website_is_not_closed(session: Session, website: Website) -> None:
    assert WebhookChannel().closed(session, [website.door]) == {}


def test_what_an_erased_customer_said_is_left_out_not_cleared(
    session: Session, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, guest_count=4, customer_name="Somebody Else")
    session.get_one(Customer, booking.customer_id).data_key = None
    session.flush()
    assert json.loads(sent(session).body)["data"] == {"guest_count": 4}


def test_nothing_is_sent_when_nothing_is_left(
    session: Session, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, customer_name="Somebody Else")
    session.get_one(Customer, booking.customer_id).data_key = None
    session.flush()
    made = compose(session)
    assert isinstance(made, Unsendable)
    assert made.why is Unsent.NOTHING


def test_the_queries_do_not_grow_with_the_batch(session: Session, staff: Actor, app: Flask) -> None:
    counts = []
    for size in (1, 12):
        for _ in range(size):
            website = WebsiteFactory.create(webhook_url=URL)
            edit(session, staff, BookingFactory.create(website_id=website.id), guest_count=4,
                 admin_notes="x")  # fmt: skip
        found = claims(session)
        assert len(found) == (size if size == 1 else 10)
        session.flush()
        session.expire_all()
        with counted_queries(app) as statements:
            made = WebhookChannel().compose(session, found)
        assert all(isinstance(request, Outgoing) for request in made.values())
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6
