"""In a real browser: the reports are readable in both themes and widths, and filters swap them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.bookings.models import Booking
from app.extensions import db
from app.partners.models import Partner
from app.platforms.models import PlatformConnection
from app.reports.view import TABS
from tests.factories import PASSWORD, BookingFactory, CustomerFactory, WebsiteFactory, person
from tests.harness.browser import THEMES, show_in
from tests.harness.live import Stack, StackFactory
from tests.reports.test_platforms import call, connected, held, place

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]
OWNER = "olga@onebooking.test"
SOURCES = ("website", "partner", "phone", "walk_in")
STATUSES = ("confirmed", "confirmed", "checked_in", "cancelled", "pending", "expired")


def fill(app: Flask) -> None:
    """Sixty days of bookings of two websites in two currencies."""
    with app.app_context():
        person("superadmin", name="Olga Owner", address=OWNER)
        WebsiteFactory(id="park", name="Hanuman World")
        WebsiteFactory(id="divers", name="Coral Divers")
        reef = Partner(name="Reef Travel", company_name="Reef", contact_email="reef@example.com")
        db.session.add(reef)
        db.session.flush()
        guests = [CustomerFactory().id for _ in range(25)]
        connections = _connect("divers")
        for n in range(120):
            source, at = SOURCES[n * 7 % 11 % 4], datetime.now(UTC) - timedelta(days=n % 60)
            is_park = n % 3 > 0
            made: Booking = BookingFactory(
                website_id="park" if is_park else "divers",
                currency="THB" if is_park else "EUR",
                total_amount=Decimal(3490 if is_park else 95),
                customer_id=guests[n % 25],
                source=source,
                partner_id=reef.id if source == "partner" else None,
                commission_rate=Decimal("12.5") if source == "partner" else None,
                status=STATUSES[n % 6],
                created_at=at,
                activity_date=(at + timedelta(days=n % 9)).date(),
                hold_expires_at=at if source == "partner" and n % 6 > 3 else None,
                venue_id=None if is_park else connections[0].venue_id,
            )
            if not is_park:
                held(connections[n % 2], made)
                call(connections[n % 2], 40 + n * 13 % 400, at)
        db.session.commit()


def _connect(website: str) -> list[PlatformConnection]:
    """A venue with two platforms, and another with one: all tables of the tab show."""
    first, second = place(website), place(website, "Another Quay")
    both = [connected(first), connected(first, "restoo", priority=2)]
    return [*both, connected(second)]


@pytest.fixture
def page(live_stack: StackFactory, browser: Browser) -> Iterator[Page]:
    """A browser in which the owner is signed in."""
    stack: Stack = live_stack(workers=0, fill=fill)
    context = browser.new_context(base_url=stack.url, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/login?next=/reports")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/reports")
    yield page
    context.close()


def shoot(page: Page, name: str) -> None:
    """Keep a picture where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_reports_are_readable_and_swap(page: Page) -> None:
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    for tab in TABS:
        page.goto(f"/reports?tab={tab}&compare=previous")
        for scheme in THEMES:
            for width in (1440, 390):
                page.set_viewport_size({"width": width, "height": 900})
                show_in(page, scheme)
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{tab} is {wide} wide at {width}"
                shoot(page, f"{tab}-{scheme}-{width}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/reports")
    page.get_by_label("Period").select_option("last_year")
    page.wait_for_url("**/reports?period=last_year")
    expect(
        page.get_by_text("Nothing in this period").or_(page.get_by_text("By source"))
    ).to_be_visible()
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    with page.expect_response("**/reports?*since=2026-01-01*"):
        page.get_by_label("From").fill("2026-01-01")
    page.wait_for_load_state("networkidle")
    page.get_by_label("To", exact=True).fill(day)
    page.wait_for_url(f"**/reports?since=2026-01-01&until={day}")
    expect(page.get_by_label("Period")).to_have_value("")
    with page.expect_download() as got:
        page.get_by_role("link", name="CSV").click()
    assert "Hanuman World" in got.value.path().read_text("utf-8-sig")
    assert faults == []
