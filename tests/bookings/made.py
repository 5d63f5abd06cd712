"""Bookings as a source makes them: with their customer, and the event that tells of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.bookings.writing import STATED, insert_new
from app.customers.actions import Contact, find_or_create
from app.events.models import Actor
from app.extensions import db
from app.ids import new_id
from app.staff.scope import EVERYTHING
from app.websites.models import Website

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
"""12:00 on Friday 20 November 2026 at the websites of the tests, in Bangkok."""
TODAY = date(2026, 11, 20)
MIA = Actor("user", "mia", "Mia Manager", "staff")

VALUES: dict[str, Any] = {
    "booking_ref": "HW-000023",
    "package_name": "World A+",
    "package_price": Decimal(3490),
    "activity_date": TODAY,
    "time_slot": "14:00",
    "guest_count": 2,
    "total_amount": Decimal(8500),
    "customer_name": "Demo Guest",
    "customer_email": "guest@example.com",
    "customer_phone": "0812345678",
    "customer_country_code": "+66",
    "addons": [{"name": "Photo Package", "quantity": 1, "unit_price": 500}],
}


def made(website_id: str = "ours", **fields: Any) -> Booking:
    """A booking of this website; `status` is its status, `source` where it came from, `actor` who
    brings it: the website itself, unless it is said otherwise."""
    website = db.session.get_one(Website, website_id)
    itself = Actor("website", website.id, website.name, website.door)
    actor = fields.pop("actor", itself)
    source = fields.pop("source", "website")
    status = fields.pop("status", Status.CONFIRMED.value)
    values = {**VALUES, **fields, STATED: status}
    contact = Contact(
        name=values["customer_name"], email=values["customer_email"], phone=values["customer_phone"]
    )
    booking_id = insert_new(
        db.session(),
        actor,
        website,
        values,
        {},
        customer=find_or_create(db.session(), contact),
        source=source,
        source_booking_id=new_id(),
    )
    assert booking_id
    return db.session.get_one(Booking, booking_id)


def edited(booking: Booking, by: Actor = MIA, **changes: Any) -> Booking:
    """Somebody else edits the booking."""
    session = db.session()
    return actions.edit(session, by, EVERYTHING, booking.id, changes, booking.version)
