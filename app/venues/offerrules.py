"""What activities, their price categories and group discounts must look like."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from app.venues.lasting import MOST_DAYS
from app.venues.models import Kind, SlotRule
from app.venues.rules import CAPACITY, clocks
from app.venues.values import (
    Reading,
    Wrong,
    maybe_whole,
    maybe_words,
    money,
    one_of,
    rows,
    whole,
    words,
    yes,
)

ACTIVITY = {
    "name": "Name",
    "description": "Description",
    "kind": "Kind",
    "price": "Price",
    "duration_minutes": "Minutes it takes",
    "days": "Days",
    "min_age": "Youngest age",
    "difficulty": "Difficulty",
    "capacity": "Guests per slot",
    "slot_rule": "When it can be booked",
    "times": "Times",
    "every_minutes": "Every so many minutes",
    "in_kitchen_hours": "Within the kitchen's hours",
    "booking_type": "Tables for",
    "seats": "Guests who can sit at once",
    "last_seating_minutes": "Last seating before the kitchen closes",
    "needs_choices": "Everybody chooses from the menu",
    "deposit": "Deposit per guest",
    "deposit_from_party": "Deposit from a party of",
    "lead_minutes": "Minutes to book before the start",
    "min_party": "Smallest party",
    "max_party": "Largest party",
    "group_discounts": "Group discounts",
    "source_names": "Other names",
    "position": "Place in the list",
    "is_active": "Switched on",
}
"""Fields of an activity that people change, and their labels."""
PRICE = ("category", "label", "price", "min_age", "max_age", "pax", "needs_adult")
CATEGORIES = {
    name: name.capitalize()
    for name in (
        *("adult", "youth", "child", "infant", "family"),
        *("senior", "student", "military", "other"),
    )
}
KINDS = {kind.value: kind.label for kind in Kind}
TABLES = {"regular": "Regular tables", "sunday_lunch": "Sunday lunch"}
LONGEST_STAY = 24 * 60
RULES = {rule.value: rule.label for rule in SlotRule}
MOST_LINES = 12
MOST_TIMES = 96
PARTY = (1, 10_000)


def clean_activity(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an activity as they are stored. Raises InvalidPayload with every fault.

    What belongs to another slot rule than the chosen one is left out.
    """
    reading = Reading(values)
    cleaned: dict[str, Any] = {
        "name": reading.take("name", words(120)),
        "description": reading.take("description", maybe_words(2000)),
        "kind": reading.take("kind", one_of(KINDS, "a kind")),
        "price": reading.take("price", money),
        "duration_minutes": reading.take("duration_minutes", whole(1, 100_000, 60)),
        "capacity": reading.take("capacity", maybe_whole(*CAPACITY)),
        "slot_rule": reading.take("slot_rule", one_of(RULES, "when it can be booked")),
        "lead_minutes": reading.take("lead_minutes", whole(0, 525_600, 0)),
        "min_party": reading.take("min_party", whole(*PARTY, 1)),
        "max_party": reading.take("max_party", maybe_whole(*PARTY)),
        "group_discounts": _discounts(reading, values),
        "source_names": reading.take("source_names", _names),
        "position": reading.take("position", whole(0, 10_000, 0)),
        "deposit": reading.take("deposit", _deposit),
        "deposit_from_party": reading.take("deposit_from_party", whole(*PARTY, 1)),
        "is_active": yes(values.get("is_active", True)),
    }
    cleaned |= _of_rule(reading, values, cleaned["slot_rule"])
    cleaned |= _of_table(reading, values, cleaned)
    cleaned |= _of_trek(reading, values, cleaned["kind"])
    smallest, largest = cleaned["min_party"], cleaned["max_party"]
    if smallest and largest and largest < smallest:
        reading.wrong("max_party", "Must not be below the smallest party.")
    reading.done("The activity cannot be saved like this.")
    return cleaned


def _of_rule(reading: Reading, values: Mapping[str, Any], rule: Any) -> dict[str, Any]:
    """What the chosen rule needs, and nothing of the others."""
    of_rule: dict[str, Any] = {"times": [], "every_minutes": None, "in_kitchen_hours": False}
    if rule == SlotRule.TIMES:
        of_rule["times"] = reading.take("times", _times)
    if rule == SlotRule.INTERVAL:
        of_rule["every_minutes"] = reading.take("every_minutes", whole(5, 720))
        of_rule["in_kitchen_hours"] = yes(values.get("in_kitchen_hours"))
    return of_rule


def _of_table(
    reading: Reading, values: Mapping[str, Any], cleaned: Mapping[str, Any]
) -> dict[str, Any]:
    """What tables have besides, and nothing else has."""
    at_clock_times = cleaned["slot_rule"] in (SlotRule.TIMES, SlotRule.INTERVAL)
    if cleaned["kind"] != Kind.TABLE:
        unused = dict.fromkeys(("booking_type", "seats"))
        return {**unused, "last_seating_minutes": 0, "needs_choices": False}
    seats = reading.take("seats", maybe_whole(*CAPACITY)) if at_clock_times else None
    if seats is not None and (cleaned["duration_minutes"] or 0) > LONGEST_STAY:
        reading.wrong("duration_minutes", "Where seats are counted, guests stay a day at most.")
    return {
        "booking_type": reading.take("booking_type", _table_type),
        "seats": seats,
        "last_seating_minutes": reading.take("last_seating_minutes", whole(0, 720, 0)),
        "needs_choices": yes(values.get("needs_choices")),
        "in_kitchen_hours": at_clock_times and yes(values.get("in_kitchen_hours")),
    }


def _of_trek(reading: Reading, values: Mapping[str, Any], kind: Any) -> dict[str, Any]:
    """What treks have besides, and nothing else has."""
    if kind != Kind.TREK:
        return {"days": 1, "min_age": None, "difficulty": None}
    return {
        "days": reading.take("days", whole(1, MOST_DAYS, 1)),
        "min_age": reading.take("min_age", maybe_whole(0, 120)) or None,
        "difficulty": reading.take("difficulty", maybe_words(60)),
    }


def _table_type(value: Any) -> str:
    return one_of(TABLES, "what the tables are for")(value or "regular")


def _deposit(value: Any) -> Decimal | None:
    """An amount, or None where nothing or nought is typed."""
    return money(value) or None if str("" if value is None else value).strip() else None


def _times(value: Any) -> list[str]:
    times = clocks(value)
    if len(times) > MOST_TIMES:
        raise Wrong(f"Use at most {MOST_TIMES} times, or the rule “Every so many minutes”.")
    return [f"{at:%H:%M}" for at in times]


def _names(value: Any) -> list[str]:
    """One name per line."""
    given = value if isinstance(value, list | tuple) else str(value or "").splitlines()
    names = list(dict.fromkeys(words(200)(each) for each in given if str(each).strip()))
    if len(names) > 50:
        raise Wrong("Use at most 50 names.")
    return names


def _discounts(reading: Reading, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`[{"guests": 6, "percent": "10"}]`, in the order of guests."""
    found: dict[int, str] = {}
    given = values.get("group_discounts") or []
    for number, line in enumerate(given):
        if not rows([line]):
            continue
        part = Reading(line, f"discount-{number}-")
        guests, percent = part.take("guests", whole(2, 10_000)), part.take("percent", _percent)
        if guests in found:
            part.wrong("guests", "Is in the list already.")
        reading.faults += part.faults
        if guests is not None and percent is not None:
            found[guests] = percent
    return [{"guests": guests, "percent": found[guests]} for guests in sorted(found)]


def _percent(value: Any) -> str:
    try:
        percent = Decimal(str(value or "").strip().rstrip("%"))
    except InvalidOperation:
        raise Wrong("Must be a number such as 10.") from None
    if not percent.is_finite() or not 0 < percent <= 100:
        raise Wrong("Must be above 0, and at most 100.")
    if percent != percent.quantize(Decimal("0.01")):
        raise Wrong("Use at most two decimals.")
    return f"{percent.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")


def clean_prices(given: Any) -> list[dict[str, Any]]:
    """The price categories in their order, each with the `id` it had. Raises InvalidPayload.

    Faults name their fields as `price-<line>-<field>`.
    """
    reading = Reading({})
    cleaned = []
    for number, line in enumerate(given or []):
        typed = {name: line.get(name) for name in ("label", "price")}
        if not rows([typed]):
            continue
        part = Reading(line, f"price-{number}-")
        cleaned.append({"id": line.get("id") or None, **_price(part, line)})
        reading.faults += part.faults
    if len(cleaned) > MOST_LINES:
        reading.wrong("price-0-label", f"Use at most {MOST_LINES} price categories.")
    reading.done("The prices cannot be saved like this.")
    return cleaned


def _price(part: Reading, line: Mapping[str, Any]) -> dict[str, Any]:
    price = {
        "category": part.take("category", one_of(CATEGORIES, "a category")),
        "label": part.take("label", words(60)),
        "price": part.take("price", money),
        "min_age": part.take("min_age", whole(0, 120, 0)),
        "max_age": part.take("max_age", whole(0, 120, 99)),
        "pax": part.take("pax", whole(1, 100, 1)),
        "needs_adult": yes(line.get("needs_adult")),
    }
    youngest, oldest = price["min_age"], price["max_age"]
    if isinstance(youngest, int) and isinstance(oldest, int) and oldest < youngest:
        part.wrong("max_age", "Must not be below the youngest age.")
    return price
