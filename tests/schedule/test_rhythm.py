"""When work is due, where clocks jump: each instant once, none lost, over the weeks of a change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.schedule.rhythm import AtClock, Every, daily, instant, weekly

MADRID, NEW_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York")
BANGKOK, LORD_HOWE = ZoneInfo("Asia/Bangkok"), ZoneInfo("Australia/Lord_Howe")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
WEEKS = [
    (MADRID, date(2026, 3, 23)),
    (MADRID, date(2026, 10, 19)),
    (NEW_YORK, date(2026, 3, 2)),
    (NEW_YORK, date(2026, 10, 26)),
    (BANGKOK, date(2026, 3, 23)),
    (LORD_HOWE, date(2026, 3, 30)),
    (LORD_HOWE, date(2026, 9, 28)),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "expected"),
    [
        # A spring night without 02:30, and an autumn night with two of them.
        (date(2026, 3, 29), time(2, 30), MADRID, "2026-03-29T01:00+00:00"),
        (date(2026, 3, 29), time(2), MADRID, "2026-03-29T01:00+00:00"),
        (date(2026, 3, 29), time(3), MADRID, "2026-03-29T01:00+00:00"),
        (date(2026, 3, 29), time(1, 59), MADRID, "2026-03-29T00:59+00:00"),
        (date(2026, 10, 25), time(2, 30), MADRID, "2026-10-25T00:30+00:00"),
        (date(2026, 10, 25), time(10), MADRID, "2026-10-25T09:00+00:00"),
        (date(2026, 3, 8), time(2, 30), NEW_YORK, "2026-03-08T07:00+00:00"),
        (date(2026, 11, 1), time(1, 30), NEW_YORK, "2026-11-01T05:30+00:00"),
        # Half an hour only.
        (date(2026, 10, 4), time(2, 15), LORD_HOWE, "2026-10-03T15:30+00:00"),
        (date(2026, 4, 5), time(1, 45), LORD_HOWE, "2026-04-04T14:45+00:00"),
        (date(2026, 3, 29), time(2, 30), BANGKOK, "2026-03-28T19:30+00:00"),
        # A day that Samoa never had.
        (date(2011, 12, 30), time(10), ZoneInfo("Pacific/Apia"), "2011-12-30T10:00+00:00"),
    ],
)
def test_a_time_of_a_clock(day: date, clock: time, zone: ZoneInfo, expected: str) -> None:
    assert instant(day, clock, zone) == at(expected)


@pytest.mark.parametrize(("zone", "monday"), WEEKS)
@pytest.mark.parametrize("clock", [time(1, 45), time(2, 15), time(2, 30), time(10), time(18)])
def test_a_week_has_seven_of_them(zone: ZoneInfo, monday: date, clock: time) -> None:
    """Looked at every ten minutes, each day is due once, in order, and never early."""
    rhythm = AtClock(clock, zone)
    start = instant(monday, time(0), zone)
    end = instant(monday + timedelta(days=7), time(0), zone)
    seen, now = [], start
    before = rhythm.last_due(start)
    while now <= end:
        due = rhythm.last_due(now)
        assert due <= now < rhythm.next_due(now)
        if due != before:
            seen.append(due)
            before = due
        now += timedelta(minutes=10)
    days = [due.astimezone(zone).date() for due in seen]
    assert days == [monday + timedelta(days=n) for n in range(7)]
    usual = [due for due in seen if due.astimezone(zone).time() == clock]
    assert len(usual) >= 6, "only a day without that time may differ"


@pytest.mark.parametrize(("zone", "monday"), WEEKS)
def test_a_week_has_one_saturday(zone: ZoneInfo, monday: date) -> None:
    rhythm = weekly(5, 10, zone.key)
    saturday = monday + timedelta(days=5)
    due = instant(saturday, time(10), zone)
    assert due.astimezone(zone).hour == 10
    assert rhythm.last_due(due) == due
    assert rhythm.last_due(due - timedelta(seconds=1)) < due - timedelta(days=6)
    assert rhythm.next_due(due - timedelta(seconds=1)) == due
    assert rhythm.next_due(due).astimezone(zone).date() == saturday + timedelta(days=7)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2 * 365 * 86_400).map(lambda seconds: NEW_YEAR + timedelta(seconds=seconds)),
    st.times(),
    st.sampled_from([MADRID, NEW_YORK, BANGKOK, LORD_HOWE]),
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_last_and_next_are_neighbours(
    now: datetime, clock: time, zone: ZoneInfo, weekday: int | None
) -> None:
    rhythm = AtClock(clock, zone, weekday)
    last, following = rhythm.last_due(now), rhythm.next_due(now)
    assert last <= now < following
    assert rhythm.last_due(following) == following
    assert rhythm.last_due(following - timedelta(microseconds=1)) == last
    away = timedelta(days=1 if weekday is None else 7)
    assert abs((following - last) - away) <= timedelta(hours=1)


def test_every_so_often_is_the_same_for_all() -> None:
    rhythm = Every(timedelta(minutes=10))
    now = at("2026-03-29T01:07:31+00:00")
    assert rhythm.last_due(now) == at("2026-03-29T01:00+00:00")
    assert rhythm.next_due(now) == at("2026-03-29T01:10+00:00")
    assert rhythm.last_due(now.astimezone(LORD_HOWE)) == at("2026-03-29T01:00+00:00")


def test_rhythms_in_words() -> None:
    assert daily(19).words == "Every day at 19:00, UTC"
    assert weekly(5, 10, "America/New_York").words == "Every Saturday at 10:00, New York time"
    assert Every(timedelta(minutes=1)).words == "Every minute"
    assert Every(timedelta(minutes=10)).words == "Every 10 minutes"
