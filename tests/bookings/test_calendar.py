"""What makes guests' calendars take a booking anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.bookings import actions
from app.bookings.status import Status
from app.extensions import db
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA, TODAY, edited, made
from tests.desk import build_house


@pytest.mark.usefixtures("db_session")
def test_the_sequence_rises_with_time_place_and_cancellation(app: Flask) -> None:
    build_house(app)
    booking = made(venue="Kata")
    assert booking.calendar_sequence == 0
    for changes, sequence in (
        ({"admin_notes": "Called"}, 0),
        ({"guest_count": 5}, 0),
        ({"activity_date": TODAY + timedelta(days=1)}, 1),
        ({"time_slot": "15:00", "guest_count": 2}, 2),
        ({"venue": "Karon"}, 3),
        ({"venue": "Karon"}, 3),
    ):
        edited(booking, **changes)
        assert booking.calendar_sequence == sequence
    session = db.session()
    for status, sequence in (
        (Status.CHECKED_IN, 3),
        (Status.CONFIRMED, 3),
        (Status.CANCELLED, 4),
        (Status.CONFIRMED, 5),
    ):
        actions.move(session, MIA, EVERYTHING, booking.id, status)
        assert booking.calendar_sequence == sequence
