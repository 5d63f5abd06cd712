"""What the parts of a booking come to: a hint for people, never a correction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.bookings.wording import money
from app.menus.choosing import cost


def sum_of(values: Mapping[str, Any]) -> Decimal:
    """Price per person × guests, or what each traveler pays, plus dishes, add-ons and transport,
    less the discount."""
    total = sum((number * each for number, each in fares(values)), Decimal(0))
    total += cost(values.get("menu_choices") or [])
    for item in values["addons"] or []:
        total += _number(item.get("quantity", 1)) * _number(item.get("unit_price"))
    return total + _number(values["transport_cost"]) - _number(values["discount_amount"])


def fares(values: Mapping[str, Any]) -> list[tuple[int, Decimal]]:
    """How many pay how much each: what travelers pay where all are named with a price, dearest
    first, else the price per person."""
    guests, each = int(values["guest_count"] or 0), _number(values["package_price"])
    named = values.get("travelers") or []
    if not named or len(named) != guests or any(one["price"] is None for one in named):
        return [(guests, each)]
    counted = Counter(_number(one["price"]) for one in named)
    return [(counted[price], price) for price in sorted(counted, reverse=True)]


def hint(values: Mapping[str, Any], currency: str) -> str | None:
    """A sentence where the total is not what the parts come to; None where it is."""
    parts, total = sum_of(values), _number(values["total_amount"])
    if parts == total:
        return None
    return f"The lines come to {money(parts, currency)}; the total is {money(total, currency)}."


def _number(value: Any) -> Decimal:
    return Decimal(str(value or 0))
