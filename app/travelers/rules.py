"""What may be said of a traveler, and what it means: pure, for profiles and bookings alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.customers.phones import to_e164
from app.errors import Fault, InvalidPayload

GENDERS = {"female": "Female", "male": "Male", "other": "Other"}
OLDEST = 120
"""Years."""
LIMITS = {
    "name": 200,
    "emergency_contact_name": 200,
    "special_requirements": 2000,
    "medical_notes": 2000,
}
"""Most characters."""
PHONES = ("phone", "emergency_contact_phone")
FIELDS = (*LIMITS, *PHONES, "birth_date", "age", "gender")
"""All that is said of somebody."""
LABELS = {
    "name": "Name",
    "birth_date": "Date of birth",
    "age": "Age",
    "gender": "Gender",
    "phone": "Phone",
    "emergency_contact_name": "Emergency contact",
    "emergency_contact_phone": "Emergency phone",
    "special_requirements": "Requirements",
    "medical_notes": "Medical notes",
}
_PAIRS = (
    frozenset({"birth_date", "age"}),
    frozenset({"emergency_contact_name", "emergency_contact_phone"}),
)
_PHONE = re.compile(r"[+(]?[\d\s().\-/]{5,30}")
"""What is kept as it was given where it is no valid number: some villages' are not."""
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Signs for machines, and those that turn the direction of what stands beside them."""


def clean(values: Mapping[str, Any], *, region: str, today: date) -> dict[str, Any]:
    """The columns of a traveler from all that was said, `age` with the day on which it holds.

    `region`: country of numbers without one. Raises InvalidPayload with every fault.
    """
    found, wrong = check(values, region=region, today=today)
    if wrong:
        faults = [Fault(name, message) for name, message in wrong]
        raise InvalidPayload("The traveler cannot be kept like this.", faults)
    return found


def check(
    values: Mapping[str, Any], *, region: str, today: date
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The same columns, and what is wrong with them: field and message."""
    found: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name, limit in LIMITS.items():
        found[name] = _UNSEEN.sub("", str(values.get(name) or "")).strip() or None
        if found[name] and len(found[name]) > limit:
            wrong.append((name, f"Must have at most {limit:,} characters."))
    if not found["name"] or not any(map(str.isprintable, found["name"])):
        wrong.append(("name", "Is missing."))
    for name in PHONES:
        raw = str(values.get(name) or "").strip()
        found[name] = read_phone(raw, region) if raw else None
        if raw and found[name] is None:
            wrong.append((name, "Is not a phone number. Begin with its country: +44."))
    found["gender"] = values.get("gender") or None
    if found["gender"] not in (None, *GENDERS):
        wrong.append(("gender", f"Must be one of {', '.join(GENDERS)}."))
    wrong += _company(values)
    wrong += _age(values, today, found)
    return found, wrong


def read_phone(raw: str, region: str) -> str | None:
    """In E.164, else as it was given where it can be a number at all."""
    e164 = to_e164(raw, None, region)
    return e164 or (raw if _PHONE.fullmatch(raw) else None)


def together(names: Iterable[str]) -> set[str]:
    """These fields, and those that say nothing any more once these are said anew."""
    said = set(names)
    return said.union(*(pair for pair in _PAIRS if pair & said))


def years_between(birth: date, day: date) -> int:
    """How old somebody is on a day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def age_on(birth_date: date | None, age: int | None, said_on: date | None, day: date) -> int | None:
    """How old somebody is on a day: by the date of birth, else by the age that was said, and when.

    None where neither is known.
    """
    if birth_date is not None:
        return max(years_between(birth_date, day), 0)
    if age is None or said_on is None:
        return age
    # Nobody knows the birthday: whole years that have passed are added, and no more.
    return age + max(years_between(said_on, day), 0)


def _company(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    name, phone = said.get("emergency_contact_name"), said.get("emergency_contact_phone")
    if name and not phone:
        return [("emergency_contact_phone", "Is missing: how is the emergency contact reached?")]
    if phone and not name:
        return [("emergency_contact_name", "Is missing: who answers the emergency phone?")]
    return []


def _age(values: Mapping[str, Any], today: date, found: dict[str, Any]) -> list[tuple[str, str]]:
    """Fill in what is said of the age. Returns what is wrong with it."""
    birth, age = values.get("birth_date"), values.get("age")
    found |= {"birth_date": birth, "age": None, "age_on": None}
    if birth is not None and (birth > today or years_between(birth, today) > OLDEST):
        return [("birth_date", "Must be a date of birth of somebody who lives.")]
    if age is not None and not 0 <= age <= OLDEST:
        return [("age", f"Must be from 0 to {OLDEST}.")]
    if birth is None:
        found |= {"age": age, "age_on": today if age is not None else None}
    elif age is not None and age != years_between(birth, today):
        return [("age", "Does not fit the date of birth.")]
    return []
