"""Reading the sums. Every query takes a scope; amounts come from where it shows payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, bindparam, cast, func, select
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


def overlap(
    session: Session, scope: Scope, now: Wanted, before: Wanted | None = None
) -> tuple[dict[int, int], dict[int, int] | None]:
    """How many guests booked over which sources, {bits of SOURCES: guests}, in both periods.

    Bookings that are gone do not count. It reads an index of the bookings (which says so in so
    many words) and no row of them: that of the days where few guests are to be told apart, else
    the one in which those of a guest lie side by side. Periods side by side are read in one go.
    """
    if before is None:
        return _guests(session, scope, now, [now.period])[0], None
    if (now.period.first - before.period.last).days <= now.period.days:
        both = _guests(session, scope, now, [now.period, before.period])
        return both[0], both[1]
    found = _guests(session, scope, now, [now.period])[0]
    return found, _guests(session, scope, before, [before.period])[0]


def _guests(
    session: Session, scope: Scope, wanted: Wanted, periods: Sequence[Period]
) -> list[dict[int, int]]:
    day = Booking.booked_day if wanted.basis == "booked" else Booking.activity_date
    first, last = min(p.first for p in periods), max(p.last for p in periods)
    conditions = [
        day.between(first, last),
        Booking.status.not_in(bindparam("gone", GONE, expanding=True, literal_execute=True)),
        scope.clause(Booking.website_id, VIEW),
    ]
    if wanted.website_id:
        conditions.append(Booking.website_id == wanted.website_id)
    bits = func.bit_or(Booking.source_bit)
    masks: list[Any] = [bits]
    if len(periods) > 1:
        masks = [bits.filter(day.between(each.first, each.last)) for each in periods]
    named = [mask.label(f"mask_{place}") for place, mask in enumerate(masks)]
    guests = select(*named).where(*conditions).group_by(Booking.customer_id).subquery()
    # For this transaction. With more memory it would shuffle millions of guests there.
    session.execute(select(func.set_config("work_mem", "4MB", True)))
    found: list[dict[int, int]] = [{} for _ in periods]
    for *seen, number in session.execute(select(*guests.c, func.count()).group_by(*guests.c)):
        for masks_of, mask in zip(found, seen, strict=True):
            if mask:
                masks_of[mask] = masks_of.get(mask, 0) + number
    return found


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
