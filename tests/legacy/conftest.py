"""A website that sells treks, and imports into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
from sqlalchemy.orm import scoped_session

from app.extensions import db
from app.legacy.running import Import, Order, Outcome
from app.venues.models import Activity, Departure, Venue
from app.websites.models import Website
from tests.factories import VenueFactory, WebsiteFactory

LAST_DAY, TO_COME = date(2025, 4, 3), date(2099, 4, 3)
Bring = Callable[..., Outcome]


def make_house() -> Venue:
    """`himalaya-treks`, with one trek whose next departure has two places."""
    website: Website = WebsiteFactory.create(
        id="himalaya-treks", timezone="Asia/Kathmandu", currency="NPR", phone_region="NP"
    )
    venue: Venue = VenueFactory.create(website_id=website.id, name="Thamel")
    trek = Activity(
        venue_id=venue.id,
        name="Poon Hill",
        kind="trek",
        price=100,
        slot_rule="departures",
        capacity=12,
    )
    db.session.add(trek)
    db.session.flush()
    db.session.add(Departure(activity_id=trek.id, day=TO_COME, time=time(6, 30), capacity=2))
    db.session.commit()
    return venue


@pytest.fixture
def house(db_session: scoped_session[object]) -> Venue:
    """The website's venue."""
    return make_house()


@pytest.fixture
def bring(house: Venue) -> Bring:
    """Import a folder."""

    def run(folder: Path, **how: object) -> Outcome:
        with Import(db.session(), Order(folder, "himalaya-treks", **how)) as it:  # type: ignore[arg-type]
            return it.run(lambda _: None)

    return run
