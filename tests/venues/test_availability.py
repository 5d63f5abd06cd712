"""The calculator against a slow and simple one, and the odd days one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ids import new_id
from app.venues.availability import never_open, slots
from app.venues.models import Activity, Venue
from app.venues.plan import Hours, Offer, Plan, Special, State
from tests.venues import naive

VENUES = 10_000


def _agree(seed: int) -> None:
    random = Random(seed)
    plan, offer, day = naive.plan(random)
    noon = datetime.combine(day, time(12), UTC)
    now = noon + timedelta(minutes=random.randrange(-3000, 3000))
    said = {
        naive.Said(slot.key, slot.starts_at.astimezone(UTC), slot.state.value, slot.remaining)
        for slot in slots(plan, offer, day, now)
    }
    assert said == naive.said(plan, offer, day, now), f"seed {seed}"


@given(st.integers(min_value=0))
def test_a_simple_calculator_says_the_same(seed: int) -> None:
    _agree(seed)


def test_a_simple_calculator_says_the_same_of_many_venues() -> None:
    for seed in range(VENUES):
        _agree(seed)


def venue(zone: str = "Europe/London", *hours: Hours, **more: object) -> tuple[Plan, Offer]:
    """A venue that has the same hours every day, with one activity."""
    values = {"slot_rule": "interval", "every_minutes": 30, "duration_minutes": 30, "times": []}
    values |= {
        "last_seating_minutes": 0,
        "lead_minutes": 0,
        "days": 1,
        "is_active": True,
        "capacity": 8,
        "in_kitchen_hours": False,
    }
    offer = Offer(Activity(id=new_id(), name="A", **{**values, **more}))
    place = Venue(id=new_id(), name="V", timezone=zone, is_active=True)
    return Plan(place, "GBP", dict.fromkeys(range(7), hours), {}, [], [offer]), offer


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def times(plan: Plan, offer: Offer, day: date) -> list[str]:
    return [slot.time for slot in slots(plan, offer, day, LONG_AGO)]


def test_a_time_that_the_clock_skips_is_not_offered() -> None:
    plan, offer = venue("Europe/London", Hours(time(0), time(3)))
    assert times(plan, offer, date(2026, 3, 29)) == ["00:00", "00:30", "02:00", "02:30"]


def test_a_time_that_the_clock_repeats_is_offered_once() -> None:
    plan, offer = venue("Europe/London", Hours(time(0), time(3)))
    found = slots(plan, offer, date(2026, 10, 25), LONG_AGO)
    assert [slot.time for slot in found].count("01:30") == 1
    first = next(slot for slot in found if slot.time == "01:30")
    assert first.starts_at.astimezone(UTC).hour == 0


def test_hours_over_midnight_go_on_on_the_next_day() -> None:
    plan, offer = venue("Asia/Bangkok", Hours(time(22), time(1)))
    assert times(plan, offer, date(2026, 6, 1)) == [
        "00:00",
        "00:30",
        "22:00",
        "22:30",
        "23:00",
        "23:30",
    ]


def test_what_runs_in_opening_hours_ends_within_them() -> None:
    plan, offer = venue("Asia/Bangkok", Hours(time(9), time(11)), duration_minutes=60)
    assert times(plan, offer, date(2026, 6, 1)) == ["09:00", "09:30", "10:00"]


def test_the_last_guests_sit_down_until_the_kitchen_closes() -> None:
    hours = Hours(time(11), time(23), time(12), time(14))
    plan, offer = venue("Europe/London", hours, in_kitchen_hours=True, duration_minutes=90)
    assert times(plan, offer, date(2026, 6, 1)) == ["12:00", "12:30", "13:00", "13:30"]


def test_nobody_sits_down_shortly_before_the_kitchen_closes() -> None:
    hours = Hours(time(11), time(23), time(12), time(14))
    plan, offer = venue(
        "Europe/London", hours, in_kitchen_hours=True, duration_minutes=90, last_seating_minutes=45
    )
    assert times(plan, offer, date(2026, 6, 1)) == ["12:00", "12:30", "13:00"]


def test_who_came_before_still_sits_there() -> None:
    """Ten seats for an hour and a half: twelve o'clock's six leave at half past one."""
    plan, offer = venue("Europe/London", Hours(time(12), time(16)), duration_minutes=90, seats=10)
    day = date(2026, 6, 7)
    seated = {(day, at): 6 for at in ("12:00", "12:30", "13:00")}
    there = slots(plan, replace(offer, seated=seated), day, LONG_AGO)
    left = {slot.time: slot.remaining for slot in there}
    assert left == {"12:00": 4, "12:30": 4, "13:00": 4, "13:30": 8, "14:00": 8, "14:30": 8}
    assert [slot.seated for slot in there] == [6, 6, 6, 0, 0, 0]


def test_guests_stay_over_midnight_and_over_a_change_of_the_clock() -> None:
    plan, offer = venue("Europe/London", Hours(time(22), time(4)), duration_minutes=120, seats=10)
    saturday, sunday = date(2026, 3, 28), date(2026, 3, 29)  # 01:00 to 02:00 is skipped
    late = next(s for s in slots(plan, offer, saturday, LONG_AGO) if s.time == "23:30")
    assert late.sits == (
        (saturday, "23:30"),
        (sunday, "00:00"),
        (sunday, "00:30"),
        (sunday, "02:00"),
    )


def test_a_special_day_has_its_own_hours() -> None:
    plan, offer = venue(
        "Europe/London", Hours(time(9), time(17)), slot_rule="times", times=["10:00", "14:00"]
    )
    christmas, eve = date(2026, 12, 25), date(2026, 12, 24)
    plan = Plan(
        **{
            **vars(plan),
            "special": {christmas: Special(None), eve: Special(Hours(time(12), time(15)))},
        }
    )
    assert times(plan, offer, christmas) == []
    assert times(plan, offer, eve) == ["14:00"]


@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2026, 3, 29), date(2026, 10, 25)])
def test_a_whole_day_goes_from_midnight_to_midnight(day: date) -> None:
    plan, offer = venue(
        "Europe/London", Hours(time(10), time(18)), slot_rule="day", lead_minutes=60
    )
    (slot,) = slots(plan, offer, day, LONG_AGO)
    assert (slot.key, slot.starts_at.hour, slot.ends_at.hour) == ("day", 0, 0)
    assert slot.ends_at.date() == day + timedelta(days=1)
    assert slot.last_call.hour == 17


def test_the_last_call_is_the_lead_time_before_the_start() -> None:
    plan, offer = venue("Asia/Bangkok", Hours(time(9), time(10)), lead_minutes=120)
    day = date(2026, 6, 1)
    just = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)  # 07:00 there
    assert [s.state for s in slots(plan, offer, day, just)] == [State.OPEN, State.OPEN]
    late = just + timedelta(seconds=1)
    assert [s.state for s in slots(plan, offer, day, late)] == [State.PAST, State.OPEN]


def test_sunday_lunch_is_on_sundays_only() -> None:
    plan, offer = venue("Asia/Bangkok", Hours(time(12), time(14)), booking_type="sunday_lunch")
    assert times(plan, offer, date(2027, 3, 7)) == ["12:00", "12:30", "13:00", "13:30"]
    assert times(plan, offer, date(2027, 3, 6)) == times(plan, offer, date(2027, 3, 8)) == []
    lunch = replace(plan, week={0: [Hours(time(12), time(14))], 6: [Hours(time(13), time(14))]})
    offer.activity.slot_rule, offer.activity.times = "times", ["12:30", "13:30"]
    assert never_open(lunch, offer.activity) == ["12:30"]
