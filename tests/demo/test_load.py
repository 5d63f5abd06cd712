"""The demo as it is loaded: complete, true, once, and never in production."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.apikeys import queries as apikeys
from app.bookings.fields import FIELDS
from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries import finishing, lanes
from app.deliveries.models import Delivery, Destination, State, SyncLog
from app.deliveries.outcome import Attempt
from app.events.models import Event, Outbox
from app.extensions import db
from app.outbound import Answer, Outgoing
from app.plain import plain
from app.staff import queries as staff
from app.staff.passwords import verify_password
from app.webhooks.channel import WebhookChannel
from app.websites.models import Website
from demo import treks
from demo.catalogue import BRANDS
from demo.load import DemoRefused, load_demo
from demo.restaurant import SUNDAY, TABLES
from demo.settings import SiteSettings
from demo.source_site import create_site
from demo.source_site.store import Store
from tests.factories import WebsiteFactory


def count(session: Session, *conditions: Any) -> int:
    return session.scalar(select(func.count()).select_from(Booking).where(*conditions)) or 0


def home(app: Flask) -> Path:
    found: Path = app.extensions["settings"].data_dir
    return found


def test_every_website_source_and_status_is_there(hub: Session) -> None:
    assert 430 <= count(hub) <= 470
    ids = {website.id: website for website in hub.scalars(select(Website))}
    assert set(ids) == {brand.id for brand in BRANDS}
    assert {ids[i].timezone for i in ("the-anchor", "himalaya-treks")} == {
        "Europe/London",
        "Asia/Kathmandu",
    }
    assert (ids["the-anchor"].currency, ids["himalaya-treks"].currency) == ("GBP", "NPR")
    sources = set(hub.scalars(select(Booking.source).distinct()))
    everything = {"website", "partner", "platform", "customer_app", "phone", "walk_in", "direct"}
    assert sources == everything
    statuses = set(hub.scalars(select(Booking.status).distinct()))
    assert statuses >= {"pending", "confirmed", "checked_in", "completed", "cancelled"}
    assert statuses >= {"refunded", "no_show"}


@pytest.mark.parametrize("brand", BRANDS, ids=lambda brand: brand.id)
def test_its_key_is_the_documented_one(hub: Session, brand: Any) -> None:
    key = "test_sk_xxxxx" if brand.id == "test-website" else f"{brand.id}_sk_demo"
    found = apikeys.find(hub, key)
    assert found is not None
    assert found.website is not None
    assert (found.website.id, found.works_at(datetime.now(UTC))) == (brand.id, True)


@pytest.mark.parametrize(
    ("email", "role", "websites"),
    [
        ("owner@onebooking.test", "superadmin", {None}),
        ("manager@onebooking.test", "admin", {"hanuman-world", "flying-hanuman"}),
        ("desk@onebooking.test", "staff", {"hanuman-world"}),
        ("anchor@onebooking.test", "admin", {"the-anchor"}),
        ("dive@onebooking.test", "admin", {"coral-divers"}),
    ],
)
def test_the_documented_logins_work(
    hub: Session, email: str, role: str, websites: set[str | None]
) -> None:
    user = staff.by_email(hub, email)
    assert user is not None
    assert verify_password(user.password_hash, "demo-onebooking")
    known = staff.with_memberships(hub, user.id)
    assert known is not None
    assert {(m.role.name, m.website_id) for m in known.memberships} == {
        (role, website) for website in websites
    }


def test_today_has_arrivals_before_and_after_now(hub: Session) -> None:
    now = datetime.now(UTC)
    own = (Booking.website_id == "hanuman-world", Booking.package_name.is_not(None))
    today = Booking.activity_date == func.date(func.timezone("Asia/Bangkok", now))
    assert count(hub, *own, today) >= 8
    assert count(hub, *own, today, Booking.status == "confirmed") >= 3
    assert count(hub, *own, today, Booking.status.in_(("checked_in", "completed"))) >= 1
    late = (Booking.status == "confirmed", Booking.starts_at < now)
    assert count(hub, *own, today, *late) >= 1


def test_guests_are_obviously_not_real(hub: Session) -> None:
    emails = list(hub.scalars(select(Customer.email).where(Customer.email.is_not(None))))
    assert len(emails) > 250
    assert all(email and email.endswith("@example.com") for email in emails)
    by_phone = list(hub.scalars(select(Customer.phone).where(Customer.email.is_(None))))
    assert all(phone and phone.startswith("+97798410000") for phone in by_phone)


def test_history_lies_in_the_past_and_in_order(hub: Session) -> None:
    events = hub.scalars(select(Event).order_by(Event.id)).all()
    times = [event.occurred_at for event in events]
    assert times == sorted(times)
    assert max(times) <= datetime.now(UTC)
    assert (max(times) - min(times)).days > 20
    bookings = {b.id: b for b in hub.scalars(select(Booking))}
    for event in events:
        if event.name == "booking.created" and event.booking_id:
            assert bookings[event.booking_id].created_at == event.occurred_at


def test_the_log_dates_itself_again_afterwards(hub: Session) -> None:
    query = text(
        "SELECT column_default FROM information_schema.columns "
        "WHERE (table_name, column_name) IN (('events', 'occurred_at'), ('bookings', 'created_at'))"
    )
    assert sorted(hub.scalars(query)) == ["clock_timestamp()", "now()"]


def test_history_holds_conflicts_and_refused_calls(hub: Session) -> None:
    names = hub.scalars(select(Event.name).where(Event.name == "booking.conflict")).all()
    assert len(names) == 2
    codes = set(hub.scalars(select(SyncLog.code).where(SyncLog.status == "failed")))
    assert codes == {"INVALID_PAYLOAD", "NOT_FOUND", "DUPLICATE_BOOKING"}
    repaired = select(SyncLog.notes).where(SyncLog.status == "success", SyncLog.notes != [])
    assert any("loyalty_points" in notes[0] for notes in hub.scalars(repaired))


def test_only_what_staff_and_the_app_did_waits_to_be_told(hub: Session) -> None:
    assert hub.scalar(select(func.count()).select_from(Outbox)) == 0
    by_website = dict(
        hub.execute(
            select(Delivery.website_id, func.count())
            .where(Delivery.channel == "webhook")
            .group_by(Delivery.website_id)
        ).all()
    )
    assert by_website.keys() == {"hanuman-world", "hanuman-luge", "himalaya-treks"}
    families = len(treks.PARTIES) + 1  # who booked in the app: their website is told, too
    assert by_website["hanuman-luge"] == by_website["himalaya-treks"] - families == 2
    assert by_website["hanuman-world"] < 150
    doors = set(hub.scalars(select(Event.door).join(Delivery, Delivery.event_id == Event.id)))
    assert not [door for door in doors if door.startswith("website:")]


def test_the_next_sunday_lunch_is_confirmed_to_its_guests(hub: Session) -> None:
    lunches = hub.scalars(select(Booking).where(Booking.booking_type == "sunday_lunch")).all()
    assert len(lunches) == len(TABLES)
    assert all(len(lunch.menu_choices) == lunch.guest_count for lunch in lunches)
    assert {lunch.activity_date.weekday() for lunch in lunches} == {SUNDAY}
    query = select(Delivery.channel, func.count()).where(
        Delivery.booking_id.in_([lunch.id for lunch in lunches]), Delivery.channel != "webhook"
    )
    told = dict(hub.execute(query.group_by(Delivery.channel)).all())
    texts = sum(table.wants_sms for table in TABLES)
    assert told == {"sms": texts, "email": 3 * len(TABLES)}  # guest, manager, kitchen


def test_once_told_the_demo_site_holds_what_the_hub_holds(loaded: Flask, hub: Session) -> None:
    settings = SiteSettings(data_dir=home(loaded))
    site = create_site(settings)
    visitor = site.test_client()
    others = update(Destination).where(Destination.channel != "webhook")
    hub.execute(others.values(is_on=False))
    while claims := lanes.claim(hub, 100, 100):
        composed = WebhookChannel().compose(hub, claims)
        attempts = []
        for claim in claims:
            sent = composed[claim.id]
            assert isinstance(sent, Outgoing)
            path = sent.url.removeprefix(settings.site_url)
            answer = visitor.post(path, data=sent.body, headers=sent.headers)
            got = Answer(answer.status_code, {}, answer.data, 1)
            attempts.append(Attempt(claim, sent, got, WebhookChannel().judge(got, sent)))
        finishing.finish(hub, attempts)
    states = select(Delivery.state).where(Delivery.website_id == "hanuman-world").distinct()
    assert set(hub.scalars(states)) == {State.DELIVERED}
    held = Store(settings.home).read()["bookings"]
    bookings = hub.scalars(select(Booking).where(Booking.website_id == "hanuman-world")).all()
    assert {str(booking.source_booking_id) for booking in bookings} == set(held)
    for booking in bookings:
        known = held[str(booking.source_booking_id)]
        for name in (FIELDS.keys() & known.keys()) - {"source_created_at"}:
            assert plain(getattr(booking, name)) == known[name], (booking.booking_ref, name)


def test_loading_again_does_nothing(loaded: Flask, hub: Session) -> None:
    before = count(hub)
    hub.rollback()
    assert load_demo(loaded) is False
    assert count(hub) == before


def test_an_installation_with_a_website_of_its_own_is_left_alone(
    app: Flask, tmp_path: Path
) -> None:
    with app.app_context():
        WebsiteFactory(id="real")
        db.session.commit()
    assert load_demo(app, SiteSettings(data_dir=tmp_path)) is False
    assert not (tmp_path / "demo-site").exists()


def test_production_refuses_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["settings"], "env", "production")
    with pytest.raises(DemoRefused):
        load_demo(app)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Website)) == 0


@pytest.mark.parametrize(
    ("outcome", "said"), [(True, "The demo is loaded."), (False, "There are websites already")]
)
def test_the_command_says_what_it_did(
    app: Flask, monkeypatch: pytest.MonkeyPatch, outcome: bool, said: str
) -> None:
    monkeypatch.setattr("demo.load.load_demo", lambda app: outcome)
    done = app.test_cli_runner().invoke(args=["demo", "load"])
    assert (done.exit_code, said in done.output) == (0, True)


def test_the_command_refuses_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.extensions["settings"], "env", "production")
    done = app.test_cli_runner().invoke(args=["demo", "load"])
    assert done.exit_code == 1
    assert "public" in done.output
