"""The capability octo/pricing: integers in the currency's minor units, never floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel.numbers import get_currency_precision

from app.api.octo.calls import Desk
from app.venues.plan import Plan


def minor(amount: Decimal, currency: str) -> int:
    """12.50 EUR is 1250, 3490 JPY is 3490."""
    return int((amount * 10 ** precision(currency)).to_integral_value(ROUND_HALF_UP))


def precision(currency: str) -> int:
    """Decimal places of a currency (CLDR)."""
    return int(get_currency_precision(currency))


def price_json(desk: Desk, plan: Plan, amount: Decimal, before: Decimal | None = None) -> Any:
    """A Pricing object. `net` is what the reseller pays: the amount less its commission."""
    currency = plan.currency
    rate = desk.caller.partner.commission_rate
    return {
        "original": minor(amount if before is None else before, currency),
        "retail": minor(amount, currency),
        "net": minor(amount * (100 - rate) / 100, currency),
        "currency": currency,
        "currencyPrecision": precision(currency),
        "includedTaxes": [],
    }


def unit_price_fields(desk: Desk, plan: Plan, price: Decimal, sold: bool) -> dict[str, Any]:
    """What a unit says of its price: a hint in the catalogue, the price in a booking."""
    return {"pricing" if sold else "pricingFrom": [price_json(desk, plan, price)]}
