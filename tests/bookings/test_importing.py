"""Many bookings at once are what they are one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select

from app.bookings import importing
from app.bookings.importing import Brought
from app.bookings.models import Booking
from app.bookings.stamps import Stamp
from app.bookings.writing import STATED, insert_new
from app.customers.actions import Known
from app.customers.models import Customer
from app.events.models import SYSTEM, Event, Outbox
from app.extensions import db
from app.ids import new_id
from app.travelers.models import KEPT
from app.venues.models import Activity, SlotUsage, Venue
from app.websites.models import Website
from tests.factories import CustomerFactory, VenueFactory

NOT_ALIKE = {"id", "source_booking_id", "created_at", "updated_at", "confirmed_at", "cancelled_at",
             "checked_in_at", "field_times"}  # fmt: skip


def trek() -> Activity:
    venue: Venue = VenueFactory.create()
    found = Activity(venue_id=venue.id, name="Poon Hill", kind="trek", price=10, capacity=3)
    found.times = ["06:30"]
    db.session.add(found)
    db.session.flush()
    return found


def traveler(name: str, **said: Any) -> dict[str, Any]:
    return {**dict.fromkeys(KEPT), "id": str(new_id()), "name": name, "is_primary": True, **said}


def anew(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The travelers with ids of their own."""
    return [{**one, "id": str(new_id())} for one in told.get("travelers", [])]


def values(activity: Activity | None, status: str, **more: Any) -> dict[str, Any]:
    return {
        "booking_ref": "HT-1",
        "package_name": "Poon Hill",
        "package_price": Decimal("10.50"),
        "activity_date": date(2027, 4, 3),
        "time_slot": "06:30",
        "guest_count": 2,
        "total_amount": Decimal(21),
        STATED: status,
        "customer_name": "Asha Example",
        "customer_email": "asha@example.com",
        "customer_phone": "0812345678",
        "special_requests": 'Quotes " and \\ and ö',
        "source_created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "activity_id": activity.id if activity else None,
        "venue_id": activity.venue_id if activity else None,
        **more,
    }


def written(booking_id: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """A booking's columns, and what the log was told."""
    booking = db.session.get_one(Booking, booking_id, populate_existing=True)
    names = {column.key for column in inspect(Booking).columns} - NOT_ALIKE
    columns = {name: getattr(booking, name) for name in names}
    columns["travelers"] = [{**one, "id": None} for one in booking.travelers]
    event = db.session.scalars(select(Event).where(Event.booking_id == booking_id)).one()
    told = event.opened(db.session.get_one(Customer, booking.customer_id).key)
    told["travelers"] = [None, columns["travelers"]] if "travelers" in told else None  # type: ignore[assignment]
    return columns, {**told, "sealed": event.sealed_fields(), "name": event.name}


def test_they_are_the_same_rows_events_and_places(db_session: object) -> None:
    activity = trek()
    website = db.session.get_one(Website, db.session.get_one(Venue, activity.venue_id).website_id)
    guest: Customer = CustomerFactory.create()
    known = Known(guest.id, guest.key)
    going = [traveler("Asha", medical_notes="Asthma", age=30, price=21)]
    wanted = [
        values(activity, "confirmed", travelers=going),
        values(activity, "cancelled"),
        values(None, "no_show", refunded_amount=Decimal(5)),
        values(activity, "pending", time_slot="Any time"),
    ]
    more = {"kind": "trek", "source_status": "as it was"}
    one_by_one = []
    for told in wanted:
        stamps = dict.fromkeys(told, Stamp(datetime.now(UTC)))
        made = insert_new(
            *(db.session(), SYSTEM, website, told, stamps),
            customer=known, source="customer_app", source_booking_id=new_id(),
            source_status="as it was", more={"kind": "trek"},
        )  # fmt: skip
        assert made is not None
        one_by_one.append(written(made))
    alone = usage()
    brought = [
        Brought({**told, "travelers": anew(told)}, known, "customer_app", new_id(), more)
        for told in wanted
    ]
    sent = db.session.query(Outbox).count()
    ids = importing.enter_all(db.session(), SYSTEM, website, brought, datetime.now(UTC))
    for (columns, told), made in zip(one_by_one, ids, strict=True):
        at_once = written(made)
        columns["overbooked"] = at_once[0]["overbooked"]  # by then the slot is full
        told.pop("overbooked", None)
        at_once[1].pop("overbooked", None)
        assert at_once == (columns, told)
    assert usage() == {slot: 2 * used for slot, used in alone.items()}
    assert db.session.get_one(Booking, ids[0]).overbooked
    assert db.session.query(Outbox).count() == sent
    db.session.refresh(guest)
    assert guest.no_show_count == 2


def usage() -> dict[str, int]:
    rows = db.session.execute(select(SlotUsage.slot, SlotUsage.used))
    return {row.slot: row.used for row in rows}
