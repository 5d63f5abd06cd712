"""A restaurant that sells through CoverManager and Restoo: connected in the browser, every
reservation in one list, one stock, and each change at both ends, over real processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import SYSTEM
from app.extensions import db
from app.platforms.models import PlatformReservation
from app.staff import actions as staff
from demo.load import add_website
from demo.restaurant import ANCHOR
from demo.settings import SiteSettings
from demo.standins.covermanager import anchor as theirs
from demo.standins.covermanager import server as covermanager
from demo.standins.covermanager.book import Book
from demo.standins.hinting import Hint
from demo.standins.restoo import anchor as restoo
from demo.standins.restoo.book import Book as RestooBook
from demo.standins.restoo.server import Standin as Restoo
from demo.venues import open_venues
from tests.browser.desk import Desk, behind, sign_in, window
from tests.browser.test_sunday_lunch import BRAND, KEY
from tests.factories import PASSWORD
from tests.harness.live import Stack, StackFactory
from tests.harness.processes import until
from tests.standins.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HOST = "host@onebooking.test"
DAY = datetime.now(UTC).astimezone(ZoneInfo("Europe/London")).date() + timedelta(days=3)
PATIENCE = 60
"""Seconds, on a machine that does other things."""


@dataclass
class World:
    """The installation, and the two platforms beside it."""

    stack: Stack
    covermanager: str
    restoo: str
    hint: Hint

    def at_covermanager(self) -> dict[str, dict[str, Any]]:
        """What CoverManager holds, by the first name of its guest."""
        return {e["said"]["first_name"]: e for e in self._state(self.covermanager)["reservations"]}

    def at_restoo(self) -> dict[str, dict[str, Any]]:
        """What Restoo holds, by the name of its guest."""
        found = self._state(self.restoo)["bookings"]
        return {each["said"]["customer"]["name"]: each for each in found}

    def _state(self, base: str) -> Any:
        return httpx.get(f"{base}/__state", trust_env=False).json()

    def guest_books(self, name: str, time: str) -> None:
        """A guest books two seats on CoverManager's own page."""
        form = {"date": DAY.isoformat(), "hour": time, "people": "2", "name": name}
        self._post("/desk/new", data={**form, "phone": "+34600111222", "words": "Near the sea"})

    def staff_there(self, name: str, act: str) -> None:
        """The restaurant does something on CoverManager's own page."""
        self._post("/desk/act", data={"id": self.at_covermanager()[name]["id"], "act": act})

    def break_covermanager(self, **how: Any) -> None:
        self._post("/__fail", json=how)

    def _post(self, path: str, **more: Any) -> None:
        answer = httpx.post(f"{self.covermanager}{path}", trust_env=False, **more)
        assert answer.status_code < 400, answer.text

    def ask(self, method: str, path: str = "", **more: Any) -> dict[str, Any]:
        """The restaurant's website calls the hub."""
        url = f"{self.stack.url}/api/table-bookings{path}"
        answer = httpx.request(method, url, headers=KEY, trust_env=False, timeout=30, **more)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def website_books(self, first_name: str, time: str) -> dict[str, Any]:
        """A guest books two seats on the restaurant's website."""
        said = {"venue_id": self.venue, "date": DAY.isoformat(), "time": time, "party_size": 2}
        who = {"first_name": first_name, "last_name": "Sample", "mobile_number": "+447400123499"}
        return self.ask("POST", json={**said, "customer": {**who, "email": "a@example.com"}})

    def times(self, party: int = 2) -> set[str]:
        """When a party can come, by what the website is told."""
        asked = {"venue_id": self.venue, "date": DAY.isoformat(), "party_size": party}
        found = self.ask("GET", "/availability", params=asked)["activities"]
        return {slot["time_slot"] for each in found for slot in each["slots"] if slot["remaining"]}

    @property
    def venue(self) -> str:
        return str(self.ask("GET", "/venues")["venues"][0]["id"])

    def booking(self, name: str) -> Any:
        """The hub's row of a guest's booking; None while there is none."""
        columns = (Booking.status, Booking.source, Booking.time_slot, Booking.guest_count)
        query = select(*columns).where(Booking.customer_name == name)
        return behind(self.stack, lambda: db.session.execute(query).one_or_none())


def fill(app: Flask) -> None:
    """The demo's restaurant, not connected to anything, and somebody who runs it."""
    with app.app_context():
        session = db.session()
        add_website(session, BRAND, SiteSettings(demo_site_port=1))
        open_venues(session, BRAND, datetime.now(UTC))
        host = staff.create_user(session, SYSTEM, HOST, "Host Example", PASSWORD)
        staff.add_membership(session, SYSTEM, host, "admin", ANCHOR)
        session.commit()


@pytest.fixture(scope="module")
def world(module_stack: StackFactory) -> Iterator[World]:
    place = theirs.anchor()
    place.tables = [2, 2, 2]
    hint = Hint("")
    keys = {covermanager.KEY: True}
    with ExitStack() as around:
        standin = covermanager.Standin(Book({place.slug: place}), keys, told=hint.send)
        at = around.enter_context(serving(standin.app()))
        other = around.enter_context(serving(Restoo(RestooBook.load(restoo.anchor(), None)).app()))
        urls = {"COVERMANAGER_URL": at, "RESTOO_URL": other}
        yield World(module_stack(workers=1, fill=fill, **urls), at, other, hint)


def connect(desk: Desk, platform: str, **said: str) -> Page:
    """Connect the restaurant by the form; `said`: by label, with _ for spaces."""
    page = desk.go("/platforms/new")
    page.get_by_label("Platform").select_option(label=platform)
    page.get_by_role("button", name="Continue").click()
    for label, value in said.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)
    return page


def connect_both(desk: Desk) -> str:
    """Returns the address of CoverManager's webhook, with its secret."""
    account = {"Restaurant": theirs.SLUG, "API_key": "not-the-key"}
    page = connect(desk, "CoverManager", **account)
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_text("It does not work.")).to_be_visible()
    expect(page.get_by_label("Restaurant", exact=True)).to_have_value(theirs.SLUG)
    page.get_by_label("API key", exact=True).fill(covermanager.KEY)
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The Anchor, CoverManager")
    page.get_by_role("button", name="Make a secret").click()
    hook = page.locator("#secret-2").input_value()

    account = {"Account": restoo.ACCOUNT, "API_key": restoo.KEY, "Partner_ID": restoo.PARTNER}
    page = connect(desk, "Restoo", **account, Address_of_its_API="https://restoo.example.com")
    page.get_by_text("Details of how Restoo is called").click()
    page.get_by_label("Ask for free tables").select_option("get")
    page.get_by_role("button", name="Test and connect").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The Anchor, Restoo")
    return hook


def reservations(world: World) -> int:
    """How many the hub knows of."""
    query = select(db.func.count()).select_from(PlatformReservation)
    return int(behind(world.stack, lambda: db.session.scalar(query)))


def test_one_list_one_stock_two_platforms(browser: Browser, world: World) -> None:
    desk = window(browser, world.stack, sign_in(browser, world.stack, HOST))
    world.hint.url = connect_both(desk)

    # A guest of CoverManager stands in the hub's list, while somebody looks at it.
    page = desk.go(f"/bookings?from={DAY}&to={DAY}")
    world.guest_books("Pia Placeholder", "20:00")
    expect(desk.row("Pia Placeholder")).to_be_visible(timeout=PATIENCE * 1000)
    assert world.booking("Pia Placeholder").source == "platform"

    # A guest of the website stands in CoverManager's book, and both sell from one stock.
    assert "20:00" in world.times()
    world.website_books("Walt", "20:00")
    until(lambda: "Walt" in world.at_covermanager(), PATIENCE)
    world.guest_books("Quin Placeholder", "20:00")
    until(lambda: world.booking("Quin Placeholder"), PATIENCE)
    until(lambda: "20:00" not in world.times(), PATIENCE)
    assert "18:00" in world.times()

    # Staff move a guest of CoverManager; CoverManager's staff call one off.
    page = desk.go("/bookings?q=Pia")
    drawer = desk.open("Pia Placeholder")
    expect(drawer).to_contain_text("CoverManager")
    move(desk, page, "18:00")
    until(lambda: world.at_covermanager()["Pia"]["hour"] == "18:00", PATIENCE)
    world.staff_there("Quin", "Call off")
    until(lambda: world.booking("Quin Placeholder").status == "cancelled", PATIENCE)
    until(lambda: "20:00" in world.times(), PATIENCE)

    # CoverManager falls silent: Restoo answers, and holds what is booked meanwhile.
    world.break_covermanager(mode="silent", times=50)
    assert "19:00" in world.times(party=1)  # nobody has asked this before: no answer is kept
    made = world.website_books("Rosa", "19:00")
    assert made["status"] == "confirmed"
    until(lambda: "Rosa Sample" in world.at_restoo(), PATIENCE)
    assert "Rosa" not in world.at_covermanager()

    # What each side told was told once: no echo, nothing twice.
    assert world.booking("Pia Placeholder").time_slot == "18:00"
    assert len(world.at_covermanager()) == 3
    assert reservations(world) == 4
    desk.page.context.close()
    assert desk.complaints == []


def move(desk: Desk, page: Page, time: str) -> None:
    """Change the time of the booking in the open drawer."""
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Time", exact=True).select_option(time)
    page.get_by_role("button", name="Save").click()
    desk.toast("Saved")
