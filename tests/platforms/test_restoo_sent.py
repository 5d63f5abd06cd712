"""What is booked here and stands at Restoo, which changes nothing and tells nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.bookings import actions
from app.bookings.models import Booking
from app.bookings.status import Status
from app.platforms import registry
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA
from tests.platforms.contract import CASES, There, there
from tests.platforms.inn import Inn, a_table, an_inn, brief, connect


@pytest.fixture
def place() -> Iterator[There]:
    with there(CASES["restoo"]) as found:
        yield found
    registry._standing_in.clear()


@pytest.fixture
def booking(inn: Inn, place: There) -> Booking:
    venue = an_inn()
    connect(venue, place)
    made = a_table(venue)
    inn.run()
    assert brief(place.live()) == [("20:00", 2)]
    return made


def test_another_time_is_another_reservation(inn: Inn, booking: Booking, place: There) -> None:
    inn.edit(booking, time_slot="20:30")
    inn.run()
    assert brief(place.live()) == [("20:30", 2)]
    names = [each["said"]["bookingExternalId"] for each in place.state()["bookings"]]
    assert names == [f"Hub-{booking.id}", f"Hub-{booking.id}-2"]
    assert place.state()["calls"] == ["booking", "booking/cancel", "booking"]


def test_a_time_that_it_cannot_take_costs_nobody_the_table(
    inn: Inn, booking: Booking, place: There
) -> None:
    inn.edit(booking, time_slot="20:10")
    inn.run()
    assert brief(place.live()) == [("20:00", 2)]
    row = inn.row(booking)
    assert row.state == "live"
    assert row.problem is not None
    assert "the nearest are 20:00 and 20:15" in row.problem
    assert place.state()["calls"] == ["booking"]
    inn.edit(booking, time_slot="20:30")
    inn.run()
    assert brief(place.live()) == [("20:30", 2)]
    assert inn.row(booking).problem is None


def test_it_hears_why_in_its_own_words(inn: Inn, booking: Booking, place: There) -> None:
    who = (inn.session, MIA, EVERYTHING)
    actions.move(*who, booking.id, Status.CANCELLED, reason="Mia's plans have changed")
    inn.run()
    assert place.live() == []
    assert place.state()["bookings"][0]["reason"] == "CHANGED_PLANS"
    assert "Mia" not in str([log.request_body for log in inn.logs()])
