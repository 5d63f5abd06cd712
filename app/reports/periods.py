"""The period of a report, and the one it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

PERIODS = {
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "month": "This month",
    "last_month": "Last month",
    "90d": "Last 90 days",
    "year": "This year",
    "last_year": "Last year",
    "next_30d": "Next 30 days",
}
COMPARED = {"previous": "The period before", "year": "The same period last year"}
MOST_DAYS = 62
"""Longer periods are drawn by month."""
LONGEST = 3_660
"""Days of a period at most."""


@dataclass(frozen=True)
class Period:
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def by_month(self) -> bool:
        """Whether a chart has a bar for each month instead of each day."""
        return self.days > MOST_DAYS

    @property
    def text(self) -> str:
        """`1 Mar 2026 to 31 Mar 2026`."""
        first = f"{self.first.day} {self.first:%b %Y}"
        return first if self.days == 1 else f"{first} to {self.last.day} {self.last:%b %Y}"

    def before(self) -> Period:
        """The one just before: whole months before whole months, else as many days."""
        if self.first.day == 1 and (self.last + timedelta(days=1)).day == 1:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
            first = _months_back(self.first, months + 1)
            return Period(first, self.first - timedelta(days=1))
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def year_before(self) -> Period:
        """The same days of the year before; 29 February is then the 28th."""
        return Period(_year_back(self.first), _year_back(self.last))

    def buckets(self) -> list[date]:
        """The days, or the first days of the months, that a chart shows."""
        if not self.by_month:
            return [self.first + timedelta(days=n) for n in range(self.days)]
        found, month = [], self.first.replace(day=1)
        while month <= self.last:
            found.append(month)
            month = (month + timedelta(days=31)).replace(day=1)
        return found


def period_named(name: str, today: date) -> Period:
    """A period of PERIODS as of today. Raises KeyError."""
    month = today.replace(day=1)
    year = today.replace(month=1, day=1)
    return {
        "7d": lambda: Period(today - timedelta(days=6), today),
        "30d": lambda: Period(today - timedelta(days=29), today),
        "90d": lambda: Period(today - timedelta(days=89), today),
        "month": lambda: Period(month, _months_back(month, -1) - timedelta(days=1)),
        "last_month": lambda: Period(_months_back(month, 1), month - timedelta(days=1)),
        "year": lambda: Period(year, today.replace(month=12, day=31)),
        "last_year": lambda: Period(_year_back(year), year - timedelta(days=1)),
        "next_30d": lambda: Period(today, today + timedelta(days=29)),
    }[name]()


def _months_back(first: date, months: int) -> date:
    """The first day of the month so many months before that of `first`."""
    number = first.year * 12 + first.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _year_back(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
