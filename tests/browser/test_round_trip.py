"""The first five minutes: book on the website, see it at the desk, cancel there, see it here."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.extensions import db
from app.websites.models import Website
from demo.load import PASSWORD, WEBHOOK, load_demo
from tests.browser.desk import Desk, behind, window
from tests.harness.live import Stack, StackFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    """The demo installation with its website; nothing is sent before the address is right."""
    made = module_stack(workers=0, demo_site=True, fill=load_demo)

    def point() -> None:
        for website in db.session.scalars(db.select(Website)):
            website.webhook_url = None
        db.session.get_one(Website, "hanuman-world").webhook_url = made.demo_url + WEBHOOK

    behind(made, point)
    made.start_worker()
    return made


@pytest.fixture
def at_desk(browser: Browser, stack: Stack) -> Iterator[Desk]:
    """Dao, signed in by the documented login."""
    desk = window(browser, stack, None)
    desk.go("/login?next=/bookings")
    desk.page.get_by_label("E-mail").fill("desk@onebooking.test")
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.page.get_by_role("button", name="Sign in").click()
    desk.page.wait_for_url("**/bookings")
    yield desk
    desk.page.context.close()
    assert desk.complaints == []


@pytest.fixture
def visitor(browser: Browser, stack: Stack) -> Iterator[Desk]:
    """A window on the demo website."""
    shop = window(browser, stack, None)
    yield shop
    shop.page.context.close()
    assert shop.complaints == []


def book(stack: Stack, page: Page, name: str) -> None:
    """Fill in the form of the website."""
    page.goto(stack.demo_url)
    page.get_by_label("World B+").check()
    page.get_by_label("Time", exact=True).select_option("13:00")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("E-mail").fill("trip@example.com")
    page.get_by_label("I come by myself").check()
    page.get_by_role("button", name="Book now").click()
    expect(page.get_by_role("status").first).to_contain_text("Thank you!")


def test_book_there_see_it_here_cancel_here_see_it_there(
    stack: Stack, at_desk: Desk, visitor: Desk
) -> None:
    there, here = visitor.page, at_desk.page
    book(stack, there, "Trudy Tripp")
    expect(there.locator("#held .lead")).to_contain_text("In OneBooking", timeout=15_000)
    row = at_desk.row("Trudy Tripp")
    expect(row).to_be_visible(timeout=20_000)
    drawer = at_desk.open("Trudy Tripp")
    drawer.locator("summary", has_text="Cancel").click()
    drawer.get_by_label("Why?").fill("Storm warning")
    drawer.get_by_role("button", name="Cancel this booking").click()
    expect(drawer.get_by_text("Cancelled: Storm warning")).to_be_visible()
    expect(there.locator("#held h1")).to_contain_text("Cancelled", timeout=20_000)
    expect(there.locator("#held")).to_contain_text("Storm warning")
    expect(there.locator("#held .story").first).to_contain_text(
        "desk@onebooking.test changed status"
    )
    here.reload()
    history = here.locator("body")
    expect(history).to_contain_text("Hanuman World made the booking")
    expect(history).to_contain_text("Dao Desk cancelled it")
    expect(history).to_contain_text("Delivered")


def test_while_the_website_is_down_edits_wait_and_then_arrive(
    stack: Stack, at_desk: Desk, visitor: Desk
) -> None:
    there = visitor.page
    book(stack, there, "Dora Downe")
    own = there.url
    expect(at_desk.row("Dora Downe")).to_be_visible(timeout=20_000)
    there.goto(f"{stack.demo_url}/bookings")
    there.get_by_label("Be down (503)").check()
    there.get_by_role("button", name="Switch").click()
    drawer = at_desk.open("Dora Downe")
    drawer.get_by_label("Staff notes").fill("Wheelchair")
    drawer.get_by_role("button", name="Save notes").click()
    at_desk.toast("Notes saved")
    expect(there.locator("#live")).to_contain_text(re.compile("503"), timeout=20_000)
    there.get_by_label("Answer as it should").check()
    there.get_by_role("button", name="Switch").click()
    there.goto(own)
    expect(there.locator("#held")).to_contain_text("Wheelchair", timeout=30_000)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_the_website_are_accessible(stack: Stack, visitor: Desk, theme: str) -> None:
    book(stack, visitor.page, "Ada Axe")
    booking = visitor.page.url
    visitor.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for url in (booking, stack.demo_url, f"{stack.demo_url}/bookings"):
        visitor.page.goto(url)
        assert visitor.axe() == []
