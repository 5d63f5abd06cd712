"""Changes at both ends before either has heard of the other: none is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from operator import methodcaller

from app.bookings.status import Status
from app.platforms import registry, resolving, turns
from app.platforms.base import Reservation
from app.platforms.merging import Pulled
from app.platforms.models import PlatformConnection
from app.platforms.serving import of_connection
from app.platforms.taking import take
from app.staff.scope import EVERYTHING
from app.venues.models import Venue
from app.websites.models import Website
from tests.bookings.made import MIA
from tests.platforms.contract import There
from tests.platforms.inn import DAY, Inn, a_table
from tests.platforms.test_contract import ANA


def they_change(place: There, time: str = "20:00", party_size: int = 2) -> None:
    """The platform's own staff change its only reservation."""
    (held,) = place.live()
    now = replace(ANA, reference=held.reference, day=DAY, time=time, party_size=party_size)
    place.do(lambda platform: platform.update_reservation(held.external_id, now))


def pull(inn: Inn, connection: PlatformConnection, said: Reservation) -> None:
    """It tells this."""
    session = inn.session
    pulled = Pulled(
        connection=connection,
        account=registry.account_of(session, connection),
        label="CoverManager",
        website=session.get_one(Website, connection.website_id),
        venue=session.get_one(Venue, connection.venue_id),
        services=of_connection(session, connection),
        began=turns.clock(session),
    )
    take(session, pulled, said)


def test_another_party_there_and_another_time_here(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    they_change(place, party_size=4)
    inn.edit(booking, time_slot="21:00")
    inn.run()
    (held,) = place.live()
    assert (held.day, held.time, held.party_size) == (DAY, "21:00", 4)
    pull(inn, connection, held)
    assert (booking.time_slot, booking.guest_count) == ("21:00", 4)
    inn.run()
    assert place.state()["calls"].count("reserv/update_reserv") == 2, "theirs and ours, no echo"


def test_the_same_at_both_ends_is_as_it_is_here(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    they_change(place, party_size=4, time="19:30")
    inn.edit(booking, guest_count=3, activity_date=DAY + timedelta(days=1))
    inn.run()
    (held,) = place.live()
    assert (held.day, held.time, held.party_size) == (DAY + timedelta(days=1), "19:30", 3)


def test_a_platform_that_may_not_be_looked_at_is_changed_all_the_same(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    inn.edit(booking, guest_count=3)
    place.fail(mode="refuse", on="restaurant/get_reservs", times=2)
    inn.run()
    assert [each.party_size for each in place.live()] == [3]
    assert inn.row(booking).problem is None


def test_called_off_there_while_a_change_is_on_its_way(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    (held,) = place.live()
    place.do(lambda platform: platform.cancel_reservation(held.external_id, "", DAY))
    inn.edit(booking, time_slot="21:00")
    inn.run()
    assert "Reservation not found" in (inn.row(booking).problem or "")
    pull(inn, connection, place.held()[0])
    assert (booking.status, booking.time_slot) == ("cancelled", "21:00")
    assert (inn.row(booking).state, inn.row(booking).problem) == ("cancelled", None)


def test_what_they_changed_before_the_first_pull_counts(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    other = {"customer_phone": "+35679000002", "customer_email": "other@example.com"}
    party, seated = a_table(venue), a_table(venue, time_slot="21:30", **other)
    inn.run()
    first, second = place.live()
    for booking in (party, seated):
        inn.edit(booking, admin_notes="They came by taxi last time.")
    inn.run()
    pull(inn, connection, replace(first, party_size=5))
    pull(inn, connection, replace(second, raw_status="-2"))
    assert (party.guest_count, party.time_slot, seated.status) == (5, "20:00", "no_show")


def test_what_they_refused_before_the_first_pull_stays_ours(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    inn.edit(booking, guest_count=40)
    inn.run()
    (held,) = place.live()
    pull(inn, connection, replace(held, time="20:30"))
    assert (booking.guest_count, booking.time_slot) == (40, "20:30")
    assert inn.row(booking).problem


def test_one_that_came_to_stand_there_late_is_called_off_or_told_of(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    other = {"customer_phone": "+35679000002", "customer_email": "other@example.com"}
    comes, gone = a_table(venue), a_table(venue, **other)
    inn.run()
    inn.move(gone, Status.CANCELLED)
    inn.run()
    place.set(existing=False)
    for booking in (comes, gone):
        late = replace(ANA, reference=str(booking.id), day=DAY)
        place.do(methodcaller("create_reservation", late))
    strays = place.live()[1:]
    for stray in strays:
        pull(inn, connection, stray)
    assert strays[0].external_id in (inn.row(comes).problem or "")
    inn.run()
    assert {each.reference for each in place.live()} == {str(comes.id)}
    assert inn.row(gone).state == "cancelled"
    place.do(lambda platform: platform.cancel_reservation(strays[0].external_id, "", DAY))
    resolving.send_again(inn.session, MIA, EVERYTHING, comes.id, inn.row(comes).id)
    inn.later()  # its calls so far took their part of the pace
    assert inn.row(comes).problem is None
    assert len(place.live()) == 1
