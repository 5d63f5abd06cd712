"""Who sits where: taken with the place, given back with it, counted anew when the house changes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.bookings import actions, holds
from app.bookings.claims import Terms, read_keys
from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.status import GONE, Status
from app.customers.actions import Contact
from app.errors import HubError, SlotUnavailable
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import actions as venues
from app.venues import offers
from app.venues.models import Activity, SlotUsage, Venue
from app.websites.models import Website
from tests.api.source import Source, full_booking
from tests.bookings.made import MIA
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.venues.made import a_venue, an_activity

SUNDAY = date(2027, 3, 7)
GUEST = Contact(name="Demo Guest", phone="+66812345678", source="phone")
LUNCH: dict[str, Any] = {
    "name": "Sunday lunch",
    "kind": "table",
    "slot_rule": "interval",
    "every_minutes": "30",
    "duration_minutes": "90",
    "capacity": "8",
    "seats": "10",
    "times": "",
    "in_kitchen_hours": "1",
    "last_seating_minutes": "60",
}
KITCHEN = {
    "opens": "11:00",
    "closes": "22:00",
    "kitchen_opens": "12:00",
    "kitchen_closes": "16:00",
}


@pytest.fixture
def website(app: Flask, db_session: object) -> Website:
    made: Website = WebsiteFactory.create(id="ours")
    return made


@pytest.fixture
def venue(website: Website) -> Venue:
    return a_venue("ours", "The Anchor", KITCHEN)


@pytest.fixture
def lunch(venue: Venue) -> Activity:
    """Eight can come at a time, ten can sit at once, for an hour and a half: 12:00 to 14:30."""
    return an_activity(venue, **LUNCH)


def book(website: Website, activity: Activity, **changes: Any) -> Booking:
    wish = {"day": SUNDAY, "guests": 2, "contact": GUEST, "source": "phone", "slot": "12:00"}
    return make(db.session(), MIA, website, Wish(activity.id, **{**wish, **changes}))


def counters() -> dict[str, tuple[int, int]]:
    """{slot: (who comes, who sits)}"""
    rows = db.session.scalars(select(SlotUsage).execution_options(populate_existing=True))
    return {row.slot: (row.used, row.seated) for row in rows if row.used or row.seated}


def test_a_party_sits_for_as_long_as_it_stays(website: Website, lunch: Activity) -> None:
    book(website, lunch, guests=6)
    assert counters() == {"12:00": (6, 6), "12:30": (0, 6), "13:00": (0, 6)}
    book(website, lunch, guests=4, slot="12:30")
    with pytest.raises(SlotUnavailable):  # the kitchen could, but nobody stands up before 13:30
        book(website, lunch, guests=1, slot="13:00")
    book(website, lunch, guests=6, slot="13:30")
    assert counters()["13:30"] == (6, 10)


def test_the_kitchen_takes_no_more_at_a_time_than_it_can(website: Website, lunch: Activity) -> None:
    book(website, lunch, guests=8)
    with pytest.raises(SlotUnavailable):
        book(website, lunch, guests=1)
    book(website, lunch, guests=2, slot="12:30")


def test_what_is_refused_takes_nothing(website: Website, lunch: Activity) -> None:
    book(website, lunch, guests=8, slot="13:00")
    before = counters()
    with pytest.raises(SlotUnavailable), db.session.begin_nested():
        book(website, lunch, guests=4, slot="12:00")  # 12:00 and 12:30 would do, 13:00 not
    assert counters() == before


def test_a_party_may_move_into_its_own_seats(website: Website, lunch: Activity) -> None:
    booking = book(website, lunch, guests=8)
    move = {"time_slot": "12:30"}
    actions.edit(db.session(), MIA, EVERYTHING, booking.id, move, booking.version)
    assert counters() == {"12:30": (8, 8), "13:00": (0, 8), "13:30": (0, 8)}
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED)
    assert counters() == {}


def test_more_guests_than_seats_is_overbooking(website: Website, lunch: Activity) -> None:
    book(website, lunch, guests=8)
    late = book(website, lunch, guests=4, slot="13:00", terms=Terms.OVERBOOK)
    assert late.overbooked
    assert counters()["13:00"] == (4, 12)


def test_a_source_s_table_sits_too_also_between_the_slots(
    app: Flask, website: Website, lunch: Activity
) -> None:
    ApiKeyFactory.create(website_id="ours")
    body = full_booking(
        activity_date=SUNDAY.isoformat(), package_name="Sunday lunch", time_slot="12:10"
    )
    assert Source(app.test_client(), "ours_sk_test").post(body).status_code == 201
    assert counters() == {"12:10": (2, 0), "12:30": (0, 2), "13:00": (0, 2), "13:30": (0, 2)}
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.kind, booking.booking_type) == ("table", "regular")


def test_who_ran_out_next_to_it_makes_room(website: Website, lunch: Activity) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=15)
    held = book(website, lunch, guests=8, status=Status.PENDING, hold_expires_at=soon)
    with pytest.raises(SlotUnavailable):
        book(website, lunch, guests=4, slot="13:00")
    past = datetime.now(UTC) - timedelta(seconds=1)
    db.session.execute(update(Booking).values(hold_expires_at=past))
    db.session.expire_all()
    book(website, lunch, guests=4, slot="13:00")
    assert held.status == "expired"
    assert counters()["13:00"] == (4, 4)


def test_other_settings_seat_everybody_anew(
    website: Website, venue: Venue, lunch: Activity
) -> None:
    booking = book(website, lunch, guests=6)
    version = booking.version

    def change(**fields: Any) -> None:
        offers.edit(db.session(), MIA, EVERYTHING, venue.id, lunch.id, fields)

    change(duration_minutes="60")
    assert counters() == {"12:00": (6, 6), "12:30": (0, 6)}
    change(every_minutes="20")
    assert counters() == {"12:00": (6, 6), "12:20": (0, 6), "12:40": (0, 6)}
    change(seats="")
    assert counters() == {"12:00": (6, 0)}
    change(seats="10", every_minutes="30", duration_minutes="90")
    assert counters() == {"12:00": (6, 6), "12:30": (0, 6), "13:00": (0, 6)}
    special = {**KITCHEN, "kitchen_opens": "12:15", "day": SUNDAY.isoformat()}
    venues.set_special_day(db.session(), MIA, EVERYTHING, venue.id, special)
    assert counters() == {"12:00": (6, 0), "12:15": (0, 6), "12:45": (0, 6), "13:15": (0, 6)}
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED)
    assert counters() == {}
    assert booking.version == version + 1, "being seated anew is no change"


def held_by_bookings() -> tuple[Counter[Any], Counter[Any]]:
    """Who comes and who sits, counted booking by booking."""
    comes: Counter[Any] = Counter()
    sits: Counter[Any] = Counter()
    for b in db.session.scalars(select(Booking).where(Booking.activity_id.is_not(None))):
        if b.status not in GONE:
            comes[b.activity_id, b.activity_date, b.slot_key] += b.guest_count
            for day, slot in read_keys(b.slot_keys):
                sits[b.activity_id, day, slot] += b.guest_count
    return comes, sits


@given(seed=st.integers(min_value=0))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_the_counters_are_what_the_bookings_hold(
    website: Website, venue: Venue, lunch: Activity, seed: int
) -> None:
    random, session = Random(seed), db.session()
    bookings: list[Booking] = []
    for _ in range(15):
        try:
            with session.begin_nested():
                _act(random, website, venue, lunch, bookings)
        except HubError:
            session.expire_all()
        rows = session.scalars(select(SlotUsage).execution_options(populate_existing=True)).all()
        comes, sits = held_by_bookings()
        found = {(r.activity_id, r.day, r.slot): (r.used, r.seated) for r in rows}
        held = {key: (comes[key], sits[key]) for key in comes | sits}
        assert {k: v for k, v in found.items() if any(v)} == held, f"seed {seed}"


def _act(
    random: Random, website: Website, venue: Venue, lunch: Activity, bookings: list[Booking]
) -> None:
    session, guests = db.session(), random.randrange(1, 7)
    slot = random.choice(("12:00", "12:30", "13:00", "14:00"))
    if not bookings or random.random() < 0.4:
        terms = random.choice((Terms.DOOR, Terms.OVERBOOK))
        bookings.append(book(website, lunch, slot=slot, guests=guests, terms=terms))
        return
    booking = random.choice(bookings)
    match random.choice(("edit", "cancel", "reinstate", "settings", "expire")):
        case "edit":
            change = {"time_slot": slot, "guest_count": guests}
            actions.edit(session, MIA, EVERYTHING, booking.id, change, booking.version)
        case "cancel":
            actions.move(session, MIA, EVERYTHING, booking.id, Status.CANCELLED)
        case "reinstate":
            actions.move(session, MIA, EVERYTHING, booking.id, Status.CONFIRMED)
        case "settings":
            stay = {"duration_minutes": random.choice(("60", "90", "150"))}
            stay |= {"seats": random.choice(("", "10", "30"))}
            offers.edit(session, MIA, EVERYTHING, venue.id, lunch.id, stay)
        case _:
            holds.expire_lapsed(session)
