"""Managers at their venues in a real browser, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import departing, queries
from app.venues.models import SlotClosure
from tests.bookings.made import MIA
from tests.browser.desk import Desk, sign_in, window
from tests.desk import build_house
from tests.harness.live import Stack, StackFactory
from tests.venues.made import TREK, a_venue, an_activity

TODAY = datetime.now(ZoneInfo("Asia/Bangkok")).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
NEXT_WEEK = MONDAY + timedelta(days=7)


def fill(app: Flask) -> None:
    """A venue with a trip, and a trek that left twice this week and leaves no more."""
    with app.app_context():
        house = build_house(app)
        venue = a_venue("ours", "Our pier")
        an_activity(venue)
        trek = an_activity(venue, **TREK)
        for day in (MONDAY, MONDAY + timedelta(days=2)):
            given = {"activity_id": trek.id, "day": day, "time": "06:30"}
            departing.add(db.session(), MIA, EVERYTHING, venue.id, given, MONDAY)
        venue_ids["ours"], emails["Mara"] = venue.id, str(house.manager.email)
        db.session.commit()


venue_ids: dict[str, UUID] = {}
emails: dict[str, str] = {}


@pytest.fixture(scope="module")
def stack(module_stack: StackFactory) -> Stack:
    return module_stack(workers=0, fill=fill)


@pytest.fixture(scope="module")
def cookies(browser: Browser, stack: Stack) -> Any:
    return sign_in(browser, stack, emails["Mara"])


@pytest.fixture
def open_desk(browser: Browser, stack: Stack, cookies: Any) -> Iterator[Callable[..., Desk]]:
    """Opens windows of the manager; at the end nothing may have complained on any console."""
    desks: list[Desk] = []

    def make(**options: Any) -> Desk:
        desks.append(window(browser, stack, cookies, **options))
        return desks[-1]

    yield make
    complaints = [complaint for desk in desks for complaint in desk.complaints]
    for desk in desks:
        desk.page.context.close()
    assert complaints == []


def at(path: str = "") -> str:
    return f"/venues/{venue_ids['ours']}{path}"


def week(stack: Stack) -> list[tuple[int, str]]:
    with stack.app.app_context():
        rows = queries.week(db.session(), venue_ids["ours"])
        return [(row.weekday, f"{row.opens:%H:%M}-{row.closes:%H:%M}") for row in rows]


@pytest.mark.browser
def test_the_week_is_saved_on_a_phone(open_desk: Callable[..., Desk], stack: Stack) -> None:
    page = open_desk(width=390).go(at("/hours"))
    monday = page.get_by_role("group", name="Monday")
    monday.get_by_label("Closes").fill("02:00")
    expect(monday.get_by_text("ends on the next day")).to_be_visible()
    monday.get_by_label("Opens").fill("18:00")
    sunday = page.get_by_role("group", name="Sunday")
    sunday.get_by_label("Closed on Sunday").check()
    saturday = page.get_by_role("group", name="Saturday")
    saturday.get_by_role("button", name="Add a stretch on Saturday").click()
    expect(saturday.get_by_label("Opens")).to_have_count(2)
    saturday.get_by_label("Opens").nth(1).fill("19:00")
    saturday.get_by_label("Closes").nth(1).fill("22:00")
    saturday.get_by_label("Closes").nth(1).press("Enter")
    page.locator(".toast-item", has_text="The hours are saved.").wait_for()
    usual = [(n, "09:00-17:00") for n in range(1, 6)]
    assert week(stack) == [(0, "18:00-02:00"), *usual, (5, "19:00-22:00")]


@pytest.mark.browser
def test_monday_s_hours_are_copied_and_a_fault_is_shown(
    open_desk: Callable[..., Desk], stack: Stack
) -> None:
    desk = open_desk()
    page = desk.go(at("/hours"))
    before = week(stack)
    monday = page.get_by_role("group", name="Monday")
    monday.get_by_label("Opens").fill("08:00")
    monday.get_by_label("Closes").fill("")
    page.get_by_role("button", name="Copy Monday to all").click()
    page.get_by_text("Monday's hours are in every day.").wait_for()
    page.get_by_role("button", name="Save the week").click()
    page.get_by_role("alert").get_by_text("Tuesday, closes: is required.").wait_for()
    assert desk.axe() == []
    assert week(stack) == before


@pytest.mark.browser
def test_the_week_before_is_copied(open_desk: Callable[..., Desk], stack: Stack) -> None:
    page = open_desk().go(at(f"/departures?month={NEXT_WEEK:%Y-%m}"))
    page.get_by_label("Week to copy into").select_option(NEXT_WEEK.isoformat())
    page.get_by_role("button", name="Copy from the week before").click()
    page.locator(".toast-item", has_text="2 departures are added.").wait_for()
    with stack.app.app_context():
        days = queries.departures(
            db.session(), venue_ids["ours"], NEXT_WEEK, NEXT_WEEK + timedelta(days=6)
        )
        found = [each.departure.day for each in days]
    assert found == [NEXT_WEEK, NEXT_WEEK + timedelta(days=2)]


@pytest.mark.browser
def test_a_slot_closed_in_the_preview_is_closed(
    open_desk: Callable[..., Desk], stack: Stack
) -> None:
    tuesday = NEXT_WEEK + timedelta(days=8)  # its hours no test changes
    page = open_desk().go(at(f"/preview?day={tuesday}"))
    row = page.get_by_role("row", name="10:00")
    row.locator("summary").click()
    row.get_by_label("Why").fill("Storm")
    row.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("row", name="10:00")).to_contain_text("Closed")
    expect(page.get_by_role("row", name="10:00")).to_contain_text("Storm")
    with stack.app.app_context():
        (closure,) = db.session.scalars(db.select(SlotClosure)).all()
        assert (closure.day, closure.slot, closure.reason) == (tuesday, "10:00", "Storm")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name="10:00").locator(".pill")).to_have_text("Open")
    with stack.app.app_context():
        assert db.session.scalars(db.select(SlotClosure)).all() == []


@pytest.mark.browser
def test_the_form_of_an_activity_shows_what_its_rule_needs(open_desk: Callable[..., Desk]) -> None:
    page = open_desk().go(at("/activities/new"))
    expect(page.get_by_label("Times", exact=True)).to_be_visible()
    expect(page.locator("#every_minutes")).to_be_hidden()
    page.get_by_role("radio", name="Every so many minutes").check()
    expect(page.locator("#every_minutes")).to_be_visible()
    expect(page.get_by_label("Times", exact=True)).to_be_hidden()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_in_anybodys_way(open_desk: Callable[..., Desk], theme: str, width: int) -> None:
    desk = open_desk(theme=theme, width=width)
    paths = ("", "/edit", "/hours", "/activities", "/activities/new", "/departures", "/preview")
    for path in ("/venues", "/venues/new", *(at(each) for each in (*paths, "/dive-sites"))):
        page = desk.go(path)
        assert desk.axe() == [], path
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways"
