"""The list of departures and the manifest of one: what they say, and to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from app.bookings import actions
from app.bookings.status import Status
from app.customers.models import Customer
from app.extensions import db
from app.messaging.calendar import calendar_file
from app.messaging.gathering import Gathering
from app.staff.scope import EVERYTHING
from app.waiting.models import WaitingEntry
from tests.bookings.made import MIA, TODAY
from tests.bookings.test_changes import news_of, page_of
from tests.desk import House
from tests.factories import CustomerFactory
from tests.harness.counting import counted_queries
from tests.manifest.made import Leaving, going, leaving, traveler
from tests.tables.test_day import row, words

MOST_QUERIES = 12
MORNING = datetime(2026, 11, 20, 5, tzinfo=UTC)
ALONE = {"HX-Request": "true"}
"""Without the menu around it, which asks for things of its own."""


def waits(trek: Leaving) -> None:
    customer: Customer = CustomerFactory.create()
    entry = WaitingEntry(
        website_id=trek.venue.website_id,
        departure_id=trek.departure.id,
        customer_id=customer.id,
        guests=2,
    )
    db.session.add(entry)
    db.session.flush()


def test_who_may_look(house: House, trek: Leaving) -> None:
    trek.book("Ada Booker", 2, "Tess Traveler", "Tim Traveler")
    for who in ("manager", "colleague"):
        assert "Summit trek" in house.browser(who).get("/manifest").text
        assert "Tess Traveler" in house.browser(who).get(trek.path).text
        assert 'href="/manifest"' in house.browser(who).get("/today").text
    outsider = house.browser("outsider")
    assert "Summit trek" not in outsider.get("/manifest").text
    assert 'href="/manifest"' not in outsider.get("/today").text
    assert outsider.get(trek.path).status_code == 404
    assert outsider.get("/manifest?website=ours").status_code == 404
    assert house.browser("nobody").get(trek.path).status_code == 303


def test_departures_by_day_with_places_arrivals_and_who_waits(
    manager: FlaskClient, trek: Leaving
) -> None:
    booked = trek.book("Ada Booker", 2, "Tess Traveler", "Tim Traveler")
    trek.book("Bo Booker", 4)
    waits(trek)
    booked.arrived_count = 1
    leaving(day=TODAY - timedelta(days=1), name="Under way trek")
    leaving(day=TODAY - timedelta(days=2), name="Back home trek")
    leaving(day=TODAY + timedelta(days=15), name="Far away trek")
    page = manager.get("/manifest").text
    said = row(page, "Summit trek")
    for part in ("15:00", "Base camp of ours", "2 days, until Sat 21 Nov", "6 of 8", "1 of 6"):
        assert part in said
    assert "1 party waits for a place" in said
    everything = words(page)
    assert everything.count("Already under way") == 1
    assert everything.index("Already under way") < everything.index("Today , Fri 20 Nov")
    started = row(page, "Under way trek")
    assert "since Thu 19 Nov , until Fri 20 Nov" in started
    assert started.endswith("Under way")
    assert "Back home trek" not in page
    assert "Far away trek" not in page
    assert "Far away trek" in manager.get("/manifest?from=2026-12-01").text


@pytest.mark.parametrize(
    ("q", "found"), [("summit", True), ("tess", True), ("booker", True), ("100%", False)]
)
def test_a_departure_is_found_by_who_goes(
    manager: FlaskClient, trek: Leaving, q: str, found: bool
) -> None:
    trek.book("Ada Booker", 1, "Tess Traveler")
    page = manager.get(f"/manifest?q={q}", headers=ALONE).text
    assert ("Summit trek" in page) is found


@pytest.mark.parametrize("args", ["from=tomorrow", "to=0001-01-01"])
def test_a_date_that_is_none(manager: FlaskClient, args: str) -> None:
    assert manager.get(f"/manifest?{args}").status_code == 400


def test_the_manifest_names_everybody_and_who_booked_apart(
    manager: FlaskClient, trek: Leaving
) -> None:
    ada = trek.book("Ada Booker", 3, "Tess <Traveler>", "Tim Traveler", admin_notes="VIP")
    traveler(ada, 2, "Vera Vegan", special_requirements="Vegan meals")
    ada.traveler_count = 3
    trek.book("Bo Booker", 4)
    gone = trek.book("Gus Gone", 1)
    actions.move(db.session(), MIA, EVERYTHING, gone.id, Status.CANCELLED)
    page = manager.get(trek.path).text
    said = words(page)
    assert "Fri 20 Nov at 15:00" in said
    assert "until Sat 21 Nov (2 days)" in said
    assert "Going 7 2 parties Arrived 0 Not arrived 7 Not named 4 guests" in said
    assert "Places taken 7 of 8" in said
    tess = row(page, "Tess &lt;Traveler&gt;")
    for part in ("30 years, female", "+66800000000", "Aunt of Tess <Traveler>"):
        assert part in tess
    assert 'href="tel:+66900000000"' in page
    assert page.count('aria-label="Primary contact"') == 1
    assert "Vegan meals" in row(page, "Vera Vegan")
    assert "VIP" in row(page, "Ada Booker")
    assert "Check in" in row(page, "4 guests, not named")
    assert "1 cancelled booking Gus Gone" in said


def test_what_one_looks_for_and_who_is_missing(manager: FlaskClient, trek: Leaving) -> None:
    ada = trek.book("Ada Booker", 2, "Tess Traveler", "Tim Traveler")
    trek.book("Bo Booker", 2)
    going(ada)[0].checked_in_at = ada.created_at
    ada.arrived_count = 1
    db.session.flush()

    def shown(args: str) -> list[str]:
        page = manager.get(f"{trek.path}?{args}", headers=ALONE).text
        names = ("Tess Traveler", "Tim Traveler", "2 guests, not named")
        return [name for name in names if f">{name}<" in page]

    assert shown("") == ["Tess Traveler", "Tim Traveler", "2 guests, not named"]
    assert shown("show=missing") == ["Tim Traveler", "2 guests, not named"]
    assert shown("q=tess") == ["Tess Traveler"]
    assert shown("q=ada") == ["Tess Traveler", "Tim Traveler"]
    assert shown("q=0000001") == ["Tim Traveler"]
    assert shown("q=nobody") == []


def test_nobody_taps_long_before(house: House, trek: Leaving, noon: time_machine.Traveller) -> None:
    trek.book("Ada Booker", 1, "Tess Traveler")
    noon.move_to("2026-11-17T05:00:00+00:00")
    page = house.browser("manager").get(trek.path).text
    assert "/arrived" not in page
    assert "from the day before" in page


def test_an_open_page_is_told_only_of_news(manager: FlaskClient, trek: Leaving) -> None:
    trek.book("Ada Booker", 1, "Tess Traveler")
    assert news_of(manager, page_of(manager, trek.path)).status_code == 204
    assert manager.get(f"{trek.path}?after=x").status_code == 400


@pytest.mark.parametrize("whole", [True, False])
def test_more_travelers_are_no_more_queries(
    app: Flask, manager: FlaskClient, trek: Leaving, whole: bool
) -> None:
    path, counts = trek.path if whole else "/manifest", []
    for number in range(3):
        trek.book(f"Booker {number}", 2, f"Tess {number}", f"Tim {number}")
        leaving(day=TODAY + timedelta(days=number), name=f"Trek {number}")
        db.session.commit()
        db.session.expire_all()
        with counted_queries(app) as queries:
            assert manager.get(path, headers=ALONE).status_code == 200
        counts.append(len(queries))
    assert len(set(counts[1:])) == 1, counts
    assert counts[-1] <= MOST_QUERIES, "\n".join(each[:150] for each in queries)


def test_the_booking_and_its_calendar_entry_say_the_last_day(
    manager: FlaskClient, trek: Leaving
) -> None:
    booked = trek.book("Ada Booker", 2)
    assert "until Sat 21 Nov 2026" in manager.get(f"/bookings/{booked.id}").text
    subject = Gathering(db.session(), [booked.id]).subject(booked.id)
    entry: Any = Calendar.from_ical(calendar_file(subject, "en", MORNING)).walk("VEVENT")[0]
    assert entry["DTEND"].dt.astimezone(subject.zone).isoformat()[:16] == "2026-11-22T00:00"
