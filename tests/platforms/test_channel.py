"""What is booked here is made at the platform, once, and follows the booking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web
from flask import Flask

from app.bookings.status import Status
from app.config import Settings
from app.deliveries import faults
from app.extensions import db
from app.outbound import policy
from app.platforms import registry
from app.platforms.models import PlatformConnection, PlatformReservation
from app.venues.models import Venue
from demo.standins.covermanager.book import Book, Restaurant
from demo.standins.covermanager.server import KEY, Standin
from tests.platforms import toy
from tests.platforms.contract import CASES, SLUG, There, there
from tests.platforms.inn import DAY, Inn, a_table, an_inn, brief, connect, platform_actor, to_venue
from tests.platforms.test_contract import ANA

SAIL = "the-sail-demo"


def two_restaurants() -> web.Application:
    places = [Restaurant(SLUG, "The Anchor", "Valletta"), Restaurant(SAIL, "The Sail", "Sliema")]
    return Standin(Book({each.slug: each for each in places}), {KEY: True}).app()


@pytest.fixture
def place() -> Iterator[There]:
    with there(replace(CASES["covermanager"], app=two_restaurants)) as found:
        yield found
    registry._standing_in.clear()


@pytest.fixture
def inn(app: Flask, db_session: object) -> Inn:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    return Inn(db.session())


@pytest.fixture
def venue(inn: Inn) -> Venue:
    return an_inn()


@pytest.fixture
def connection(venue: Venue, place: There) -> PlatformConnection:
    return connect(venue, place)


def test_a_booking_is_made_there_and_follows(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue, special_requests="By the window", allergies=["nuts"])
    inn.run()
    (held,) = place.held()
    assert (held.day, held.time, held.party_size, held.phone) == (DAY, "20:00", 2, "+35679000001")
    assert held.reference == str(booking.id)
    said = place.state()["reservations"][0]["said"]
    assert said["commentary"] == "By the window\nAllergies: nuts"
    row = inn.row(booking)
    assert (row.state, row.external_id, row.raw_status) == ("live", held.external_id, "1")
    assert (row.version, row.problem, row.making_since, row.is_ours) == (1, None, None, True)

    inn.edit(booking, time_slot="21:00", guest_count=4)
    inn.run()
    (held,) = place.held()
    assert (held.time, held.party_size) == ("21:00", 4)

    inn.move(booking, Status.CANCELLED)
    inn.run()
    assert place.live() == []
    assert inn.row(booking).state == "cancelled"

    inn.move(booking, Status.CONFIRMED)
    inn.run()
    assert brief(place.live()) == [("21:00", 4)]
    assert [row.state for row in inn.rows(booking)] == ["cancelled", "live"]
    assert set(inn.states(booking)) == {"delivered"}


def test_only_tables_to_come_that_are_confirmed(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    a_table(venue, kind="activity")
    a_table(venue, activity_date=DAY - timedelta(days=40))
    a_table(an_inn(name="Another inn"))
    waits = a_table(venue, status="pending")
    inn.run()
    assert (place.held(), inn.rows()) == ([], [])
    inn.move(waits, Status.CONFIRMED)
    inn.run()
    assert len(place.live()) == 1
    inn.move(waits, Status.NO_SHOW)
    inn.edit(waits, admin_notes="They did not come")
    inn.run()
    assert len(place.live()) == 1


def test_an_old_version_sends_what_is_so_now_and_later_ones_have_nothing_to_say(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.edit(booking, guest_count=3)
    inn.edit(booking, guest_count=4)
    inn.edit(booking, admin_notes="VIP")
    inn.run(6)
    assert place.state()["calls"] == ["reserv/reserv"]
    assert brief(place.held()) == [("20:00", 4)]
    assert inn.states(booking) == ["delivered", "skipped", "skipped"]


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
    inn.run()
    assert len(place.live()) == 1
    inn.move(second, Status.CANCELLED)
    inn.later(5)  # else the pace may hold it back: it was called often
    assert place.live() == []


def test_no_room_is_told_to_staff_and_the_lane_goes_on(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue, time_slot="18:10")
    inn.run()
    row = inn.row(booking)
    assert (row.state, row.problem) == ("refused", "CoverManager says: No availability")
    assert inn.states(booking) == ["skipped"]
    assert inn.destination(connection).failures == 0
    inn.edit(booking, time_slot="20:30")
    inn.run()
    assert brief(place.live()) == [("20:30", 2)]
    inn.edit(booking, guest_count=9)
    inn.run()
    row = inn.row(booking)
    assert row.state == "live"
    assert row.problem is not None
    assert row.problem.startswith("CoverManager says: No availability The reservation that is")
    assert brief(place.live()) == [("20:30", 2)]


def test_a_wrong_key_refuses_no_booking(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    connection.configuration = {**place.case.secrets, "api_key": "wrong-key-99"}
    bookings = [
        a_table(venue, customer_email=f"g{n}@example.com", customer_phone=f"+3567900000{n}")
        for n in range(5)
    ]
    inn.run(1)
    inn.later(60)
    assert {inn.row(booking).state for booking in bookings} == {"making"}
    assert inn.destination(connection).breaker == "open"
    assert connection.check_error is not None
    assert "wrong-key" not in connection.check_error
    connection.configuration = dict(place.case.secrets)
    for _ in range(3):
        inn.later(400)
    assert len(place.live()) == 5
    assert connection.check_error is None


def test_what_is_switched_off_waits(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.dispatch()
    connection.is_enabled = False
    inn.run()
    assert (inn.states(booking), place.held()) == (["parked"], [])
    connection.is_enabled = True
    inn.run()
    assert len(place.live()) == 1


def test_it_moves_to_another_venue(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    other = an_inn(name="The Sail")
    secrets = {**place.case.secrets, "restaurant": SAIL}
    there_now = connect(other, place, configuration=secrets)
    booking = a_table(venue)
    inn.run()
    to_venue(booking, other)
    inn.run()
    state = place.state()["reservations"]
    assert [(each["restaurant"], each["status"]) for each in state] == [(SLUG, "-5"), (SAIL, "1")]
    rows = {row.connection_id: row.state for row in inn.rows(booking)}
    assert rows == {connection.id: "cancelled", there_now.id: "live"}


def test_what_the_platform_says_itself_is_not_said_back(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    inn.edit(booking, platform_actor(connection), guest_count=3)
    inn.run()
    assert place.state()["calls"] == ["reserv/reserv"]
    inn.edit(booking, guest_count=2)  # as it was sent first, and is not there any more
    inn.run()
    assert place.state()["calls"] == ["reserv/reserv", "reserv/update_reserv"]


def test_the_log_tells_every_call_and_nobodys_name(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    place.fail(mode="error_done", on="reserv/reserv")
    a_table(venue)
    inn.run(1)
    inn.later()
    listing = "covermanager:restaurant/get_reservs"
    urls = [log.url for log in inn.logs()]
    assert set(urls) == {"covermanager:create", listing}
    assert len(urls) == len(place.state()["calls"])
    assert {log.door for log in inn.logs()} == {connection.key}
    for log in inn.logs():
        shown = f"{log.url}{log.request_body}{log.response_body}{log.error_message}"
        for private in ("Demo Guest", "guest@example.com", "79000001", "cm-demo-key"):
            assert private not in shown


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[There]:
    """A platform that cannot change a reservation."""
    monkeypatch.setitem(registry.KINDS, "toy", toy.KIND)
    with there(CASES["toy"]) as found:
        yield found


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


def test_a_booking_stays_with_who_holds_it(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection, plain: There
) -> None:
    other = connect(venue, plain, priority=2)
    booking = a_table(venue)
    inn.dispatch()
    connection.priority = 3  # before anything was sent
    inn.edit(booking, guest_count=3)
    inn.run()
    assert (brief(place.live()), plain.held()) == ([("20:00", 3)], [])
    connection.is_enabled = False
    inn.move(booking, Status.CANCELLED)
    inn.run()
    assert len(place.live()) == 1, "it waits until the connection is on"
    inn.move(booking, Status.CONFIRMED)
    new = a_table(venue, customer_email="new@example.com", customer_phone="+35679000007")
    inn.run()
    assert [row.connection_id for row in inn.rows(new)] == [other.id]
    connection.is_enabled = True
    inn.run()
    assert (brief(place.live()), len(plain.live())) == ([("20:00", 3)], 1)


def test_what_came_from_there_goes_back_there(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    place.do(lambda platform: platform.create_reservation(replace(ANA, day=DAY)))
    (held,) = place.held()
    booking = a_table(venue, source="platform", actor=platform_actor(connection))
    row = PlatformReservation(
        website_id=venue.website_id,
        connection_id=connection.id,
        booking_id=booking.id,
        external_id=held.external_id,
        is_ours=False,
        state="live",
        version=1,
    )
    db.session.add(row)
    inn.run()
    assert place.state()["calls"] == ["reserv/reserv"], "it knows its own"
    inn.edit(booking, guest_count=4)
    inn.run()
    assert brief(place.live()) == [("20:00", 4)]
    inn.move(booking, Status.CANCELLED, platform_actor(connection))
    inn.row(booking).state = "cancelled"
    inn.run()
    assert len(place.live()) == 1
    inn.move(booking, Status.CONFIRMED)
    inn.run()
    assert [row.is_ours for row in inn.rows(booking)] == [False, True]
