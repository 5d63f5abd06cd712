"""A day of tables: how full it is, who comes, what they need; and who may look."""

from __future__ import annotations

import re
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.bookings import actions
from app.bookings.status import Status
from app.extensions import db
from app.menus.choosing import Selection
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA
from tests.bookings.test_changes import news_of, page_of
from tests.desk import House
from tests.harness.counting import counted_queries
from tests.tables.made import SUNDAY, Restaurant

MOST_QUERIES = 12
ALONE = {"HX-Request": "true"}
"""Without the menu around it, which asks for things of its own."""
DAY = f"/tables?day={SUNDAY}"
KITCHEN = f"/tables/kitchen?day={SUNDAY}"


def words(page: str) -> str:
    """The text of what is inside `main`."""
    page = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def row(page: str, name: str) -> str:
    """The text of the row of a guest."""
    found = next(each for each in re.findall(r"<tr.*?</tr>", page, re.S) if f">{name}<" in each)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found)).split())


def covers(page: str) -> list[str]:
    """What the page says of each time."""
    found = re.findall(r'<li class="cover.*?</li>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in found]


@pytest.mark.parametrize("path", [DAY, KITCHEN])
def test_who_may_look(house: House, anchor: Restaurant, path: str) -> None:
    anchor.book("Ada Guest", 4, "12:00")
    for who in ("manager", "colleague"):
        assert "Ada Guest" in house.browser(who).get(path).text
    assert house.browser("nobody").get(path).status_code == 303
    outsider = house.browser("outsider")
    assert "No tables yet" in outsider.get(path).text
    assert outsider.get(f"{path}&venue={anchor.venue.id}").status_code == 404


def test_the_menu_leads_there_where_there_are_tables(house: House, anchor: Restaurant) -> None:
    link = '<a class="nav-link" href="/tables"'
    pages = {who: house.browser(who).get("/today").text for who in ("colleague", "outsider")}
    assert 'href="/tables"' in pages["colleague"], link
    assert 'href="/tables"' not in pages["outsider"]


def test_how_full_each_time_is(manager: FlaskClient, anchor: Restaurant) -> None:
    anchor.book("Ada Guest", 6, "12:00")
    anchor.book("Bo Guest", 4, "12:30")
    said = covers(manager.get(DAY).text)
    assert said == [
        "12:00 Full Arriving 6/8 Seated 6/10",
        "12:30 Full Arriving 4/8 Seated 10/10",
        "13:00 Full Arriving 0/8 Seated 10/10",
        "13:30 6 left Arriving 0/8 Seated 4/10",
        "14:00 8 left Arriving 0/8 Seated 0/10",
    ]


def test_what_one_must_know_of_a_party(manager: FlaskClient, anchor: Restaurant) -> None:
    chosen = (Selection(anchor.beef.id, 1), Selection(anchor.wellington.id, 1))
    about = {"allergies": ["Nuts"], "celebration": "Birthday", "high_chairs": 2}
    anchor.book("Ada Guest", 2, "12:00", *chosen, **about)
    anchor.book("Bo Guest", 3, "12:30", special_requests="By the window")
    page = manager.get(DAY).text
    ada, bo = row(page, "Ada Guest"), row(page, "Bo Guest")
    for part in ("Nuts", "Birthday", "2 high chairs", "Chosen", "1 × Roast beef", "Confirmed"):
        assert part in ada
    assert "3 of 3 not chosen" in bo
    assert "By the window" in bo
    assert "Check in" not in ada  # a day to come: a tap would be a slip
    assert re.search("Parties 2 Guests 5 0 here .*Not chosen 3 guests", words(page))


def test_who_is_there_can_be_checked_in_and_taken_back(
    house: House, anchor: Restaurant, noon: time_machine.Traveller
) -> None:
    noon.move_to("2026-11-22T04:05:00+00:00")
    manager = house.browser("manager")
    booking = anchor.book("Ada Guest", 2, "12:30")
    page = manager.get("/tables").text
    assert "Check in" in row(page, "Ada Guest")
    back = {"next": f"/tables?venue={anchor.venue.id}"}
    manager.post(f"/bookings/{booking.id}/status/checked_in", data=back)
    page = manager.get("/tables").text
    assert "Undo" in row(page, "Ada Guest")
    assert "1 of 1 in" in words(page)
    manager.post(f"/bookings/{booking.id}/status/confirmed", data=back)
    assert "0 of 1 in" in words(manager.get("/tables").text)


def test_who_cancelled_is_left_out_and_who_is_not_at_a_time_is_not(
    manager: FlaskClient, anchor: Restaurant
) -> None:
    gone = anchor.book("Ada Guest", 2, "12:30")
    actions.move(db.session(), MIA, EVERYTHING, gone.id, Status.CANCELLED)
    odd = anchor.book("Odd Guest", 2, "13:00")
    odd.activity_id, odd.time_slot = None, "19:00"  # as a source may tell it
    db.session.commit()
    page = manager.get(DAY).text
    assert "Ada Guest" not in page
    assert "Other tables" in page
    assert "Odd Guest" in page


@pytest.mark.parametrize(
    ("args", "status"),
    [("day=tomorrow", 400), ("day=0001-01-01", 400), ("venue=x", 404), ("after=x", 400)],
)
def test_an_address_that_is_none(
    manager: FlaskClient, anchor: Restaurant, args: str, status: int
) -> None:
    assert manager.get(f"/tables?{args}").status_code == status


def test_nothing_on_a_day_without_tables(manager: FlaskClient, anchor: Restaurant) -> None:
    assert "No tables on this day" in manager.get("/tables?day=2026-11-21").text
    assert "Nothing to prepare" in manager.get("/tables/kitchen?day=2026-11-21").text


def test_an_open_page_is_told_only_of_news(manager: FlaskClient, anchor: Restaurant) -> None:
    assert news_of(manager, page_of(manager, DAY)).status_code == 204


@pytest.mark.parametrize("path", [DAY, KITCHEN])
def test_more_parties_are_no_more_queries(
    app: Flask, manager: FlaskClient, anchor: Restaurant, path: str
) -> None:
    chosen = (Selection(anchor.beef.id, 1), Selection(anchor.crumble.id, 1))
    counts = []
    for slot in ("12:00", "12:30", "13:00", "13:30"):
        anchor.book(f"Guest at {slot}", 1, slot, *chosen)
        db.session.commit()
        db.session.expire_all()
        with counted_queries(app) as queries:
            assert manager.get(path).status_code == 200
        counts.append(len(queries))
    assert len(set(counts[1:])) == 1, counts
    assert counts[-1] <= MOST_QUERIES, "\n".join(each[:150] for each in queries)


def test_allergies_show_wherever_the_party_does(house: House, anchor: Restaurant) -> None:
    booking = anchor.book("Ada Guest", 2, "12:00", allergies=["Nuts", "<b>Milk"])
    desk = house.browser("colleague")
    for path in (f"/today?date={SUNDAY}", "/bookings", f"/bookings/{booking.id}", KITCHEN, DAY):
        assert "Nuts, &lt;b&gt;Milk" in desk.get(path).text, path
