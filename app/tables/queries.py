"""Reading what a restaurant needs of a day: where tables are, and who comes to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, load_only, selectinload

from app.bookings.listing import LIST_COLUMNS
from app.bookings.models import Booking
from app.bookings.status import GONE
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.models import Activity, Kind, Venue

VIEW = Permission.BOOKINGS_VIEW
_OF_TABLES = (
    Booking.kind,
    Booking.activity_id,
    Booking.booking_type,
    Booking.high_chairs,
)


def houses(session: Session, scope: Scope) -> Sequence[Venue]:
    """The venues with tables whose bookings this person sees, by name."""
    query = select(Venue).where(Venue.id.in_(_with_tables()), scope.clause(Venue.website_id, VIEW))
    return session.scalars(query.order_by(Venue.name, Venue.id)).all()


def any_tables(scope: Scope) -> ColumnElement[bool]:
    """Whether there is any such venue: a part of every page's frame."""
    mine = scope.clause(Venue.website_id, VIEW)
    return select(Venue.id).where(Venue.id.in_(_with_tables()), mine).exists()


def _with_tables() -> Select[UUID]:
    return select(Activity.venue_id).where(Activity.kind == Kind.TABLE)


def parties(session: Session, scope: Scope, venue_id: UUID, day: date) -> Sequence[Booking]:
    """Who has a table on a day, with their dishes, by time and name. Who cancelled is left out."""
    query = select(Booking).where(
        Booking.venue_id == venue_id,
        Booking.activity_date == day,
        Booking.kind == Kind.TABLE,
        Booking.status.not_in(GONE),
        scope.clause(Booking.website_id, VIEW),
    )
    wanted = load_only(*LIST_COLUMNS, *_OF_TABLES), selectinload(Booking.items)
    ordered = query.order_by(Booking.time_slot, Booking.customer_name, Booking.id)
    return session.scalars(ordered.options(*wanted)).all()


def choosers(session: Session, scope: Scope, item_id: UUID, today: date) -> Sequence[Booking]:
    """The coming bookings in which a dish is chosen, the next ones first; at most fifty."""
    query = select(Booking).where(
        Booking.items.any(menu_item_id=item_id),
        Booking.activity_date >= today,
        Booking.status.not_in(GONE),
        scope.clause(Booking.website_id, VIEW),
    )
    ordered = query.order_by(Booking.activity_date, Booking.time_slot, Booking.id).limit(50)
    return session.scalars(ordered.options(load_only(*LIST_COLUMNS))).all()
