"""Somebody who has nothing but a phone books a trek for a family of four in the app; the guides see
who booked and who travels: over real processes and real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app.bookings.models import Booking
from app.events.models import SYSTEM
from app.extensions import db
from app.staff import actions as staff
from demo.catalogue import BRANDS
from demo.load import add_website
from demo.settings import SiteSettings
from demo.standins.twilio import Twilio
from demo.treks import HIMALAYA, POON_HILL, messages
from demo.venues import open_venues
from tests.browser.desk import behind, sign_in, window
from tests.factories import PASSWORD
from tests.harness.live import Stack, StackFactory
from tests.harness.processes import until
from tests.standins.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BRAND = next(brand for brand in BRANDS if brand.id == HIMALAYA)
PHONE, GUIDE = "+9779841234567", "guide@onebooking.test"
PATIENCE = 60
"""Seconds, on a machine that does other things."""
NEW = (
    {
        "name": "Bimal Sample",
        "age": 43,
        "gender": "male",
        "phone": PHONE,
        "emergency_contact_name": "Eve Sample",
        "emergency_contact_phone": "+9779841234599",
        "is_primary": True,
        "medical_notes": "Asthma",
    },
    {"name": "Chandra Sample", "age": 12},
    {"name": "Deepak Sample", "age": 9, "special_requirements": "No nuts"},
)


@dataclass
class World:
    """The installation, and the phones outside."""

    stack: Stack
    twilio: Twilio

    def texts(self) -> list[str]:
        """What the customer's phone shows."""
        return [str(each["body"]) for each in self.twilio.messages if each["to"] == PHONE]


def fill(app: Flask) -> None:
    """The treks of the demo without anybody, and somebody who guides them."""
    with app.app_context():
        session = db.session()
        add_website(session, BRAND, SiteSettings(demo_site_port=1))
        open_venues(session, BRAND, datetime.now(UTC))
        session.add(messages())
        guide = staff.create_user(session, SYSTEM, GUIDE, "Gita Guide", PASSWORD)
        staff.add_membership(session, SYSTEM, guide, "admin", HIMALAYA)
        session.commit()


@pytest.fixture(scope="module")
def world(module_stack: StackFactory) -> Iterator[World]:
    twilio = Twilio(pause=0.05)
    with ExitStack() as around:
        sms = around.enter_context(serving(twilio.app()))
        yield World(module_stack(workers=1, fill=fill, TWILIO_URL=sms), twilio)


@dataclass
class Phone:
    """The app on somebody's phone."""

    world: World
    token: str = ""

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """The hub's answer to the app."""
        answer = httpx.request(
            method,
            f"{self.world.stack.url}/api/v1/customer{path}",
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            json=body or None,
            trust_env=False,
            timeout=20,
        )
        assert answer.is_success, answer.text
        return answer.json()

    def sign_in(self) -> None:
        """By the code that comes as a text."""
        self.ask("POST", "/auth/request-otp", phone=PHONE)
        (text,) = until(self.world.texts, PATIENCE)
        code = re.findall(r"\b\d{6}\b", text)
        self.token = self.ask("POST", "/auth/verify-otp", phone=PHONE, otp=code[0])["access_token"]


def test_a_phone_a_family_and_a_trek(browser: Browser, world: World) -> None:
    phone = Phone(world)
    phone.sign_in()
    asha = phone.ask("POST", "/travelers", name="Asha Sample", age=41, gender="female")["traveler"]
    trek = next(each for each in phone.ask("GET", "/treks")["treks"] if each["name"] == POON_HILL)
    batches = phone.ask("GET", f"/treks/{trek['id']}/batches")["batches"]
    batch = next(each for each in batches if each["state"] == "open" and each["seats_left"] >= 4)
    party = [{"id": asha["id"]}, *NEW]
    made = phone.ask(
        "POST", "/bookings", trek_id=trek["id"], batch_id=batch["id"], travelers=party
    )["booking"]
    assert (made["status"], made["party"]) == ("confirmed", 4)
    assert made["price"]["total"] == (3 * 52000 + 39000) * 95 // 100  # one child, four together
    kept = {each["name"] for each in phone.ask("GET", "/travelers")["travelers"]}
    assert kept == {"Asha Sample", "Bimal Sample", "Chandra Sample", "Deepak Sample"}

    desk = window(browser, world.stack, sign_in(browser, world.stack, GUIDE))
    desk.go(f"/manifest/{batch['id']}")
    page = desk.page.locator("main")
    for word in ("Chandra Sample", "No nuts", "Asthma", "Eve Sample"):
        expect(page).to_contain_text(word)
    expect(desk.page.locator(".party-band")).to_contain_text("Booked by")
    expect(desk.page.locator("tr[data-row]", has_text="Deepak Sample")).to_contain_text("No nuts")
    desk.page.context.close()
    assert desk.complaints == []

    query = select(Booking.source, Booking.traveler_count, Booking.status)
    found = behind(world.stack, lambda: tuple(db.session.execute(query).one()))
    assert found == ("customer_app", 4, "confirmed")
