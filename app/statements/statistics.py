"""What one partner brought, by month: from the sums of the reports, so in one query."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import Session

from app.reports.models import BookingDay
from app.reports.periods import Period
from app.reports.queries import Sums
from app.staff.permissions import Permission
from app.staff.scope import Scope

SPANS = {3: "3 months", 6: "6 months", 12: "12 months", 24: "24 months"}
"""How many months a page shows, this one included."""
USUAL = 12
COUNTS = (
    *("bookings", "guests", "lead_days", "waiting", "cancelled", "expired"),
    *("holds", "holds_won"),
)
AMOUNTS = ("revenue", "commission")


@dataclass
class Month:
    """One month. Amounts by currency, of the websites where the reader sees payments."""

    first: date
    sums: Sums = field(default_factory=Sums)
    revenue: dict[str, Decimal] = field(default_factory=dict)
    commission: dict[str, Decimal] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.first:%b %Y}"


@dataclass(frozen=True)
class Statistics:
    """The months in order, and all of them together."""

    months: list[Month]
    whole: Month

    @property
    def cancelled_rate(self) -> float | None:
        """Cancelled, in percent of what was booked for good."""
        return self.whole.sums.rate("cancelled", "bookings", "cancelled")

    @property
    def conversion(self) -> float | None:
        """Bookings in percent of what began as holds."""
        return self.whole.sums.rate("holds_won", "holds")


def statistics(
    session: Session, scope: Scope, partner_id: UUID, basis: str, span: int, today: date
) -> Statistics:
    """The months that end with this one. Sums of the websites where partners are seen."""
    period = months_until(today, span)
    firsts = [period.first, *_following(period, span)]
    months = {first: Month(first) for first in firsts}
    whole = Month(period.first)
    for first, currency, values in _rows(session, scope, partner_id, basis, period):
        for month in (months[first], whole):
            month.sums.add({name: int(values[name]) for name in COUNTS})
            for name in AMOUNTS:
                if values[name]:
                    by_currency: dict[str, Decimal] = getattr(month, name)
                    by_currency[currency] = by_currency.get(currency, Decimal(0)) + values[name]
    return Statistics(list(months.values()), whole)


def months_until(today: date, span: int) -> Period:
    """So many whole months, of which the last is today's."""
    number = today.year * 12 + today.month - span
    last = today.year * 12 + today.month
    return Period(
        date(number // 12, number % 12 + 1, 1),
        date.fromordinal(date(last // 12, last % 12 + 1, 1).toordinal() - 1),
    )


def _following(period: Period, span: int) -> list[date]:
    begin = period.first.year * 12 + period.first.month - 1
    return [date((begin + n) // 12, (begin + n) % 12 + 1, 1) for n in range(1, span)]


def _rows(
    session: Session, scope: Scope, partner_id: UUID, basis: str, period: Period
) -> list[tuple[date, str, dict[str, Any]]]:
    month = cast(func.date_trunc("month", BookingDay.day), Date)
    seen = scope.clause(BookingDay.website_id, Permission.PAYMENTS_VIEW)
    sums: list[Any] = [func.sum(getattr(BookingDay, name)) for name in COUNTS]
    sums += [func.sum(getattr(BookingDay, name)).filter(seen) for name in AMOUNTS]
    query = (
        select(month, BookingDay.currency, *sums)
        .where(BookingDay.partner_id == partner_id, BookingDay.basis == basis)
        .where(BookingDay.day.between(period.first, period.last))
        .where(scope.clause(BookingDay.website_id, Permission.PARTNERS_VIEW))
        .group_by(month, BookingDay.currency)
    )
    names = (*COUNTS, *AMOUNTS)
    return [
        (row[0], row[1], dict(zip(names, row[2:], strict=True))) for row in session.execute(query)
    ]
