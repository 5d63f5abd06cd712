"""A website that sells treks, and imports into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
from flask_sqlalchemy.session import Session
from sqlalchemy.orm import scoped_session

from app.extensions import db
from app.legacy.running import Import, Order, Outcome
from app.venues.models import Activity, Departure, Venue
from app.websites.models import Website
from tests.factories import VenueFactory, WebsiteFactory

TO_COME = date(2099, 4, 3)
Bring = Callable[..., Outcome]
USERS = "id,role,name,email,phone,created_at\n"
BOOKINGS = (
    "id,user_id,trek_name,start_date,status,total_participants,total_amount,customer_phone,"
    "customer_email,created_at\n"
)
PARTICIPANTS = "id,booking_id,name,age,phone,is_primary\n"


def make_house() -> Venue:
    """`himalaya-treks`, with one trek whose next departure has two places."""
    website: Website = WebsiteFactory.create(
        id="himalaya-treks", timezone="Asia/Kathmandu", currency="NPR", phone_region="NP"
    )
    venue: Venue = VenueFactory.create(website_id=website.id, name="Thamel")
    kind = {"kind": "trek", "slot_rule": "departures", "capacity": 12}
    trek = Activity(venue_id=venue.id, name="Poon Hill", price=100, **kind)
    db.session.add(trek)
    db.session.flush()
    db.session.add(Departure(activity_id=trek.id, day=TO_COME, time=time(6, 30), capacity=2))
    db.session.commit()
    return venue


def export(folder: Path, users: str = "", bookings: str = "", participants: str = "") -> Path:
    """The three files: each its first line and these rows, or all of it where it begins anew."""
    told = {"users.csv": (USERS, users), "bookings.csv": (BOOKINGS, bookings)}
    told["booking_participants.csv"] = (PARTICIPANTS, participants)
    for name, (head, rows) in told.items():
        whole = rows if "booking_id" in rows or "status" in rows or "role" in rows else head + rows
        (folder / name).write_text(whole, encoding="utf-8")
    return folder


@pytest.fixture
def house(db_session: scoped_session[Session]) -> Venue:
    """The website's venue."""
    return make_house()


@pytest.fixture
def bring(house: Venue) -> Bring:
    """Import a folder."""
    return bring_in


def bring_in(folder: Path, **how: object) -> Outcome:
    """Import a folder into `himalaya-treks`."""
    order = Order(folder, "himalaya-treks", **how)  # type: ignore[arg-type]
    with Import(db.session(), order) as it:
        return it.run(lambda _: None)
