"""In a real browser, with a real worker: read the log, take it along, erase a guest."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select

from app.audit.models import Seal
from app.bookings.models import Booking
from app.events.models import Event
from app.extensions import db
from tests.bookings.made import MIA, edited, made
from tests.factories import PASSWORD, WebsiteFactory, person
from tests.harness.browser import THEMES, show_in
from tests.harness.live import Stack, StackFactory
from tests.harness.processes import until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]
OWNER = "olga@onebooking.test"


TWIN = {"customer_name": "Twin Guest", "customer_email": "twin@example.com"}


def fill(app: Flask) -> None:
    with app.app_context():
        WebsiteFactory(id="ours", name="Our park")
        person("superadmin", name="Olga Owner", address=OWNER)
        edited(made("ours", customer_name="Quiet Guest"), MIA, customer_name="Loud Guest")
        made("ours", booking_ref="TW-1", customer_phone="0822222222", **TWIN)
        db.session.commit()


@pytest.fixture
def stack(live_stack: StackFactory) -> Stack:
    return live_stack(workers=1, fill=fill)


def readable(page: Page) -> None:
    """No violation that axe finds, in light and in dark."""
    for scheme in THEMES:
        show_in(page, scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{page.url} {scheme}: {found.generate_report()}"
    page.emulate_media(color_scheme="light")


def test_from_the_log_to_an_erased_guest(stack: Stack, browser: Browser) -> None:
    context = browser.new_context(base_url=stack.url, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto("/login")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.goto("/audit")
    page.get_by_role("combobox", name="Event", exact=True).select_option("booking.updated")
    page.wait_for_url("**name=booking.updated**")
    page.get_by_role("link", name="Signed in").wait_for(state="detached")
    readable(page)
    page.get_by_role("link", name="Changed the booking").click()
    page.locator("#drawer").get_by_text("Loud Guest").wait_for()
    readable(page)

    page.goto("/audit?kind=booking")
    page.get_by_role("button", name="Export CSV").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Export", exact=True).click()
    assert "Loud Guest" in taken.value.path().read_text()

    with stack.app.app_context():
        first = select(Booking).where(Booking.booking_ref == "HW-000023")
        booking = db.session.scalars(first).one()
        customer = f"/customers/{booking.customer_id}"
    merged_and_undone(page)
    page.goto(customer)
    readable(page)
    page.get_by_role("button", name="Read everything").click()
    page.get_by_role("heading", name="What is held about").wait_for()
    readable(page)
    page.goto(customer)
    page.get_by_role("link", name="Erase").click()
    readable(page)
    page.get_by_label("Their name, or the reference of a booking").fill("HW-000023")
    page.get_by_role("button", name="Erase for good").click()
    page.get_by_role("heading", name="Erased guest").wait_for()
    page.goto("/audit")
    assert page.get_by_text("Loud Guest").count() == 0
    assert page.get_by_text("erased", exact=True).count() >= 1
    assert complaints == []
    context.close()
    until(lambda: all_sealed(stack), 40, "the worker did not seal the log")


def merged_and_undone(page: Page) -> None:
    """Two records of one person become one, and two again."""
    page.goto("/customers")
    readable(page)
    page.get_by_role("searchbox").fill("082222")
    page.get_by_role("link", name="Quiet Guest").wait_for(state="detached")
    page.get_by_role("link", name="Twin Guest").click()
    page.get_by_role("link", name="Merge", exact=True).click()
    page.get_by_role("searchbox").fill("quiet")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Quiet Guest").click()
    page.get_by_role("radio", name="Quiet Guest").check()
    readable(page)
    page.get_by_role("button", name="Merge", exact=True).click()
    page.get_by_role("heading", name="Quiet Guest").wait_for()
    assert page.locator("[data-row]").count() == 2
    page.get_by_role("button", name="Undo this merge").click()
    page.get_by_role("button", name="Undo the merge").click()
    page.get_by_role("heading", name="Twin Guest").wait_for()
    assert page.locator("[data-row]").count() == 1


def all_sealed(stack: Stack) -> bool:
    with stack.app.app_context():
        sealed = select(func.coalesce(func.sum(func.cardinality(Seal.event_ids)), 0))
        events = db.session.scalar(select(func.count()).select_from(Event))
        return int(db.session.scalar(sealed) or 0) == events
