"""What a partner is told: its own bookings, a fixed list of fields, and no person's name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.bookings import actions as bookings
from app.bookings.fields import FIELDS
from app.bookings.models import Booking
from app.bookings.status import Status
from app.deliveries import lanes, status
from app.deliveries.channel import Channels, Claim, Unsendable, Unsent
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.models import Actor, Event
from app.extensions import db
from app.ids import new_id
from app.outbound import Outgoing
from app.partners.models import Partner
from app.staff.scope import EVERYTHING
from app.venues.models import Venue
from app.webhooks.channel import WebhookChannel
from app.webhooks.receivers import CONTACT, TOLD
from app.webhooks.signing import central
from app.websites.models import Website
from tests.desk import House, at_the_till
from tests.factories import BookingFactory, partner_at

URL = "https://reef.example.com/hook"
PRIVATE = {"admin_notes": "They were rude.", "non_players": 3}


@pytest.fixture
def session(house: House) -> Session:
    return db.session()


@pytest.fixture
def reef(partner: Partner) -> Partner:
    partner.webhook_url = URL
    db.session.flush()
    return partner


@pytest.fixture
def booking(reef: Partner, pier: Venue) -> Booking:
    made: Booking = BookingFactory.create(
        website_id="ours", source="partner", partner_id=reef.id, partner_uuid=new_id(),
        commission_rate=15, payment_relation="commission", venue_id=pier.id,
    )  # fmt: skip
    return made


@pytest.fixture
def staff(house: House) -> Actor:
    return Actor("user", str(house.manager.id), house.manager.name, "staff")


def edit(session: Session, actor: Actor, booking: Booking, **changes: Any) -> None:
    bookings.edit(session, actor, EVERYTHING, booking.id, changes, booking.version)


def claims(session: Session) -> list[Claim]:
    dispatch(session, Channels(WebhookChannel()))
    return lanes.claim(session, 10, 10)


def composed(session: Session, claim: Claim) -> Outgoing | Unsendable:
    return WebhookChannel().compose(session, [claim])[claim.id]


def sent(session: Session) -> Outgoing:
    (claim,) = claims(session)
    made = composed(session, claim)
    assert isinstance(made, Outgoing), made
    return made


def test_what_a_partner_hears_of_an_edit(
    session: Session, reef: Partner, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, guest_count=4, customer_email="new@example.com", **PRIVATE)
    event = session.scalars(select(Event).where(Event.name == "booking.updated")).one()
    request = sent(session)
    assert request.url == URL
    body = json.loads(request.body)
    assert body == {
        "event_id": str(event.uid),
        "event": "booking.updated",
        "source_booking_id": str(booking.partner_uuid),
        "booking_id": str(booking.id),
        "version": 2,
        "updated_fields": ["guest_count"],
        "data": {"guest_count": 4},
        "updated_at": body["updated_at"],
        "updated_by": "Our park",
    }
    timestamp = int(request.headers["X-Webhook-Timestamp"])
    signature = central(str(reef.webhook_secret), timestamp, request.body)
    assert request.headers["X-Webhook-Signature"] == f"sha256={signature}"


def test_every_field_is_either_told_or_kept() -> None:
    """A new field stays inside until somebody decides otherwise."""
    inside = {
        *("admin_notes", "stripe_payment_intent_id", "addons", "source_created_at", "tickets"),
        *("non_players", "private_passengers", "transport_cost", "overbooked"),
        *("booking_type", "menu_choices", "allergies", "celebration", "high_chairs"),
        *("deposit_amount", "paid_amount", "travelers", "arrived_count"),
    }
    assert set(FIELDS) - TOLD - CONTACT == inside
    assert set(FIELDS) >= TOLD | CONTACT


def test_a_change_of_private_fields_alone_is_not_told(
    session: Session, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, admin_notes="They were rude.")
    edit(session, staff, booking, customer_phone="+66810000001")
    assert claims(session) == []
    assert session.scalars(select(Delivery)).all() == []


def test_contact_is_told_where_the_partner_wants_it(
    session: Session, reef: Partner, booking: Booking, staff: Actor
) -> None:
    reef.settings = {"shows_contact": True}
    edit(session, staff, booking, customer_phone="+66810000001")
    assert json.loads(sent(session).body)["data"] == {"customer_phone": "+66810000001"}


def test_a_cancellation_is_told_with_its_reason(
    session: Session, booking: Booking, staff: Actor
) -> None:
    bookings.move(session, staff, EVERYTHING, booking.id, Status.CANCELLED, reason="Storm.")
    body = json.loads(sent(session).body)
    assert body["event"] == "booking.status_changed"
    assert body["data"] == {"status": "cancelled", "cancellation_reason": "Storm."}


def test_website_and_partner_each_hear_of_the_other(
    session: Session, reef: Partner, booking: Booking, staff: Actor
) -> None:
    website = session.get_one(Website, "ours")
    website.webhook_url = "https://ours.example.com/hook"
    heard = {}
    for guests, door in enumerate(("staff", reef.door, website.door), 3):
        edit(session, staff.through(door), booking, guest_count=guests)
        heard[door] = {claim.destination_key for claim in claims(session)}
        db.session.execute(update(Delivery).values(state="delivered"))
    assert heard == {
        "staff": {"website:ours", reef.door},
        reef.door: {"website:ours"},
        website.door: {reef.door},
    }


def test_another_partner_hears_nothing(
    session: Session, booking: Booking, pier: Venue, staff: Actor, reef: Partner
) -> None:
    partner_at(pier, webhook_url="https://lagoon.example.com/hook")
    edit(session, staff, booking, guest_count=4)
    assert [claim.destination_key for claim in claims(session)] == [reef.door]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_active": False}, "The partner is switched off."),
        ({"webhook_url": None}, "The partner has no webhook address."),
        ({"webhook_secret": None}, "The partner has no webhook secret."),
    ],
)
def test_what_cannot_leave_now_waits(
    session: Session,
    reef: Partner,
    booking: Booking,
    staff: Actor,
    change: dict[str, object],
    reason: str,
) -> None:
    edit(session, staff, booking, guest_count=4)
    (claim,) = claims(session)
    for name, value in change.items():
        setattr(reef, name, value)
    session.flush()
    assert composed(session, claim) == Unsendable(Unsent.WAIT, reason)
    assert WebhookChannel().closed(session, [reef.door]) == {reef.door: reason}


def test_the_destination_belongs_to_no_website_and_the_delivery_to_the_booking_s(
    session: Session, reef: Partner, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, guest_count=4)
    claims(session)
    place = session.scalars(select(Destination)).one()
    assert (place.key, place.label, place.website_id) == (reef.door, "Reef Travel", None)
    assert session.scalars(select(Delivery.website_id)).one() == "ours"
    assert [s.destination.key for s in status.destinations(session, None)] == [reef.door]


def test_who_sees_the_partner_as_a_destination(
    house: House, session: Session, reef: Partner, booking: Booking, staff: Actor
) -> None:
    edit(session, staff, booking, guest_count=4)
    claims(session)
    there = "/sync?tab=destinations"
    mine = house.browser("manager").get(there).text
    assert "Reef Travel" in mine
    assert "Switch off" not in mine
    assert "Reef Travel" not in house.browser("outsider").get(there).text
    assert "Reef Travel" in house.browser("manager").get(f"/bookings/{booking.id}").text


def test_a_test_webhook_says_no_more(
    house: House, reef: Partner, booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is refused by the guard; what would have left is shown and logged."""
    reef.webhook_url = "http://127.0.0.1:9/hook"
    at_the_till(house.manager)
    db.session.flush()
    form = {"event": "booking.created", "booking": booking.booking_ref}
    answer = house.browser("manager").post(f"/partners/{reef.id}/test", data=form)
    assert answer.status_code == 200
    call = db.session.scalars(select(SyncLog)).one()
    body = json.loads(str(call.request_body))
    assert (call.website_id, call.door) == ("ours", reef.door)
    assert body["source_booking_id"] == str(booking.partner_uuid)
    assert body["test"] is True
    assert body["updated_by"] == "Our park"
    assert set(body["data"]) <= TOLD
    assert "Mara" not in answer.text.split("What went and what came back")[1]


def test_a_test_finds_only_the_partner_s_own_bookings(house: House, reef: Partner) -> None:
    other: Booking = BookingFactory.create(website_id="ours")
    form = {"event": "booking.created", "booking": other.booking_ref}
    answer = house.browser("manager").post(f"/partners/{reef.id}/test", data=form)
    assert answer.status_code == 422
    assert "No booking of this partner has this reference." in answer.text


def test_nothing_to_test_without_an_address(owner: FlaskClient, partner: Partner) -> None:
    answer = owner.post(f"/partners/{partner.id}/test", data={"event": "booking.updated"})
    assert answer.status_code == 422
    assert "Enter the address" in answer.text
