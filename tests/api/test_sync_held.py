"""What staff changed and the source has not acknowledged: what holds, and what does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session, scoped_session

from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.customers.models import Customer
from app.deliveries.channel import channels
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery
from app.events.models import Actor, Event
from app.staff.scope import EVERYTHING
from tests.api.source import Source, full_booking
from tests.harness.counting import counted_queries

Database = scoped_session[Session]
STAFF = Actor(kind="user", id="1", label="Demo Person", door="staff")


def the(session: Database) -> Booking:
    session.expire_all()
    return session.scalars(select(Booking)).one()


def staff_edit(session: Database, **changes: Any) -> None:
    booking = the(session)
    actions.edit(session(), STAFF, EVERYTHING, booking.id, changes, booking.version)


def staff_move(session: Database, status: Status) -> None:
    actions.move(session(), STAFF, EVERYTHING, the(session).id, status)


def conflicts(session: Database) -> list[dict[str, Any]]:
    query = select(Event.changes).where(Event.name == "booking.conflict").order_by(Event.id)
    return list(session.scalars(query))


@pytest.mark.parametrize("state", ["waiting", "ready", "sending", "parked", "failed"])
def test_an_edit_on_its_way_holds(source: Source, db_session: Database, state: str) -> None:
    body = source.create()
    staff_edit(db_session, time_slot="14:00")
    dispatch(db_session(), channels)
    db_session.execute(update(Delivery).values(state=state))
    source.update(body, time_slot="09:00")
    assert the(db_session).time_slot == "14:00"
    assert conflicts(db_session) == [{"time_slot": ["14:00", "09:00"]}]


@pytest.mark.parametrize(("state", "fallback"), [("delivered", None), ("ready", "delivered")])
def test_an_edit_that_arrived_does_not_hold_even_while_it_is_sent_again(
    source: Source, db_session: Database, state: str, fallback: str | None
) -> None:
    body = source.create()
    staff_edit(db_session, time_slot="14:00")
    dispatch(db_session(), channels)
    db_session.execute(update(Delivery).values(state=state, fallback=fallback))
    source.update(body, time_slot="09:00")
    assert the(db_session).time_slot == "09:00"
    assert conflicts(db_session) == []


def test_a_refund_is_never_refused(source: Source, db_session: Database) -> None:
    """The refund followed from the total that staff changed; nobody here set it."""
    body = source.create()
    source.update(body, event="booking.refunded")
    source.update(body, status="confirmed")
    staff_edit(db_session, total_amount=Decimal(900))
    assert the(db_session).refunded_amount == 900
    source.update(body, event="booking.refunded", refund_amount=300)
    assert the(db_session).refunded_amount == 300
    assert the(db_session).status == "confirmed"


def test_a_conflict_that_nobody_sees_is_not_told(source: Source, db_session: Database) -> None:
    body = source.create()
    staff_move(db_session, Status.CANCELLED)
    source.update(body, event="booking.refunded")
    assert the(db_session).status == "refunded"
    source.update(body, status="refunded")
    assert (the(db_session).stated_status, conflicts(db_session)) == ("cancelled", [])


def test_the_check_in_keeps_its_time_whatever_else_changes(
    source: Source, db_session: Database
) -> None:
    body = source.create()
    staff_move(db_session, Status.CHECKED_IN)
    at = the(db_session).checked_in_at
    staff_edit(db_session, hotel_name="Other")
    source.update(body, package_name="World B")
    assert the(db_session).checked_in_at == at is not None


def test_guests_whom_the_source_checked_in_have_a_time(
    source: Source, db_session: Database
) -> None:
    source.create(status="checked_in")
    assert the(db_session).checked_in_at is not None


@pytest.mark.parametrize(
    ("event", "status", "kept"),
    [
        ("booking.updated", "PAID", "PAID"),
        ("booking.cancelled", "Canceled", "Canceled"),
        ("booking.cancelled", "paid", None),
        ("booking.refunded", "paid", None),
    ],
)
def test_the_word_of_the_source_is_the_word_for_the_status(
    source: Source, db_session: Database, event: str, status: str, kept: str | None
) -> None:
    source.ok(full_booking(event=event, status=status))
    assert the(db_session).source_status == kept


def test_a_message_that_makes_no_booking_leaves_no_customer(
    source: Source, db_session: Database
) -> None:
    healed = full_booking(event="booking.updated", updated_at="2026-03-02T00:00:00Z")
    source.ok(healed)
    stranger = {"name": "Second Name", "email": "second@example.com"}
    late = {**healed, "event": "booking.created", "customer": stranger}
    source.ok({**late, "updated_at": "2026-03-01T00:00:00Z"})
    assert db_session.scalars(select(Customer.id)).all() == [the(db_session).customer_id]


def test_the_busiest_call_takes_few_queries(
    app: Flask, source: Source, db_session: Database
) -> None:
    """A conflict beside other changes, with an event id and an Idempotency-Key."""
    body = source.create()
    staff_edit(db_session, time_slot="14:00")
    changed = {**body, "event": "booking.updated", "time_slot": "09:00", "guest_count": 7}
    with counted_queries(app) as statements:
        source.ok({**changed, "event_id": "evt-1"}, **{"Idempotency-Key": "one"})
    assert conflicts(db_session) == [{"time_slot": ["14:00", "09:00"]}]
    assert len(statements) <= 10
