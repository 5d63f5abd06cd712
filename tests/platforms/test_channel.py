"""What is booked here is made at the platform, and follows the booking."""

from __future__ import annotations

from datetime import timedelta

from app.bookings.status import Status
from app.platforms.models import PlatformConnection
from app.venues.models import Venue
from tests.platforms.contract import There
from tests.platforms.inn import DAY, Inn, a_table, an_inn, brief


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
    inn.later(5)  # else the pace may hold it back: it was called often
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
