"""Reading the sums. Every query takes a scope; amounts come from where it shows payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, bindparam, case, cast, func, select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import GONE
from app.partners.models import Partner
from app.reports.models import AMOUNTS, MEASURES, BookingDay
from app.reports.periods import Period
from app.staff.permissions import Permission
from app.staff.scope import Scope

VIEW = Permission.REPORTS_VIEW
PAYMENTS = Permission.PAYMENTS_VIEW
SOURCES = ("website", "partner", "platform", "customer_app", "phone", "walk_in", "direct")
"""In the order of their bits in an overlap; what is none of them is the last one."""


@dataclass(frozen=True)
class Wanted:
    """Which bookings a report is about."""

    period: Period
    basis: str = "booked"
    """`booked` or `visit`: which day of a booking lies in the period."""
    website_id: str | None = None


class Sums:
    """The measures of one group, added up. An amount is None where none may be seen."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self.values: dict[str, Any] = dict.fromkeys(MEASURES, 0) | dict.fromkeys(AMOUNTS)
        if values:
            self.add(values)

    def add(self, values: Mapping[str, Any]) -> None:
        """Add another group's measures."""
        for name, value in values.items():
            if value is not None:
                self.values[name] = (self.values[name] or 0) + value

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def rate(self, part: str, *whole: str) -> float | None:
        """`part` in percent of the sum of `whole`; None of nothing."""
        base = sum(self.values[name] for name in whole)
        return round(self.values[part] * 100 / base, 1) if base else None

    @property
    def lead(self) -> float | None:
        """Average days from booking to visit."""
        count = self.values["bookings"]
        return round(self.values["lead_days"] / count, 1) if count else None


def sums(
    session: Session,
    scope: Scope,
    wanted: Wanted,
    *keys: str,
    only: ColumnElement[bool] | None = None,
) -> dict[tuple[Any, ...], Sums]:
    """Sums by these columns of BookingDay; `only`: a condition more."""
    columns = [getattr(BookingDay, key) for key in keys]
    query = select(*columns, *_measures(scope)).where(*_conditions(scope, wanted))
    if only is not None:
        query = query.where(only)
    rows = session.execute(query.group_by(*columns)).all()
    size = len(keys)
    found = {tuple(row[:size]): dict(zip(MEASURES, row[size:], strict=True)) for row in rows}
    return {key: Sums(values) for key, values in found.items() if any(values.values())}


def over_time(
    session: Session, scope: Scope, wanted: Wanted, *keys: str
) -> dict[tuple[Any, ...], tuple[int, Decimal | None]]:
    """(bucket, …) to bookings and revenue, by day or month as the period asks."""
    day: Any = BookingDay.day
    bucket = cast(func.date_trunc("month", day), Date) if wanted.period.by_month else day
    columns = [bucket, *(getattr(BookingDay, key) for key in keys)]
    seen = scope.clause(BookingDay.website_id, PAYMENTS)
    revenue = func.sum(BookingDay.revenue).filter(seen)
    query = select(*columns, func.sum(BookingDay.bookings), revenue)
    rows = session.execute(query.where(*_conditions(scope, wanted)).group_by(*columns))
    return {tuple(row[:-2]): (int(row[-2]), row[-1]) for row in rows}


def partner_names(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of partners."""
    query = select(Partner.id, Partner.name).where(Partner.id.in_(ids))
    return {row[0]: row[1] for row in session.execute(query)}


def overlap(session: Session, scope: Scope, wanted: Wanted) -> dict[int, int]:
    """How many guests booked over which sources: {bits of SOURCES: guests}.

    Bookings that are gone do not count. It reads one index of the bookings (which says so in so
    many words) and no row of them, and puts all guests side by side in memory.
    """
    named = {source: 1 << place for place, source in enumerate(SOURCES)}
    bits = case(named, value=Booking.source, else_=1 << len(SOURCES))
    day = Booking.booked_day if wanted.basis == "booked" else Booking.activity_date
    conditions = [
        day.between(wanted.period.first, wanted.period.last),
        Booking.status.not_in(bindparam("gone", GONE, expanding=True, literal_execute=True)),
        scope.clause(Booking.website_id, VIEW),
    ]
    if wanted.website_id:
        conditions.append(Booking.website_id == wanted.website_id)
    each = select(func.bit_or(bits).label("mask")).where(*conditions)
    guests = each.group_by(Booking.customer_id).subquery()
    query = select(guests.c.mask, func.count()).group_by(guests.c.mask)
    session.execute(select(func.set_config("work_mem", "64MB", True)))  # for this transaction
    return {row[0]: row[1] for row in session.execute(query)}


def _measures(scope: Scope) -> list[Any]:
    seen = scope.clause(BookingDay.website_id, PAYMENTS)
    return [
        func.sum(getattr(BookingDay, name)).filter(seen)
        if name in AMOUNTS
        else func.sum(getattr(BookingDay, name))
        for name in MEASURES
    ]


def _conditions(scope: Scope, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [
        BookingDay.basis == wanted.basis,
        BookingDay.day.between(wanted.period.first, wanted.period.last),
        scope.clause(BookingDay.website_id, VIEW),
    ]
    if wanted.website_id:
        found.append(BookingDay.website_id == wanted.website_id)
    return found
