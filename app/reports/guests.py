"""Reading what bookings say about those who book: how many parties of which size came over which
source, and who among them is new.

Bookings that are gone do not count. Every query takes a scope; amounts come from where it shows
payments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, select
from sqlalchemy.orm import Session

from app.bookings.models import SOURCES, Booking
from app.bookings.status import ARRIVED, GONE, Status
from app.reports.queries import PAYMENTS, VIEW, Wanted
from app.staff.scope import Scope

NAMES = (*SOURCES, "another")
"""Of the sources, in the order of their bits."""
BITS = 1 << len(NAMES)
EPOCH = date(2000, 1, 1)
FEW_DAYS = 93
"""In so short a period are few of all customers: those are looked for one by one."""
SIZES = ((1, "1 guest"), (2, "2 guests"), (4, "3–4"), (6, "5–6"), (9, "7–9"))
"""Largest party of each size, and its name."""
LARGEST = "10 and more"


@dataclass(frozen=True)
class Parties:
    """Bookings of one source and size of party."""

    source: str
    size: str
    bookings: int
    guests: int
    came: int
    """Arrived or completed."""
    stayed_away: int
    """Marked as not shown up."""


@dataclass(frozen=True)
class People:
    """Customers with a booking in the period, by the source of their first one in it."""

    source: str
    is_new: bool
    """Never booked before."""
    customers: int
    bookings: int
    """Of these customers, of all times."""


def parties(session: Session, scope: Scope, wanted: Wanted) -> Sequence[Parties]:
    """Who came, by source and size of party."""
    size: Any = case(
        *((Booking.guest_count <= most, literal(name)) for most, name in SIZES),
        else_=literal(LARGEST),
    ).label("size")
    here = func.count().filter(Booking.status.in_(ARRIVED))
    away = func.count().filter(Booking.status == Status.NO_SHOW)
    columns = (func.count(), func.sum(Booking.guest_count), here, away)
    query = select(Booking.source_bit, size, *columns).where(*_counted(scope, wanted))
    rows = session.execute(query.group_by(Booking.source_bit, size))
    return [Parties(_name(bit), *row) for bit, *row in rows]


def people(session: Session, scope: Scope, wanted: Wanted) -> Sequence[People]:
    """Who booked: new or known, over which source first.

    It reads an index of the bookings, in which those of a guest lie side by side, and no row.
    """
    day = _day(wanted)
    # Day and source of a booking in one number: the least of them is the first.
    first = func.min((day - EPOCH) * BITS + Booking.source_bit).filter(_within(wanted))
    each = select(
        func.min(day - EPOCH).label("since"), first.label("first"), func.count().label("bookings")
    ).where(_live(scope))
    if wanted.period.days <= FEW_DAYS:
        each = each.where(Booking.customer_id.in_(_customers(scope, wanted)))
    found = each.group_by(Booking.customer_id).subquery()
    bit, is_new = found.c.first % BITS, found.c.since == found.c.first // BITS
    query = select(
        bit.label("bit"), is_new.label("is_new"), func.count(), func.sum(found.c.bookings)
    )
    rows = session.execute(query.where(found.c.first.is_not(None)).group_by("bit", "is_new"))
    return [People(_name(bit), *row) for bit, *row in rows]


def worth(session: Session, scope: Scope, wanted: Wanted) -> dict[str, tuple[int, Decimal]]:
    """What the customers of the period have brought in all: {currency: (customers, amount)}."""
    amount = Booking.total_amount - func.coalesce(Booking.refunded_amount, 0)
    each = (
        select(Booking.currency.label("currency"), func.sum(amount).label("amount"))
        .where(
            Booking.customer_id.in_(_customers(scope, wanted)),
            _live(scope),
            Booking.status != Status.PENDING,
            scope.clause(Booking.website_id, PAYMENTS),
        )
        .group_by(Booking.currency, Booking.customer_id)
        .subquery()
    )
    query = select(each.c.currency, func.count(), func.sum(each.c.amount))
    rows = session.execute(query.group_by(each.c.currency))
    return {currency: (customers, total) for currency, customers, total in rows}


def _name(bit: int) -> str:
    return NAMES[bit.bit_length() - 1]


def _day(wanted: Wanted) -> Any:
    return Booking.booked_day if wanted.basis == "booked" else Booking.activity_date


def _within(wanted: Wanted) -> ColumnElement[bool]:
    here = _day(wanted).between(wanted.period.first, wanted.period.last)
    return and_(here, Booking.website_id == wanted.website_id) if wanted.website_id else here


def _live(scope: Scope) -> ColumnElement[bool]:
    """What counts, in the very words of the index."""
    gone: Any = bindparam("gone", GONE, expanding=True, literal_execute=True)
    return and_(Booking.status.not_in(gone), scope.clause(Booking.website_id, VIEW))


def _counted(scope: Scope, wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    return _within(wanted), _live(scope)


def _customers(scope: Scope, wanted: Wanted) -> Select[UUID]:
    return select(Booking.customer_id).where(*_counted(scope, wanted))
