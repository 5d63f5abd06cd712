"""What sections of a menu and dishes must look like, whichever door they come by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.menus.choosing import TYPES
from app.venues.values import Reading, Wrong, day, maybe_words, money, words, yes

SECTION = ("name", "booking_type", "is_main", "is_active")
ITEM = ("name", "description", "price", "allergens", "from_day", "until_day", "is_available")
"""Fields that people change."""
SERVED_WITH = {"": "All tables", **{name: text.capitalize() for name, text in TYPES.items()}}
"""For which tables a section is, as people read it."""
MOST_ALLERGENS = 20


def clean_section(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a section as they are stored. Raises InvalidPayload with every fault."""
    reading = Reading(values)
    cleaned = {
        "name": reading.take("name", words(80)),
        "booking_type": reading.take("booking_type", _booking_type),
        "is_main": yes(values.get("is_main")),
        "is_active": yes(values.get("is_active", True)),
    }
    reading.done("The section cannot be saved like this.")
    return cleaned


def clean_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a dish as they are stored. Raises InvalidPayload with every fault."""
    reading = Reading(values)
    cleaned: dict[str, Any] = {
        "name": reading.take("name", words(120)),
        "description": reading.take("description", maybe_words(1000)),
        "price": reading.take("price", money),
        "allergens": reading.take("allergens", _allergens),
        "from_day": reading.take("from_day", _maybe_day),
        "until_day": reading.take("until_day", _maybe_day),
        "is_available": yes(values.get("is_available", True)),
    }
    first, last = cleaned["from_day"], cleaned["until_day"]
    if first and last and last < first:
        reading.wrong("until_day", "Must not be before the first day.")
    reading.done("The dish cannot be saved like this.")
    return cleaned


def _booking_type(value: Any) -> str | None:
    text = str(value or "").strip()
    if text not in SERVED_WITH:
        raise Wrong("Choose for which tables it is.")
    return text or None


def _maybe_day(value: Any) -> date | None:
    return day(value) if str(value or "").strip() else None


def _allergens(value: Any) -> list[str]:
    """`gluten, milk` or a list of such words, each once, in their order."""
    given = value if isinstance(value, list | tuple) else str(value or "").split(",")
    found = list(dict.fromkeys(text for each in given if (text := str(each).strip().lower())))
    if len(found) > MOST_ALLERGENS or any(len(text) > 40 or "\x00" in text for text in found):
        raise Wrong(f"Write at most {MOST_ALLERGENS} short words, with commas between them.")
    return found
