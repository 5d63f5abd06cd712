"""In a real browser: Health and scheduled work are readable, the banner goes, a worker does what
is asked for; and what a web process has counted is written when it ends."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.alerts.models import Alert, CallMinute
from app.deliveries.models import Destination
from app.extensions import db
from app.messaging.models import MessageSettings
from app.payments.models import Payment
from tests.factories import PASSWORD, BookingFactory, VenueFactory, WebsiteFactory, person
from tests.harness.browser import THEMES, show_in
from tests.harness.live import Stack, StackFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]
OWNER = "olga@onebooking.test"


def fill(app: Flask) -> None:
    """A day of calls and payments, a destination that fails, and an alert that is over."""
    with app.app_context():
        person("superadmin", name="Olga Owner", address=OWNER)
        site = WebsiteFactory(id="park", name="Hanuman World")
        db.session.add(MessageSettings(website_id=site.id, email_by="capture"))
        VenueFactory(website_id=site.id, name="The Anchor")
        booking = BookingFactory(website_id=site.id)
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        for hour in range(1, 24):
            at, errors = now - timedelta(hours=hour), hour * 7 % 5
            calls = {"calls": 400, "errors": errors, "over": {"100": 380, "1000": 20}}
            db.session.add(CallMinute(minute=at, door="sync", **calls))
            state = "declined" if hour % 5 == 0 else "completed"
            paid = {"kind": "deposit", "amount": Decimal(20), "currency": "EUR", "state": state}
            row = Payment(website_id=site.id, booking_id=booking.id, **paid)
            row.created_at = row.updated_at = at
            db.session.add(row)
        place = Destination(channel="webhook", key="website:park", label="Hanuman World")
        place.failing_since, place.website_id = now - timedelta(minutes=40), "park"
        db.session.add(place)
        db.session.flush()
        what = {"condition": "destination", "key": str(place.id), "website_id": "park"}
        said = "Nothing arrives at Hanuman World."
        db.session.add(Alert(**what, message=said, fired_at=now - timedelta(minutes=25)))
        over = {"fired_at": now - timedelta(hours=5), "resolved_at": now - timedelta(hours=3)}
        message = "The database could not be reached 4 times in 5 minutes."
        db.session.add(Alert(condition="database", message=message, **over))
        db.session.commit()


@pytest.fixture
def stack(live_stack: StackFactory) -> Stack:
    return live_stack(workers=1, fill=fill)


@pytest.fixture
def page(stack: Stack, browser: Browser) -> Iterator[Page]:
    """A browser in which the owner is signed in."""
    context = browser.new_context(base_url=stack.url, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/login?next=/today")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/today")
    yield page
    context.close()


def shoot(page: Page, name: str) -> None:
    """Keep a picture where SHOTS names a folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def is_readable(page: Page, path: str) -> None:
    """In both themes and widths."""
    page.goto(path)
    for scheme in THEMES:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            show_in(page, scheme)
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide at {width}"
            shoot(page, f"{path.strip('/')}-{scheme}-{width}")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_health(page: Page, stack: Stack) -> None:
    banner = page.get_by_role("region", name="Something is wrong")
    expect(banner).to_contain_text("Nothing arrives at Hanuman World.")
    for path in ("/health", "/schedule"):
        is_readable(page, path)
    expect(banner).to_be_visible()
    banner.get_by_role("button", name="Hide").click()
    expect(banner).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="Reminders for today, The Anchor")
    row.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("runs in a few seconds")).to_be_visible()
    expect(row).to_contain_text("for Olga Owner")
    # The page looks by itself; a worker has looked by then.
    expect(row).to_contain_text("Done", timeout=40_000)
    expect(banner).to_have_count(0)
    calls_survive_the_end(stack)


def calls_survive_the_end(stack: Stack) -> None:
    for _ in range(3):
        caller = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
        caller.request("POST", "/api/bookings/sync", b"{}")
        assert caller.getresponse().status == 401
        caller.close()
    stack.kill_web(signal.SIGTERM)
    with stack.app.app_context():
        minute = datetime.now(UTC) - timedelta(minutes=5)
        query = select(CallMinute.refusals).where(
            CallMinute.door == "sync", CallMinute.minute > minute
        )
        assert sum(db.session.scalars(query)) == 3
        db.session.remove()
