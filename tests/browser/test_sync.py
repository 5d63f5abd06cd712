"""Sync in a real browser: the drawer, sending again, the switch, news by itself, axe, keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.deliveries.models import State
from app.extensions import db
from tests.browser.desk import Desk, behind
from tests.desk import build_house
from tests.harness.live import Stack, StackFactory
from tests.sync.traffic import answered, called, change, changed, delivery_of, listens, many

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TABS = ["", "outbound", "inbound", "destinations"]


def fill(app: Flask) -> None:
    """Something of everything: dead, waiting behind it, retried, delivered, refused."""
    with app.app_context():
        build_house(app)
        listens("ours")
        changed(reference="HW-FINE")
        answered(200)
        many("ours", 60)
        dead = changed(reference="HW-DEAD", special_requests="Wheelchair, please")
        changed(reference="HW-SKIP")
        changed(reference="HW-ALSO")
        answered(422, b'{"success": false, "error": "Unknown field"}')
        changed(reference="HW-AGAIN")
        answered(None)
        change(dead, guest_count=4)
        head = delivery_of(dead, 2)
        head.state, head.last_error = State.FAILED.value, "Refused with status 422."
        called(
            status="failed",
            http_status=400,
            code="INVALID_PAYLOAD",
            error_message="The booking data is not valid.",
            notes=["Ignored unknown fields: colour"],
        )
        db.session.commit()


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    return module_stack(workers=0, fill=fill)


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """The window of the manager."""
    return open_desk("Mara")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_accessible(open_desk: Callable[..., Desk], tab: str, theme: str) -> None:
    desk = open_desk("Mara", theme=theme)
    desk.go(f"/sync?tab={tab}")
    assert desk.axe() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_one_delivery_and_one_call_are_accessible(
    open_desk: Callable[..., Desk], theme: str
) -> None:
    desk = open_desk("Mara", theme=theme)
    page = desk.go("/sync")
    for name in ("HW-DEAD", "No booking"):
        desk.row(name).get_by_role("link", name=name).click()
        expect(page.locator("#drawer.show .drawer-title")).to_be_visible()
        assert desk.axe() == []
        page.get_by_role("link", name="Open as a page").click()
        expect(page.locator("h1")).to_contain_text("HW-DEAD" if name == "HW-DEAD" else "Change")
        assert desk.axe() == []
        desk.go("/sync")


@pytest.mark.parametrize("tab", TABS)
def test_nothing_sticks_out_on_a_phone(open_desk: Callable[..., Desk], tab: str) -> None:
    desk = open_desk("Mara", width=390)
    page = desk.go(f"/sync?tab={tab}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert desk.axe() == []


def test_by_keyboard_from_the_list_to_sending_again(desk: Desk) -> None:
    page = desk.go("/sync")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    drawer = page.locator("#drawer.show")
    expect(drawer.get_by_role("button", name="Send again")).to_be_visible()
    reference = drawer.locator(".drawer-title").inner_text()
    page.keyboard.press("s")
    desk.toast("It is on its way again.")
    expect(drawer.locator(".drawer-head")).to_contain_text("Queued")
    expect(page.locator("#sync-list")).not_to_contain_text(reference)


def test_skipping_asks_first(desk: Desk) -> None:
    page = desk.go("/sync")
    desk.row("HW-SKIP").get_by_role("link", name="HW-SKIP").click()
    drawer = page.locator("#drawer.show")
    drawer.get_by_role("button", name="Skip").click()
    dialog = page.locator("#confirm")
    expect(dialog).to_contain_text("will not hear of this change")
    dialog.get_by_role("button", name="Skip").click()
    desk.toast("Skipped.")
    expect(drawer.locator(".drawer-head")).to_contain_text("Skipped")


def test_what_waits_behind_is_a_click_away(desk: Desk) -> None:
    page = desk.go("/sync?q=HW-DEAD&tab=outbound")
    desk.row("Waiting").get_by_role("link", name="HW-DEAD").click()
    drawer = page.locator("#drawer.show")
    expect(drawer).to_contain_text("In line for this booking")
    drawer.get_by_role("link", name="Version 2").click()
    expect(page.locator("body")).to_contain_text("Unknown field")


def test_filters_narrow_as_one_types_and_more_rows_come(desk: Desk) -> None:
    page = desk.go("/sync?tab=outbound")
    expect(page.locator("tr[data-row]")).to_have_count(50)
    page.get_by_role("link", name="Load more").click()
    expect(page.locator("tr[data-row]").nth(60)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("HW-FINE")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    assert "q=HW-FINE" in page.url


def test_problems_appear_by_themselves(stack: Stack, desk: Desk) -> None:
    page = desk.go("/sync")
    expect(page.locator("#sync-list")).not_to_contain_text("HW-NEW")

    def trouble() -> None:
        changed(reference="HW-NEW")
        answered(422)

    behind(stack, trouble)
    expect(desk.row("HW-NEW")).to_be_visible(timeout=15_000)


def test_a_destination_is_switched_off_and_on(desk: Desk) -> None:
    page = desk.go("/sync?tab=destinations")
    page.get_by_role("button", name="Switch off").click()
    page.locator("#confirm").get_by_role("button", name="Switch off").click()
    desk.toast("Our park is switched off.")
    expect(page.locator("#sync-list")).to_contain_text("Switched off at the desk.")
    page.get_by_role("button", name="Switch on").click()
    desk.toast("Our park is switched on.")
    expect(page.locator("#sync-list")).to_contain_text("Working")
