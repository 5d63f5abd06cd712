"""What treks have besides: days, a youngest age, a difficulty; and until when a departure lasts."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import departing, lasting, queries
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.models import Activity, Departure, Venue
from app.venues.offerrules import clean_activity
from tests.bookings.made import MIA, NOON, TODAY
from tests.venues.made import SNORKEL, TREK, an_activity

CAMP: dict[str, Any] = {**TREK, "days": "5", "min_age": "10", "difficulty": "Moderate"}


@pytest.fixture
def camp(venue: Venue) -> Activity:
    return an_activity(venue, **CAMP)


def leaves(camp: Activity, **values: Any) -> Departure:
    given = {"activity_id": str(camp.id), "day": TODAY, "time": "06:30", **values}
    return departing.add(db.session(), MIA, EVERYTHING, camp.venue_id, given, TODAY)


def test_only_treks_have_them(camp: Activity) -> None:
    assert (camp.days, camp.min_age, camp.difficulty) == (5, 10, "Moderate")
    kept = clean_activity({**SNORKEL, "days": "5", "min_age": "10", "difficulty": "Hard"})
    assert (kept["days"], kept["min_age"], kept["difficulty"]) == (1, None, None)


@pytest.mark.parametrize(("name", "value"), [("days", "0"), ("days", "400"), ("min_age", "x")])
def test_a_fault_names_its_field(name: str, value: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        clean_activity({**CAMP, name: value})
    assert [fault.field for fault in caught.value.details] == [name]


def test_the_last_day_follows_from_the_activity_or_is_its_own(camp: Activity) -> None:
    usual, longer = leaves(camp), leaves(camp, time="07:00", last_day=TODAY + timedelta(days=9))
    assert lasting.last_day(camp, usual) == TODAY + timedelta(days=4)
    assert lasting.last_day(camp, longer) == TODAY + timedelta(days=9)
    (plan,) = load(db.session(), [camp.venue_id], TODAY, TODAY)
    found = slots(plan, plan.offers[0], TODAY, NOON)
    assert [slot.days_said for slot in found] == ["20–24 Nov", "20–29 Nov"]
    for wrong in (TODAY - timedelta(days=1), TODAY + timedelta(days=lasting.MOST_DAYS)):
        with pytest.raises(InvalidPayload) as caught:
            leaves(camp, time="08:00", last_day=wrong)
        assert [fault.field for fault in caught.value.details] == ["last_day"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ((2026, 3, 12), (2026, 3, 16), "12–16 Mar"),
        ((2026, 3, 30), (2026, 4, 2), "30 Mar–2 Apr"),
        ((2026, 12, 30), (2027, 1, 2), "30 Dec 2026–2 Jan 2027"),
        ((2026, 3, 12), (2026, 3, 12), "12 Mar"),
    ],
)
def test_days_are_said_shortly(first: Any, last: Any, words: str) -> None:
    assert lasting.said(date(*first), date(*last)) == words


def test_a_copied_week_keeps_how_long_they_last(venue: Venue, camp: Activity) -> None:
    week = timedelta(days=7)
    kept = {"activity_id": camp.id, "time": time(7)}
    db.session.add(Departure(day=TODAY - week, last_day=TODAY - week, **kept))
    db.session.flush()
    departing.copy_week(db.session(), MIA, EVERYTHING, venue.id, TODAY, TODAY)
    (copied,) = queries.departures(db.session(), venue.id, TODAY, TODAY)
    assert copied.last_day == TODAY


def test_the_forms_take_them_and_the_pages_say_them(
    manager: FlaskClient, venue: Venue, camp: Activity
) -> None:
    base, departure = f"/venues/{venue.id}", leaves(camp)
    listed = manager.get(f"{base}/activities").text
    assert "Trek, 5 days, moderate, from 10 years" in listed
    form = manager.get(f"{base}/activities/{camp.id}").text
    assert 'value="Moderate"' in form
    assert "20–24 Nov" in manager.get(f"{base}/departures").text
    answer = manager.post(f"{base}/departures/{departure.id}", data={"last_day": "2026-11-26"})
    assert answer.status_code == 303
    assert departure.last_day == date(2026, 11, 26)
    assert "20–26 Nov" in manager.get(f"{base}/departures/{departure.id}").text
    assert "20–26 Nov" in manager.get(f"{base}/preview?day=2026-11-20").text
    told = manager.get("/api/venues").get_json()["venues"][0]["activities"][0]
    assert (told["days"], told["min_age"], told["difficulty"]) == (5, 10, "Moderate")
