"""A partner from its first form to its statement, in a real browser and over the real API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.extensions import db
from app.venues.models import Venue
from tests.browser.desk import Desk, fill, today
from tests.harness.live import Stack, StackFactory
from tests.venues.made import a_venue, an_activity


def with_a_pier(app: Flask) -> None:
    """The usual day, and a pier where a trip can be booked."""
    fill(app)
    with app.app_context():
        an_activity(a_venue("ours", "Our pier"), name="Snorkel trip", price="1900")
        db.session.commit()


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    """Web processes over that; nobody sends anything out."""
    return module_stack(workers=0, fill=with_a_pier)


def call(stack: Stack, path: str, headers: dict[str, str], body: dict[str, Any]) -> Any:
    """What the partner API answers to a POST."""
    asked = Request(  # noqa: S310 (our own server)
        stack.url + path,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **headers},
    )
    with urlopen(asked, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())


def booked(stack: Stack, key: str, half: str) -> Any:
    """The partner books two places for next week, with both halves of its key."""
    with stack.app.app_context():
        pier = db.session.scalars(db.select(Venue.id).where(Venue.name == "Our pier")).one()
    guest = {"first_name": "Ada", "last_name": "Agency", "email": "ada@example.com"}
    wish = {
        "customer": guest,
        "location_id": str(pier),
        "booking_date": (today() + timedelta(days=7)).isoformat(),
        "activity_type": "activity",
        "guest_count": 2,
        "partner_reference": "BT-1",
    }
    headers = {"X-API-Key": key, "X-API-Secret": half}
    return call(stack, "/api/partner/bookings", headers, wish)["booking"]


@pytest.mark.browser
def test_from_the_form_to_the_statement(stack: Stack, open_desk: Callable[..., Desk]) -> None:
    desk = open_desk("Mara")
    page = desk.go("/partners")
    page.get_by_role("link", name="Add a partner").first.click()
    page.get_by_label("Name", exact=True).fill("Blue Tours")
    page.get_by_label("Company").fill("Blue Tours Ltd.")
    page.get_by_label("Contact e-mail").fill("desk@blue.example.com")
    page.get_by_label("Commission in percent").fill("12.5")
    page.get_by_label("Our pier").check()
    page.get_by_role("button", name="Add the partner").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Blue Tours")
    assert desk.axe() == []
    page.get_by_role("link", name="Issue a key").click()
    page.get_by_label("Name", exact=True).fill("Booking engine")
    page.get_by_role("button", name="Issue the key").click()
    key = page.get_by_label("API key", exact=True).input_value()
    half = page.get_by_label("API secret", exact=True).input_value()
    assert re.fullmatch(r"blue-tours_sk_\w{36}", key)
    there = page.get_by_role("link", name="I have copied them").get_attribute("href")

    made = booked(stack, key, half)

    page = desk.go("/bookings?source=partner")
    row = desk.row("Ada Agency")
    expect(row).to_contain_text("Blue Tours")
    desk.open("Ada Agency")
    expect(page.locator("#drawer")).to_contain_text("BT-1")
    expect(page.locator("#drawer")).to_contain_text("12.5 %, commission invoiced")
    page = desk.go(f"{there}/statement?by=booked")
    expect(page.locator("main")).to_contain_text("475 THB")  # 12.5 % of 2 × 1,900
    assert desk.axe() == []
    assert made["total_amount"] == 3800
    page = desk.go(f"{there}/statistics")
    expect(page.locator(".tile", has_text="Bookings")).to_contain_text("2 guests")
    assert desk.axe() == []
    desk.complaints[:] = [text for text in desk.complaints if "status of 4" not in text]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_in_anybodys_way(open_desk: Callable[..., Desk], theme: str, width: int) -> None:
    desk = open_desk("Mara", theme=theme, width=width)
    for path in ("/partners", "/partners/new"):
        page = desk.go(path)
        assert desk.axe() == [], path
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways"
