"""A trailhead: somebody with a phone ticks who has come; the list on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.extensions import db
from tests.browser.desk import Desk, sign_in, today, window
from tests.desk import build_house
from tests.harness.live import Stack, StackFactory
from tests.manifest.made import leaving, traveler

known: dict[str, str] = {}


def fill(app: Flask) -> None:
    """A departure of tomorrow: a family with all there is to know, a party without names, and one
    that cancelled."""
    with app.app_context():
        house = build_house(app)
        trek = leaving(day=today() + timedelta(days=1))
        ada = trek.book("Ada Booker", 4, "Tess Traveler", "Tim Traveler", admin_notes="VIP")
        words = {"special_requirements": "Vegan meals, no nuts at all. " * 4}
        traveler(ada, 2, "Vera Vegan", medical_notes="Asthma, carries an inhaler", **words)
        ada.traveler_count = 3
        trek.book("Bo Booker", 3, special_requests="We come by bus")
        known.update(email=str(house.manager.email), path=trek.path)
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
    desks: list[Desk] = []

    def make(**options: Any) -> Desk:
        desks.append(window(browser, stack, cookies, **options))
        return desks[-1]

    yield make
    complaints = [complaint for desk in desks for complaint in desk.complaints]
    for desk in desks:
        desk.page.context.close()
    assert complaints == []


def looked_at(desk: Desk, path: str) -> None:
    page = desk.go(path)
    assert desk.axe() == [], path
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"{path} scrolls sideways"


@pytest.mark.browser
def test_travelers_are_ticked_with_one_tap_and_taken_back(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(width=390)
    looked_at(desk, "/manifest")
    looked_at(desk, known["path"])
    page = desk.page
    row = page.locator("tr[data-row]", has_text="Tim Traveler")
    row.scroll_into_view_if_needed()
    stood = page.evaluate("scrollY")
    row.get_by_role("button", name="Arrived").click()
    expect(row).to_contain_text("In ")
    expect(page.get_by_text("1 of 4 arrived")).to_be_visible()
    assert page.evaluate("scrollY") == stood
    desk.toast("Tim Traveler is here.").get_by_role("button", name="Undo").click()
    expect(row.get_by_role("button", name="Arrived")).to_be_visible()
    page.get_by_label("Find who goes, or who booked").fill("vera")
    expect(row).to_have_count(0)
    page.locator("tr[data-row]", has_text="Vera Vegan").get_by_role("button").first.click()
    expect(page.locator("tr[data-row]", has_text="Vera Vegan")).to_contain_text("In ")


@pytest.mark.browser
def test_the_keyboard_and_the_list_on_paper(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(theme="dark")
    looked_at(desk, known["path"])
    page = desk.page
    row = page.locator("tr[data-row]", has_text="Tess Traveler")
    page.keyboard.press("j")  # who booked
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(row).to_contain_text("In ")
    page.wait_for_function("!document.querySelector('.htmx-request')")  # drawn anew for others, too
    page.keyboard.press("u")
    expect(row.get_by_role("button", name="Arrived")).to_be_visible()
    page.emulate_media(media="print")
    for chrome in (".sidebar", ".page-actions", ".manifest-search", ".arrival-actions"):
        expect(page.locator(chrome).first).to_be_hidden()
    ink = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    assert row.locator("a").first.evaluate(ink) == ["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)"]
    assert page.locator("body").evaluate(ink)[1] == "rgb(255, 255, 255)"
    for word in ("Tess Traveler", "Aunt of Tess Traveler", "Asthma", "3 guests, not named"):
        expect(page.get_by_text(word).first).to_be_visible()
