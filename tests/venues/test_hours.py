"""Weekly hours and special days: what is taken, what is refused, how it is told."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import actions, hours, queries
from app.venues.hours import DAY, WEEK, TypedDay, clean_week
from app.venues.models import SpecialHours, Venue
from tests.bookings.made import MIA
from tests.venues.made import OPEN, told, week

LATE = {"opens": "18:00", "closes": "02:00"}
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def faults(days: list[TypedDay]) -> dict[str, str]:
    with pytest.raises(InvalidPayload) as caught:
        clean_week(days)
    return {fault.field: fault.message for fault in caught.value.details}


def test_several_stretches_a_day_and_closing_after_midnight() -> None:
    lunch = {"opens": "11:30", "closes": "15:00", "kitchen_opens": "12:00", "kitchen_closes": "14"}
    lunch["kitchen_closes"] = "14:30"
    found = clean_week(week(LATE, lunch, closed=(0,)))
    assert len(found) == 12
    assert [(s.weekday, s.opens) for s in found[:2]] == [(1, time(11, 30)), (1, time(18))]
    said = hours.said_day([s for s in found if s.weekday == 6])
    assert said == "11:30–15:00, kitchen 12:00–14:30; 18:00–02:00 (next day)"


def test_open_at_all_hours_is_no_overlap_with_oneself() -> None:
    always = clean_week(week({"opens": "00:00", "closes": "00:00"}))
    assert {hours.said(each) for each in always} == {"All day"}
    alone = [TypedDay(0, False, [{"opens": "08:00", "closes": "08:00"}])]
    assert len(clean_week(alone)) == 1


def test_closed_wins_over_times_and_an_empty_day_must_say_so() -> None:
    assert clean_week([TypedDay(2, True, [OPEN])]) == []
    assert faults([TypedDay(2, False, [{}])]) == {
        "d2-0-opens": "Wednesday: say when it opens, or tick Closed."
    }


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"opens": "09:00"}, "d1-0-closes"),
        ({"opens": "soon", "closes": "17:00"}, "d1-0-opens"),
        ({"opens": "09:00", "closes": "17:00:30"}, "d1-0-closes"),
        ({**OPEN, "kitchen_opens": "10:00"}, "d1-0-kitchen_closes"),
        ({**OPEN, "kitchen_opens": "08:00", "kitchen_closes": "12:00"}, "d1-0-kitchen_opens"),
        ({**OPEN, "kitchen_opens": "16:00", "kitchen_closes": "18:00"}, "d1-0-kitchen_opens"),
        ({**LATE, "kitchen_opens": "01:00", "kitchen_closes": "03:00"}, "d1-0-kitchen_opens"),
    ],
)
def test_a_fault_names_its_field(line: dict[str, str], field: str) -> None:
    assert list(faults([TypedDay(1, False, [line])])) == [field]


def test_overlaps_are_found_also_over_midnight_and_over_sunday() -> None:
    long = {"opens": "18:00", "closes": "10:00"}
    assert list(faults([TypedDay(0, False, [OPEN, {"opens": "16:00", "closes": "20:00"}])])) == [
        "d0-1-opens"
    ]
    assert list(faults([TypedDay(0, False, [long]), TypedDay(1, False, [OPEN])])) == ["d1-0-opens"]
    assert list(faults([TypedDay(6, False, [long]), TypedDay(0, False, [OPEN])])) == ["d0-0-opens"]


@given(st.lists(st.tuples(st.integers(0, 6), TIMES, TIMES), min_size=1, max_size=6))
def test_what_is_taken_never_overlaps(lines: list[tuple[int, time, time]]) -> None:
    """Minute by minute: the week is taken exactly when no minute belongs to two stretches."""
    seen: set[int] = set()
    clean = True
    for weekday, opens, closes in lines:
        start = weekday * DAY + hours.minutes(opens)
        long = (hours.minutes(closes) - hours.minutes(opens)) % DAY or DAY
        own = {(start + n) % WEEK for n in range(long)}
        clean = clean and not own & seen
        seen |= own
    days = [
        TypedDay(n, False, [{"opens": f"{o:%H:%M}", "closes": f"{c:%H:%M}"}
                            for w, o, c in lines if w == n])
        for n in sorted({w for w, _, _ in lines})
    ]  # fmt: skip
    if clean:
        assert len(clean_week(days)) == len(lines)
    else:
        assert set(faults(days).values()) == {"Overlaps with the hours before it."}


def test_midnight_is_said_plainly() -> None:
    until = clean_week([TypedDay(0, False, [{"opens": "08:00", "closes": "00:00"}])])
    assert hours.said_day(until) == "08:00–24:00"


def test_a_week_is_told_by_day_and_only_where_it_differs(venue: Venue) -> None:
    session = db.session()
    days = week(OPEN, closed=(0,))
    assert actions.set_week(session, MIA, EVERYTHING, venue.id, days)
    assert told("venue.hours_changed")[-1].changes == {"Monday": ["09:00–17:00", "Closed"]}
    before = len(told("venue.hours_changed"))
    assert not actions.set_week(session, MIA, EVERYTHING, venue.id, days)
    assert len(told("venue.hours_changed")) == before
    assert {row.weekday for row in queries.week(session, venue.id)} == {1, 2, 3, 4, 5, 6}


def special(venue: Venue, **values: Any) -> SpecialHours:
    return actions.set_special_day(db.session(), MIA, EVERYTHING, venue.id, values)


def test_special_days_are_set_replaced_and_removed(venue: Venue) -> None:
    session = db.session()
    closed = special(venue, day="2026-12-25", is_closed="1", note="Christmas", opens="10:00")
    assert (closed.is_closed, closed.opens) == (True, None)
    again = special(venue, day="2026-12-25", opens="10:00", closes="14:00", note="Christmas")
    assert again.id == closed.id
    changes = told("venue.special_day_set")[-1].changes
    assert changes["is_closed"] == [True, False]
    assert changes["opens"] == [None, "10:00"]
    special(venue, day="2026-12-25", opens="10:00", closes="14:00", note="Christmas")
    assert len(told("venue.special_day_set")) == 2
    actions.remove_special_day(session, MIA, EVERYTHING, venue.id, again.id)
    assert queries.special_days(session, venue.id, again.day) == []
    assert told("venue.special_day_removed")[-1].meta["day"] == "2026-12-25"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, {"day", "opens", "closes"}),
        ({"day": "25.12.2026", "is_closed": "1"}, {"day"}),
        ({"day": "2026-12-25"}, {"opens", "closes"}),
        ({"day": "2026-12-25", "opens": "10:00", "closes": "x"}, {"closes"}),
    ],
)
def test_special_days_name_every_fault(venue: Venue, values: Any, fields: set[str]) -> None:
    with pytest.raises(InvalidPayload) as caught:
        special(venue, **values)
    assert {fault.field for fault in caught.value.details} == fields
