"""In a real browser: invited, password, 2-step, a limited view; and every page readable."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.extensions import db
from app.staff.permissions import Permission
from tests.factories import PASSWORD, WebsiteFactory, person
from tests.harness.browser import Theme, show_in
from tests.harness.live import Stack, StackFactory
from tests.staff.team import make_role

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.committed]
OWNER = "olga@onebooking.test"
NEW_PASSWORD = "eleven blue umbrellas"


def fill(app: Flask) -> None:
    """Two websites, their owner, and a role for the door that asks for 2-step sign-in."""
    with app.app_context():
        WebsiteFactory(id="ours", name="Our park")
        WebsiteFactory(id="theirs", name="Their park")
        person("superadmin", name="Olga Owner", address=OWNER)
        person("staff", "ours", name="Cole Colleague", address="cole@onebooking.test")
        door = (Permission.BOOKINGS_VIEW, Permission.BOOKINGS_CHECK_IN)
        make_role("door", *door, two_step=True)
        db.session.commit()


@pytest.fixture
def stack(live_stack: StackFactory) -> Stack:
    return live_stack(workers=0, fill=fill)


class Desk:
    """One browser of its own, which notes what it complains about."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        context.set_default_timeout(10_000)
        self.page: Page = context.new_page()
        self.url = url
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: Any) -> None:
        refused = "the server responded with a status of 4" in message.text
        if message.type == "error" and not refused:
            self.complaints.append(message.text)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sign_in(self, email: str, password: str) -> None:
        self.open("/login")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.press("Sign in")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def readable(self) -> None:
        """No violation of WCAG that axe finds, in light and in dark, wide and on a phone."""
        themes: tuple[tuple[Theme, int], ...] = (("light", 1280), ("dark", 390))
        for scheme, width in themes:
            self.page.set_viewport_size({"width": width, "height": 900})
            show_in(self.page, scheme)
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
            wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not self.page.evaluate(wider), f"{self.page.url} scrolls sideways at {width}"
        self.page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture
def desks(stack: Stack, browser: Browser) -> Iterator[list[Desk]]:
    """The owner's browser, and that of somebody new."""
    contexts = [browser.new_context(reduced_motion="reduce") for _ in range(2)]
    desks = [Desk(context, stack.url) for context in contexts]
    yield desks
    for context in contexts:
        context.close()


def invite(desk: Desk) -> str:
    """The owner invites; returns the link."""
    desk.open("/team")
    desk.readable()
    desk.follow("Invite somebody")
    desk.readable()
    desk.page.get_by_label("Name").fill("Nina New")
    desk.page.get_by_label("E-mail").fill("nina@onebooking.test")
    desk.page.get_by_label("Role").select_option("door")
    desk.page.get_by_label("Our park").check()
    desk.press("Make the invitation")
    desk.readable()
    return desk.page.get_by_label("Invitation link", exact=True).input_value()


def join(desk: Desk, link: str) -> str:
    """Somebody new chooses a password and sets up 2-step sign-in; returns its secret."""
    page = desk.page
    page.goto(link)
    desk.readable()
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("Password again").fill(NEW_PASSWORD)
    desk.press("Make my account")
    expect(page).to_have_url(re.compile("/profile/two-step$"))
    desk.open("/bookings")
    expect(page).to_have_url(re.compile("/profile/two-step$"))
    desk.readable()
    desk.press("Set it up")
    desk.readable()
    secret = page.locator("#totp-key").inner_text()
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    desk.press("Switch it on")
    expect(page.locator("#recovery-codes")).to_contain_text(re.compile(r"\w{5}-\w{5}"))
    desk.readable()
    desk.follow("I have kept them")
    expect(page).to_have_url(re.compile("/today"))
    return secret


def test_invited_password_two_step_limited_view(desks: list[Desk]) -> None:
    owner, nina = desks
    owner.sign_in(OWNER, PASSWORD)
    link = invite(owner)
    secret = join(nina, link)

    menu = nina.page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link")).to_have_text([re.compile("Today"), re.compile("Bookings")])
    nina.open("/team")
    expect(nina.page.get_by_text("You cannot do this")).to_be_visible()
    nina.open("/profile/two-step")
    nina.readable()
    nina.open("/profile")
    nina.readable()
    nina.page.locator("details.user-menu summary").click()
    nina.press("Sign out")

    nina.sign_in("nina@onebooking.test", NEW_PASSWORD)
    expect(nina.page).to_have_url(re.compile("/login/code$"))
    nina.readable()
    nina.open("/bookings")
    expect(nina.page).to_have_url(re.compile("/login"))
    nina.open("/login/code")
    nina.page.get_by_label("Code", exact=True).fill("000000")
    nina.press("Sign in")
    expect(nina.page.get_by_role("alert")).to_contain_text("This code is not right.")
    # The code of this half minute confirmed the set-up and is used up: the next one's is not.
    nina.page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).at(int(time.time()) + 30))
    nina.press("Sign in")
    expect(nina.page).to_have_url(re.compile("/today"))
    assert owner.complaints + nina.complaints == []


def test_the_owner_manages_and_looks_as_somebody_else(desks: list[Desk]) -> None:
    owner, cole = desks
    page = owner.page
    owner.sign_in(OWNER, PASSWORD)
    cole.sign_in("cole@onebooking.test", PASSWORD)
    owner.open("/roles")
    owner.readable()
    tick = page.get_by_role("checkbox", name="door may: websites view")
    tick.check()
    expect(page.get_by_text("door may: websites:view.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("checkbox", name="door may: websites view")).not_to_be_checked()
    owner.follow("door")
    owner.readable()
    owner.open("/roles/new")
    owner.readable()

    owner.open("/team")
    owner.follow("Cole Colleague")
    owner.readable()
    owner.follow("What can they do?")
    owner.readable()
    page.go_back()
    owner.press("View as")
    expect(page.get_by_text("You see the desk as Cole Colleague sees it.")).to_be_visible()
    owner.readable()
    expect(page.get_by_role("navigation", name="Main")).not_to_contain_text("Team")
    owner.press("Stop viewing as")
    expect(page.get_by_role("heading", name="Cole Colleague")).to_be_visible()

    page.locator("#new-role").select_option("admin")
    page.locator("#new-place").select_option("theirs")
    owner.press("Give the role")
    cole.open("/team")
    expect(cole.page.get_by_role("link", name="Cole Colleague")).to_be_visible()
    owner.press("Switch off")
    page.locator("#confirm-yes").click()
    expect(page.get_by_text("Cole Colleague is signed out everywhere")).to_be_visible()
    cole.open("/bookings")
    expect(cole.page).to_have_url(re.compile("/login"))
    owner.open("/profile/password")
    owner.readable()
    assert owner.complaints + cole.complaints == []
