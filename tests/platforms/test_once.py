"""What is booked here is at the platform once: whatever is lost, and whoever dies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.bookings.status import Status
from app.deliveries import faults
from app.platforms.models import PlatformConnection
from app.venues.models import Venue
from tests.platforms.contract import There
from tests.platforms.inn import DAY, Inn, a_table, brief, connect


def test_an_answer_that_is_lost_ends_in_one_reservation(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    inn.deadline = 0.4
    place.fail(mode="lost", on="reserv/reserv")
    booking = a_table(venue)
    inn.run(1)
    row = inn.row(booking)
    assert (row.state, row.external_id) == ("making", None)
    assert row.making_since is not None
    inn.later(5)
    assert place.state()["calls"] == ["reserv/reserv"], "it may still be at work"
    inn.edit(booking, time_slot="21:30", activity_date=DAY + timedelta(days=1))
    inn.later(20)
    assert place.state()["calls"].count("reserv/reserv") == 1
    assert [(r.day, r.time) for r in place.held()] == [(DAY + timedelta(days=1), "21:30")]
    assert inn.row(booking).state == "live"
    assert inn.states(booking) == ["delivered", "delivered"]


@pytest.mark.parametrize("mode", ["silent", "down", "error", "busy"])
def test_what_was_not_done_is_done_once(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection, mode: str
) -> None:
    inn.deadline = 0.4
    place.fail(mode=mode, on="reserv/reserv")
    booking = a_table(venue)
    inn.run(1)
    assert place.held() == []
    inn.later(40)
    assert len(place.held()) == 1
    assert inn.row(booking).state == "live"


def test_a_lost_answer_and_a_cancellation_leave_nothing_there(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    place.fail(mode="error_done", on="reserv/reserv")
    booking = a_table(venue)
    inn.run(1)
    inn.move(booking, Status.CANCELLED)
    inn.later()
    assert len(place.held()) == 1
    assert place.live() == []
    assert inn.row(booking).state == "cancelled"


def test_a_worker_that_dies_after_the_platform_took_it(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.send_and_die()
    inn.run()
    assert place.state()["calls"].count("reserv/reserv") == 1
    assert inn.row(booking).state == "live"
    inn.edit(booking, guest_count=4)
    inn.send_and_die()
    inn.run()
    inn.move(booking, Status.CANCELLED)
    inn.send_and_die()
    inn.run()
    assert place.live() == []
    assert inn.row(booking).state == "cancelled"


class Killed(BaseException):
    """As by a SIGKILL."""


@pytest.mark.parametrize("step", ["platform_between", "platform_marked", "platform_taken"])
def test_a_worker_dies_between_leaving_one_and_making_another(
    inn: Inn, venue: Venue, plain: There, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(venue, plain)
    booking = a_table(venue)
    inn.run()
    inn.edit(booking, guest_count=4)

    def reach(place: str) -> None:
        if place == step:
            raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(faults, "reach", reach)
        with pytest.raises(Killed):
            inn.run(1)
    inn.revive()
    inn.run()
    assert [(each.party_size, each.raw_status) for each in plain.held()] == [(2, "off"), (4, "on")]
    assert [row.state for row in inn.rows(booking)] == ["cancelled", "live"]


def test_two_bookings_on_one_reservation(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    first, second = a_table(venue), a_table(venue)
    inn.run()
    inn.later(31)
    (held,) = place.held()
    assert [row.external_id for row in inn.rows()] == [held.external_id] * 2
    inn.edit(second, guest_count=4)
    inn.run()
    assert brief(place.live()) == [("20:00", 2), ("20:00", 4)], "the other party keeps its table"
    inn.edit(second, guest_count=2)
    inn.run()
    inn.move(first, Status.CANCELLED)
    inn.later(5)  # else the pace may hold it back: it was called often
    assert len(place.live()) == 1
    inn.move(second, Status.CANCELLED)
    inn.later(5)
    assert place.live() == []
