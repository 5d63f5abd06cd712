"""Lists of bookings: keyset-paged, always read in the order of an index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, func, literal, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, load_only, selectinload

from app.bookings.filters import Filters, sort_key
from app.bookings.models import Booking
from app.bookings.searching import looked_up
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

VIEW = Permission.BOOKINGS_VIEW
LIST_COLUMNS = (
    Booking.id,
    Booking.website_id,
    Booking.booking_ref,
    Booking.source,
    Booking.partner_id,
    Booking.version,
    Booking.package_name,
    Booking.venue,
    Booking.venue_id,
    Booking.activity_date,
    Booking.time_slot,
    Booking.starts_at,
    Booking.guest_count,
    Booking.traveler_count,
    Booking.arrived_count,
    Booking.total_amount,
    Booking.currency,
    Booking.status,
    Booking.overbooked,
    Booking.checked_in_at,
    Booking.customer_name,
    Booking.customer_phone,
    Booking.allergies,
    Booking.celebration,
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

    Raises InvalidPayload for a cursor that is not ours. `whole` loads every column, with dishes
    and travelers.
    """
    filters = looked_up(session, filters)
    branch = _ordered(filters, _after(filters, after)).limit(limit + 1)
    websites = visible_websites(scope, filters.website_id)
    query = _over_websites(branch, websites, filters, limit + 1)
    if whole:
        query = query.options(selectinload(Booking.traveler_rows), selectinload(Booking.items))
    else:
        query = query.options(load_only(*LIST_COLUMNS))
    rows = session.scalars(query).all()
    more = len(rows) > limit
    shown = rows[:limit]
    return Slice(shown, encode_cursor(sort_key(shown[-1])) if more else None)


def visible_websites(scope: Scope, chosen: str | None) -> frozenset[str] | None:
    """The websites a list is about: the chosen one if it may be seen, else all visible."""
    if chosen is None:
        return scope.websites(VIEW)
    return frozenset({chosen}) if scope.can(VIEW, chosen) else frozenset()


def website_clause(websites: frozenset[str] | None) -> ColumnElement[bool]:
    """Condition for these websites; None means all. One is compared as one, which keeps an index
    that leads with the website in order."""
    if websites is None:
        return literal(True)
    if len(websites) == 1:
        return Booking.website_id == next(iter(websites))
    return Booking.website_id == func.any(literal(sorted(websites), ARRAY(Text)))


def in_order(newest_first: bool) -> list[Any]:
    """The order of every list: activity date, time, id."""
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
    return query.order_by(*in_order(filters.newest_first))


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
    few = filters.q.strip() or filters.partner_id or filters.venue_id  # an index of its own
    if not websites or len(websites) > _MAX_BRANCHES or few:
        return branch.where(website_clause(websites))
    ids = [
        branch.where(Booking.website_id == website).with_only_columns(Booking.id)
        for website in sorted(websites)
    ]
    found = union_all(*(part.subquery().select() for part in ids)).subquery()
    query = select(Booking).where(Booking.id.in_(select(found.c.id)))
    return query.order_by(*in_order(filters.newest_first)).limit(limit)


def among(
    session: Session, scope: Scope, ids: Collection[UUID], filters: Filters | None = None
) -> Sequence[Booking]:
    """Those of these bookings that are visible and, where `filters` are given, belong to them."""
    if not ids:
        return []
    chosen = filters or Filters()
    query = select(Booking).where(Booking.id.in_(ids), *chosen.conditions())
    query = query.where(website_clause(visible_websites(scope, chosen.website_id)))
    query = query.order_by(*in_order(chosen.newest_first)).options(load_only(*LIST_COLUMNS))
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
