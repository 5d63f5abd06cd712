"""Travelers arrive one by one or as a party, and their booking follows; also when two tap."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import cycle
from random import Random

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.bookings import actions, arriving
from app.bookings.models import Booking
from app.bookings.status import Status
from app.extensions import db
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA
from tests.desk import House, browser_of, build_house
from tests.harness.counting import counted_queries
from tests.manifest.made import Leaving, going, leaving
from tests.manifest.test_pages import ALONE
from tests.tables.test_day import row
from tests.venues.made import told

MOST_QUERIES = 30


def counts(booking: Booking) -> tuple[str, int, int]:
    """Status, travelers that arrived by the column, and by the rows."""
    db.session.refresh(booking)
    here = sum(one.checked_in_at is not None for one in going(booking))
    return booking.status, booking.arrived_count, here


def test_a_tap_says_who_is_here_and_is_taken_back(manager: FlaskClient, trek: Leaving) -> None:
    ada = trek.book("Ada Booker", 2, "Tess Traveler", "Tim Traveler")
    tess, tim = going(ada)
    answer = manager.post(trek.tap(ada, tess), headers=ALONE)
    assert answer.status_code == 200
    assert "In 12:00" in row(answer.text, "Tess Traveler")
    assert "1 of 2 arrived" in row(answer.text, "Ada Booker")
    assert "Tess Traveler is here." in answer.headers["HX-Trigger"]
    assert counts(ada) == ("confirmed", 1, 1)
    manager.post(trek.tap(ada, tim))
    assert counts(ada) == ("checked_in", 2, 2)
    undo = re.search(r'"url": "([^"]+)"', answer.headers["HX-Trigger"])
    assert undo is not None
    manager.post(undo[1].replace("\\u0026", "&"))
    assert counts(ada) == ("confirmed", 1, 1)
    assert manager.post(trek.tap(ada, tess, arrived=False)).status_code == 303
    assert counts(ada) == ("confirmed", 1, 1)


def test_one_change_is_one_event_without_a_name_in_clear(
    manager: FlaskClient, trek: Leaving
) -> None:
    ada = trek.book("Ada Booker", 2, "Tess Traveler", "Tim Traveler")
    before = ada.version
    for one in going(ada):
        manager.post(trek.tap(ada, one))
        manager.post(trek.tap(ada, one))  # a second time says nothing new
    db.session.refresh(ada)
    assert ada.version == before + 2
    (part,), (whole,) = told("booking.updated"), told("booking.status_changed")
    assert part.changes["arrived_count"] == [0, 1]
    assert whole.changes["status"] == ["confirmed", "checked_in"]
    assert {"travelers", "arrived_count"} <= whole.changes.keys()
    assert "Tess" not in str(part.changes) + str(whole.changes)


def test_the_history_names_who_came_and_who_was_taken_back(
    manager: FlaskClient, trek: Leaving
) -> None:
    ada = trek.book("Ada Booker", 2, "Tess Traveler", "Tim Traveler")
    tess = going(ada)[0]
    for url in (trek.tap(ada, tess), trek.tap(ada, tess, arrived=False), trek.tap(ada)):
        manager.post(url)
    page = manager.get(f"/bookings/{ada.id}").text
    told = " ".join(unescape(re.sub(r"<[^>]+>", " ", page[page.index("history-title") :])).split())
    both, back, first = re.findall(r"through the desk (.+?) Not handed out", told)[:3]
    assert told.count("marked who has arrived") == 2
    assert "Tess Traveler, Tim Traveler" in both
    for one in (back, first):
        assert "Arrived" in one
        assert "Tess Traveler" in one
        assert "Tim" not in one


def test_the_whole_party_at_once_keeps_who_came_before(manager: FlaskClient, trek: Leaving) -> None:
    ada = trek.book("Ada Booker", 3, "Tess Traveler", "Tim Traveler", "Tom Traveler")
    manager.post(trek.tap(ada, going(ada)[0]))
    answer = manager.post(trek.tap(ada), headers=ALONE)
    assert counts(ada) == ("checked_in", 3, 3)
    undo = re.search(r'"url": "([^"]+)"', answer.headers["HX-Trigger"])
    assert undo is not None
    manager.post(undo[1].replace("\\u0026", "&"))
    assert counts(ada) == ("confirmed", 1, 1)  # as it was


def test_any_order_of_taps_and_moves_leaves_rows_columns_and_status_in_step(
    trek: Leaving,
) -> None:
    ada = trek.book("Ada Booker", 3, "Tess", "Tim", "Tom")
    chance, ids = Random(7), [one.id for one in going(ada)]
    for _ in range(40):
        some = chance.sample(ids, chance.randint(1, 3))
        what = chance.choice(["in", "in", "out", Status.CHECKED_IN, Status.NO_SHOW])
        if isinstance(what, Status):
            if ada.can_move_to(what):
                actions.move(db.session(), MIA, EVERYTHING, ada.id, what)
        else:
            say = arriving.check_in if what == "in" else arriving.undo
            say(db.session(), MIA, ada, some, datetime.now(UTC))
        seen = sum(row["checked_in_at"] is not None for row in ada.travelers)
        status, column, rows = counts(ada)
        assert seen == column == rows
        assert (status == "checked_in") is (rows == 3)
        assert status != "no_show" or rows == 0


def test_guests_without_names_arrive_with_their_booking(
    manager: FlaskClient, trek: Leaving
) -> None:
    bo = trek.book("Bo Booker", 4)
    page = manager.post(trek.tap(bo), headers=ALONE).text
    assert counts(bo) == ("checked_in", 0, 0)
    assert "In 12:00" in row(page, "4 guests, not named")
    manager.post(trek.tap(bo, arrived=False))
    assert counts(bo)[0] == "confirmed"


@pytest.mark.parametrize("to", [Status.CHECKED_IN, Status.NO_SHOW, Status.CANCELLED])
def test_moves_of_the_booking_are_its_travelers_too(
    house: House, trek: Leaving, to: Status
) -> None:
    ada = trek.book("Ada Booker", 2, "Tess Traveler", "Tim Traveler")
    house.browser("manager").post(trek.tap(ada, going(ada)[0]))
    actions.move(db.session(), MIA, EVERYTHING, ada.id, to)
    here = 2 if to is Status.CHECKED_IN else 0
    assert counts(ada) == (to, here, here)
    actions.move(db.session(), MIA, EVERYTHING, ada.id, Status.CONFIRMED)
    assert counts(ada) == ("confirmed", 0, 0)


def test_how_many_are_here_shows_wherever_the_party_does(house: House, trek: Leaving) -> None:
    ada = trek.book("Ada Booker", 4, "Tess", "Tim", "Tom", "Tia")
    desk = house.browser("colleague")
    for one in going(ada)[:2]:
        desk.post(trek.tap(ada, one))
    for path in ("/today", "/bookings", f"/bookings/{ada.id}", trek.path):
        page = desk.get(path).text
        assert "2 of 4 arrived" in page, path
        assert f"/bookings/{ada.id}/status/no_show" not in page, path


def test_who_may_tap(house: House, trek: Leaving) -> None:
    ada = trek.book("Ada Booker", 1, "Tess Traveler")
    (tess,) = going(ada)
    for who, status in (("outsider", 404), ("nobody", 303), ("colleague", 303)):
        assert house.browser(who).post(trek.tap(ada, tess)).status_code == status
        assert counts(ada)[1] == (who == "colleague")


def test_who_does_not_go_with_it_does_not_arrive(manager: FlaskClient, trek: Leaving) -> None:
    ada, bo = trek.book("Ada Booker", 1, "Tess"), trek.book("Bo Booker", 1, "Tim")
    (tim,) = going(bo)
    assert manager.post(trek.tap(ada, tim)).status_code == 404
    other = leaving(name="Other trek")
    assert manager.post(other.tap(bo, tim)).status_code == 404
    assert manager.post(f"{trek.tap(ada)}traveler=x").status_code == 400
    actions.move(db.session(), MIA, EVERYTHING, bo.id, Status.CANCELLED)
    answer = manager.post(trek.tap(bo, tim), headers=ALONE)
    assert "The booking is cancelled now." in answer.headers["HX-Trigger"]
    assert counts(bo) == ("cancelled", 0, 0)


def test_a_tap_asks_no_more_the_more_there_are(
    app: Flask, manager: FlaskClient, trek: Leaving
) -> None:
    found = []
    for number, size in enumerate((1, 3, 4)):
        booked = trek.book(f"Booker {number}", size, *(f"Tess {n}" for n in range(size)))
        tess = going(booked)[0]
        db.session.commit()
        with counted_queries(app) as queries:
            manager.post(trek.tap(booked, tess), headers=ALONE)
        found.append(len(queries))
    assert found[1] == found[2], found
    assert found[2] <= MOST_QUERIES, "\n".join(each[:120] for each in queries)


@pytest.mark.committed
def test_two_people_tap_at_the_same_time(app: Flask) -> None:
    """Nobody's tap is lost, and two taps on one traveler are one."""
    with app.app_context():
        house = build_house(app)
        trek = leaving(day=datetime.now(UTC).date() + timedelta(days=2))
        ada = trek.book("Ada Booker", 6, *(f"Tess {n}" for n in range(6)))
        taps = [trek.tap(ada, one) for one in (*going(ada), going(ada)[0])]
        people = cycle((house.manager, house.colleague))
        browsers = [browser_of(app, who) for _, who in zip(taps, people, strict=False)]
        booking_id = ada.id
        db.session.commit()

    def together(urls: list[str]) -> tuple[str, int, int]:
        def post(pair: tuple[FlaskClient, str]) -> int:
            return pair[0].post(pair[1]).status_code

        with ThreadPoolExecutor(len(urls)) as pool:
            assert set(pool.map(post, zip(browsers, urls, strict=False))) == {303}
        with app.app_context():
            return counts(db.session.get_one(Booking, booking_id))

    assert together(taps) == ("checked_in", 6, 6)
    back = [url.replace("/arrived", "/not-arrived") for url in taps[1:4]]
    assert together(back) == ("confirmed", 3, 3)
