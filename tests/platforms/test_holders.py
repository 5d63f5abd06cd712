"""Who holds a booking: the platform that it was made at or came from, until it moves."""

from __future__ import annotations

from dataclasses import replace

from app.bookings.status import Status
from app.extensions import db
from app.platforms.models import PlatformConnection, PlatformReservation
from app.venues.models import Venue
from tests.platforms.contract import SLUG, There
from tests.platforms.inn import (
    DAY,
    SAIL,
    Inn,
    a_table,
    an_inn,
    brief,
    connect,
    platform_actor,
    to_venue,
)
from tests.platforms.test_contract import ANA


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
    looked = "restaurant/get_reservs"
    assert place.state()["calls"] == ["reserv/reserv", looked, "reserv/update_reserv"]
