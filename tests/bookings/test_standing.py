"""What guests' records count of their bookings, whatever happens to these."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.bookings import actions, partnering, standing
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.status import GONE, Status
from app.customers.actions import Contact
from app.customers.models import Customer
from app.errors import HubError
from app.extensions import db
from app.staff.context import now
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from tests.api.source import Source, full_booking
from tests.bookings.made import MIA, made
from tests.factories import ApiKeyFactory, WebsiteFactory
from tests.venues.made import a_venue, an_activity

DAY = date(2027, 3, 1)
GUESTS = ("+66811111111", "+66822222222")


@pytest.fixture
def website(app: Flask, db_session: object) -> Website:
    """A website with a table and a trip, which sources name."""
    made: Website = WebsiteFactory.create(id="ours")
    venue = a_venue("ours")
    table = {"kind": "table", "name": "Table", "capacity": "", "times": "12:00, 14:00"}
    an_activity(venue, **table)
    an_activity(venue, name="Trip", capacity="")
    return made


def a_booking(phone: str, **fields: Any) -> Booking:
    guest = {"customer_phone": phone, "customer_email": f"guest{phone}@example.com"}
    return made("ours", **guest, **fields)


def kept() -> dict[str, tuple[int, int, date | None]]:
    query = select(Customer).execution_options(populate_existing=True)
    return {
        guest.phone or "": (
            guest.table_booking_count,
            guest.no_show_count,
            guest.last_table_booking_date,
        )
        for guest in db.session.scalars(query)
    }


def counted() -> dict[str, tuple[int, int, date | None]]:
    """The same, one by one."""
    found = {}
    for guest in db.session.scalars(select(Customer)):
        own = db.session.scalars(select(Booking).where(Booking.customer_id == guest.id)).all()
        days = [b.activity_date for b in own if b.kind == "table" and b.status not in GONE]
        no_shows = sum(b.status == "no_show" for b in own)
        found[guest.phone or ""] = (len(days), no_shows, max(days, default=None))
    return found


def test_a_table_counts_while_it_is_not_cancelled(website: Website) -> None:
    (phone, _), session = GUESTS, db.session()
    first = a_booking(phone, package_name="Table", time_slot="12:00", activity_date=DAY)
    a_booking(phone, package_name="Trip", activity_date=DAY + timedelta(days=9))
    assert kept() == {phone: (1, 0, DAY)}
    actions.move(session, MIA, EVERYTHING, first.id, Status.NO_SHOW)
    assert kept() == {phone: (1, 1, DAY)}
    actions.move(session, MIA, EVERYTHING, first.id, Status.CONFIRMED)
    later = {"activity_date": DAY + timedelta(days=1)}
    actions.edit(session, MIA, EVERYTHING, first.id, later, first.version)
    assert kept() == {phone: (1, 0, DAY + timedelta(days=1))}
    actions.move(session, MIA, EVERYTHING, first.id, Status.CANCELLED)
    assert kept() == {phone: (0, 0, None)}


def test_a_booking_that_becomes_somebody_else_s_counts_for_them(website: Website) -> None:
    booking = a_booking(GUESTS[0], package_name="Table", time_slot="12:00", activity_date=DAY)
    other = Contact("Other Guest", phone=GUESTS[1])
    wanted = Change({"customer_name": other.name}, contact=other)
    partnering.change(db.session(), MIA, booking, wanted, now())
    assert kept() == {GUESTS[0]: (0, 0, None), GUESTS[1]: (1, 0, DAY)}


def test_an_old_booking_that_comes_late_counts(app: Flask, website: Website) -> None:
    ApiKeyFactory.create(website_id="ours")
    source = Source(app.test_client(), "ours_sk_test")
    old = full_booking(activity_date="2021-05-01", package_name="Table", status="no_show")
    assert [source.post(old).status_code for _ in range(2)] == [201, 200]
    assert list(kept().values()) == [(1, 1, date(2021, 5, 1))]
    renamed = {"event": "booking.updated", "package_name": "Trip"}
    source.post({**renamed, "source_booking_id": old["source_booking_id"]})
    assert list(kept().values()) == [(0, 1, None)]


@given(seed=st.integers(min_value=0))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_the_figures_are_what_the_bookings_come_to(
    website: Website, seed: int
) -> None:
    random, session = Random(seed), db.session()
    bookings: list[Booking] = []
    for _ in range(12):
        try:
            with session.begin_nested():
                _act(random, bookings)
        except HubError:
            session.expire_all()
        assert kept() == counted(), f"seed {seed}"
    assert standing.check(session) == 0


def _act(random: Random, bookings: list[Booking]) -> None:
    session, day = db.session(), DAY + timedelta(days=random.randrange(5))
    if not bookings or random.random() < 0.35:
        what = random.choice(("Table", "Table", "Trip"))
        status = random.choice(("confirmed", "pending", "no_show", "cancelled"))
        phone = random.choice(GUESTS)
        bookings.append(
            a_booking(phone, package_name=what, activity_date=day, status=status, time_slot="12:00")
        )
        return
    booking = random.choice(bookings)
    match random.choice(("move", "move", "day", "rename", "guest")):
        case "move":
            status = random.choice([s for s in Status if s is not Status.REFUNDED])
            actions.move(session, MIA, EVERYTHING, booking.id, status)
        case "day":
            change = {"activity_date": day}
            actions.edit(session, MIA, EVERYTHING, booking.id, change, booking.version)
        case "rename":
            name = {"package_name": random.choice(("Table", "Trip", "Else"))}
            actions.edit(session, MIA, EVERYTHING, booking.id, name, booking.version)
        case _:
            other = Contact("Other Guest", phone=random.choice(GUESTS))
            partnering.change(session, MIA, booking, Change(contact=other), now())


def test_what_drifted_is_found_and_counted_anew(website: Website) -> None:
    a_booking(GUESTS[0], package_name="Table", time_slot="12:00", activity_date=DAY)
    a_booking(GUESTS[1], package_name="Trip", activity_date=DAY)
    assert standing.check(db.session()) == 0
    broken = {"no_show_count": 7, "last_table_booking_date": None}
    db.session.execute(update(Customer).where(Customer.phone == GUESTS[0]).values(broken))
    db.session.execute(update(Customer).where(Customer.phone == GUESTS[1]).values(no_show_count=1))
    assert standing.check(db.session()) == 2
    assert kept() == counted()
    assert standing.check(db.session()) == 0
