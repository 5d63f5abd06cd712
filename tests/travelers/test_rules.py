"""What may be said of a traveler."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.customers.models import Customer
from app.errors import InvalidPayload
from app.travelers import queries, rules

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
        ({"name": "\u200b\u2060"}, {"name"}),
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


def test_texts_keep_what_people_see() -> None:
    found = clean(name="\u202eAl\x1b[31mice 👩\u200d🚒", medical_notes="Asthma\nspray\x07")
    assert found["name"] == "Al[31mice 👩\u200d🚒"
    assert found["medical_notes"] == "Asthma\nspray"


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


@pytest.mark.parametrize(
    ("raw", "region", "kept"),
    [
        ("98765 43210", "IN", "+919876543210"),
        ("081 234 5678", "TH", "+66812345678"),
        ("612 34 56 78", "ES", "+34612345678"),
        ("0044 7911 123456", "IN", "+447911123456"),
        ("+44 7911 123456", "ZZ", "+447911123456"),  # it says its country itself
        ("98765 43210", "ZZ", "98765 43210"),  # whose it is, nobody knows
        ("12345", "IN", "12345"),
        ("123", "IN", None),
        ("+91 98765 43210 <b>", "IN", None),
    ],
)
def test_phones_of_several_countries(raw: str, region: str, kept: str | None) -> None:
    assert rules.read_phone(raw, region) == kept


def test_who_has_no_phone_is_where_the_website_is() -> None:
    assert queries.region_of(Customer(phone="+34612345678"), "TH") == "ES"
    assert queries.region_of(Customer(), "TH") == "TH"
    assert queries.region_of(None) == "ZZ"


def test_who_was_born_on_a_leap_day_is_older_on_1_march() -> None:
    born = date(2024, 2, 29)
    days = (date(2027, 2, 28), date(2027, 3, 1), date(2028, 2, 28), date(2028, 2, 29))
    assert [rules.years_between(born, day) for day in days] == [2, 3, 3, 4]
