"""What one booking owes its partner: one rule, said once for Python and once for SQL.

Per booking, rounded half up to what the currency has: so a statement's lines add up to its total.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal
from sqlalchemy.types import Numeric

OWING = ("confirmed", "checked_in", "completed", "no_show")
"""Statuses of a booking that counts. One that waits owes nothing yet, one that is gone nothing."""
WHOLE = (
    *("ADP", "AFN", "ALL", "BIF", "BYR", "CLP", "DJF", "ESP", "GNF", "IQD", "IRR", "ISK", "ITL"),
    *("JPY", "KMF", "KPW", "KRW", "LAK", "LBP", "LUF", "MGA", "MGF", "MMK", "MRO", "PYG", "RSD"),
    *("RWF", "SLL", "SOS", "STD", "SYP", "TMM", "TRL", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"),
    *("XPF", "YER", "ZMK", "ZWD"),
)
"""Currencies without digits after the point. The sums of the reports have the same list: whoever
changes it writes a migration that counts them anew."""
_NOTHING = Decimal("0.00")


def net(total: Decimal, refunded: Decimal | None) -> Decimal:
    """What is left of a booking's total, never below nothing. In the booking's currency."""
    return max(total - (refunded or 0), _NOTHING)


def owed(
    status: str,
    total: Decimal,
    refunded: Decimal | None,
    rate: Decimal | None,
    digits: int = 2,
) -> Decimal:
    """Commission of one booking at `rate` percent, in its currency, to so many digits."""
    if status not in OWING:
        return _NOTHING
    share = net(total, refunded) * (rate or 0) / 100
    return share.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def digits_of(currency: str) -> int:
    """How many digits after the point a currency has, as amounts are kept: at most two."""
    return 0 if currency in WHOLE else 2


def owed_sql(
    status: Any, total: Any, refunded: Any, rate: Any, currency: Any
) -> ColumnElement[Decimal]:
    """The same for columns of the bookings."""
    left = func.greatest(total - func.coalesce(refunded, 0), 0)
    digits = case((currency.in_(WHOLE), 0), else_=2)
    share = func.round(left * func.coalesce(rate, 0) / 100, digits)
    zero = literal(_NOTHING, Numeric)
    return case((status.in_(OWING), share), else_=zero)
