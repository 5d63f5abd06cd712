"""Tables that were booked before their venue was connected are sent when somebody says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.bookings.models import Booking
from app.bookings.status import Status
from app.config import Settings
from app.extensions import db
from app.outbound import policy
from app.platforms import registry
from app.platforms.models import PlatformConnection
from tests.desk import House, build_house
from tests.harness.counting import counted_queries
from tests.platforms.contract import CASES, There, there
from tests.platforms.inn import Inn, a_table, an_inn, connect


@pytest.fixture
def place() -> Iterator[There]:
    with there(CASES["covermanager"]) as found:
        yield found
    registry._standing_in.clear()


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    return build_house(app)


def send(house: House, connection: PlatformConnection, who: str = "manager") -> int:
    return house.browser(who).post(f"/platforms/{connection.id}/missing").status_code


def page(house: House, connection: PlatformConnection) -> str:
    return house.browser("manager").get(f"/platforms/{connection.id}").text


def test_what_was_booked_before_is_sent_once_it_is_asked_for(house: House, place: There) -> None:
    inn, venue = Inn(db.session(), deadline=3.0), an_inn("ours")
    made = [a_table(venue, time_slot=f"{hour}:00") for hour in (13, 14, 20)]
    gone, was = a_table(venue), a_table(venue)
    inn.move(gone, Status.CANCELLED)
    inn.edit(was, activity_date=datetime.now(UTC).date() - timedelta(days=2))
    inn.run()
    connection = connect(venue, place)
    inn.run()
    assert place.held() == [], "nothing goes there by itself"
    assert "3 tables to come are not at CoverManager yet" in page(house, connection)

    assert send(house, connection) == 303
    assert "not at CoverManager yet" not in page(house, connection)
    assert send(house, connection) == 303, "again: nothing is left to send"
    inn.run()
    inn.later()  # one guest's are made one after the other
    inn.later()
    references = {each.reference for each in place.live()}
    assert references == {str(booking.id) for booking in made}
    assert [inn.row(booking).state for booking in made] == ["live"] * 3


def test_only_who_is_to_hold_them_is_sent_any(house: House, place: There) -> None:
    venue = an_inn("ours")
    booking: Booking = a_table(venue)
    first = connect(venue, place, is_enabled=False)
    assert "not at CoverManager yet" not in page(house, first)
    assert send(house, first) == 303
    assert Inn(db.session()).rows(booking) == []


@pytest.mark.parametrize(("who", "status"), [("colleague", 403), ("outsider", 404)])
def test_who_may_not(house: House, place: There, who: str, status: int) -> None:
    venue = an_inn("ours")
    booking = a_table(venue)
    assert send(house, connect(venue, place), who) == status
    assert Inn(db.session()).rows(booking) == []


def test_the_page_takes_few_queries(house: House, place: There) -> None:
    venue = an_inn("ours")
    connection = connect(venue, place)
    a_table(venue)
    manager, address = house.browser("manager"), f"/platforms/{connection.id}"
    manager.get(address)
    with counted_queries(house.app) as asked:
        assert "One table to come is not" in manager.get(address).text
    assert len(asked) <= 12, "\n".join(asked)
