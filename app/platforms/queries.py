"""Reading connections, what their platforms said, and what was said to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Text,
    cast,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from app.deliveries.models import OPEN_STATES, Delivery, Destination
from app.deliveries.queries import MOST_DIGITS
from app.errors import NotFound
from app.platforms.models import PlatformConnection, PlatformReservation
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.models import Activity, Kind, Venue
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor
from app.websites.models import Website

VIEW = Permission.PLATFORMS_VIEW
MANAGE = Permission.PLATFORMS_MANAGE


@dataclass(frozen=True)
class Listed:
    """A connection, where it is, its place in the order of its venue, and how many that has."""

    connection: PlatformConnection
    venue: str
    website: str
    place: int
    beside: int


def wanted(scope: Scope) -> ColumnElement[bool]:
    """Whether there is a connection, or a venue with tables that could have one: a part of every
    page's frame."""
    made = select(PlatformConnection.id).where(scope.clause(PlatformConnection.website_id, VIEW))
    tables = (
        select(Venue.id)
        .join(Activity, Activity.venue_id == Venue.id)
        .where(Activity.kind == Kind.TABLE, scope.clause(Venue.website_id, VIEW))
    )
    return made.exists() | tables.exists()


def page(
    session: Session,
    scope: Scope,
    website_id: str = "",
    venue_id: UUID | None = None,
    after: str = "",
    limit: int = 100,
) -> Slice[Listed]:
    """The connections somebody may see, by venue and in the order in which they are asked.

    Raises InvalidPayload for a cursor that is none of ours.
    """
    name, text_id = func.lower(Venue.name), cast(PlatformConnection.id, Text)
    query = (
        select(PlatformConnection, Venue.name, Website.name, *_place(), name)
        .join(Venue, Venue.id == PlatformConnection.venue_id)
        .join(Website, Website.id == PlatformConnection.website_id)
        .where(scope.clause(PlatformConnection.website_id, VIEW))
    )
    if website_id:
        query = query.where(PlatformConnection.website_id == website_id)
    if venue_id:
        query = query.where(PlatformConnection.venue_id == venue_id)
    keys = (
        *(name, cast(PlatformConnection.venue_id, Text)),
        *(PlatformConnection.priority, text_id),
    )
    if after:
        query = query.where(tuple_(*keys) > _behind(after))
    rows = session.execute(query.order_by(*keys).limit(limit + 1)).all()
    found = [Listed(*row[:5]) for row in rows[:limit]]
    if len(rows) <= limit:
        return Slice(found, None)
    last = found[-1].connection
    values = (rows[limit - 1][5], last.venue_id, last.priority, last.id)
    return Slice(found, encode_cursor(values))


def _behind(after: str) -> Any:
    """Name and id of the venue, place and id of the connection that a cursor names."""
    name, venue, priority, connection = decode_cursor(after, 4)
    if not priority.isdecimal() or len(priority) > MOST_DIGITS:
        raise bad_cursor()
    return tuple_(name, venue, int(priority), connection)


def _place() -> tuple[Any, Any]:
    """Its place in the order of its venue, and how many connections that has."""
    other = aliased(PlatformConnection)
    mine = (PlatformConnection.priority, PlatformConnection.id)
    count = select(func.count()).where(other.venue_id == PlatformConnection.venue_id)
    before = count.where(tuple_(other.priority, other.id) <= tuple_(*mine))
    return before.scalar_subquery(), count.scalar_subquery()


def get(
    session: Session, scope: Scope, connection_id: UUID, permission: Permission = VIEW
) -> PlatformConnection:
    """One. Raises NotFound when it is not visible, Forbidden when it is only that."""
    return _checked(session.get(PlatformConnection, connection_id), scope, permission)


def lock(session: Session, scope: Scope, connection_id: UUID) -> PlatformConnection:
    """One to be changed. Raises as `get`."""
    query = select(PlatformConnection).where(PlatformConnection.id == connection_id)
    found = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    return _checked(found, scope, MANAGE)


def _checked(
    found: PlatformConnection | None, scope: Scope, permission: Permission
) -> PlatformConnection:
    if found is None:
        raise NotFound("This connection does not exist.")
    scope.demand(permission, found.website_id, seen_with=VIEW)
    return found


def of_venue(session: Session, venue_id: UUID) -> Sequence[PlatformConnection]:
    """The connections of a venue, the first to be asked first."""
    query = select(PlatformConnection).where(PlatformConnection.venue_id == venue_id)
    ordered = query.order_by(PlatformConnection.priority, PlatformConnection.id)
    return session.scalars(ordered).all()


def venues(session: Session, scope: Scope, limit: int = 500) -> Sequence[tuple[UUID, str, str]]:
    """(id, venue, website) of every venue that somebody may connect; those with tables first."""
    tables = select(Activity.id).where(Activity.venue_id == Venue.id, Activity.kind == Kind.TABLE)
    query = (
        select(Venue.id, Venue.name, Website.name)
        .join(Website, Website.id == Venue.website_id)
        .where(scope.clause(Venue.website_id, MANAGE), tables.exists())
        .order_by(func.lower(Website.name), func.lower(Venue.name), Venue.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def words_seen(session: Session, connection_id: UUID) -> dict[str, int]:
    """The platform's words for a status, and of how many reservations it told them last."""
    query = (
        select(PlatformReservation.raw_status, func.count())
        .where(
            PlatformReservation.connection_id == connection_id,
            PlatformReservation.raw_status != "",
        )
        .group_by(PlatformReservation.raw_status)
        .order_by(func.count().desc(), PlatformReservation.raw_status)
        .limit(200)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def on_their_way(connection: PlatformConnection) -> ScalarSelect[int]:
    """How many changes are still to arrive at the platform, or failed to: a part of a query."""
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(Destination, Destination.id == Delivery.destination_id)
        .where(Destination.key == connection.key, Delivery.state.in_(OPEN_STATES))
    )
    return query.scalar_subquery()
