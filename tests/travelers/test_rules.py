"""What may be said of a traveler."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.errors import InvalidPayload
from app.travelers import rules

TODAY = date(2026, 11, 20)


def clean(**values: Any) -> dict[str, Any]:
    return rules.clean({"name": "Alice", **values}, region="IN", today=TODAY)


def faults(**values: Any) -> set[str | None]:
    with pytest.raises(InvalidPayload) as error:
        clean(**values)
    return {fault.field for fault in error.value.details}


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"name": " \x00 "}, {"name"}),
        ({"name": "a" * 201}, {"name"}),
        ({"age": -1}, {"age"}),
        ({"age": 121}, {"age"}),
        ({"birth_date": date(2026, 11, 21)}, {"birth_date"}),
        ({"birth_date": date(1899, 1, 1)}, {"birth_date"}),
        ({"birth_date": date(2000, 1, 1), "age": 30}, {"age"}),
        ({"gender": "unsaid"}, {"gender"}),
        ({"phone": "no number"}, {"phone"}),
        ({"emergency_contact_name": "Bob"}, {"emergency_contact_phone"}),
        ({"emergency_contact_phone": "98765 43210"}, {"emergency_contact_name"}),
        (
            {"medical_notes": "a" * 2001, "age": 300, "phone": "?"},
            {"medical_notes", "age", "phone"},
        ),
    ],
)
def test_every_fault_is_named(values: dict[str, Any], wrong: set[str]) -> None:
    assert faults(**values) == wrong


def test_phones_are_read_as_of_the_customers_country() -> None:
    found = clean(
        phone="098765 43210", emergency_contact_name="B", emergency_contact_phone="12-345"
    )
    assert found["phone"] == "+919876543210"
    assert found["emergency_contact_phone"] == "12-345"  # plausible: some lines have no more


@pytest.mark.parametrize(
    ("birth_date", "age", "said_on", "old"),
    [
        (date(2014, 3, 2), None, None, 12),  # the day before
        (date(2014, 3, 1), None, None, 13),
        (None, 12, date(2026, 3, 2), 12),  # not a year yet
        (None, 12, date(2026, 3, 1), 13),
        (None, 12, None, 12),
        (None, None, TODAY, None),
        (date(2024, 2, 29), None, None, 3),  # on 1 March
    ],
)
def test_how_old_somebody_is_on_the_day(
    birth_date: date | None, age: int | None, said_on: date | None, old: int | None
) -> None:
    assert rules.age_on(birth_date, age, said_on, date(2027, 3, 1)) == old
