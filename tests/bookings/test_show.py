"""One booking: everything the source sent, the words of guest and team apart, the history."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.bookings.writing import record_conflict
from app.customers import queries as customers
from app.customers.models import Customer
from app.deliveries.models import Delivery, Destination
from app.events.models import Actor, Event, Outbox
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from tests.bookings.made import MIA, edited, made
from tests.desk import House
from tests.harness.counting import counted_queries

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
PERSONAL = {
    "customer_name": "Łucja Nguyễn 山田 O'Brien",
    "customer_email": "lucja@example.com",
    "customer_phone": "081 234 5678",
    "special_requests": "Vegetarian\nand late",
    "hotel_name": "Marriott Phuket",
    "room_number": "1205",
}
FULL: dict[str, Any] = {
    **PERSONAL,
    "venue": "North gate",
    "transport_type": "hotel_pickup",
    "non_players": 1,
    "private_passengers": 3,
    "transport_cost": Decimal("120.50"),
    "discount_amount": Decimal(200),
    "addons": [{"name": "Souvenir T-Shirt", "quantity": 2, "unit_price": 350}],
    "stripe_payment_intent_id": "pi_demo",
    "admin_notes": "Knows the owner",
    "source_created_at": datetime(2026, 11, 1, 10, 30, tzinfo=UTC),
}


class Markup(HTMLParser):
    """What a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "script" and "src" not in names:
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in names if name.startswith("on")]
        self.found += [f"{tag} {name}" for name in ("href", "src") if _runs(names.get(name))]

    @classmethod
    def dangers(cls, page: str) -> list[str]:
        """Names of all that should not be there."""
        parser = cls()
        parser.feed(page)
        return parser.found


def _runs(address: str | None) -> bool:
    return (address or "").strip().lower().startswith(("javascript:", "data:", "x"))


def words(page: str) -> str:
    """The text of a page, without tags and needless spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_everything_the_source_sent_is_there(desk: FlaskClient) -> None:
    booking = made(**FULL)
    page = desk.get(f"/bookings/{booking.id}").text
    text = words(page)
    for shown in (
        *("Łucja Nguyễn 山田 O'Brien", "lucja@example.com", "081 234 5678", "Vegetarian and late"),
        *("Marriott Phuket", "1205", "North gate", "Hotel pick-up", "Knows the owner"),
        *("HW-000023", "World A+", "Fri 20 Nov 2026, 14:00 Bangkok time", "2 × Souvenir T-Shirt"),
        *("700", "120.50", "−200", "8,500 THB", "1 Nov 2026, 17:30", "Our park", "Website"),
        *("Non-players 1", "Private passengers 3", "Guest's request", "Only the team sees them"),
    ):
        assert shown in text, shown
    assert 'href="tel:+66812345678"' in page
    assert 'href="mailto:lucja@example.com"' in page
    assert 'href="https://dashboard.stripe.com/payments/pi_demo"' in page
    assert "The lines come to 7,600.50 THB; the total is 8,500 THB." in text


def test_the_menu_beside_a_booking_leads_where_it_says(desk: FlaskClient) -> None:
    page = desk.get(f"/bookings/{made().id}").get_data(as_text=True)
    menu = re.findall(r'class="nav-item[^"]*" href="([^"]*)"', page)
    assert len(menu) > 2
    assert {desk.get(unescape(href)).status_code for href in menu} == {200}


def test_page_and_drawer_share_the_address(desk: FlaskClient) -> None:
    booking = made()
    page = desk.get(f"/bookings/{booking.id}")
    headers = {"HX-Request": "true", "HX-Target": "drawer-content"}
    drawer = desk.get(f"/bookings/{booking.id}", headers=headers)
    assert "<html" in page.text
    assert "<html" not in drawer.text
    assert 'id="drawer-title"' in drawer.text
    assert "no-store" in page.headers["Cache-Control"]
    assert "HX-Request" in drawer.headers["Vary"]
    restored = {**headers, "HX-History-Restore-Request": "true"}
    assert "<html" in desk.get(f"/bookings/{booking.id}", headers=restored).text


@pytest.mark.parametrize(
    "field",
    [
        *("booking_ref", "package_name", "venue", "time_slot", "customer_name", "customer_phone"),
        *("customer_country_code", "special_requests", "transport_type", "hotel_name"),
        *("room_number", "stripe_payment_intent_id", "admin_notes"),
    ],
)
def test_what_somebody_wrote_is_never_markup(desk: FlaskClient, field: str) -> None:
    assert Markup.dangers(EVIL) == ["script", "img onerror", "img src"]
    booking = made(**{"transport_type": "hotel_pickup", field: EVIL})
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED, reason=EVIL)
    edited(booking, by=Actor("user", "x", EVIL, "staff"), customer_name=f"Now {EVIL}")
    own = f"/bookings/{booking.id}"
    for address in ("/bookings", "/today", "/today?show=pickups", own, f"{own}/edit"):
        for status in (Status.CONFIRMED, Status.CANCELLED):
            actions.move(db.session(), MIA, EVERYTHING, booking.id, status, reason=EVIL)
            assert Markup.dangers(desk.get(address).text) == []


def test_add_ons_and_answers_are_never_markup(desk: FlaskClient) -> None:
    booking = made(addons=[{"name": EVIL, "quantity": 1, "unit_price": 5}], customer_name=EVIL)
    for address in (f"/bookings/{booking.id}", f"/bookings/{booking.id}/edit"):
        assert Markup.dangers(desk.get(address).text) == []
    answer = desk.post(f"/bookings/{booking.id}/status/checked_in", headers={"HX-Request": "true"})
    assert "<" in answer.headers["HX-Trigger"]  # as JSON; the page sets it as text
    assert "\n" not in answer.headers["HX-Trigger"]


def test_five_hundred_characters_of_notes_are_all_there(desk: FlaskClient) -> None:
    note = "Ünïcode nøte. " * 36
    booking = made(special_requests=note)
    assert note.strip() in unescape(desk.get(f"/bookings/{booking.id}").text)


def test_the_history_tells_who_what_when_and_through_which_door(desk: FlaskClient) -> None:
    booking = made(hotel_name="Marriott")
    edited(booking, time_slot="15:00", hotel_name="Hilton", total_amount=Decimal(9000))
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.NO_SHOW)
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CONFIRMED)
    text = words(desk.get(f"/bookings/{booking.id}").text)
    history = text[text.index("History") :]
    order = [
        "Mia Manager took the no-show back",
        "Mia Manager marked it as no-show",
        "Mia Manager changed time, total and hotel",
        "Time 14:00 15:00",
        "Total 8,500 THB 9,000 THB",
        "Hotel Marriott Hilton",
        "Our park made the booking",
        "through its website",
    ]
    places = [history.index(line) for line in order]
    assert places == sorted(places)


def test_a_conflict_is_shown_and_not_swallowed(desk: FlaskClient) -> None:
    booking = made(time_slot="11:00")
    key = customers.data_key(db.session(), booking.customer_id)
    source = Actor("website", "ours", "Our park", "website:ours")
    refused = {"time_slot": "09:00", "customer_name": "Other Name"}
    record_conflict(db.session(), source, booking, refused, key)
    text = words(desk.get(f"/bookings/{booking.id}").text)
    assert "Our park sent what staff had changed meanwhile" in text
    assert "Time: kept 11:00, refused 09:00." in text
    assert "Name: kept Demo Guest, refused Other Name." in text


def test_what_was_erased_stays_erased(desk: FlaskClient) -> None:
    booking = made(hotel_name="Secret Palace")
    edited(booking, hotel_name="Hidden Hut", guest_count=3)
    customer = db.session.get_one(Customer, booking.customer_id)
    customer.data_key = None
    booking.hotel_name = None
    text = words(desk.get(f"/bookings/{booking.id}").text)
    assert "Hotel erased erased" in text
    assert "Guests 2 3" in text
    assert "Secret Palace" not in text


def delivery_of(event: Event, state: str, label: str, **fields: Any) -> Delivery:
    destination = Destination(channel="webhooks", key=f"website:{label}", label=label)
    db.session.add(destination)
    db.session.flush()
    found = Delivery(
        event_id=event.id,
        destination_id=destination.id,
        channel="webhooks",
        lane=str(event.booking_id),
        position=event.version,
        website_id=event.website_id,
        booking_id=event.booking_id,
        state=state,
        **fields,
    )
    db.session.add(found)
    db.session.flush()
    return found


def test_the_history_tells_where_each_change_is(house: House, noon: object) -> None:
    booking = edited(made(), guest_count=3)
    event = db.session.scalars(
        select(Event).where(Event.booking_id == booking.id, Event.version == 2)
    ).one()
    db.session.execute(update(Outbox).values(booking_id=None))
    soon = datetime.now(UTC) + timedelta(minutes=5)
    delivery_of(event, "delivered", "Alpha", finished_at=datetime.now(UTC), attempts=1)
    delivery_of(event, "ready", "Beta", attempts=2, tries=2, due_at=soon, last_error="Timed out")
    delivery_of(event, "waiting", "Gamma")
    failed = delivery_of(event, "failed", "Delta", attempts=9, last_error="Refused with 400")
    delivery_of(event, "sending", "Epsilon")
    text = words(house.browser("manager").get(f"/bookings/{booking.id}").text)
    for line in (
        *("Alpha Delivered", "Beta Retrying Timed out · 2 tries · next in 5 min"),
        *("Gamma Waiting behind an earlier change", "Delta Failed Refused with 400 · 9 tries"),
        "Epsilon Sending",
    ):
        assert line in text
    link = f'href="/sync/deliveries/{failed.id}"'
    assert link in house.browser("manager").get(f"/bookings/{booking.id}").text
    assert link not in house.browser("colleague").get(f"/bookings/{booking.id}").text


def test_a_change_that_nobody_sent_on_yet_is_queued(desk: FlaskClient) -> None:
    booking = edited(made(), guest_count=3)
    assert "Not handed out yet Queued" in words(desk.get(f"/bookings/{booking.id}").text)


def test_times_are_those_of_the_website(house: House, noon: object) -> None:
    db.session.get_one(Website, "ours").timezone = "America/New_York"
    booking = made(time_slot="10:00", source_created_at=datetime(2026, 7, 1, 2, 30, tzinfo=UTC))
    text = words(house.browser("colleague").get(f"/bookings/{booking.id}").text)
    assert "10:00 New York time" in text
    assert "30 Jun 2026, 22:30" in text
    assert booking.starts_at == datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "notice"),
    [
        ({"time_slot": "11:00"}, "Late: expected at 11:00."),
        ({"time_slot": "11:45", "status": "pending"}, "Not confirmed yet."),
        ({"status": "cancelled", "cancellation_reason": "Rain"}, "Cancelled: Rain"),
        ({"status": "refunded"}, "Cancelled and refunded"),
    ],
)
def test_what_is_unusual_is_said_first(
    desk: FlaskClient, fields: dict[str, Any], notice: str
) -> None:
    booking = made(**fields)
    assert notice in words(desk.get(f"/bookings/{booking.id}").text)


def test_a_booking_takes_few_queries_however_long_its_history(
    house: House, desk: FlaskClient
) -> None:
    booking, counts = made(), []
    for edits in (2, 40):
        for number in range(edits):
            edited(db.session.get_one(Booking, booking.id), guest_count=number + edits)
        with counted_queries(house.app) as statements:
            desk.get(f"/bookings/{booking.id}")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12
