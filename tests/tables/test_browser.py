"""A restaurant in a real browser: its day, its kitchen list on paper, and its menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.extensions import db
from app.menus.choosing import Selection
from tests.browser.desk import Desk, sign_in, watched, window
from tests.desk import build_house
from tests.harness.live import Stack, StackFactory
from tests.tables.made import a_restaurant

TODAY = datetime.now(ZoneInfo("Asia/Bangkok")).date()
known: dict[str, str] = {}


def fill(app: Flask) -> None:
    """Parties of today at every time; the calendar and the clock of the test do not matter."""
    with app.app_context():
        house = build_house(app)
        anchor = a_restaurant()
        anchor.day = TODAY + timedelta(days=7 - (TODAY.weekday() + 1) % 7)
        own, other = (
            Selection(anchor.beef.id, 1, "Zoe Small", "no gravy"),
            Selection(anchor.beef.id),
        )
        about = {"allergies": ["Nuts", "Shellfish"], "celebration": "Birthday", "high_chairs": 1}
        ada = anchor.book(
            "Ada Guest", 2, "12:00", own, other, Selection(anchor.crumble.id), **about
        )
        bo = anchor.book("Bo Guest", 4, "12:30", special_requests="By the window, please")
        for booking in (ada, bo):
            booking.activity_date, booking.starts_at = TODAY, None
        known["sunday"] = anchor.day.isoformat()
        known["booking"] = str(ada.id)
        known.update(email=str(house.manager.email), venue=str(anchor.venue.id))
        db.session.commit()


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    return module_stack(workers=0, fill=fill)


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack) -> Any:
    return sign_in(browser, stack, known["email"])


@pytest.fixture
def open_desk(browser: Browser, stack: Stack, cookies: Any) -> Iterator[Callable[..., Desk]]:
    """Opens windows of the manager; at the end nothing may have complained on any console."""
    with watched(lambda **options: window(browser, stack, cookies, **options)) as make:
        yield make


@pytest.mark.browser
def test_a_party_is_checked_in_with_one_tap_and_taken_back(open_desk: Callable[..., Desk]) -> None:
    page = open_desk(width=390).go("/tables")
    row = page.locator("tr[data-row]", has_text="Ada Guest")
    row.get_by_role("button", name="Check in").click()
    expect(row).to_contain_text("In ")
    page.locator(".toast-item").get_by_role("button", name="Undo").click()
    expect(row.get_by_role("button", name="Check in")).to_be_visible()


@pytest.mark.browser
def test_a_dish_is_switched_off_with_one_tap(open_desk: Callable[..., Desk]) -> None:
    page = open_desk().go(f"/venues/{known['venue']}/menu")
    page.get_by_role("button", name="Switch Beetroot wellington off").click()
    page.get_by_role("button", name="Switch Beetroot wellington on").wait_for()
    page.get_by_role("button", name="Switch Roast beef off").click()
    page.get_by_role("link", name="Ada Guest").click()
    expect(page.locator("#drawer-content")).to_contain_text("1 × Roast beef")


@pytest.mark.browser
def test_the_kitchen_list_on_paper_is_only_the_list(open_desk: Callable[..., Desk]) -> None:
    page = open_desk().go("/tables/kitchen")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    for chrome in (".sidebar", ".page-actions", ".screen-only"):
        expect(page.locator(chrome).first).to_be_hidden()
    colour = "e => getComputedStyle(e).color"
    assert page.locator(".kitchen-allergies li").first.evaluate(colour) == "rgb(0, 0, 0)"
    expect(page.get_by_text("Zoe Small")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_in_anybodys_way(open_desk: Callable[..., Desk], theme: str, width: int) -> None:
    desk = open_desk(theme=theme, width=width)
    sunday = f"/tables?day={known['sunday']}"
    booking = f"/bookings/{known['booking']}"
    of_one = (booking, f"{booking}/choices", f"{booking}/edit")
    for path in (
        *("/tables", sunday, "/tables/kitchen", f"/venues/{known['venue']}/menu"),
        *of_one,
    ):
        page = desk.go(path)
        assert desk.axe() == [], path
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways"
