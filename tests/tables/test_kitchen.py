"""What the kitchen reads: dishes summed, allergies first, and nobody who does not come."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient

from app.bookings import actions
from app.bookings.status import Status
from app.extensions import db
from app.menus import actions as menus
from app.menus.choosing import Selection
from app.menus.queries import menu
from app.staff.scope import EVERYTHING
from app.tables.dayview import sittings
from app.tables.kitchen import Prepared, prepared
from app.tables.queries import parties
from app.venues.loading import load
from tests.bookings.made import MIA, NOON
from tests.tables.made import SUNDAY, Restaurant
from tests.tables.test_day import KITCHEN, row, words


def cooked(anchor: Restaurant) -> list[Prepared]:
    session, venue_id = db.session(), anchor.venue.id
    (plan,) = load(session, [venue_id], SUNDAY, SUNDAY)
    bookings = parties(session, EVERYTHING, venue_id, SUNDAY)
    whole = menu(session, venue_id)
    return prepared(sittings(plan, SUNDAY, NOON, bookings, whole), whole)


def beef_and(anchor: Restaurant, beef: int, other: int) -> list[Selection]:
    wanted = [Selection(anchor.crumble.id, 1)] if beef + other > 2 else []
    wanted += [Selection(anchor.wellington.id, other)] if other else []
    return [*wanted, Selection(anchor.beef.id, beef)] if beef else wanted


def test_dishes_are_summed_in_the_order_of_the_menu(anchor: Restaurant) -> None:
    anchor.book("Ada Guest", 3, "12:00", *beef_and(anchor, 2, 1))
    anchor.book("Bo Guest", 2, "12:30", *beef_and(anchor, 2, 0))
    (lunch,) = cooked(anchor)
    assert [(d.section, d.name, d.quantity, list(d.by_time)) for d in lunch.dishes] == [
        ("Roasts", "Roast beef", 4, [("12:00", 2), ("12:30", 2)]),
        ("Roasts", "Beetroot wellington", 1, [("12:00", 1)]),
        ("Puddings", "Apple crumble", 1, [("12:00", 1)]),
    ]
    assert lunch.quantity == 6


def test_who_does_not_come_is_not_cooked_for(anchor: Restaurant) -> None:
    anchor.book("Ada Guest", 2, "12:00", *beef_and(anchor, 1, 1))
    for name, status in (("Bo Guest", Status.CANCELLED), ("Cy Guest", Status.NO_SHOW)):
        gone = anchor.book(name, 2, "12:30", *beef_and(anchor, 2, 0), allergies=["Eggs"])
        actions.move(db.session(), MIA, EVERYTHING, gone.id, status)
    (lunch,) = cooked(anchor)
    assert [party.booking.customer_name for _, party in lunch.parties] == ["Ada Guest"]
    assert (lunch.quantity, lunch.allergies) == (2, [])


def test_allergies_are_summed_however_guests_write_them(anchor: Restaurant) -> None:
    anchor.book("Ada Guest", 2, "12:00", allergies=["nuts", "Milk"])
    anchor.book("Bo Guest", 2, "12:30", allergies=["Nuts ", "nuts"])
    (lunch,) = cooked(anchor)
    assert [(a.name, len(a.parties)) for a in lunch.allergies] == [("Nuts", 2), ("Milk", 1)]
    assert lunch.missing == 4


def test_a_dish_keeps_its_place_when_it_is_renamed_or_switched_off(anchor: Restaurant) -> None:
    anchor.book("Ada Guest", 2, "12:00", *beef_and(anchor, 2, 0))
    who = (db.session(), MIA, EVERYTHING)
    changes = {"name": "Sirloin", "is_available": False}
    menus.save_item(*who, anchor.venue.id, changes, item_id=anchor.beef.id)
    anchor.book("Bo Guest", 1, "12:30", *beef_and(anchor, 0, 1))
    (lunch,) = cooked(anchor)
    assert [(d.name, d.quantity) for d in lunch.dishes] == [
        ("Sirloin", 2),
        ("Beetroot wellington", 1),
    ]


def test_the_page_says_it_all(manager: FlaskClient, anchor: Restaurant) -> None:
    own = Selection(anchor.beef.id, 1, "Zoe Small", "no gravy")
    rest = Selection(anchor.wellington.id, 1)
    anchor.book("Ada Guest", 2, "12:00", own, rest, allergies=["nuts"], high_chairs=1)
    page = manager.get(KITCHEN).text
    said = words(page)
    assert said.index("Nuts : 12:00 Ada Guest (2)") < said.index("Roast beef")
    ada = row(page, "Ada Guest")
    for part in ("12:00", "1 × Roast beef for Zoe Small no gravy", "nuts", "1 high chair"):
        assert part in ada
    assert unescape(re.findall(r"data-print[^>]*>.*?</svg>([^<]+)", page, re.S)[0]) == "Print"
