"""Bookings of parties whose travelers are named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from app.bookings import queries
from app.bookings.models import Booking
from app.bookings.writing import write
from app.customers import queries as customers
from app.extensions import db
from app.travelers import going, rows
from app.travelers.going import Wanted
from app.travelers.models import Traveler
from app.websites.models import Website
from tests.bookings.made import MIA, made
from tests.factories import WebsiteFactory

NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
DAY = date(2027, 3, 1)
ALICE: dict[str, Any] = {
    "age": 25,
    "gender": "female",
    "phone": "+919876543210",
    "emergency_contact_name": "Bob Smith",
    "emergency_contact_phone": "+919876543212",
    "special_requirements": "Vegetarian meals",
    "medical_notes": "Asthma",
}


def profile(customer_id: UUID, name: str, **more: Any) -> Traveler:
    """Somebody whom a customer keeps."""
    kept = Traveler(customer_id=customer_id, name=name, **more)
    db.session.add(kept)
    db.session.flush()
    return kept


def a_party(*names: str, guests: int = 4, website_id: str = "ours", **fields: Any) -> Booking:
    """A booking of a day next year; all of them are as Alice is, the first of them primary."""
    if db.session.get(Website, website_id) is None:
        WebsiteFactory.create(id=website_id)
    digits = sum(map(ord, "".join(names)))
    guest: dict[str, Any] = {
        "customer_name": "Bo Booker",
        "customer_phone": f"+9198765{digits:05d}",
    }
    guest |= {"customer_email": f"bo{digits}@example.com", "activity_date": DAY}
    booking = made(website_id, guest_count=guests, **{**guest, **fields})
    wanted = [Wanted(None, n == 0, {"name": name, **ALICE}) for n, name in enumerate(names)]
    chosen = going.choose(db.session(), booking.customer_id, wanted, DAY, min_age=None)
    write_down(booking, rows.kept((), chosen))
    return booking


def write_down(booking: Booking, who: list[dict[str, Any]]) -> None:
    """As one change, as every door does."""
    session = db.session()
    website = queries.website_of(session, booking)
    key = customers.data_key(session, booking.customer_id)
    write(session, MIA, website, booking, {"travelers": who}, {}, key=key, now=NOW)
    session.flush()
