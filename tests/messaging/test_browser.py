"""Managers at their messages in a real browser: the log, words with a live preview, settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.extensions import db
from app.messaging.models import MessageSettings, MessageTemplate
from tests.browser.desk import Desk, sign_in, watched, window
from tests.desk import build_house
from tests.factories import BookingFactory, CustomerFactory, VenueFactory
from tests.harness.live import Stack, StackFactory
from tests.messaging.test_pages import a_message

pytestmark = pytest.mark.browser
emails: dict[str, str] = {}
PLACES = (
    *("/messages", "/messages?state=queued", "/messages/websites/ours"),
    *("/messages/websites/ours/settings", "/messages/websites/ours/confirmation/sms"),
    "/messages/websites/ours/confirmation/email",
)


def fill(app: Flask) -> None:
    """A guest, what was sent to her, and what was not."""
    with app.app_context():
        house = build_house(app)
        venue = VenueFactory(website_id="ours", name="The Jetty", address="Pier 1")
        guest = CustomerFactory(first_name="Amelia")
        day = (datetime.now(UTC) + timedelta(days=3)).date()
        booking = BookingFactory(
            website_id="ours",
            venue_id=venue.id,
            customer_id=guest.id,
            customer_name="Amelia Hart",
            booking_ref="HW-000777",
            activity_date=day,
        )
        a_message(booking)
        a_message(booking, "delivered", kind="confirmation", medium="sms", segments=2)
        a_message(booking, "failed", kind="reminder", reason="There is no such address.")
        a_message(booking, "held_back", kind="change", reason="Too late: the visit has begun.")
        settings = {"sms_by": "twilio", "sms": {"account_sid": "AC1", "auth_token": "x"}}
        db.session.add(MessageSettings(website_id="ours", email_by="smtp", **settings))
        emails["Mara"] = str(house.manager.email)
        db.session.commit()


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    return module_stack(workers=0, fill=fill)


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack) -> Any:
    return sign_in(browser, stack, emails["Mara"])


@pytest.fixture
def open_desk(browser: Browser, stack: Stack, cookies: Any) -> Iterator[Callable[..., Desk]]:
    """Opens windows of the manager; at the end nothing may have complained on any console."""
    with watched(lambda **options: window(browser, stack, cookies, **options)) as make:
        yield make


def test_words_are_written_while_they_show(open_desk: Callable[..., Desk], stack: Stack) -> None:
    desk = open_desk()
    page = desk.go("/messages/websites/ours/confirmation/sms")
    words = page.get_by_label("Words")
    words.fill("Hi ")
    page.get_by_role("button", name="first_name").click()
    expect(words).to_have_value("Hi {{ first_name }}")
    page.get_by_label("Try it on").select_option(
        label=page.locator("#booking option").nth(1).inner_text()
    )
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Hi Amelia")
    expect(preview).to_contain_text("HW-000777")
    expect(preview).to_contain_text("1 part")
    words.press_sequentially(" {{ nobody }}")
    expect(preview).to_contain_text("There is no variable “nobody”")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".error-summary")).to_contain_text("nobody")
    page.get_by_label("Words").fill("Hi {{ first_name }}!")
    page.get_by_role("button", name="Save").click()
    desk.toast("Saved.")
    with stack.app.app_context():
        assert db.session.scalars(db.select(MessageTemplate.body)).all() == ["Hi {{ first_name }}!"]


def test_a_message_opens_in_the_drawer_and_in_its_booking(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    page = desk.go("/messages?state=problems")
    desk.row("There is no such address.").get_by_role("link").click()
    expect(page.locator("#drawer.show")).to_contain_text("Hi Amelia, see you!")
    assert desk.axe() == []
    desk.go("/bookings?when=all")
    drawer = desk.open("Amelia Hart")
    expect(drawer.locator(".message-lines li")).to_have_count(4)
    assert desk.axe() == []


def test_settings_show_what_the_provider_needs(open_desk: Callable[..., Desk]) -> None:
    page = open_desk().go("/messages/websites/ours/settings")
    expect(page.get_by_label("Account SID")).to_be_visible()
    expect(page.get_by_label("Auth token")).to_have_value("")
    expect(page.get_by_label("Tenant")).to_be_hidden()
    page.get_by_label("E-mail by").select_option("graph")
    expect(page.get_by_label("Tenant")).to_be_visible()
    expect(page.get_by_label("Server", exact=True)).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_in_anybodys_way(open_desk: Callable[..., Desk], theme: str, width: int) -> None:
    desk = open_desk(width=width, theme=theme)
    for path in PLACES:
        page = desk.go(path)
        assert desk.axe() == [], path
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, path
