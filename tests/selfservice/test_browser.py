"""A guest on a phone: says who comes, asks for a change, cancels; and staff who answer."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.bookings import links, making
from app.bookings.making import Wish
from app.customers.actions import Contact
from app.events.models import SYSTEM
from app.extensions import db
from app.websites.models import Website
from tests.browser.desk import Desk, sign_in, watched, window
from tests.desk import build_house
from tests.harness.live import Stack, StackFactory
from tests.payments.made import DAY, open_shop, pay
from tests.venues.made import an_activity

pytestmark = pytest.mark.browser
found: dict[str, str] = {}


def fill(app: Flask) -> None:
    """A trip for two, and a table whose deposit was paid."""
    with app.app_context():
        house = build_house(app)
        shop = open_shop(house)
        shop.venue.phone, shop.venue.address = "+66 2 123 4567", "1 Harbour Road, Bangkok"
        trip = an_activity(shop.venue)
        trip.min_age = 8
        wish = Wish(
            activity_id=trip.id,
            day=DAY,
            guests=2,
            contact=Contact("Gale Guest", "gale@example.com", "+66811111111"),
            source="website",
            slot="10:00",
        )
        booked = making.make(db.session(), SYSTEM, db.session.get_one(Website, "ours"), wish)
        table = shop.book()
        pay(table, Decimal(20))
        found["trip"] = f"/my/{links.token_of(booked.id)}"
        found["table"] = f"/my/{links.token_of(table.id)}"
        found["booking"] = f"/bookings/{booked.id}"
        found["Mara"] = str(house.manager.email)
        db.session.commit()


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    return module_stack(workers=0, fill=fill)


@pytest.fixture
def phone(browser: Browser, stack: Stack) -> Iterator[Desk]:
    """A phone without a session; nothing may complain on its console."""
    with watched(lambda: window(browser, stack, None, width=390)) as make:
        yield make()


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def looked_at(phone: Desk, name: str) -> None:
    """The page as it is: accessible, and not too wide."""
    assert phone.axe() == [], name
    assert fits(phone.page), name


def test_a_guest_on_a_phone(browser: Browser, stack: Stack, phone: Desk) -> None:
    page = phone.go(found["trip"])
    looked_at(phone, "trip")
    page.get_by_role("link", name="Name a guest").click()
    page.get_by_label("Full name").fill("Amelia Hart")
    page.get_by_role("button", name="Save").click()
    looked_at(phone, "faults")
    page.get_by_label("Or only the age").fill("30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Thank you.")).to_be_visible()
    page.get_by_role("link", name="Add details").click()
    page.get_by_label("Phone", exact=False).first.fill("+44 7700 900123")
    page.get_by_label("Health").fill("Asthma")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Amelia H.", exact=True)).to_be_visible()
    page.get_by_label("What would you like to change?").fill("Could we start at 11:00?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We are looking at it")).to_be_visible()
    looked_at(phone, "asked")
    _answered(browser, stack)
    page.reload()
    expect(page.get_by_text("See you at 11:00.")).to_be_visible()


def _answered(browser: Browser, stack: Stack) -> None:
    cookies = sign_in(browser, stack, found["Mara"])
    with watched(lambda **options: window(browser, stack, cookies, **options)) as make:
        desk = make()
        desk.go("/requests")
        assert desk.axe() == []
        drawer = desk.open("Gale Guest")
        drawer.get_by_label("Answer to the guest").fill("See you at 11:00.")
        drawer.get_by_role("button", name="Done").click()
        desk.toast("The guest sees that it is done.")
        assert desk.axe() == []
        assert desk.complaints == []


def test_a_guest_cancels(phone: Desk) -> None:
    page = phone.go(found["table"])
    page.get_by_role("link", name="Cancel this booking").click()
    expect(page.get_by_text("You get back all that you paid: 20 THB.")).to_be_visible()
    looked_at(phone, "cancel")
    page.get_by_role("button", name="Cancel the booking").click()
    expect(page.get_by_role("heading", name="Your booking is cancelled")).to_be_visible()
    looked_at(phone, "cancelled")
