"""Departures: one, a series, the week before again; closed, and deleted only when never booked."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.errors import InvalidPayload, Refused
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import departing, queries
from app.venues.models import Activity, Departure, SlotUsage, Venue
from tests.bookings.made import MIA, TODAY
from tests.factories import BookingFactory
from tests.venues.made import TREK, an_activity, told

MONDAY = TODAY - timedelta(days=TODAY.weekday())


@pytest.fixture
def trek(venue: Venue) -> Activity:
    return an_activity(venue, **TREK)


def departures(venue: Venue) -> list[tuple[date, time]]:
    found = queries.departures(db.session(), venue.id, date(2026, 1, 1), date(2027, 12, 31))
    return [(each.departure.day, each.departure.time) for each in found]


def add(trek: Activity, day: date = TODAY, at: str = "06:30", **values: Any) -> Departure:
    given = {"activity_id": str(trek.id), "day": day, "time": at, **values}
    return departing.add(db.session(), MIA, EVERYTHING, trek.venue_id, given, TODAY)


def series(trek: Activity, **values: Any) -> departing.Added:
    given = {
        "activity_id": str(trek.id),
        "weekdays": ["0", "3"],
        "first": "2026-11-23",
        "last": "2026-12-06",
        "times": "06:30",
        **values,
    }
    return departing.add_series(db.session(), MIA, EVERYTHING, trek.venue_id, given, TODAY)


def test_one_is_added_once(venue: Venue, trek: Activity) -> None:
    made = add(trek, capacity="4", note="Full moon")
    assert (made.capacity, made.note) == (4, "Full moon")
    with pytest.raises(InvalidPayload) as caught:
        add(trek)
    assert caught.value.details[0].field == "time"
    assert departures(venue) == [(TODAY, time(6, 30))]
    assert len(told("departure.added")) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"day": TODAY - timedelta(days=1)}, "day"),
        ({"at": ""}, "time"),
        ({"capacity": "-1"}, "capacity"),
        ({"activity_id": "nonsense"}, "activity_id"),
    ],
)
def test_a_fault_names_its_field(trek: Activity, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        add(trek, **values)
    assert [fault.field for fault in caught.value.details] == [field]


def test_only_activities_with_departures_have_them(venue: Venue, trek: Activity) -> None:
    with pytest.raises(InvalidPayload):
        add(an_activity(venue))


def test_a_series_adds_what_is_not_there(venue: Venue, trek: Activity) -> None:
    add(trek, date(2026, 11, 26), capacity="3")
    assert series(trek) == departing.Added(new=3, there=1)
    days = [day for day, _ in departures(venue)]
    assert days == [date(2026, 11, 23), date(2026, 11, 26), date(2026, 11, 30), date(2026, 12, 3)]
    kept = queries.departures(db.session(), venue.id, date(2026, 11, 26), date(2026, 11, 26))
    assert kept[0].capacity == 3
    assert told("departure.series_added")[0].changes["departures"][1] == [
        "2026-11-23 06:30",
        "2026-11-30 06:30",
        "2026-12-03 06:30",
    ]
    assert series(trek) == departing.Added(new=0, there=4)
    assert len(told("departure.series_added")) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"first": "2026-11-24", "last": "2026-11-25"}, "weekdays"),
        ({"last": "2026-11-01"}, "last"),
        ({"last": "2028-11-01"}, "last"),
        ({"first": "2026-11-01"}, "first"),
        ({"times": ""}, "times"),
        (
            {
                "weekdays": list("0123456"),
                "last": "2027-11-20",
                "times": "06:00 07:00 08:00",
            },
            "last",
        ),
    ],
)
def test_a_series_names_its_faults(trek: Activity, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        series(trek, **values)
    assert [fault.field for fault in caught.value.details] == [field]


def test_the_week_before_is_copied_from_today_on(venue: Venue, trek: Activity) -> None:
    for days in (0, 3, 4, 6):
        departure = Departure(
            activity_id=trek.id, day=MONDAY - timedelta(days=7 - days), time=time(7), capacity=5
        )
        db.session.add(departure)
    db.session.flush()
    departure.is_closed = True
    copied = departing.copy_week(db.session(), MIA, EVERYTHING, venue.id, TODAY, TODAY)
    assert copied == departing.Added(new=2, there=0)  # it is Friday
    found = queries.departures(db.session(), venue.id, MONDAY, MONDAY + timedelta(days=6))
    assert [each.departure.day.weekday() for each in found] == [4, 6]
    assert [each.departure.is_closed for each in found] == [False, False]
    again = departing.copy_week(db.session(), MIA, EVERYTHING, venue.id, TODAY, TODAY)
    assert again == departing.Added(new=0, there=2)


def test_capacity_changes_and_is_told(venue: Venue, trek: Activity) -> None:
    departure = add(trek)
    change = {"capacity": "2"}
    sailing = departing.edit(db.session(), MIA, EVERYTHING, venue.id, departure.id, change)
    assert sailing.capacity == 2
    departing.edit(db.session(), MIA, EVERYTHING, venue.id, departure.id, change)
    assert [event.changes for event in told("departure.updated")] == [{"capacity": [None, 2]}]


def test_closing_and_opening(venue: Venue, trek: Activity) -> None:
    departure = add(trek)
    for closed in (True, True, False):
        departing.close(db.session(), MIA, EVERYTHING, venue.id, departure.id, closed=closed)
    assert not departure.is_closed
    assert (len(told("departure.closed")), len(told("departure.opened"))) == (1, 1)


def test_one_that_was_ever_booked_is_not_deleted(venue: Venue, trek: Activity) -> None:
    booked, free = add(trek), add(trek, at="09:00")
    BookingFactory(website_id="ours", departure_id=booked.id, activity_id=trek.id)
    for day_key in (booked, free):
        usage = SlotUsage(activity_id=trek.id, day=TODAY, slot=str(day_key.id), used=0)
        db.session.add(usage)
    db.session.flush()
    with pytest.raises(Refused, match="Close it"):
        departing.remove(db.session(), MIA, EVERYTHING, venue.id, booked.id)
    departing.remove(db.session(), MIA, EVERYTHING, venue.id, free.id)
    db.session.commit()
    assert departures(venue) == [(TODAY, time(6, 30))]
    assert len(db.session.scalars(select(SlotUsage)).all()) == 1
    assert len(told("departure.deleted")) == 1
