"""What a party pays: prices of the categories or per guest, less the discount for groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from app.venues.models import Activity, ActivityPrice

CENT = Decimal("0.01")
BY_AGE = frozenset({"adult", "youth", "child", "infant", "senior"})
"""Categories that somebody is of by their age alone; of the others one must say so."""


@dataclass(frozen=True)
class Sum:
    """What a party pays, in the website's currency. `total` is after the discount."""

    per_guest: Decimal
    discount: Decimal
    total: Decimal


def of_party(activity: Activity, guests: int) -> Sum:
    """So many guests at the activity's own price."""
    return _less_discount(activity, activity.price, activity.price * guests, guests)


def of_choices(activity: Activity, total: Decimal, guests: int) -> Sum:
    """A party that pays for the dishes it chose, and nothing per guest."""
    return _less_discount(activity, Decimal(0), total, guests)


def of_units(
    activity: Activity, prices: Sequence[ActivityPrice], counts: Mapping[UUID, int]
) -> Sum:
    """So many of each price category. The price per guest is that of the dearest one taken."""
    taken = [price for price in prices if counts.get(price.id)]
    full = sum((price.price * counts[price.id] for price in taken), Decimal(0))
    guests = sum(price.pax * counts[price.id] for price in taken)
    each = max((price.price for price in taken), default=activity.price)
    return _less_discount(activity, each, full, guests)


def of_travelers(
    activity: Activity, prices: Sequence[ActivityPrice], ages: Sequence[int | None]
) -> tuple[list[Decimal], Sum]:
    """What each traveler of these ages pays before the discount, and what all come to. The price
    per guest is that of the dearest one."""
    each = [price_at(activity, prices, age) for age in ages]
    dearest = max(each, default=activity.price)
    return each, _less_discount(activity, dearest, sum(each, Decimal(0)), len(each))


def price_at(activity: Activity, prices: Sequence[ActivityPrice], age: int | None) -> Decimal:
    """What one traveler pays: by the category of their age; the dearest one where the age is not
    known or of no category; the activity's own price where it has no categories for one guest."""
    single = [price for price in prices if price.pax == 1]
    category = category_at(single, age)
    if category is not None:
        return category.price
    return max((price.price for price in single), default=activity.price)


def category_at(prices: Sequence[ActivityPrice], age: int | None) -> ActivityPrice | None:
    """The category that an age is of: of several the one for the fewest ages, then the first."""
    if age is None:
        return None
    fitting = [
        price
        for price in prices
        if price.pax == 1 and price.category in BY_AGE and price.min_age <= age <= price.max_age
    ]
    return min(fitting, key=lambda price: price.max_age - price.min_age, default=None)


def percent_off(group_discounts: Sequence[Mapping[str, Any]], guests: int) -> Decimal:
    """The discount for so many guests: that of the largest group they reach."""
    reached = [rule for rule in group_discounts if guests >= int(rule["guests"])]
    best = max(reached, key=lambda rule: int(rule["guests"]), default=None)
    return Decimal(str(best["percent"])) if best else Decimal(0)


def _less_discount(activity: Activity, each: Decimal, full: Decimal, guests: int) -> Sum:
    percent = percent_off(activity.group_discounts, guests)
    discount = (full * percent / 100).quantize(CENT, ROUND_HALF_UP)
    return Sum(each, discount, full - discount)
