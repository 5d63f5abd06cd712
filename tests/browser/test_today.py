"""Today in a real browser: check-in with Undo, news without losing the place, keys, phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.bookings.made import made
from tests.browser.desk import Desk, behind, elsewhere, slot, today

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_guest_is_checked_in_with_one_tap_and_taken_back(desk: Desk) -> None:
    page = desk.go("/today")
    late = page.get_by_role("link", name=re.compile("^Late"))
    expect(late).to_contain_text("1")
    desk.row("Lou Late").get_by_role("button", name="Check in").click()
    toast = desk.toast("Lou Late is checked in.")
    expect(desk.row("Lou Late")).to_contain_text(re.compile(r"In \d\d:\d\d"))
    expect(late).to_contain_text("0")
    toast.get_by_role("button", name="Undo").click()
    expect(desk.row("Lou Late").get_by_role("button", name="Check in")).to_be_visible()
    expect(desk.row("Lou Late")).to_contain_text("Late")
    desk.row("Lou Late").get_by_role("button", name="No-show").click()
    desk.toast("Lou Late is marked as no-show.")
    desk.row("Lou Late").get_by_role("button", name="Undo").click()
    expect(desk.row("Lou Late").get_by_role("button", name="Check in")).to_be_visible()


def test_a_second_tap_at_the_same_place_undoes_nothing(desk: Desk) -> None:
    desk.go("/today")
    button = desk.row("山田 太郎").get_by_role("button", name="Check in")
    box = button.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.page.mouse.click(*middle)
    expect(desk.row("山田 太郎")).to_contain_text(re.compile(r"In \d\d:\d\d"))
    desk.page.mouse.click(*middle)
    desk.page.wait_for_timeout(500)
    expect(desk.row("山田 太郎")).to_contain_text(re.compile(r"In \d\d:\d\d"))


def test_the_day_is_worked_by_keyboard(desk: Desk) -> None:
    page = desk.go("/today")
    page.keyboard.press("/")
    page.keyboard.type("script")
    row = desk.row("<script>alert(1)</script>")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(row).to_have_class(re.compile("is-current"))
    page.keyboard.press("c")
    desk.toast("<script>alert(1)</script> is checked in.")
    expect(row).to_contain_text(re.compile(r"In \d\d:\d\d"))
    expect(row).to_have_class(re.compile("is-current"))
    expect(row.get_by_role("link", name="<script>")).to_be_focused()
    page.keyboard.press("Enter")
    drawer = desk.drawer("<script>alert(1)</script>")
    drawer.get_by_role("button", name="Undo check-in").click()
    expect(row.get_by_role("button", name="Check in")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    expect(page.get_by_role("heading", name="Tomorrow")).to_be_visible()


def test_news_come_by_themselves_and_leave_the_focus(desk: Desk) -> None:
    page = desk.go("/today")
    link = desk.row("Marie Dubois").get_by_role("link", name="Marie Dubois")
    link.focus()
    fields: dict[str, Any] = {"activity_date": today(), "time_slot": slot(90)}
    behind(desk.stack, lambda: made(customer_name="Walter Walkin", **fields))
    elsewhere(desk.stack, "Marie Dubois", guest_count=6)
    expect(desk.row("Walter Walkin")).to_be_visible(timeout=20000)
    expect(desk.row("Marie Dubois").get_by_role("cell", name="6", exact=True)).to_be_visible()
    expect(link).to_be_focused()
    page.get_by_role("searchbox").fill("wal")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    behind(desk.stack, lambda: made(customer_name="Walda Second", **fields))
    expect(desk.row("Walda Second")).to_be_visible(timeout=20000)
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_tiles_and_tabs_lead_on(desk: Desk) -> None:
    page = desk.go("/today")
    page.get_by_role("link", name=re.compile("^No-shows")).click()
    expect(page).to_have_url(re.compile("status=no_show"))
    expect(desk.row("Nils Noshow")).to_be_visible()
    desk.go("/today")
    page.get_by_role("link", name=re.compile(r"^Pick-ups \d+$")).last.click()
    expect(page.get_by_role("cell", name="Marriott")).to_be_visible()
    expect(desk.row("Marie Dubois")).to_contain_text("1205")


def test_paper_shows_the_list_and_room_to_tick(desk: Desk) -> None:
    page = desk.go("/today")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".sidebar")).to_be_hidden()
    expect(page.locator(".tick").first).to_be_visible()
    expect(desk.row("Lou Late").get_by_role("button")).to_have_count(0)
    expect(desk.row("Marie Dubois")).to_be_visible()


def test_on_a_phone_buttons_are_big_enough_for_a_thumb(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(width=390)
    page = desk.go("/today")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    button = desk.row("Pia Pending").get_by_role("button", name="Confirm")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    button.tap()
    desk.toast("Pia Pending is confirmed.")
    check_in = desk.row("Pia Pending").get_by_role("button", name="Check in")
    box = check_in.bounding_box()
    assert box
    assert box["height"] >= 44


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_in_anybodys_way(open_desk: Callable[..., Desk], theme: str, width: int) -> None:
    desk = open_desk(theme=theme, width=width)
    found = {}
    for path in ("/today", "/today?show=pickups", "/today?date=2027-01-01", "/today?q=nobody"):
        desk.go(path)
        found[path] = desk.axe()
    assert {path: faults for path, faults in found.items() if faults} == {}
