"""A guest books Sunday lunch on the website, pays the deposit, is written to, is reminded on
Saturday, and the kitchen sees what to prepare: over real processes and real HTTP."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from flask import Flask
from icalendar import Calendar
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import SYSTEM
from app.extensions import db
from app.menus.models import MenuItem
from app.messaging import reminders
from app.schedule.runs import Turn, run_due
from app.staff import actions as staff
from app.venues.models import Venue
from demo.catalogue import BRANDS
from demo.load import add_website
from demo.restaurant import ANCHOR, HOOK, SUNDAY, open_kitchen
from demo.settings import SiteSettings
from demo.standins.graph import Graph
from demo.standins.twilio import Twilio
from demo.venues import open_venues
from tests.browser.desk import behind, sign_in, window
from tests.factories import PASSWORD
from tests.harness.live import Stack, StackFactory
from tests.harness.processes import until
from tests.standins import paypal
from tests.standins.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BRAND = next(brand for brand in BRANDS if brand.id == ANCHOR)
LONDON = ZoneInfo("Europe/London")
KEY = {"X-API-Key": f"{ANCHOR}_sk_demo"}
PHONE, EMAIL = "+447400123499", "greta@example.com"
CHEF = "chef@onebooking.test"
PATIENCE = 90
"""Seconds: letters leave one after the other, on a machine that does other things."""


@dataclass
class World:
    """The installation, and what stands in for the world outside."""

    stack: Stack
    paypal: paypal.PayPalServer
    twilio: Twilio
    graph: Graph

    def letters(self, to: str = EMAIL) -> list[dict[str, Any]]:
        """What is in somebody's letter box."""
        return [each for each in self.graph.letters if _address(each) == to]


def _address(letter: dict[str, Any]) -> str:
    return str(letter["toRecipients"][0]["emailAddress"]["address"])


def texts(world: World, word: str) -> list[str]:
    """What the guest's phone shows with this word in it."""
    bodies = [str(each["body"]) for each in world.twilio.messages if each["to"] == PHONE]
    return [body for body in bodies if word in body]


def fill(app: Flask) -> None:
    """The demo's restaurant alone, and somebody who works there."""
    now = datetime.now(UTC)
    with app.app_context():
        session = db.session()
        add_website(session, BRAND, SiteSettings(demo_site_port=1))
        open_venues(session, BRAND, now)
        open_kitchen(session, now, tables=())  # one mailbox takes a letter every two seconds
        for venue in session.scalars(select(Venue)):
            venue.quiet_from = venue.quiet_until = None  # the test may run at night
        chef = staff.create_user(session, SYSTEM, CHEF, "Chef Example", PASSWORD)
        staff.add_membership(session, SYSTEM, chef, "admin", ANCHOR)
        session.commit()


@pytest.fixture(scope="module")
def world(module_stack: StackFactory) -> Iterator[World]:
    twilio, graph = Twilio(pause=0.05), Graph()
    with ExitStack() as around:
        money = around.enter_context(paypal.serving())
        sms = around.enter_context(serving(twilio.app()))
        mail = around.enter_context(serving(graph.app()))
        urls = {"TWILIO_URL": sms, "GRAPH_URL": mail, "GRAPH_LOGIN_URL": mail}
        stack = module_stack(workers=1, fill=fill, PAYPAL_URL=money.base, **urls)
        money.it.teller.url = f"{stack.url}/api/webhooks/paypal/table-bookings"
        money.it.teller.webhook_id = HOOK
        yield World(stack, money, twilio, graph)


def ask(world: World, method: str, path: str, **more: Any) -> dict[str, Any]:
    """The website calls the hub."""
    url = f"{world.stack.url}/api/table-bookings{path}"
    answer = httpx.request(method, url, headers=KEY, trust_env=False, timeout=20, **more)
    assert answer.is_success, answer.text
    return dict(answer.json())


def book(world: World) -> dict[str, Any]:
    """Two guests, the Sunday after next, with their roasts."""
    venue = ask(world, "GET", "/venues")["venues"][0]["id"]
    today = datetime.now(LONDON).date()
    sunday = today + timedelta(days=7 + (SUNDAY - today.weekday()) % 7)
    asked = {"venue_id": venue, "date": sunday.isoformat(), "party_size": 2}
    times = ask(world, "GET", "/availability", params=asked)
    assert "13:00" in str(times)
    roasts = behind(world.stack, lambda: dict(db.session.execute(_named()).all()))
    return ask(
        world,
        "POST",
        "",
        json={
            **asked,
            "time": "13:00",
            "booking_type": "sunday_lunch",
            "customer": {
                "first_name": "Greta",
                "last_name": "Sample",
                "mobile_number": PHONE,
                "email": EMAIL,
                "sms_opt_in": True,
            },
            "allergies": ["nuts"],
            "menu_selections": [
                _chosen("Greta", roasts["Roast Chicken"]),
                _chosen("Gus", roasts["Slow-cooked Pork Belly"]),
            ],
        },
    )


def _named() -> Any:
    return select(MenuItem.name, MenuItem.id)


def _chosen(guest: str, item_id: Any) -> dict[str, Any]:
    return {"guest_name": guest, "menu_item_id": str(item_id), "quantity": 1}


def pay(browser: Browser, url: str) -> None:
    """The guest follows the link on a phone, and pays."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name="Pay").first.click()
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    context.close()


def saturday(world: World, sunday: date) -> None:
    """The clock strikes ten on the Saturday before."""
    now = datetime.combine(sunday - timedelta(days=1), time(10, 0), LONDON)

    def remind() -> None:
        found = [job for job in reminders.jobs(db.session()) if job.name.startswith("sunday")]
        turns = [run_due(db.engine, job, now, lambda: False) for job in found]
        assert turns == [Turn.DONE]

    behind(world.stack, remind)


def arrived(look: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    """What was sent, once there is any of it."""
    return until(look, PATIENCE)


def test_from_the_website_to_the_kitchen(browser: Browser, world: World) -> None:
    made = book(world)
    assert (made["status"], made["payment"]["required"]) == ("pending", True)
    assert made["booking_reference"].startswith("TB-")
    pay(browser, made["payment"]["url"])

    confirmed = arrived(lambda: texts(world, "confirmed"))
    assert made["booking_reference"] in confirmed[0]
    letter = arrived(lambda: [each for each in world.letters() if each.get("attachments")])[-1]
    calendar = Calendar.from_ical(base64.b64decode(letter["attachments"][0]["contentBytes"]))
    (visit,) = calendar.walk("VEVENT")
    starts = visit.decoded("dtstart").astimezone(LONDON)
    assert (starts.hour, starts.weekday()) == (13, SUNDAY)
    arrived(lambda: world.letters("kitchen@anchor.test"))

    columns = (Booking.status, Booking.paid_amount, Booking.venue_id, Booking.activity_date)
    query = select(*columns).where(Booking.booking_ref == made["booking_reference"])
    booking = behind(world.stack, lambda: db.session.execute(query).one())
    assert (booking.status, booking.paid_amount) == ("confirmed", 10)
    saturday(world, booking.activity_date)
    assert "Roast Chicken" in arrived(lambda: texts(world, "reminder"))[0]

    desk = window(browser, world.stack, sign_in(browser, world.stack, CHEF))
    page = desk.go(f"/tables/kitchen?venue={booking.venue_id}&day={booking.activity_date}")
    expect(page.locator("main")).to_contain_text("Slow-cooked Pork Belly")
    expect(page.locator("main")).to_contain_text("nuts")
    expect(page.locator("main")).to_contain_text("Greta Sample")
    desk.page.context.close()
    assert desk.complaints == []
