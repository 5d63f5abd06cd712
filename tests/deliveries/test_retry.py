"""When a delivery is tried again."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.deliveries import retry

EXPECTED = [5, 30, 120, 600, 1800, 7200, 18000, 36000, 36000, 36000]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_schedule_without_jitter() -> None:
    assert [retry.delay(n, rand=lambda: 0.5) for n in range(1, 11)] == EXPECTED


def test_the_tries_end_within_three_days() -> None:
    waited, tries = 0.0, 1
    while waited + retry.delay(tries, rand=lambda: 0.5) <= retry.GIVE_UP_AFTER:
        waited += retry.delay(tries, rand=lambda: 0.5)
        tries += 1
    assert tries == 14
    assert 2.5 * retry.DAY < waited <= 3 * retry.DAY


@given(st.integers(1, 1000), st.floats(0, 1))
def test_jitter_stays_within_a_fifth(tries: int, chance: float) -> None:
    planned = EXPECTED[min(tries, 8) - 1]
    assert 0.8 * planned <= retry.delay(tries, rand=lambda: chance) <= 1.2 * planned + 1e-6


@given(st.integers(1, 50), st.floats(0, 1e9), st.floats(0, 1))
def test_a_wish_makes_it_later_never_earlier_and_never_endless(
    tries: int, wish: float, chance: float
) -> None:
    own = retry.delay(tries, rand=lambda: chance)
    asked = retry.delay(tries, wish, lambda: chance)
    assert asked >= own
    assert asked >= min(wish, retry.LONGEST_WISH)
    assert asked <= max(own, retry.LONGEST_WISH)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        (format_datetime(NOW + timedelta(minutes=2), usegmt=True), 120.0),
        (format_datetime(NOW - timedelta(minutes=2), usegmt=True), 0.0),
        ("Fri, 20 Nov 2026 12:01:00 -0000", 60.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_reading_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry.read_retry_after(header, NOW) == seconds


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    seconds = retry.read_retry_after(header, NOW)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))
