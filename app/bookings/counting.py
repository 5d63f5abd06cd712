"""Counting bookings: of lists, never beyond a thousand, and of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

from app.bookings import listing
from app.bookings.filters import Filters, late_condition
from app.bookings.listing import in_order, visible_websites, website_clause
from app.bookings.models import Booking
from app.bookings.predicates import PICKUPS
from app.bookings.searching import looked_up
from app.staff.scope import Scope

MOST = 1000


def count_up_to(session: Session, scope: Scope, filters: Filters) -> int | None:
    """How many bookings the list has; MOST + 1 when more than MOST (never counts further)."""
    return counts_up_to(session, scope, [filters])[0]


def counts_up_to(session: Session, scope: Scope, lists: Sequence[Filters]) -> list[int | None]:
    """The same for several lists that differ in status only, in one query.

    None where a search finds so much that counting would take longer than the list itself.
    """
    if lists[0].q.strip():
        return _counts_of_search(session, scope, lists)
    counts = [
        select(func.count()).select_from(_stretch(scope, one).subquery()).scalar_subquery()
        for one in lists
    ]
    return list(session.execute(select(*counts)).one())


def _stretch(scope: Scope, filters: Filters) -> Select[int]:
    """The first entries of the list. In order where one index holds them in order: then only the
    index is read, and never more of it than is counted."""
    websites = visible_websites(scope, filters.website_id)
    query = select(literal(1)).select_from(Booking).where(*filters.conditions())
    query = query.where(website_clause(websites)).limit(MOST + 1)
    if len(filters.statuses) <= 1 and (websites is None or len(websites) == 1):
        return query.order_by(*in_order(newest_first=False))
    return query


def _counts_of_search(session: Session, scope: Scope, lists: Sequence[Filters]) -> list[int | None]:
    """The hits of a search, counted by status."""
    everything = looked_up(session, replace(lists[0], statuses=()))
    if everything.found is None:
        return [None] * len(lists)
    query = select(Booking.status, func.count()).where(*everything.conditions())
    query = query.where(website_clause(visible_websites(scope, everything.website_id)))
    by_status = {status: int(n) for status, n in session.execute(query.group_by(Booking.status))}
    return [
        min(sum(n for s, n in by_status.items() if not one.statuses or s in one.statuses), MOST + 1)
        for one in lists
    ]


@dataclass(frozen=True)
class DayCount:
    """One tile of a day: how many bookings and guests stand in a status."""

    bookings: int = 0
    guests: int = 0
    late: int = 0
    pickups: int = 0


def day_counts(
    session: Session, scope: Scope, day: date, now: datetime, website_id: str | None = None
) -> dict[str, DayCount]:
    """Bookings and guests of a day by status, in one query. Who is late counts from `now`."""
    query = (
        select(
            Booking.status,
            func.count(),
            func.sum(Booking.guest_count),
            func.count().filter(late_condition(now)),
            func.count().filter(Booking.transport_type.in_(PICKUPS)),
        )
        .where(Booking.activity_date == day)
        .where(website_clause(visible_websites(scope, website_id)))
        .group_by(Booking.status)
    )
    return {status: DayCount(*map(int, numbers)) for status, *numbers in session.execute(query)}


def day(
    session: Session,
    scope: Scope,
    on: date,
    website_id: str | None = None,
    q: str = "",
    limit: int = 500,
) -> Sequence[Booking]:
    """The bookings of a day by time, at most `limit`."""
    filters = Filters(website_id=website_id, date_from=on, date_to=on, q=q)
    return listing.page(session, scope, filters, limit=limit).rows
