"""A booking's page says how it stands at its platform, and staff decide where nobody else can."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.bookings.models import Booking
from app.bookings.status import Status
from app.bookings.wording import long_day
from app.config import Settings
from app.extensions import db
from app.outbound import policy
from app.platforms import registry
from app.platforms.base import Kind
from app.platforms.models import PlatformConnection
from app.venues.models import Venue
from tests.desk import House, build_house
from tests.harness.counting import counted_queries
from tests.platforms import toy
from tests.platforms.contract import CASES, There, there
from tests.platforms.inn import Inn, a_table, an_inn, connect


class Blind(toy.Toy):
    """A platform that cannot be looked at."""

    capabilities = frozenset()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[There]:
    case = CASES["toy"]
    kind = Kind("toy", "Toy", toy.FIELDS, (), {"off": "cancelled"}, Blind)
    monkeypatch.setitem(registry.KINDS, "toy", kind)
    with there(case) as found:
        yield found
    registry._standing_in.clear()


@pytest.fixture
def house(app: Flask, db_session: object) -> House:
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    return build_house(app)


@pytest.fixture
def inn(house: House) -> Inn:
    return Inn(db.session(), deadline=0.4)


@pytest.fixture
def venue(inn: Inn) -> Venue:
    return an_inn("ours")


@pytest.fixture
def connection(venue: Venue, place: There) -> PlatformConnection:
    return connect(venue, place)


@pytest.fixture
def lost(inn: Inn, venue: Venue, place: There, connection: PlatformConnection) -> Booking:
    """A booking of which nobody knows whether the platform has it: it has."""
    place.fail(mode="lost")
    booking = a_table(venue)
    inn.run()
    assert inn.row(booking).state == "unknown"
    return booking


def page_of(house: House, booking: Booking, who: str = "colleague") -> str:
    return house.browser(who).get(f"/bookings/{booking.id}").text


def say(
    house: House, inn: Inn, booking: Booking, what: str, who: str = "colleague", **form: str
) -> TestResponse:
    row = inn.row(booking)
    address = f"/bookings/{booking.id}/platform/{row.id}/{what}"
    return house.browser(who).post(address, data=form, follow_redirects=True)


def test_it_is_never_sent_blindly(house: House, inn: Inn, place: There, lost: Booking) -> None:
    assert inn.states(lost) == ["skipped"]
    inn.edit(lost, guest_count=4)
    inn.move(lost, Status.CANCELLED)
    inn.later()
    assert [each.party_size for each in place.held()] == [2]
    page = page_of(house, lost)
    assert "Not known whether it is there" in page
    assert "It is not there: send it again" in page
    assert "does not know whether it is reserved at Toy" in page
    assert f"{long_day(lost.activity_date)}, 20:00" in page, "where and when to look"


def test_staff_find_it_there(house: House, inn: Inn, place: There, lost: Booking) -> None:
    inn.edit(lost, guest_count=4)
    inn.run()
    assert "Type the id" in say(house, inn, lost, "found", external_id=" ").text
    assert inn.row(lost).state == "unknown"
    (there_now,) = place.held()
    assert say(house, inn, lost, "found", external_id=there_now.external_id).status_code == 200
    inn.run()
    assert [each.party_size for each in place.live()] == [4], "what changed meanwhile got there"
    assert inn.row(lost).state == "live"
    assert "Reserved there" in page_of(house, lost)


def test_what_did_not_change_is_left_alone(
    house: House, inn: Inn, place: There, lost: Booking
) -> None:
    (there_now,) = place.held()
    say(house, inn, lost, "found", external_id=there_now.external_id)
    inn.run()
    assert (len(place.held()), inn.row(lost).state) == (1, "live")


def test_staff_do_not_find_it_there(house: House, inn: Inn, place: There, lost: Booking) -> None:
    say(house, inn, lost, "again")
    inn.run()
    assert len(place.held()) == 2, "as staff said"
    assert inn.row(lost).state == "live"
    assert "Somebody was quicker" in say(house, inn, lost, "again").text


def test_what_was_refused_is_sent_again(
    house: House, inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    place.fail(mode="refuse")
    booking = a_table(venue)
    inn.run()
    page = page_of(house, booking)
    assert "Not reserved there" in page
    assert "Toy answered 422" in page
    assert "could not reserve it at Toy" in page
    say(house, inn, booking, "again")
    inn.run()
    assert len(place.live()) == 1
    assert inn.row(booking).state == "live"


def test_who_may(house: House, inn: Inn, lost: Booking) -> None:
    assert page_of(house, lost, "manager").count("It is there") == 1
    assert say(house, inn, lost, "again", "outsider").status_code == 404
    stranger = say(house, inn, lost, "again", "stranger")
    assert "Sign in" in stranger.text or stranger.status_code in (400, 401, 403)
    assert inn.row(lost).state == "unknown"
    other = a_table(an_inn("theirs"))
    row = inn.row(lost)
    answer = house.browser("manager").post(f"/bookings/{other.id}/platform/{row.id}/again")
    assert answer.status_code == 404


def test_changes_leave_what_is_there_and_make_another(
    inn: Inn, venue: Venue, place: There, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    inn.edit(booking, guest_count=5)
    inn.run()
    assert [(each.party_size, each.raw_status) for each in place.held()] == [(2, "off"), (5, "on")]
    assert [row.state for row in inn.rows(booking)] == ["cancelled", "live"]
    place.fail(mode="refuse")
    inn.edit(booking, guest_count=6)
    inn.run()
    row = inn.row(booking)
    assert row.state == "refused"
    assert row.problem is not None
    assert "called off" in row.problem


def test_the_page_takes_few_queries(
    house: House, inn: Inn, venue: Venue, connection: PlatformConnection
) -> None:
    booking = a_table(venue)
    inn.run()
    address, desk = f"/bookings/{booking.id}", house.browser("colleague")
    desk.get(address)
    with counted_queries(house.app) as statements:
        page = desk.get(address, headers={"HX-Request": "true"}).text
    assert "Reserved there" in page
    assert len(statements) <= 12, "\n".join(statements)
