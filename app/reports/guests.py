"""Reading what bookings say about those who book: how many parties of which size came over which
source, and who among them is new.

Bookings that are gone do not count. Every query takes a scope; amounts come from where it shows
payments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from app.bookings.models import Booking
from app.bookings.status import ARRIVED, GONE, Status
from app.reports.queries import PAYMENTS, VIEW, Wanted
from app.staff.scope import Scope

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
    )
    here = func.count().filter(Booking.status.in_(ARRIVED))
    away = func.count().filter(Booking.status == Status.NO_SHOW)
    query = select(
        Booking.source, size.label("size"), func.count(), func.sum(Booking.guest_count), here, away
    )
    rows = session.execute(query.where(*_counted(scope, wanted)).group_by(Booking.source, "size"))
    return [Parties(*row) for row in rows]


def people(session: Session, scope: Scope, wanted: Wanted) -> Sequence[People]:
    """Who booked: new or known, over which source first."""
    mine = _mine(scope, wanted)
    other = aliased(Booking)
    every = (
        select(func.min(other.booked_day).label("since"), func.count().label("bookings"))
        .where(
            other.customer_id == mine.c.customer_id,
            other.status.not_in(GONE),
            scope.clause(other.website_id, VIEW),
        )
        .lateral()
    )
    is_new = every.c.since >= mine.c.since
    query = (
        select(mine.c.source, is_new, func.count(), func.sum(every.c.bookings))
        .select_from(mine.join(every, true()))
        .group_by(mine.c.source, is_new)
    )
    return [People(*row) for row in session.execute(query)]


def worth(session: Session, scope: Scope, wanted: Wanted) -> dict[str, tuple[int, Decimal]]:
    """What the customers of the period have brought in all: {currency: (customers, amount)}."""
    mine = _mine(scope, wanted)
    amount = Booking.total_amount - func.coalesce(Booking.refunded_amount, 0)
    query = select(
        Booking.currency, func.count(Booking.customer_id.distinct()), func.sum(amount)
    ).where(
        Booking.customer_id.in_(select(mine.c.customer_id)),
        Booking.status.not_in((*GONE, Status.PENDING)),
        scope.clause(Booking.website_id, VIEW),
        scope.clause(Booking.website_id, PAYMENTS),
    )
    rows = session.execute(query.group_by(Booking.currency))
    return {currency: (customers, total) for currency, customers, total in rows}


def _mine(scope: Scope, wanted: Wanted) -> Subquery:
    """The customers of the period: since when in it, and over which source first."""
    source = func.array_agg(aggregate_order_by(Booking.source, Booking.booked_day, Booking.id))
    return (
        select(
            Booking.customer_id,
            func.min(Booking.booked_day).label("since"),
            source[1].label("source"),
        )
        .where(*_counted(scope, wanted))
        .group_by(Booking.customer_id)
        .subquery()
    )


def _counted(scope: Scope, wanted: Wanted) -> list[ColumnElement[bool]]:
    day = Booking.booked_day if wanted.basis == "booked" else Booking.activity_date
    found = [
        and_(day >= wanted.period.first, day <= wanted.period.last),
        Booking.status.not_in(GONE),
        scope.clause(Booking.website_id, VIEW),
    ]
    if wanted.website_id:
        found.append(Booking.website_id == wanted.website_id)
    return found
