"""Sign-in, profile, websites and error pages in a real browser, in both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.desk import Desk
from tests.harness.live import Stack

PAGES = (
    *("/profile", "/websites", "/websites/new", "/websites/ours", "/websites/ours/edit"),
    *("/websites/ours/test", "/nowhere"),
)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_in_anybodys_way(open_desk: Callable[..., Desk], theme: str, width: int) -> None:
    desk = open_desk("Mara", theme=theme, width=width)
    for path in PAGES:
        page = desk.go(path)
        assert desk.axe() == [], path
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways"
    desk.complaints[:] = [text for text in desk.complaints if "status of 4" not in text]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_door_is_open_to_everybody(browser: Browser, stack: Stack, theme: str) -> None:
    context = browser.new_context(color_scheme=theme)  # type: ignore[arg-type]
    desk = Desk(stack, context.new_page())
    desk.page.on("console", desk.complain)
    page = desk.go("/bookings")
    expect(page).to_have_url(f"{stack.url}/login?next=/bookings")
    assert desk.axe() == []
    page.get_by_label("E-mail").fill("nobody@onebooking.test")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("E-mail")).to_have_value("nobody@onebooking.test")
    assert desk.axe() == []
    assert [text for text in desk.complaints if "status of 4" not in text] == []
    context.close()
