"""What stands at a platform becomes bookings, and what changed there is merged."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, insert, select, update

from app.bookings.models import Booking
from app.customers.models import Customer
from app.events.models import Event, Outbox
from app.extensions import db
from app.platforms.models import PlatformConnection, PlatformReservation
from tests.harness.counting import counted_queries
from tests.platforms.pub import (
    House,
    all_is_heard,
    count_bookings,
    ours,
    tomorrow,
)
from tests.venues.made import an_activity

pytestmark = pytest.mark.committed


def test_reservations_become_bookings_of_the_service(pub: House) -> None:
    pub.shelf.put("P1", name="Ana Test", phone="+35699111222", email="ana@example.com")
    pub.shelf.put("P2", time="19:30", party_size=4, requests="By the window")
    state = pub.pull()
    assert (state["seen"], state["created"], state["unread"]) == (2, 2, [])
    assert state["finished_at"]
    one, two = pub.bookings()["P1"], pub.bookings()["P2"]
    assert (one.source, one.kind, one.status) == ("platform", "table", "confirmed")
    assert (one.activity_id, one.venue_id) == (pub.service.id, pub.venue.id)
    assert (one.booking_ref, one.time_slot, one.activity_date) == ("P1", "20:00", tomorrow())
    assert one.total_amount == Decimal(0)
    assert one.starts_at is not None
    assert (two.customer_name, two.customer_email) == ("Guest of Pub", "")
    assert (two.guest_count, two.special_requests) == (4, "By the window")
    customer = db.session.get_one(Customer, two.customer_id)
    assert (customer.email, customer.phone) == (None, None)
    [made] = db.session.scalars(select(Event).where(Event.booking_id == one.id)).all()
    assert (made.actor_kind, made.door) == ("platform", f"platform:{pub.connection_id}")
    assert not pub.row("P1").is_ours


def test_each_is_a_booking_of_the_service_that_seats_guests_then(pub: House) -> None:
    table = {"kind": "table", "slot_rule": "times"}
    early = an_activity(pub.venue, **table, name="Early", times="18:00")
    late = an_activity(pub.venue, **table, name="Late", times="18:00, 20:00")
    db.session.commit()
    for external_id, time in (("P1", "18:00"), ("P2", "20:00"), ("P3", "03:15")):
        pub.shelf.put(external_id, time=time)
    assert pub.pull()["created"] == 3
    found = {name: booking.activity_id for name, booking in pub.bookings().items()}
    assert found == {"P1": early.id, "P2": late.id, "P3": early.id}

    chosen = update(PlatformConnection).values(activity_id=pub.service.id)
    db.session.execute(chosen)
    db.session.commit()
    pub.shelf.put("P4", time="18:00")
    pub.pull()
    assert pub.bookings()["P4"].activity_id == pub.service.id


def test_the_same_again_writes_nothing(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()
    before = pub.bookings()["P1"].version, pub.row("P1").updated_at, pub.connection.updated_at
    state = pub.pull()
    assert (state["created"], state["changed"]) == (0, 0)
    row = pub.row("P1")
    assert (pub.bookings()["P1"].version, row.updated_at, pub.connection.updated_at) == before
    assert row.seen_at
    assert row.seen_at > row.created_at


def test_what_changed_there_changes_here_and_no_more(pub: House) -> None:
    pub.shelf.put("P1", name="Ana Test", requests="Quiet")
    pub.pull()
    all_is_heard()
    booking = pub.bookings()["P1"]
    booking.customer_name = "Ana Corrected"
    db.session.commit()
    pub.shelf.put("P1", time="21:00", raw_status="reminded")
    assert pub.pull()["changed"] == 1
    booking = pub.bookings()["P1"]
    assert (booking.time_slot, booking.customer_name) == ("21:00", "Ana Corrected")
    assert pub.row("P1").raw_status == "reminded"
    pub.shelf.put("P1", raw_status="seated")
    pub.pull()
    assert pub.bookings()["P1"].status == "checked_in"
    pub.shelf.put("P1", raw_status="nobody-knows")
    state = pub.pull()
    assert state["unknown"] == {"nobody-knows": 1}
    assert pub.bookings()["P1"].status == "checked_in"
    pub.shelf.put("P1", raw_status="off")
    pub.pull()
    assert (pub.bookings()["P1"].status, pub.row("P1").state) == ("cancelled", "cancelled")
    pub.shelf.put("P1", party_size=3)
    pub.pull()
    pub.shelf.put("P1", raw_status="on")
    pub.pull()
    booking = pub.bookings()["P1"]
    assert (booking.status, booking.guest_count) == ("confirmed", 3)
    assert pub.row("P1").state == "live"


def test_nothing_is_merged_while_a_change_of_ours_is_on_its_way(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()
    pub.pull()  # news from now on
    booking = pub.bookings()["P1"]
    staff = {"name": "booking.updated", "subject_type": "booking", "subject_id": str(booking.id)}
    who = {"actor_kind": "user", "actor_id": "1", "actor_label": "Mia", "door": "staff"}
    made = Event(
        **staff, **who, booking_id=booking.id, website_id="ours", version=2, request_id="", ip="",
        changes={"time_slot": ["20:00", "21:30"]},
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    db.session.add(Outbox(event_id=made.id, booking_id=booking.id, version=2))
    db.session.commit()
    pub.shelf.put("P1", time="19:00")
    assert pub.pull()["waiting"] == 1
    assert pub.bookings()["P1"].time_slot == "20:00"
    all_is_heard()
    assert pub.pull()["changed"] == 1
    assert pub.bookings()["P1"].time_slot == "19:00"


def test_what_was_settled_since_the_call_began_waits(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()

    def settled() -> None:
        with pub.engine.begin() as connection:
            connection.execute(update(PlatformReservation).values(version=7))

    pub.shelf.put("P1", time="19:00")
    pub.shelf.meanwhile = settled
    assert pub.pull()["waiting"] == 1
    assert pub.bookings()["P1"].time_slot == "20:00"


def test_ours_is_known_by_its_id_and_echoes_nothing(pub: House) -> None:
    booking = ours(pub, told=None)
    pub.shelf.put("O1", name="ANA IN CAPITALS", requests="their own words", time="20:00")
    state = pub.pull()
    assert (state["created"], state["changed"], count_bookings()) == (0, 0, 1)
    assert pub.bookings()["O1"].customer_name == booking.customer_name
    pub.shelf.put("O1", requests="a note of theirs", party_size=3)
    pub.pull()
    after = pub.bookings()["O1"]
    assert (after.special_requests, after.guest_count) == ("a note of theirs", 3)
    assert after.source == "phone"


def test_ours_that_is_being_made_is_no_second_booking(pub: House) -> None:
    booking = ours(pub, external_id=None, state="making")
    pub.shelf.put("O9", reference=str(booking.id))
    assert pub.pull()["waiting"] == 1
    pub.shelf.put("O9", reference="")  # where the platform does not tell it
    assert pub.pull()["waiting"] == 1
    assert count_bookings() == 1


def test_ours_is_known_by_reference_when_the_connection_was_made_anew(pub: House) -> None:
    booking = ours(pub)
    theirs = pub.shelf.put("P5", name="Theirs")
    pub.pull()
    db.session.execute(delete(PlatformReservation))
    db.session.commit()
    pub.shelf.put("O1", reference=str(booking.id))
    state = pub.pull()
    assert (state["created"], count_bookings()) == (0, 2)
    assert pub.row("O1").is_ours
    assert not pub.row(theirs.external_id).is_ours


def test_an_erased_guest_does_not_come_back(pub: House) -> None:
    pub.shelf.put("P1", name="Ana Test", phone="+35699111222")
    pub.pull()
    all_is_heard()
    db.session.execute(update(Customer).values(data_key=None, phone=None, erased_at=func.now()))
    db.session.execute(update(Booking).values(customer_name="Erased guest", customer_phone=None))
    db.session.commit()
    pub.shelf.put("P1", name="Ana Testova", phone="+35699111333", party_size=3)
    pub.pull()
    booking = pub.bookings()["P1"]
    assert (booking.customer_name, booking.customer_phone, booking.guest_count) == (
        *("Erased guest", None),
        3,
    )
    assert "Ana" not in str(pub.row("P1").told)


def test_one_that_cannot_be_read_holds_up_nobody(pub: House) -> None:
    pub.shelf.put("BAD1", day=None)
    pub.shelf.put("BAD2", party_size=0)
    pub.shelf.put("GOOD", name="x\x00y" + "z" * 500)
    state = pub.pull()
    assert (state["unread"], state["created"]) == (["BAD1", "BAD2"], 1)
    assert len(pub.bookings()["GOOD"].customer_name) == 200


def test_one_that_was_off_before_we_saw_it_is_no_booking(pub: House) -> None:
    pub.shelf.put("P1", raw_status="off")
    assert pub.pull()["created"] == 0
    assert count_bookings() == 0


def test_what_stood_there_before_the_first_pull_is_no_news(pub: House) -> None:
    def told() -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(Outbox)) or 0

    pub.shelf.put("P1")
    pub.pull()
    assert told() == 0
    pub.shelf.put("P2")
    pub.pull()
    assert told() == 1


def test_a_new_one_takes_few_statements(app: Flask, pub: House) -> None:
    counts: list[int] = []
    for names in (["P0"], ["P1"], ["P2", "P3", "P4"]):
        for number, name in enumerate(names):
            pub.shelf.put(name, phone=f"+3569900{len(counts)}{number:03d}")
        with counted_queries(app) as statements:
            assert pub.pull()["created"] == len(names)
        counts.append(len(statements))
    assert (counts[2] - counts[1]) / 2 <= 12


def copies(pub: House, model: str, names: list[str]) -> None:
    """More reservations like this one, known already."""
    booking, row = pub.bookings()[model], pub.row(model)
    own = {"source_bit", "search", "booked_day", "began_pending"}  # the database sets these
    columns = [each.name for each in Booking.__table__.columns if each.name not in own]
    like = {name: getattr(booking, name) for name in columns}
    ids = {name: uuid4() for name in names}
    own_ids = [
        {"id": made, "source_booking_id": uuid4(), "booking_ref": name}
        for name, made in ids.items()
    ]
    db.session.execute(insert(Booking), [{**like, **each} for each in own_ids])
    for name in names:
        pub.shelf.put(name)
    there = [each.name for each in PlatformReservation.__table__.columns if each.name != "id"]
    said = {name: getattr(row, name) for name in there}
    rows = [{**said, "booking_id": made, "external_id": name} for name, made in ids.items()]
    db.session.execute(insert(PlatformReservation), rows)
    db.session.commit()


def test_1200_are_pulled_in_pages_and_asked_of_the_database_at_once(pub: House) -> None:
    pub.shelf.put("P0000")
    pub.pull()
    copies(pub, "P0000", [f"P{number:04d}" for number in range(1, 1195)])
    for number in range(1195, 1200):
        pub.shelf.put(f"P{number}")
    pub.shelf.page_size = 500
    state = pub.pull()
    assert (state["seen"], state["created"], state["pages"]) == (1200, 5, 3)
    counts = []
    for size in (1200, 100):
        pub.shelf.rows = dict(list(pub.shelf.rows.items())[:size])
        pub.shelf.page_size = size
        statements: list[str] = []

        def note(_c: object, _k: object, statement: str, *_a: object) -> None:
            statements.append(statement)  # noqa: B023

        event.listen(pub.engine, "before_cursor_execute", note)
        assert pub.pull()["changed"] == 0
        event.remove(pub.engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1] < 30
    assert count_bookings() == 1200
