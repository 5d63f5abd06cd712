"""What staff do with a booking: one change, one version, one event."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.errors import Conflict, Forbidden, InvalidPayload
from app.events.models import Actor, Event, Outbox
from app.staff.permissions import Permission
from app.staff.scope import EVERYTHING, Scope
from tests.factories import BookingFactory

Database = scoped_session[Session]
STAFF = Actor(kind="user", id="1", label="Demo Person", door="staff")


@pytest.fixture
def booking(db_session: Database) -> Booking:
    made: Booking = BookingFactory.create()
    return made


def events(session: Database) -> list[Event]:
    return list(session.scalars(select(Event).order_by(Event.id)))


def change(session: Database, booking: Booking, fields: dict[str, Any], status: Status) -> None:
    actions.change(
        session(), STAFF, EVERYTHING, booking.id, fields, status, booking.version, reason="Storm"
    )


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"admin_notes": "Called"}, "booking.status_changed"),
        ({"admin_notes": "Called", "guest_count": 9}, "booking.updated"),
        ({"guest_count": 2}, "booking.status_changed"),
    ],
)
def test_a_status_and_fields_are_one_event(
    db_session: Database, booking: Booking, fields: dict[str, Any], name: str
) -> None:
    change(db_session, booking, fields, Status.CANCELLED)
    (event,) = events(db_session)
    told = {n for n, v in fields.items() if n != "guest_count" or v != 2}
    assert (event.name, event.version, booking.version) == (name, 2, 2)
    assert event.changes.keys() == {"status", "cancellation_reason", *told}
    assert event.changes["status"] == ["confirmed", "cancelled"]
    assert db_session.scalars(select(Outbox.version)).all() == [2]


def test_a_move_to_where_it_stands_and_an_edit_without_difference_leave_no_trace(
    db_session: Database, booking: Booking
) -> None:
    actions.move(db_session(), STAFF, EVERYTHING, booking.id, Status.CONFIRMED)
    actions.edit(db_session(), STAFF, EVERYTHING, booking.id, {"guest_count": 2}, 1)
    change(db_session, booking, {"guest_count": 2}, Status.CONFIRMED)
    assert (events(db_session), booking.version, booking.field_times) == ([], 1, {})


def test_a_change_that_may_not_be_leaves_no_trace(db_session: Database, booking: Booking) -> None:
    may_cancel = {Permission.BOOKINGS_VIEW, Permission.BOOKINGS_CANCEL}
    only_cancels = Scope(everywhere=frozenset(may_cancel))
    args = (booking.id, {"guest_count": 9}, Status.CANCELLED, 1)
    with pytest.raises(Forbidden):
        actions.change(db_session(), STAFF, only_cancels, *args)
    with pytest.raises(Conflict):
        change(db_session, booking, {"guest_count": 9}, Status.COMPLETED)
    with pytest.raises(InvalidPayload):
        change(db_session, booking, {"booking_ref": "X"}, Status.CANCELLED)
    booking.version = 2
    with pytest.raises(Conflict) as stale:
        actions.change(db_session(), STAFF, EVERYTHING, *args)
    assert stale.value.fields["guest_count"] == {"yours": 9, "current": 2}
    assert (events(db_session), booking.guest_count, booking.status) == ([], 2, "confirmed")
