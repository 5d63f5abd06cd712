"""What follows from the fields: instants, words to find by, the shown status."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bookings.derive import clock_of, fold, search_text, shown_status, starts_at


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        ("10:00", time(10)),
        ("9:30 AM", time(9, 30)),
        ("12:15 pm", time(12, 15)),
        ("12:00 a.m.", time(0)),
        ("10.30", time(10, 30)),
        ("14:00 - 16:00", time(14)),
        ("Morning", None),
        ("25:00", None),
        ("13:00 PM", None),
        ("", None),
    ],
)
def test_the_clock_time_of_a_slot(slot: str, expected: time | None) -> None:
    assert clock_of(slot) == expected


def test_a_slot_that_daylight_saving_skips_keeps_its_booking() -> None:
    at = starts_at(date(2026, 3, 29), "01:30", "Europe/London")
    assert at is not None
    assert at.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    st.times(),
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
)
def test_every_slot_of_every_zone_has_an_instant_near_its_day(
    day: date, clock: time, zone: str
) -> None:
    at = starts_at(day, clock.strftime("%H:%M"), zone)
    assert at is not None
    assert abs((at.astimezone(UTC).date() - day).days) <= 1


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "a\x00b"])
def test_a_zone_that_nobody_knows_leaves_the_instant_open(zone: str) -> None:
    assert starts_at(date(2026, 3, 1), "10:00", zone) is None


def test_words_are_folded_for_every_script() -> None:
    assert fold("José ÁLVAREZ-Núñez") == ["jose", "alvarez", "nunez"]
    assert fold("Müßig") == ["mussig"]
    assert fold("山田 太郎") == ["山田", "太郎"]
    assert fold("𝓐𝓷𝓷 ℋotel") == ["ann", "hotel"]
    assert [len(word) for word in fold("\u3316" * 300)] == [80], "the database holds 2,046 bytes"


def test_a_booking_is_found_by_every_way_of_writing_its_phone() -> None:
    values = {
        "customer_name": "Somchai Demo",
        "booking_ref": "HW-000023",
        "customer_phone": "081 234 5678",
        "customer_country_code": "+66",
    }
    words = search_text(values, "TH").split()
    assert {"66812345678", "812345678", "0812345678", "hw000023", "somchai"} <= set(words)


@pytest.mark.parametrize(
    ("stated", "refunded", "full", "newer", "expected"),
    [
        ("confirmed", None, True, True, "refunded"),
        ("confirmed", Decimal(100), False, True, "refunded"),
        ("confirmed", Decimal(40), False, True, "confirmed"),
        ("cancelled", Decimal(100), False, False, "refunded"),
        ("cancelled", Decimal(40), False, True, "cancelled"),
        ("checked_in", Decimal(100), False, False, "checked_in"),
        ("confirmed", None, False, False, "confirmed"),
    ],
)
def test_a_full_refund_shows_over_the_stated_status(
    stated: str, refunded: Any, full: bool, newer: bool, expected: str
) -> None:
    values = {
        "stated_status": stated,
        "refunded_amount": refunded,
        "refund_is_full": full,
        "total_amount": Decimal(100),
    }
    assert shown_status(values, refund_is_newer=newer) == expected
