"""What a platform does not tell any more is called off, late and never much at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.platforms import vanishing
from app.platforms.base import PlatformError
from tests.platforms.pub import (
    House,
    all_is_heard,
    tomorrow,
)

pytestmark = pytest.mark.committed


def test_what_vanished_is_called_off_by_the_second_complete_pull(pub: House) -> None:
    for number in range(4):
        pub.shelf.put(f"P{number}")
    pub.pull()
    all_is_heard()
    pub.shelf.rows.pop("P1")
    assert pub.pull()["gone"] == 0
    pub.shelf.faults.append(PlatformError("It is away."))
    pub.pull()
    assert pub.bookings()["P1"].status == "confirmed", "never on a failed pull"
    assert pub.pull()["gone"] == 1
    booking = pub.bookings()["P1"]
    assert (booking.status, pub.row("P1").state) == ("cancelled", "cancelled")
    assert booking.cancellation_reason == "Pub does not list it any more."
    pub.shelf.put("P1")
    pub.pull()
    assert pub.bookings()["P1"].status == "confirmed", "it is there again"


def test_what_was_moved_far_away_is_not_gone(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()
    all_is_heard()
    far = tomorrow() + timedelta(days=90)
    pub.shelf.put("P1", day=far)
    pub.pull()
    pub.pull()
    booking = pub.bookings()["P1"]
    assert (booking.status, booking.activity_date) == ("confirmed", far)


def test_many_at_once_are_not_called_off(pub: House) -> None:
    for number in range(vanishing.FEW + 2):
        pub.shelf.put(f"P{number}")
    pub.pull()
    all_is_heard()
    pub.shelf.rows.clear()
    for _ in range(3):
        state = pub.pull()
    assert state["gone"] == 0
    assert {booking.status for booking in pub.bookings().values()} == {"confirmed"}
    connection = pub.connection
    assert "5 of 5" in (connection.sync_error or "")
    assert connection.sync_failing_since
