"""The menu of a venue: written by managers, in its order, and told to the log."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.errors import Conflict, InvalidPayload
from app.extensions import db
from app.menus import actions
from app.menus.choosing import Selection
from app.menus.models import MenuItem, MenuSection
from app.menus.queries import menu
from app.menus.rules import clean_item, clean_section
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA
from tests.desk import House
from tests.tables.made import Restaurant
from tests.venues.made import told

STEW = {"name": "Stew", "price": "12.50"}


def order(anchor: Restaurant) -> dict[str, list[str]]:
    db.session.expire_all()
    found = menu(db.session(), anchor.venue.id)
    return {each.section.name: [item.name for item in each.items] for each in found}


def at(anchor: Restaurant, path: str = "") -> str:
    return f"/venues/{anchor.venue.id}/menu{path}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"price": ""}, "price"),
        ({"price": "-1"}, "price"),
        ({"allergens": "x" * 41}, "allergens"),
        ({"from_day": "soon"}, "from_day"),
        ({"from_day": "2026-12-24", "until_day": "2026-12-01"}, "until_day"),
    ],
)
def test_a_fault_names_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        clean_item({**STEW, **changes})
    assert [fault.field for fault in caught.value.details] == [field]


def test_what_is_typed_is_kept_as_guests_read_it() -> None:
    cleaned = clean_item({**STEW, "allergens": "Milk, gluten ,milk,", "until_day": "2026-12-24"})
    assert cleaned["allergens"] == ["milk", "gluten"]
    assert (cleaned["from_day"], cleaned["until_day"]) == (None, date(2026, 12, 24))
    assert clean_section({"name": "Soups", "booking_type": ""})["booking_type"] is None
    with pytest.raises(InvalidPayload):
        clean_section({"name": "Soups", "booking_type": "brunch"})


def test_who_may_look_and_who_may_write(house: House, anchor: Restaurant) -> None:
    new = {**STEW, "section_id": str(anchor.beef.section_id)}
    answers = {}
    for who in ("manager", "colleague", "outsider", "nobody"):
        browser = house.browser(who)
        seen = browser.get(at(anchor)).status_code
        answers[who] = (seen, browser.post(at(anchor, "/dishes"), data=new).status_code)
    assert answers["manager"] == (200, 303)
    assert answers["colleague"] == (200, 403)
    assert answers["outsider"] == (404, 404)
    assert answers["nobody"][0] == 303
    assert order(anchor)["Roasts"] == ["Roast beef", "Beetroot wellington", "Stew"]
    (event,) = [each for each in told("menu.dish_added") if each.meta["dish"] == "Stew"]
    assert event.changes["price"] == [None, "12.50"]


def test_the_tab_is_there_where_there_are_tables(house: House, anchor: Restaurant) -> None:
    page = house.browser("colleague").get(f"/venues/{anchor.venue.id}").text
    assert f'href="{at(anchor)}"' in page
    assert "Switch off" not in house.browser("colleague").get(at(anchor)).text


def test_places_change_with_the_neighbour(manager: FlaskClient, anchor: Restaurant) -> None:
    for up in ("1", "1"):  # the second finds it at the top already
        manager.post(at(anchor, f"/dishes/{anchor.wellington.id}/move"), data={"up": up})
    assert order(anchor)["Roasts"] == ["Beetroot wellington", "Roast beef"]
    assert len(told("menu.dish_moved")) == 1
    section = anchor.beef.section_id
    manager.post(at(anchor, f"/sections/{section}/move"), data={"up": "0"})
    assert list(order(anchor)) == ["Puddings", "Roasts"]


def test_a_dish_that_is_chosen_is_switched_off_with_a_word_to_whom(
    manager: FlaskClient, anchor: Restaurant
) -> None:
    booking = anchor.book("Ada Guest", 1, "12:00", Selection(anchor.beef.id))
    off = {"on": "0"}
    answer = manager.post(at(anchor, f"/dishes/{anchor.beef.id}/switch"), data=off)
    assert answer.location.endswith(f"/dishes/{anchor.beef.id}")
    page = manager.get(answer.location).text
    assert "1 coming booking has it" in page
    assert f'href="/bookings/{booking.id}"' in page
    assert "Delete the dish" not in page
    other = manager.post(at(anchor, f"/dishes/{anchor.crumble.id}/switch"), data=off)
    assert "#dish-" in other.location
    names = [each.meta["dish"] for each in told("menu.dish_updated")]
    assert names == ["Roast beef", "Apple crumble"]
    assert "switched Roast beef off" in manager.get(f"/venues/{anchor.venue.id}").text


def test_only_what_nobody_chose_is_deleted(manager: FlaskClient, anchor: Restaurant) -> None:
    anchor.book("Ada Guest", 1, "12:00", Selection(anchor.beef.id))
    for item in (anchor.beef, anchor.wellington):
        manager.post(at(anchor, f"/dishes/{item.id}/delete"))
    assert order(anchor)["Roasts"] == ["Roast beef"]
    section = db.session.get_one(MenuItem, anchor.beef.id).section_id
    who = (db.session(), MIA, EVERYTHING)
    with pytest.raises(Conflict):
        actions.delete_section(*who, anchor.venue.id, section)
    manager.post(at(anchor, f"/dishes/{anchor.crumble.id}/delete"))
    sweets = db.session.scalars(db.select(MenuSection).filter_by(name="Puddings")).one()
    manager.post(at(anchor, f"/sections/{sweets.id}/delete"))
    assert list(order(anchor)) == ["Roasts"]


def test_a_form_with_a_fault_is_given_again(manager: FlaskClient, anchor: Restaurant) -> None:
    where = {"section_id": str(anchor.beef.section_id)}
    answer = manager.post(at(anchor, "/dishes"), data={"name": "Stew", "price": "x", **where})
    assert answer.status_code == 422
    assert 'value="Stew"' in answer.text
    assert manager.post(at(anchor, "/dishes"), data=STEW).status_code == 422
    assert manager.post(at(anchor, "/sections"), data={"name": ""}).status_code == 422
    assert order(anchor)["Roasts"] == ["Roast beef", "Beetroot wellington"]


def test_a_dish_is_changed_and_moved_to_another_section(
    manager: FlaskClient, anchor: Restaurant
) -> None:
    page = manager.get(at(anchor, f"/dishes/{anchor.beef.id}")).text
    assert 'value="gluten, milk"' in page
    new = {"name": "Roast beef", "price": "21", "section_id": str(anchor.crumble.section_id)}
    manager.post(at(anchor, f"/dishes/{anchor.beef.id}"), data=new)
    assert order(anchor) == {
        "Roasts": ["Beetroot wellington"],
        "Puddings": ["Apple crumble", "Roast beef"],
    }
    (event,) = told("menu.dish_updated")
    assert event.changes["section"] == ["Roasts", "Puddings"]
    assert event.changes["price"] == ["19.50", "21"]
    manager.post(at(anchor, f"/dishes/{anchor.beef.id}"), data={**new})
    assert len(told("menu.dish_updated")) == 1
