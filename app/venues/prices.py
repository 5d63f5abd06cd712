"""What a party pays: prices of the categories or per guest, less the discount for groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from app.venues.models import Activity, ActivityPrice

CENT = Decimal("0.01")


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


def percent_off(group_discounts: Sequence[Mapping[str, Any]], guests: int) -> Decimal:
    """The discount for so many guests: that of the largest group they reach."""
    reached = [rule for rule in group_discounts if guests >= int(rule["guests"])]
    best = max(reached, key=lambda rule: int(rule["guests"]), default=None)
    return Decimal(str(best["percent"])) if best else Decimal(0)


def _less_discount(activity: Activity, each: Decimal, full: Decimal, guests: int) -> Sum:
    percent = percent_off(activity.group_discounts, guests)
    discount = (full * percent / 100).quantize(CENT, ROUND_HALF_UP)
    return Sum(each, discount, full - discount)
