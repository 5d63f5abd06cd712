"""The list and the drawer in a real browser: search, drawer, news, edits, keys, phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from app.bookings.status import Status
from tests.bookings.made import made
from tests.browser.desk import Desk, behind, elsewhere, id_of, today

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_search_narrows_the_list_while_one_types(desk: Desk) -> None:
    page = desk.go("/bookings")
    search = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("dub")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"/bookings\?q=dub$"))
    for typed in ("HW-000777", "0811112222", "marie@example.com", "marriott"):
        search.fill(typed)
        expect(page).to_have_url(re.compile("q=" + re.escape(quote(typed, safe=""))))
        expect(page.locator("tr[data-row]")).to_have_count(1)
        expect(desk.row("Marie Dubois")).to_be_visible()
    page.reload()
    expect(search).to_have_value("marriott")
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator("tr[data-row]")).to_have_count(50)


def test_filters_stay_in_the_address_and_more_rows_come(desk: Desk) -> None:
    page = desk.go("/bookings")
    page.get_by_role("link", name="Load more").click()
    expect(page.locator("tr[data-row]")).to_have_count(78)
    page.get_by_label("Dates").select_option("today")
    expect(page).to_have_url(re.compile("when=today"))
    expect(page.locator("tr[data-row]")).to_have_count(8)
    page.get_by_role("link", name=re.compile("^Confirmed")).click()
    expect(page).to_have_url(re.compile("when=today"))
    expect(page.locator("tr[data-row]")).to_have_count(4)
    page.locator("summary", has_text="Days").click()
    page.get_by_label("From").fill("2020-01-01")
    expect(page).not_to_have_url(re.compile("when=today"))
    expect(page.get_by_label("Dates")).to_have_value("")


def test_the_drawer_has_an_address_and_gives_the_list_back(desk: Desk) -> None:
    page = desk.go("/bookings?q=marie")
    drawer = desk.open("Marie Dubois")
    booking = id_of(desk.stack, "Marie Dubois")
    expect(page).to_have_url(re.compile(f"/bookings/{booking}$"))
    expect(drawer.get_by_text("Guest's request")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).not_to_have_class(re.compile("show"))
    expect(page).to_have_url(re.compile(r"\?q=marie$"))
    expect(desk.row("Marie Dubois").get_by_role("link")).to_be_focused()
    desk.open("Marie Dubois")
    page.go_back()
    expect(page.locator("#drawer")).not_to_have_class(re.compile("show"))
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.go_forward()
    desk.drawer("Marie Dubois")
    page.reload()
    expect(page.get_by_role("heading", name="Marie Dubois")).to_be_visible()
    expect(page.get_by_role("heading", name="History")).to_be_visible()


def test_a_new_booking_appears_by_itself(desk: Desk) -> None:
    page = desk.go("/bookings?when=today")
    behind(desk.stack, lambda: made(customer_name="Nora New", activity_date=today()))
    expect(desk.row("Nora New")).to_be_visible(timeout=15000)
    expect(desk.row("Nora New")).to_have_class(re.compile("row-new"))
    assert page.evaluate("document.activeElement === document.body")
    far = today().replace(year=today().year + 1, day=1)
    page.goto(desk.stack.url + "/bookings")
    behind(desk.stack, lambda: made(customer_name="Farah Far", activity_date=far))
    expect(desk.row("Farah Far")).to_be_visible(timeout=15000)
    expect(page.get_by_text("Just in")).to_be_visible()


def test_a_new_booking_does_not_move_what_one_reads(desk: Desk) -> None:
    page = desk.go("/bookings")
    drawer = desk.open("Marie Dubois")
    address = page.url
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 900)
    expect(page.locator("html")).to_have_js_property("scrollTop", 900)
    before = page.evaluate("scrollY")
    behind(desk.stack, lambda: made(customer_name="Cora Chip", activity_date=today()))
    chip = page.get_by_role("button", name="1 new, show")
    expect(chip).to_be_visible(timeout=15000)
    assert page.evaluate("scrollY") == before
    expect(desk.row("Cora Chip")).to_have_count(0)
    chip.click()
    expect(desk.row("Cora Chip")).to_be_visible()
    expect(chip).to_be_hidden()
    expect(page.locator("html")).to_have_js_property("scrollTop", 0)
    expect(drawer).to_be_visible()
    expect(page).to_have_url(address)


def test_a_row_follows_what_others_do_and_so_does_the_drawer(desk: Desk) -> None:
    page = desk.go("/bookings?q=coming&when=tomorrow")
    desk.row("Coming 00").get_by_role("link").focus()
    drawer = desk.open("Coming 00")
    elsewhere(desk.stack, "Coming 00", guest_count=9)
    expect(desk.row("Coming 00").get_by_role("cell", name="9", exact=True)).to_be_visible(
        timeout=15000
    )
    expect(drawer.get_by_text("9 × World A+")).to_be_visible()
    expect(desk.row("Coming 00")).to_have_class(re.compile("is-current"))
    notes = drawer.get_by_label("Staff notes")
    notes.fill("Half a sen")
    elsewhere(desk.stack, "Coming 00", guest_count=8)
    expect(desk.row("Coming 00").get_by_role("cell", name="8", exact=True)).to_be_visible(
        timeout=15000
    )
    expect(notes).to_have_value("Half a sen")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Leave without saving?")).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("#drawer")).not_to_have_class(re.compile("show"))


def test_two_people_edit_the_same_booking(open_desk: Callable[..., Desk]) -> None:
    mine, theirs = open_desk("Cole"), open_desk("Mara", theme="dark")
    page = mine.go("/bookings?q=coming+01&when=all")
    mine.open("Coming 01")
    page.keyboard.press("e")
    form = page.locator("#drawer .edit-form")
    booking = id_of(mine.stack, "Coming 01")
    other = theirs.go(f"/bookings/{booking}/edit")
    other.get_by_label("Time", exact=True).fill("15:00")
    other.get_by_label("Venue").fill("South gate")
    other.get_by_role("button", name="Save changes").click()
    expect(other).to_have_url(re.compile(f"/bookings/{booking}$"))
    theirs.toast("Saved.")

    form.get_by_label("Time", exact=True).fill("16:00")
    form.get_by_label("Hotel").fill("Hilton")
    form.get_by_role("button", name="Save changes").click()
    expect(form.get_by_text("Choose what to keep")).to_be_visible()
    expect(form.get_by_text("Meanwhile Mara Manager changed venue.")).to_be_visible()
    expect(form.get_by_role("radio", name=re.compile("What you typed, 16:00"))).to_be_checked()
    expect(form.get_by_text(re.compile(r"Mara Manager, \d\d:\d\d"))).to_be_visible()
    expect(form.get_by_label("Hotel")).to_have_value("Hilton")
    assert mine.axe() == []
    form.get_by_role("radio", name=re.compile("Now saved, 15:00")).check()
    form.get_by_role("button", name="Save my choice").click()
    drawer = mine.drawer("Coming 01")
    mine.toast("Saved.")
    expect(drawer.get_by_text("Hilton").first).to_be_visible()
    expect(drawer.get_by_text("South gate").first).to_be_visible()
    expect(mine.row("Coming 01").get_by_text("15:00")).to_be_visible()


def test_faults_are_shown_and_the_text_stays(desk: Desk) -> None:
    page = desk.go("/bookings?q=coming+02&when=all")
    desk.open("Coming 02")
    page.keyboard.press("e")
    form = page.locator("#drawer .edit-form")
    form.get_by_label("Guests", exact=True).fill("many")
    form.get_by_label("Venue").fill("Typed venue")
    form.get_by_role("button", name="Save changes").click()
    summary = form.locator(".error-summary")
    expect(summary).to_be_focused()
    assert desk.axe() == []
    summary.get_by_role("link", name="Guests: Type a whole number.").click()
    expect(form.get_by_label("Guests", exact=True)).to_be_focused()
    expect(form.get_by_label("Venue")).to_have_value("Typed venue")
    form.get_by_label("Guests", exact=True).fill("4")
    expect(
        form.get_by_text("The lines come to 14,460 THB; the total is 8,500 THB.")
    ).to_be_visible()
    form.get_by_role("button", name="Add a line").click()
    form.get_by_label("Add-on: name").last.fill("Towel")
    form.get_by_label("Add-on: price each").last.fill("40")
    expect(form.get_by_text("The lines come to 14,500 THB")).to_be_visible()
    form.get_by_role("button", name="Remove this line").first.click()
    form.get_by_role("button", name="Save changes").click()
    drawer = desk.drawer("Coming 02")
    expect(drawer.get_by_role("row", name="1 × Towel 40")).to_be_visible()
    expect(drawer.get_by_role("row", name=re.compile("Photo"))).to_have_count(0)


def test_moves_in_the_drawer_with_undo(desk: Desk) -> None:
    page = desk.go("/bookings?q=coming+03&when=all")
    drawer = desk.open("Coming 03")
    page.keyboard.press("c")
    toast = desk.toast("Coming 03 is checked in.")
    expect(drawer.locator(".drawer-head")).to_contain_text("Checked in")
    expect(desk.row("Coming 03")).to_contain_text("Checked in")
    expect(page.get_by_role("link", name="Checked in 1", exact=True)).to_be_visible()
    toast.get_by_role("button", name="Undo").click()
    expect(drawer.locator(".drawer-head")).to_contain_text("Confirmed")
    expect(desk.row("Coming 03")).to_contain_text("Confirmed")
    drawer.locator("summary", has_text="Cancel").click()
    drawer.get_by_label("Why?").fill("Typhoon")
    drawer.get_by_role("button", name="Cancel this booking").click()
    expect(drawer.get_by_text("Cancelled: Typhoon")).to_be_visible()
    expect(desk.row("Coming 03")).to_contain_text("Cancelled")
    drawer.get_by_role("button", name="Reinstate").click()
    expect(drawer.locator(".drawer-head")).to_contain_text("Confirmed")


def test_a_double_click_moves_once(desk: Desk) -> None:
    desk.go("/bookings?q=coming+04&when=all")
    drawer = desk.open("Coming 04")
    drawer.get_by_role("button", name="Check in").dblclick()
    desk.toast("Coming 04 is checked in.")
    expect(drawer.get_by_text("checked it in")).to_have_count(1)
    expect(drawer.locator(".drawer-head")).to_contain_text(Status.CHECKED_IN.label)


def test_the_list_is_worked_by_keyboard(desk: Desk) -> None:
    page = desk.go("/bookings?q=coming+1&when=all&sort=date")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    first = page.locator("tr[data-row]").first.get_by_role("link").inner_text()
    desk.drawer(first)
    page.keyboard.press("j")
    desk.drawer(page.locator("tr[data-row]").nth(1).get_by_role("link").inner_text())
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_).to_contain_text("Check in")
    expect(help_).to_contain_text("Edit")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).not_to_have_class(re.compile("show"))
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile("/today"))


def test_on_a_phone_rows_are_cards_and_nothing_overflows(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(width=390)
    page = desk.go("/bookings")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cell = desk.row("Marie Dubois").locator("td.lead")
    assert page.evaluate("e => getComputedStyle(e).display", cell.element_handle()) == "block"
    drawer = desk.open("Marie Dubois")
    assert page.evaluate("document.querySelector('#drawer').getBoundingClientRect().width") == 390
    expect(drawer.get_by_role("button", name="Check in")).to_be_in_viewport()
    drawer.get_by_role("link", name="Edit").tap()
    page.locator("#drawer .edit-form").wait_for()
    expect(page.get_by_role("button", name="Save changes")).to_be_in_viewport()
    assert page.evaluate(
        "document.querySelector('.drawer-body').scrollWidth"
        " <= document.querySelector('.drawer-body').clientWidth"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_in_anybodys_way(open_desk: Callable[..., Desk], theme: str, width: int) -> None:
    desk = open_desk(theme=theme, width=width)
    booking = id_of(desk.stack, "Marie Dubois")
    found = {}
    for path in (
        "/bookings",
        "/bookings?q=marie&when=today",
        "/bookings?q=nobody",
        f"/bookings/{booking}",
        f"/bookings/{booking}/edit",
    ):
        desk.go(path)
        found[path] = desk.axe()
    page = desk.go("/bookings?q=marie")
    desk.open("Marie Dubois")
    page.wait_for_timeout(300)  # until the drawer has come in
    found["drawer"] = desk.axe()
    assert {path: faults for path, faults in found.items() if faults} == {}
