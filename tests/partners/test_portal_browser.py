"""In a real browser: somebody is invited, makes an account, and reads the portal."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.deliveries.models import Delivery, Destination, SyncLog
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.extensions import db
from app.partners.models import PartnerCustomer
from tests.factories import (
    PASSWORD,
    ApiKeyFactory,
    BookingFactory,
    VenueFactory,
    WebsiteFactory,
    partner_at,
    person,
)
from tests.harness.browser import THEMES, show_in
from tests.harness.live import StackFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]
OWNER = "olga@onebooking.test"


def fill(app: Flask) -> None:
    """A partner with some bookings, one of which staff changed, and the webhook of that."""
    with app.app_context():
        WebsiteFactory(id="divers", name="Coral Divers")
        pier = VenueFactory.create(website_id="divers", name="Coral Pier")
        reef = partner_at(pier, name="Reef Travel", contact_email="desk@reef.example.com")
        person("superadmin", name="Olga Owner", address=OWNER)
        ApiKeyFactory(website_id=None, partner_id=reef.id, clear="reef_sk_1234567890")
        today = datetime.now(UTC).date()
        for number in range(12):
            made = BookingFactory(
                website_id="divers", venue_id=pier.id, partner_id=reef.id, source="partner",
                customer_name=f"Reef Guest {number}", partner_reference=f"RT-{number}",
                commission_rate=Decimal("12.5"), payment_relation="commission",
                activity_date=today, status="cancelled" if number == 5 else "confirmed",
            )  # fmt: skip
            names = {"first_name": "Reef", "last_name": f"Guest {number}", "phone": "+66800000000"}
            db.session.add(
                PartnerCustomer(partner_id=reef.id, customer_id=made.customer_id, **names)
            )
        changes: dict[str, list[Any]] = {"guest_count": [2, 4], "time_slot": ["10:00", "13:00"]}
        event = NewEvent("booking.updated", "booking", str(made.id), changes)
        event.website_id, event.booking_id, event.customer_id = "divers", made.id, made.customer_id
        event_id = record(db.session(), Actor("user", "1", "Mia Manager", "staff"), event)
        place = Destination(key=reef.door, channel="webhook", label="Reef Travel")
        db.session.add(place)
        db.session.flush()
        about = {"website_id": "divers", "booking_id": made.id}
        sent = Delivery(
            event_id=event_id, destination_id=place.id, channel="webhook", lane=str(made.id),
            position=1, state="delivered", attempts=1, last_status=200, **about,
        )  # fmt: skip
        db.session.add(sent)
        db.session.flush()
        said = {"direction": "outbound", "event_type": "x", "door": "x", "status": "success"}
        body = {"request_body": '{"guest_count": 4}', "response_body": "ok", "http_status": 200}
        there = {"url": "https://reef.example.com/hook", "delivery_id": sent.id, "attempt": 1}
        db.session.add(SyncLog(**about, **said, **body, **there))
        db.session.commit()


def readable(page: Page, name: str) -> None:
    """No violation that axe finds, in light and dark, wide and narrow; nothing sticks out."""
    for scheme in THEMES:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            show_in(page, scheme)
            found = Axe().run(page)
            assert found.violations_count == 0, f"{page.url} {scheme}: {found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
            if folder := os.environ.get("SHOTS"):
                page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def invite(page: Page) -> str:
    """From the partner's page; returns the link's path."""
    page.goto("/partners")
    page.get_by_role("link", name="Reef Travel").first.click()
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name").fill("Pim Partner")
    page.get_by_label("E-mail").fill("pim@reef.example.com")
    page.get_by_role("button", name="Make the invitation").click()
    link = page.locator("#invitation-link")
    link.wait_for()
    text = link.input_value() if link.evaluate("e => e.tagName") == "INPUT" else link.inner_text()
    page.get_by_role("link", name="I have copied it").click()
    readable(page, "people")
    return text[text.index("/invite/") :].strip()


def test_invited_and_at_home_in_the_portal(live_stack: StackFactory, browser: Browser) -> None:
    stack = live_stack(workers=0, fill=fill)
    desk = browser.new_context(base_url=stack.url, reduced_motion="reduce")
    page = desk.new_page()
    sign_in(page)
    link = invite(page)
    desk.close()
    theirs = browser.new_context(base_url=stack.url, reduced_motion="reduce")
    page, complaints = theirs.new_page(), list[str]()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(link)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    page.wait_for_url("**/portal")
    readable(page, "portal")
    page.get_by_label("Reference or guest").fill("RT-5")
    expect(page.get_by_role("link", name="Reef Guest 11")).to_have_count(0)
    page.goto("/portal")
    page.get_by_role("link", name="Reef Guest 11").click()
    page.get_by_text("The venue").wait_for()
    assert page.get_by_text("Mia").count() == 0
    readable(page, "booking")
    for place in ("Customers", "Commission", "Keys", "Webhooks"):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=place).click()
        page.get_by_role("heading", name=place, level=1).wait_for()
        readable(page, place.lower())
    page.get_by_role("link", name="booking.updated").click()
    page.get_by_text('{"guest_count": 4}').wait_for()
    readable(page, "webhook")
    assert complaints == []
    theirs.close()
