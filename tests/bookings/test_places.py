"""The places that bookings take: whichever way they come in, move, grow and go."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.bookings import actions, holds
from app.bookings.claims import Terms
from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.status import GONE, Status
from app.customers.actions import Contact
from app.errors import Forbidden, HubError, InvalidPayload, SlotUnavailable
from app.extensions import db
from app.staff.permissions import Permission
from app.staff.scope import EVERYTHING, Scope
from app.venues import closing
from app.venues.models import Activity, SlotUsage, Venue
from app.websites.models import Website
from tests.api.source import Source, full_booking
from tests.bookings.made import MIA
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.venues.made import a_venue, an_activity

DAY = date(2027, 3, 1)
GUEST = Contact(name="Demo Guest", phone="+66812345678", source="phone")


@pytest.fixture
def website(app: Flask, db_session: object) -> Website:
    made: Website = WebsiteFactory.create(id="ours")
    return made


@pytest.fixture
def venue(website: Website) -> Venue:
    return a_venue("ours", "Our pier")


@pytest.fixture
def trip(venue: Venue) -> Activity:
    """Four places at 10:00 and at 14:00."""
    return an_activity(venue, name="World A+", capacity="4")


def book(website: Website, activity: Activity, **changes: Any) -> Booking:
    wish = {"day": DAY, "guests": 1, "contact": GUEST, "source": "phone", "slot": "10:00"}
    return make(db.session(), MIA, website, Wish(activity.id, **{**wish, **changes}))


def used() -> dict[str, int]:
    rows = db.session.scalars(select(SlotUsage)).all()
    return {row.slot: row.used for row in rows if row.used}


def test_the_last_place_is_sold_once(website: Website, trip: Activity) -> None:
    book(website, trip, guests=3)
    with pytest.raises(SlotUnavailable):
        book(website, trip, guests=2)
    book(website, trip, guests=1)
    assert used() == {"10:00": 4}


def test_cancelling_gives_back_and_reinstating_takes_again(
    website: Website, trip: Activity
) -> None:
    session, booking = db.session(), book(website, trip, guests=3)
    actions.move(session, MIA, EVERYTHING, booking.id, Status.CANCELLED)
    assert used() == {}
    book(website, trip, guests=2)
    with pytest.raises(SlotUnavailable):
        actions.move(session, MIA, EVERYTHING, booking.id, Status.CONFIRMED)
    actions.move(session, MIA, EVERYTHING, booking.id, Status.CONFIRMED, overbook=True)
    assert (used(), booking.overbooked) == ({"10:00": 5}, True)


def test_a_no_show_keeps_its_place(website: Website, trip: Activity) -> None:
    booking = book(website, trip, guests=3)
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.NO_SHOW)
    assert used() == {"10:00": 3}


def test_an_edit_exchanges_the_places(website: Website, trip: Activity) -> None:
    session, booking = db.session(), book(website, trip, guests=2)
    actions.edit(session, MIA, EVERYTHING, booking.id, {"time_slot": "14:00"}, booking.version)
    assert used() == {"14:00": 2}
    later = {"activity_date": DAY + timedelta(days=1), "guest_count": 4}
    actions.edit(session, MIA, EVERYTHING, booking.id, later, booking.version)
    assert used() == {"14:00": 4}
    assert booking.slot_key == "14:00"


def test_an_edit_to_a_full_or_unknown_time_changes_nothing(
    website: Website, trip: Activity
) -> None:
    book(website, trip, guests=4)
    booking = book(website, trip, guests=1, slot="14:00")
    for time in ("10:00", "11:11"):
        edit = {"time_slot": time}
        with pytest.raises(SlotUnavailable), db.session.begin_nested():
            actions.edit(db.session(), MIA, EVERYTHING, booking.id, edit, booking.version)
        db.session.refresh(booking)
    assert (booking.time_slot, booking.version) == ("14:00", 1)
    assert used() == {"10:00": 4, "14:00": 1}


def test_only_who_may_overbooks(website: Website, trip: Activity) -> None:
    book(website, trip, guests=4)
    booking = book(website, trip, slot="14:00")
    held = {Permission.BOOKINGS_VIEW, Permission.BOOKINGS_EDIT}
    editor = Scope(by_website={"ours": frozenset(held)})
    edit = {"time_slot": "10:00"}
    with pytest.raises(Forbidden):
        actions.edit(db.session(), MIA, editor, booking.id, edit, booking.version, overbook=True)
    actions.edit(db.session(), MIA, EVERYTHING, booking.id, edit, booking.version, overbook=True)
    assert (booking.overbooked, used()) == (True, {"10:00": 5})
    actions.edit(db.session(), MIA, EVERYTHING, booking.id, {"time_slot": "14:00"}, booking.version)
    assert (booking.overbooked, used()) == (False, {"10:00": 4, "14:00": 1})


def test_a_closed_time_is_not_sold(website: Website, venue: Venue, trip: Activity) -> None:
    shut = {"day": DAY.isoformat(), "slot": "10:00", "activity_id": str(trip.id), "reason": "Wind"}
    closing.close(db.session(), MIA, EVERYTHING, venue.id, shut, datetime.now(UTC))
    with pytest.raises(SlotUnavailable):
        book(website, trip, terms=Terms.DESK)
    book(website, trip, slot="14:00")
    book(website, trip, terms=Terms.OVERBOOK)
    assert used() == {"10:00": 1, "14:00": 1}


def test_doors_keep_the_size_of_parties_and_the_desk_does_not(
    website: Website, venue: Venue
) -> None:
    trip = an_activity(venue, name="Pairs", min_party="2", max_party="3")
    for guests in (1, 4):
        with pytest.raises(InvalidPayload):
            book(website, trip, guests=guests)
        book(website, trip, guests=guests, terms=Terms.DESK)


def test_a_source_s_booking_counts_where_its_words_say_so(
    app: Flask, website: Website, venue: Venue, trip: Activity
) -> None:
    ApiKeyFactory.create(website_id="ours")
    source = Source(app.test_client(), "ours_sk_test")
    body = full_booking(activity_date=DAY.isoformat(), guest_count=3)
    assert source.post(body).status_code == 201
    assert used() == {"10:00": 3}
    booking = db.session.scalars(select(Booking)).one()
    assert (booking.activity_id, booking.venue_id) == (trip.id, venue.id)
    # Sold there already: it counts, also where there is no room.
    assert source.post(full_booking(activity_date=DAY.isoformat())).status_code == 201
    assert used() == {"10:00": 5}
    assert sorted(db.session.scalars(select(Booking.overbooked))) == [False, True]
    sid = body["source_booking_id"]
    moved = {"event": "booking.updated", "source_booking_id": sid, "time_slot": "14:00"}
    assert source.post(moved).status_code == 200
    assert used() == {"10:00": 2, "14:00": 3}
    other = {"event": "booking.updated", "source_booking_id": sid, "package_name": "Else"}
    assert source.post(other).status_code == 200
    assert used() == {"10:00": 2}
    gone = {"event": "booking.cancelled", "source_booking_id": sid}
    assert source.post(gone).status_code == 200
    again = {**gone, "event": "booking.updated", "package_name": "World A+"}
    assert source.post(again).status_code == 200
    assert used() == {"10:00": 2}


def test_the_same_call_twice_takes_places_once(
    app: Flask, website: Website, trip: Activity
) -> None:
    ApiKeyFactory.create(website_id="ours")
    source = Source(app.test_client(), "ours_sk_test")
    body = full_booking(activity_date=DAY.isoformat())
    assert [source.post(body).status_code for _ in range(2)] == [201, 200]
    assert used() == {"10:00": 2}


def test_words_that_mean_two_things_mean_neither(
    app: Flask, website: Website, venue: Venue
) -> None:
    for name in ("Our pier", "Other pier"):
        place = venue if name == "Our pier" else a_venue("ours", name)
        an_activity(place, name="World A+")
    ApiKeyFactory.create(website_id="ours")
    source = Source(app.test_client(), "ours_sk_test")
    source.post(full_booking(activity_date=DAY.isoformat()))
    source.post(full_booking(activity_date=DAY.isoformat(), venue="other pier"))
    linked = db.session.scalars(select(Booking.venue_id)).all()
    assert sum(each is not None for each in linked) == 1


def test_what_ran_out_makes_room_before_anybody_noticed(website: Website, trip: Activity) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=15)
    held = book(website, trip, guests=4, status=Status.PENDING, hold_expires_at=soon)
    with pytest.raises(SlotUnavailable):
        book(website, trip)
    past = datetime.now(UTC) - timedelta(seconds=1)
    db.session.execute(update(Booking).values(hold_expires_at=past))
    db.session.expire_all()
    assert holds.is_lapsed(held, datetime.now(UTC))
    book(website, trip, guests=3)
    assert used() == {"10:00": 3}
    assert held.status == "expired"


def held_by_bookings() -> Counter[tuple[Any, ...]]:
    """What the bookings hold, counted one by one."""
    found: Counter[tuple[Any, ...]] = Counter()
    for b in db.session.scalars(select(Booking).where(Booking.activity_id.is_not(None))):
        if b.status not in GONE:
            found[b.activity_id, b.activity_date, b.slot_key] += b.guest_count
    return found


@given(seed=st.integers(min_value=0))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_the_counters_are_what_the_bookings_hold(
    website: Website, trip: Activity, seed: int
) -> None:
    random, session = Random(seed), db.session()
    other = an_activity(session.get_one(Venue, trip.venue_id), name=f"Other {uuid4()}")
    bookings: list[Booking] = []
    for _ in range(12):
        try:
            with session.begin_nested():
                _act(random, website, (trip, other), bookings)
        except HubError:
            session.expire_all()
        counters = {
            (row.activity_id, row.day, row.slot): row.used
            for row in session.scalars(select(SlotUsage).where(SlotUsage.used > 0))
        }
        assert counters == +held_by_bookings(), f"seed {seed}"


def _act(
    random: Random, website: Website, offered: tuple[Activity, ...], bookings: list[Booking]
) -> None:
    session = db.session()
    slot, day = random.choice(("10:00", "14:00")), DAY + timedelta(days=random.randrange(2))
    guests, overbook = random.randrange(1, 5), random.random() < 0.2
    if not bookings or random.random() < 0.3:
        terms = random.choice((Terms.DOOR, Terms.DESK, Terms.OVERBOOK))
        activity = random.choice(offered)
        made = book(website, activity, slot=slot, day=day, guests=guests, terms=terms)
        bookings.append(made)
        return
    booking = random.choice(bookings)
    match random.choice(("edit", "edit", "rename", "cancel", "reinstate", "expire")):
        case "edit":
            change = {"time_slot": slot, "activity_date": day, "guest_count": guests}
            some = dict(random.sample(sorted(change.items()), random.randrange(1, 4)))
            actions.edit(
                session, MIA, EVERYTHING, booking.id, some, booking.version, overbook=overbook
            )
        case "rename":
            name = {"package_name": random.choice([*(a.name for a in offered), "Unknown"])}
            actions.edit(session, MIA, EVERYTHING, booking.id, name, booking.version)
        case "cancel":
            actions.move(session, MIA, EVERYTHING, booking.id, Status.CANCELLED)
        case "reinstate":
            actions.move(session, MIA, EVERYTHING, booking.id, Status.CONFIRMED, overbook=overbook)
        case _:
            holds.expire_lapsed(session)
