"""A person at the desk in a real browser, and what the page said on its console."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page

from app.bookings import actions
from app.bookings.models import Booking
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from tests.bookings.made import MIA, made
from tests.desk import at_the_till, build_house
from tests.factories import PASSWORD
from tests.harness.live import Stack


def _midday() -> ZoneInfo:
    """A zone in which it is about midday now: no test may depend on when it runs."""
    names = ("Asia/Bangkok", "Europe/Berlin", "America/New_York", "America/Los_Angeles")
    zones = [ZoneInfo(name) for name in (*names, "Pacific/Auckland", "Pacific/Honolulu")]
    return min(zones, key=lambda zone: abs(datetime.now(zone).hour - 13))


ZONE = _midday()
EXPECTED = re.compile(r"the server responded with a status of 422|^htmx:(sendAbort|afterRequest)")
"""A form with faults is answered so, and a newer request takes the place of an older one."""
LONG = "Late arrival, please keep the table. Ünïcode nøte. " * 10


def today() -> date:
    """Today at the websites of the tests."""
    return datetime.now(ZONE).date()


def slot(minutes: int) -> str:
    """A time of today so many minutes from now."""
    return f"{datetime.now(ZONE) + timedelta(minutes=minutes):%H:%M}"


def fill(app: Flask) -> None:
    """The house and a day's work, with names, notes and times of all kinds."""
    with app.app_context():
        at_the_till(build_house(app).colleague)
        for website in db.session.scalars(db.select(Website)):
            website.timezone = ZONE.key
        _day()
        for number in range(70):
            day = today() + timedelta(days=1 + number % 5)
            made(customer_name=f"Coming {number:02}", activity_date=day, time_slot="10:00")
        made(website_id="theirs", customer_name="Their Guest", activity_date=today())
        db.session.commit()


def _day() -> None:
    pickup: dict[str, Any] = {
        "transport_type": "hotel_pickup",
        "hotel_name": "Marriott",
        "room_number": "1205",
    }
    today_: dict[str, Any] = {"activity_date": today()}
    made(customer_name="Lou Late", time_slot=slot(-60), booking_ref="HW-000100", **today_)
    made(customer_name="Ines Inside", time_slot=slot(-60), status="checked_in", **today_)
    made(customer_name="Nils Noshow", time_slot=slot(-60), status="no_show", **today_)
    made(
        customer_name="Marie Dubois",
        customer_phone="0811112222",
        customer_email="marie@example.com",
        booking_ref="HW-000777",
        time_slot=slot(90),
        special_requests=LONG,
        admin_notes="VIP",
        **today_,
        **pickup,
    )
    made(customer_name="山田 太郎", time_slot="Morning", guest_count=11, **today_)
    made(customer_name="<script>alert(1)</script>", time_slot=slot(120), **today_)
    made(customer_name="Pia Pending", time_slot=slot(120), status="pending", **today_)
    made(customer_name="Gus Gone", time_slot=slot(120), status="cancelled", **today_)


@dataclass
class Desk:
    """A browser window in which somebody works."""

    stack: Stack
    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.stack.url + path)
        return self.page

    def complain(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(message.text)

    def row(self, name: str) -> Any:
        return self.page.locator("tr[data-row]", has_text=name)

    def open(self, name: str) -> Any:
        """Open a booking in the drawer; returns the drawer."""
        self.row(name).get_by_role("link", name=name).click()
        return self.drawer(name)

    def drawer(self, name: str) -> Any:
        """The open drawer, once it shows this booking."""
        drawer = self.page.locator("#drawer.show", has_text=name)
        drawer.locator("[data-booking]").wait_for()
        return drawer

    def toast(self, text: str) -> Any:
        """The message with this text."""
        found = self.page.locator(".toast-item", has_text=text).last
        found.wait_for()
        return found

    def axe(self) -> list[str]:
        """What the accessibility check finds, one line each."""
        results = Axe().run(self.page)
        return [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]


def behind(stack: Stack, work: Callable[[], Any]) -> Any:
    """Do something on the server, as if somebody else did it."""
    with stack.app.app_context():
        result = work()
        db.session.commit()
        return result


def id_of(stack: Stack, name: str) -> str:
    """The id of the booking of a guest."""
    with stack.app.app_context():
        query = db.select(Booking.id).where(Booking.customer_name == name)
        return str(db.session.scalars(query).one())


def elsewhere(stack: Stack, name: str, **changes: Any) -> None:
    """Mia edits a booking somewhere else."""

    def work() -> None:
        query = db.select(Booking).where(Booking.customer_name == name)
        booking = db.session.scalars(query).one()
        session = db.session()
        actions.edit(session, MIA, EVERYTHING, booking.id, changes, booking.version)

    behind(stack, work)


def window(
    browser: Browser, stack: Stack, state: Any, *, width: int = 1440, theme: str = "light"
) -> Desk:
    """A window of somebody who is signed in."""
    context = browser.new_context(
        storage_state=state,
        viewport={"width": width, "height": 900 if width > 640 else 844},
        has_touch=width < 640,
    )
    context.add_cookies([{"name": "theme", "value": theme, "url": stack.url}])
    context.set_default_timeout(8000)
    desk = Desk(stack, context.new_page())
    desk.page.on("console", desk.complain)
    desk.page.on("pageerror", lambda error: desk.complaints.append(str(error)))
    return desk


@contextmanager
def watched(open_one: Callable[..., Desk]) -> Iterator[Callable[..., Desk]]:
    """`open_one`, whose windows are closed at the end: nothing may have complained on any console
    (CSP, scripts)."""
    desks: list[Desk] = []

    def make(*who: str, **options: Any) -> Desk:
        desks.append(open_one(*who, **options))
        return desks[-1]

    yield make
    complaints = [complaint for desk in desks for complaint in desk.complaints]
    for desk in desks:
        desk.page.context.close()
    assert complaints == []


def sign_in(browser: Browser, stack: Stack, email: str) -> Any:
    """Sign in by the form; returns the cookies."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(stack.url + "/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/today")
    state = context.storage_state()
    context.close()
    return state
