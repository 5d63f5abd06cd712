"""Values in words, and what the parts of a price come to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.bookings.fields import FIELDS
from app.bookings.pricing import hint, sum_of
from app.bookings.wording import city, labels, shown

PRICES: dict[str, Any] = {
    "package_price": 3490,
    "guest_count": 2,
    "addons": [{"name": "Photo", "unit_price": 500}, {"quantity": 2, "unit_price": 350}],
    "transport_cost": Decimal("120.50"),
    "discount_amount": None,
    "total_amount": Decimal("8300.50"),
}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("total_amount", Decimal("3490.00"), "3,490 THB"),
        ("total_amount", 12.5, "12.50 THB"),
        ("activity_date", date(2026, 11, 20), "Fri 20 Nov 2026"),
        ("activity_date", "2026-11-20", "Fri 20 Nov 2026"),
        ("status", "no_show", "No-show"),
        ("transport_type", "hotel_pickup", "Hotel pick-up"),
        ("transport_type", "by_yak", "By yak"),
        ("addons", [{"name": "Photo", "quantity": 2, "unit_price": 5}], "2 × Photo at 5 THB"),
        ("addons", [], None),
        ("source_created_at", "2026-11-01T10:30:00Z", "01 Nov 2026, 10:30 UTC"),
        ("guest_count", 0, "0"),
        ("hotel_name", "", None),
        ("hotel_name", None, None),
    ],
)
def test_a_value_in_words(name: str, value: Any, text: str | None) -> None:
    assert shown(name, value, "THB") == text


def test_every_field_has_words_for_its_empty_value() -> None:
    for name, field in FIELDS.items():
        assert shown(name, field.empty) in (None, "0", "THB")


def test_names_of_fields_in_a_sentence() -> None:
    assert labels(["time_slot"]) == "time"
    assert labels(["time_slot", "guest_count", "admin_notes"]) == "time, guests and staff notes"
    assert labels([]) == ""


def test_a_zone_is_called_by_its_place() -> None:
    assert city(ZoneInfo("America/Argentina/Buenos_Aires")) == "Buenos Aires"
    assert city(ZoneInfo("UTC")) == "UTC"


def test_what_the_parts_come_to() -> None:
    assert sum_of(PRICES) == Decimal("8300.50")
    assert hint(PRICES, "THB") is None
    said = hint({**PRICES, "total_amount": 9000}, "THB")
    assert said == "The lines come to 8,300.50 THB; the total is 9,000 THB."
