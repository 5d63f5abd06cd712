"""What people read of platforms: by name where a booking came from, and words instead of codes."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.deliveries.models import Destination
from app.extensions import db
from app.platforms.models import PlatformConnection, PlatformReservation
from app.venues.models import Venue
from tests.desk import House, build_house
from tests.harness.counting import counted_queries
from tests.platforms.inn import DAY, a_table, an_inn

LISTS = ("/bookings?from={0}&to={0}", "/today?date={0}")
BADGE = re.compile(r'<span class="src-name">CoverManager</span>')


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    return build_house(app)


def _told(venue: Venue, name: str, *, is_ours: bool) -> None:
    known = {"website_id": venue.website_id, "venue_id": venue.id, "configuration": {}}
    connection = db.session.scalars(db.select(PlatformConnection)).first()
    if connection is None:
        connection = PlatformConnection(platform_type="covermanager", priority=1, **known)
        db.session.add(connection)
        db.session.flush()
    source = "phone" if is_ours else "platform"
    booking = a_table(venue, customer_name=name, source=source)
    db.session.add(
        PlatformReservation(
            website_id=venue.website_id,
            connection_id=connection.id,
            booking_id=booking.id,
            external_id=name,
            is_ours=is_ours,
            state="live",
            raw_status="1",
        )
    )
    db.session.flush()


@pytest.mark.parametrize("address", LISTS)
def test_what_came_from_a_platform_names_it(house: House, address: str) -> None:
    venue = an_inn("ours")
    _told(venue, "Made Here", is_ours=True)
    _told(venue, "Pia Placeholder", is_ours=False)
    db.session.commit()
    browser = house.browser("colleague")
    with counted_queries(house.app) as statements:
        page = browser.get(address.format(DAY)).text
    assert "Made Here" in page
    assert "Pia Placeholder" in page
    assert len(BADGE.findall(page)) == 1, "only what came from there"
    assert len(statements) <= 12, "\n".join(statements)


def test_a_booking_says_which_platform_it_came_from(house: House) -> None:
    _told(an_inn("ours"), "Pia Placeholder", is_ours=False)
    booking = db.session.scalars(db.select(PlatformReservation.booking_id)).one()
    page = house.browser("colleague").get(f"/bookings/{booking}").text
    assert BADGE.search(page)
    assert '1 <span class="muted">confirmed</span>' in page, "a code alone tells nobody anything"


def test_who_waits_for_an_answer_reads_that_it_is_tried_again(house: House) -> None:
    _told(an_inn("ours"), "Made Here", is_ours=True)
    row = db.session.scalars(db.select(PlatformReservation)).one()
    row.state, row.problem, row.making_since = "making", "No answer.", row.updated_at
    db.session.flush()
    page = house.browser("colleague").get(f"/bookings/{row.booking_id}").text
    assert "It is tried again by itself." in page


def test_sync_calls_a_platform_a_platform(house: House) -> None:
    known = {"channel": "platform", "failures": 3, "failing_since": db.func.now()}
    db.session.add(Destination(key="platform:1", website_id="ours", label="Toy, Inn", **known))
    db.session.flush()
    page = house.browser("manager").get("/sync").text
    assert 'Toy, Inn</span><span class="sub">Platform</span>' in page
