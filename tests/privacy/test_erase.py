"""What is left of a guest who was erased: their bookings and figures, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, text, update

from app.audit import verifying
from app.bookings import actions as bookings
from app.bookings.erasing import EMAIL
from app.bookings.models import Booking
from app.bookings.status import Status
from app.crypto import keyring
from app.customers.actions import Contact, find_or_create
from app.customers.models import Customer
from app.deliveries import lanes
from app.deliveries.channel import Unsendable, Unsent
from app.deliveries.dispatch import dispatch
from app.deliveries.models import SyncLog
from app.events.models import Event
from app.extensions import db
from app.outbound import Outgoing
from app.privacy import actions
from app.staff.scope import EVERYTHING
from app.webhooks.channel import WebhookChannel
from app.websites.models import Website
from tests.api.source import Source, full_booking
from tests.audit.sealing import sealed
from tests.bookings.made import MIA, VALUES, edited, made
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.structure.test_dump import dump
from tests.sync.traffic import called

GUEST: dict[str, Any] = {
    "name": "Zebedee Quillfeather",
    "email": "zebedee.quillfeather@example.com",
    "phone": "0812399887",
    "country_code": "+66",
    "special_requests": "No walnutbread please",
}
TRANSPORT = {"type": "hotel_pickup", "hotel_name": "Marigold Palace", "room_number": "Z-4711"}
TRACES = (
    *("zebedee", "quillfeather", "812399887", "walnutbread", "marigold", "z-4711"),
    *("z4711", "secondaddress", "latecomer", "pistachio", "wanderlust"),
)


def erase(booking: Booking) -> None:
    actions.erase(
        db.session(), MIA, EVERYTHING, booking.customer_id, booking.booking_ref, datetime.now(UTC)
    )
    db.session.flush()


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()


@pytest.fixture
def website(app: Flask, db_session: object) -> Website:
    found: Website = WebsiteFactory.create(id="ours", webhook_url="https://ours.example.com/hook")
    return found


def everything_in_clear(url: str) -> str:
    """A dump of the database, and beside it what its encrypted columns say."""
    with db.engine.connect() as connection:
        logs = connection.execute(text("SELECT request_body, response_body FROM sync_logs")).all()
        people = connection.execute(text("SELECT email, data_key FROM customers")).all()
        emails = connection.execute(text("SELECT customer_email FROM bookings")).all()
    opened = [keyring.decrypt(t) for row in (*logs, *people, *emails) for t in row if t]
    return (dump(url) + "\n".join(opened)).casefold()


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_no_trace_of_the_guest_is_left_in_any_table(
    app: Flask, client: FlaskClient, committed_database: str
) -> None:
    website = WebsiteFactory.create(id="ours", webhook_url="https://ours.example.com/hook")
    ApiKeyFactory.create(website_id=website.id)
    db.session.commit()
    source = Source(client, "ours_sk_test")
    body = source.create(customer=GUEST, transport=TRANSPORT, event_id="e1")
    source.update(body, customer={"email": "secondaddress@example.com"}, event_id="e2")
    source.create(booking_ref="HW-2", customer=GUEST, transport=TRANSPORT)
    changed = {**body, "guest_count": 9, "event_id": "e3"}
    assert source.post(changed).status_code == 409, "refused, but kept"
    assert source.post({**changed, "guest_count": -1}).status_code == 400
    source.update(body, event="booking.cancelled", cancellation_reason="pistachio allergy")
    other = source.create(
        booking_ref="HW-3", customer={"name": "Other Person", "email": "other@example.com"}
    )
    booking = db.session.scalars(select(Booking).where(Booking.booking_ref == "HW-000023")).one()
    edited(booking, admin_notes="loves wanderlust", customer_phone="0812399887", guest_count=3)
    dispatch(db.session(), [WebhookChannel()])
    assert sealed() > 5
    before = everything_in_clear(committed_database)
    for trace in ("zebedee", "812399887", "secondaddress"):
        assert trace in before, "the test looks in the right place"
    totals = db.session.scalars(select(Booking.total_amount).order_by(Booking.id)).all()

    erase(booking)
    assert sealed() == 1, "that they were erased"

    left = everything_in_clear(committed_database)
    for trace in TRACES:
        assert trace not in left, trace
    assert "other person" in left
    assert "other@example.com" in left
    assert other["source_booking_id"] in left
    found = db.session.scalars(select(Booking.total_amount).order_by(Booking.id)).all()
    assert found == totals
    assert all(walked.finding is None for walked in verifying.walk(db.session()))
    for event in db.session.scalars(select(Event).where(Event.booking_id == booking.id)):
        opened = event.opened(None)
        assert all(opened[name] == [None, None] for name in event.sealed_fields())


@pytest.mark.usefixtures("website")
def test_bookings_and_figures_stay() -> None:
    booking = made(special_requests="quiet", hotel_name="Demo Hotel", admin_notes="notes")
    kept = ("version", "status", "total_amount", "guest_count", "activity_date", "updated_at")
    before = {name: getattr(booking, name) for name in (*kept, "booking_ref", "source_booking_id")}
    count = events_of(booking)
    erase(booking)
    for name, value in before.items():
        assert getattr(booking, name) == value, name
    assert (booking.customer_name, booking.customer_email) == ("Erased guest", EMAIL)
    assert booking.special_requests is booking.hotel_name is booking.admin_notes is None
    assert "demo" not in booking.search_text
    assert "hw000023" in booking.search_text
    assert events_of(booking) == count, "no version, no event of the booking"


def events_of(booking: Booking) -> int:
    query = select(func.count()).where(Event.booking_id == booking.id)
    return db.session.scalar(query) or 0


@pytest.mark.usefixtures("website")
def test_what_waits_to_be_sent_leaves_without_the_values() -> None:
    booking = made()
    edited(booking, guest_count=5, customer_name="Somebody Else")
    edited(booking, customer_name="Personal Alone")
    channel = WebhookChannel()
    dispatch(db.session(), [channel])
    erase(booking)
    sent = []
    for _ in range(2):
        claims = lanes.claim(db.session(), 10, 10)
        sent += list(channel.compose(db.session(), claims).values())
        for claim in claims:
            db.session.execute(
                text(f"UPDATE deliveries SET state = 'delivered' WHERE id={claim.id}")
            )
            lanes.promote(db.session(), [(claim.destination_id, claim.lane)])
    first, second = sent
    assert isinstance(first, Outgoing)
    assert b'"guest_count":5' in first.body
    assert b"customer_name" not in first.body
    assert isinstance(second, Unsendable)
    assert second.why is Unsent.NOTHING


@pytest.mark.usefixtures("website")
def test_later_edits_work_and_leave_no_value_in_the_log() -> None:
    booking = made()
    erase(booking)
    edited(booking, customer_name="Written Later", guest_count=6)
    assert (booking.customer_name, booking.guest_count) == ("Written Later", 6)
    query = select(Event).where(Event.booking_id == booking.id).order_by(Event.id.desc())
    event = db.session.scalars(query.limit(1)).one()
    assert event.changes["guest_count"] == [2, 6]
    assert event.changes["customer_name"] == {"sealed": None}
    bookings.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED, reason="rain")


def test_the_source_does_not_bring_them_back(website: Website, client: FlaskClient) -> None:
    ApiKeyFactory.create(website_id="ours")
    source = Source(client, "ours_sk_test")
    body = source.create(customer=GUEST)
    booking = db.session.scalars(select(Booking)).one()
    erase(booking)
    late = {"updated_at": "2026-01-01T00:00:00Z"}
    for more in (late, {"updated_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, {}):
        answer = source.update(body, customer=GUEST, guest_count=8, **more)
        assert answer["success"]
        assert booking.customer_name == "Erased guest"
        assert booking.special_requests is None
    assert booking.guest_count == 8
    log = db.session.scalars(select(SyncLog).order_by(SyncLog.id.desc()).limit(1)).one()
    assert any("erased" in note for note in log.notes)
    again = source.post(full_booking(customer=GUEST, booking_ref="HW-77"))
    assert again.status_code == 201
    new = db.session.scalars(select(Booking).where(Booking.booking_ref == "HW-77")).one()
    assert new.customer_id != booking.customer_id, "whoever books again is somebody new"


@pytest.mark.usefixtures("website")
def test_a_call_that_was_under_way_is_cleared_later() -> None:
    booking, other = made(), made(customer_email="b@example.com", customer_phone="0899999999")
    called("ours", other)
    erase(booking)
    late = called("ours", booking, request_body="composed before")
    much_later = called("ours", booking, request_body="a later edit")
    in_two_hours = datetime.now(UTC) + timedelta(hours=2)
    db.session.execute(
        update(SyncLog).where(SyncLog.id == much_later).values(created_at=in_two_hours)
    )
    assert actions.clear_late_calls(db.session()) == 1
    assert actions.clear_late_calls(db.session()) == 0
    rows = db.session.execute(select(SyncLog.id, SyncLog.request_body))
    bodies = {row.id: row.request_body for row in rows}
    assert bodies[late] is None
    assert bodies[much_later] == "a later edit"


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_a_booking_that_comes_in_meanwhile_is_erased_too_or_is_somebody_new(app: Flask) -> None:
    WebsiteFactory.create(id="ours")
    booking = made()
    customer_id = booking.customer_id
    db.session.commit()
    contact = Contact("Demo Guest", "guest@example.com", "0812345678")
    known = find_or_create(db.session(), contact)
    assert known.id == customer_id
    done = threading.Event()

    def erase_beside() -> None:
        with app.app_context():
            erase(db.session.get_one(Booking, booking_id))
            db.session.commit()
            done.set()

    booking_id = booking.id
    thread = threading.Thread(target=erase_beside)
    thread.start()
    time.sleep(0.3)
    assert not done.is_set(), "it waits for whoever is booking"
    db.session.execute(insert(Booking), second_booking(customer_id))
    db.session.commit()
    thread.join(20)
    assert done.is_set()
    names = db.session.scalars(select(Booking.customer_name)).all()
    assert names == ["Erased guest", "Erased guest"]
    again = find_or_create(db.session(), contact)
    assert again.id != customer_id
    assert db.session.get_one(Customer, customer_id).data_key is None


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_erasing_and_a_change_that_counts_wait_for_each_other_in_one_order(app: Flask) -> None:
    WebsiteFactory.create(id="ours")
    booking = made(activity_date=datetime.now(UTC).date() - timedelta(days=1))
    booking_id, customer_id = booking.id, booking.customer_id
    db.session.commit()
    done = threading.Event()

    def erase_beside() -> None:
        with app.app_context():
            erase(db.session.get_one(Booking, booking_id))
            db.session.commit()
            done.set()

    edited(booking, guest_count=3)  # holds the booking
    thread = threading.Thread(target=erase_beside)
    thread.start()
    time.sleep(0.3)
    assert not done.is_set(), "it waits for the booking"
    bookings.move(db.session(), MIA, EVERYTHING, booking_id, Status.NO_SHOW)  # and now the guest
    db.session.commit()
    thread.join(20)
    assert done.is_set()
    db.session.expire_all()
    assert db.session.get_one(Booking, booking_id).customer_name == "Erased guest"
    assert db.session.get_one(Customer, customer_id).no_show_count == 1


def second_booking(customer_id: Any) -> dict[str, Any]:
    values = {**VALUES, "booking_ref": "HW-000024"}
    return {
        **values,
        "package_price": Decimal(1),
        "website_id": "ours",
        "customer_id": customer_id,
        "customer_email_hash": b"x",
        "source": "website",
    }
