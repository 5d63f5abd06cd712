"""Lists of bookings: keyset-paged, always read in the order of an index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, func, literal, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, load_only

from app.bookings.filters import Filters, late_condition, sort_key
from app.bookings.models import PICKUPS, Booking
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

VIEW = Permission.BOOKINGS_VIEW
LIST_COLUMNS = (
    Booking.id,
    Booking.website_id,
    Booking.booking_ref,
    Booking.source,
    Booking.version,
    Booking.package_name,
    Booking.venue,
    Booking.activity_date,
    Booking.time_slot,
    Booking.starts_at,
    Booking.guest_count,
    Booking.total_amount,
    Booking.currency,
    Booking.status,
    Booking.checked_in_at,
    Booking.customer_name,
    Booking.customer_phone,
    Booking.special_requests,
    Booking.transport_type,
    Booking.hotel_name,
    Booking.room_number,
    Booking.non_players,
    Booking.private_passengers,
    Booking.admin_notes,
    Booking.created_at,
)
"""What a row of a list shows: the rest (and its decryption) is left where it is."""

_MAX_BRANCHES = 25


def page(
    session: Session,
    scope: Scope,
    filters: Filters,
    after: str | None = None,
    limit: int = 50,
    *,
    whole: bool = False,
) -> Slice[Booking]:
    """One stretch of the list in the order of activity date, time, id.

    Raises InvalidPayload for a cursor that is not ours. `whole` loads every column.
    """
    branch = _ordered(filters, _after(filters, after)).limit(limit + 1)
    websites = visible_websites(scope, filters.website_id)
    query = _over_websites(branch, websites, filters, limit + 1)
    if not whole:
        query = query.options(load_only(*LIST_COLUMNS))
    rows = session.scalars(query).all()
    more = len(rows) > limit
    shown = rows[:limit]
    return Slice(shown, encode_cursor(sort_key(shown[-1])) if more else None)


def count_up_to(session: Session, scope: Scope, filters: Filters, most: int = 1000) -> int:
    """How many bookings the list has; `most + 1` when more than `most` (never counts further)."""
    return counts_up_to(session, scope, [filters], most)[0]


def counts_up_to(
    session: Session, scope: Scope, lists: Sequence[Filters], most: int = 1000
) -> list[int]:
    """The same for several lists, in one query."""
    counts = []
    for filters in lists:
        inner = select(literal(1)).select_from(Booking).where(*filters.conditions())
        inner = inner.where(_website_clause(visible_websites(scope, filters.website_id)))
        stretch = inner.limit(most + 1).subquery()
        counts.append(select(func.count()).select_from(stretch).scalar_subquery())
    return list(session.execute(select(*counts)).one())


def visible_websites(scope: Scope, chosen: str | None) -> frozenset[str] | None:
    """The websites a list is about: the chosen one if it may be seen, else all visible."""
    if chosen is None:
        return scope.websites(VIEW)
    return frozenset({chosen}) if scope.can(VIEW, chosen) else frozenset()


def _website_clause(websites: frozenset[str] | None) -> ColumnElement[bool]:
    if websites is None:
        return literal(True)
    return Booking.website_id == func.any(literal(sorted(websites), ARRAY(Text)))


def _order(newest_first: bool) -> list[Any]:
    columns = (Booking.activity_date, Booking.time_slot, Booking.id)
    return [column.desc() if newest_first else column.asc() for column in columns]


def _after(filters: Filters, cursor: str | None) -> list[ColumnElement[bool]]:
    if not cursor:
        return []
    day, slot, booking_id = decode_cursor(cursor, 3)
    try:
        values = (date.fromisoformat(day), slot, UUID(booking_id))
    except ValueError as error:
        raise bad_cursor() from error
    here = tuple_(Booking.activity_date, Booking.time_slot, Booking.id)
    return [here < tuple_(*values) if filters.newest_first else here > tuple_(*values)]


def _ordered(filters: Filters, after: list[ColumnElement[bool]]) -> Select[Booking]:
    query = select(Booking).where(*filters.conditions(), *after)
    return query.order_by(*_order(filters.newest_first))


def _over_websites(
    branch: Select[Booking],
    websites: frozenset[str] | None,
    filters: Filters,
    limit: int,
) -> Select[Booking]:
    """The branch over the visible websites, always in index order.

    For a few websites one ordered read each, merged: a small website among large ones must not
    make the planner walk everybody's days.
    """
    if websites is None:
        return branch
    if len(websites) == 1:
        return branch.where(Booking.website_id == next(iter(websites)))
    if not websites or len(websites) > _MAX_BRANCHES or filters.q.strip():
        return branch.where(_website_clause(websites))
    ids = [
        branch.where(Booking.website_id == website).with_only_columns(Booking.id)
        for website in sorted(websites)
    ]
    found = union_all(*(part.subquery().select() for part in ids)).subquery()
    query = select(Booking).where(Booking.id.in_(select(found.c.id)))
    return query.order_by(*_order(filters.newest_first)).limit(limit)


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
        .where(_website_clause(visible_websites(scope, website_id)))
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
    return page(session, scope, filters, limit=limit).rows


def among(
    session: Session, scope: Scope, ids: Collection[UUID], filters: Filters | None = None
) -> Sequence[Booking]:
    """Those of these bookings that are visible and, where `filters` are given, belong to them."""
    if not ids:
        return []
    chosen = filters or Filters()
    query = select(Booking).where(Booking.id.in_(ids), *chosen.conditions())
    query = query.where(_website_clause(visible_websites(scope, chosen.website_id)))
    query = query.order_by(*_order(chosen.newest_first)).options(load_only(*LIST_COLUMNS))
    return session.scalars(query).all()


def slots_near(session: Session, booking: Booking, limit: int = 30) -> Sequence[str]:
    """Times at which the same website has bookings that day: suggestions for a form."""
    query = (
        select(Booking.time_slot)
        .distinct()
        .where(
            Booking.website_id == booking.website_id, Booking.activity_date == booking.activity_date
        )
    )
    return session.scalars(query.order_by(Booking.time_slot).limit(limit)).all()
