"""Reading what outside platforms hold, and how the calls to them went.

A booking counts once: at the connection of its venue that holds it, else at the one that held it
last, from the moment on at which the platform has named the reservation. Every query takes a scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Text,
    and_,
    column,
    func,
    literal_column,
    select,
    values,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import ARRIVED, Status
from app.deliveries.models import SyncLog
from app.deliveries.periods import first_id_since
from app.platforms.exchanges import OF_PLATFORMS
from app.platforms.models import DOOR, PlatformConnection, PlatformReservation
from app.platforms.reservations import OPEN
from app.reports.queries import VIEW, Wanted
from app.staff.scope import Scope
from app.venues.models import Venue
from app.websites.models import Website

LIVE = (Status.CONFIRMED, *ARRIVED, Status.NO_SHOW)
"""What counts as a booking, as in every other report."""
LOST = (Status.CANCELLED, Status.REFUNDED)
PLATFORM = "platform"
"""Source of the bookings that came from one."""
Group = tuple[str | None, UUID | None]
"""Type of the platform and connection; without connection: all of the type; without both: all."""
ALL: Group = (None, None)


@dataclass(frozen=True)
class Connected:
    """A venue's connection, with what reports need of it."""

    id: UUID
    type: str
    venue_id: UUID
    venue: str
    zone: str
    """Of the website: its days are those of the report."""


@dataclass(frozen=True)
class Held:
    """The reservations of one group."""

    made: int = 0
    """Confirmed, arrived, completed or not shown up."""
    came: int = 0
    """Of these: guests booked at the platform; the others were made from here."""
    covers: int = 0
    came_covers: int = 0
    lost: int = 0
    """Cancelled or refunded."""
    stayed_away: int = 0
    arrived: int = 0
    lead: int | None = None
    """Days from the booking to the visit: half of them were made no longer before."""


@dataclass(frozen=True)
class Called:
    """The calls of one group. Durations in milliseconds."""

    calls: int = 0
    failed: int = 0
    median: int | None = None
    slow: int | None = None
    """One call in twenty took longer."""


@dataclass(frozen=True)
class Sold:
    """The bookings of one source at venues that have a platform."""

    bookings: int = 0
    guests: int = 0


def connections(session: Session, scope: Scope, website_id: str | None) -> Sequence[Connected]:
    """Every connection that one sees, also those that are off, by venue and platform."""
    row = PlatformConnection
    names = (row.id, row.platform_type, row.venue_id, Venue.name, Website.timezone)
    query = (
        select(*names)
        .join(Venue, Venue.id == row.venue_id)
        .join(Website, Website.id == row.website_id)
        .where(scope.clause(row.website_id, VIEW))
        .order_by(Venue.name, row.platform_type, row.id)
    )
    if website_id:
        query = query.where(row.website_id == website_id)
    return [Connected(*found) for found in session.execute(query)]


def held(
    session: Session, scope: Scope, wanted: Wanted, venues: Sequence[UUID]
) -> dict[Group, Held]:
    """What the platforms of these venues hold, by type and connection, and rolled up."""
    each = _each(scope, wanted, venues)
    live, came = each.c.status.in_(LIVE), each.c.came
    count, covers = func.count(), func.sum(each.c.guest_count)
    half: Any = func.percentile_disc(0.5).within_group(each.c.lead.asc())
    columns = (
        count.filter(live),
        count.filter(live, came),
        func.coalesce(covers.filter(live), 0),
        func.coalesce(covers.filter(live, came), 0),
        count.filter(each.c.status.in_(LOST)),
        count.filter(each.c.status == Status.NO_SHOW),
        count.filter(each.c.status.in_(ARRIVED)),
        half.filter(live),
    )
    keys = (each.c.platform_type, each.c.connection_id)
    rows = session.execute(select(*keys, *columns).group_by(func.rollup(*keys)))
    return {(row[0], row[1]): Held(*row[2:]) for row in rows}


def sold(session: Session, scope: Scope, wanted: Wanted, venues: Sequence[UUID]) -> dict[str, Sold]:
    """Bookings at these venues by source."""
    query = (
        select(Booking.source, func.count(), func.sum(Booking.guest_count))
        .where(Booking.status.in_(LIVE), *_within(scope, wanted, venues))
        .group_by(Booking.source)
    )
    return {row[0]: Sold(row[1], row[2]) for row in session.execute(query)}


def called(session: Session, wanted: Wanted, whom: Sequence[Connected]) -> dict[Group, Called]:
    """How the calls to these went, by type and connection, and rolled up."""
    kinds = sorted({each.type for each in whom})
    rows = [(kinds.index(each.type), at, *_span(each, wanted)) for at, each in enumerate(whom)]
    spans = values(
        *(column("kind", Integer), column("place", Integer), column("door", Text)),
        *(column("since", DateTime(True)), column("until", DateTime(True))),
        name="spans",
    ).data(rows)
    keys = (spans.c.kind, spans.c.place)  # numbers: they are what is sorted
    both: Any = func.percentile_disc(literal_column("ARRAY[0.5, 0.95]"))
    query = (
        select(
            *keys,
            func.count(),
            func.count().filter(SyncLog.status == "failed"),
            both.within_group(SyncLog.duration_ms.asc()),
        )
        .join_from(
            spans,
            SyncLog,
            and_(
                SyncLog.door == spans.c.door,
                SyncLog.created_at >= spans.c.since,
                SyncLog.created_at < spans.c.until,
                OF_PLATFORMS,
                SyncLog.id >= first_id_since("sync_logs", min(row[3] for row in rows)),
                SyncLog.direction == "outbound",
            ),
        )
        .group_by(func.rollup(*keys))
    )
    found: dict[Group, Called] = {}
    for kind, at, calls, failed, durations in session.execute(query):
        group = None if kind is None else kinds[kind], None if at is None else whom[at].id
        found[group] = Called(calls, failed, *(durations or ()))
    return found


def _span(each: Connected, wanted: Wanted) -> tuple[str, datetime, datetime]:
    zone, period = ZoneInfo(each.zone), wanted.period
    since = datetime.combine(period.first, time(), zone)
    until = datetime.combine(period.last + timedelta(days=1), time(), zone)
    return f"{DOOR}{each.id}", since, until


def _each(scope: Scope, wanted: Wanted, venues: Sequence[UUID]) -> Any:
    """One row for each booking that a platform holds or held."""
    row, connection = PlatformReservation, PlatformConnection
    theirs: Any = func.bool_or(~row.is_ours)
    came = theirs.over(partition_by=(row.booking_id, row.connection_id))
    return (
        select(
            *(row.connection_id, connection.platform_type),
            *(Booking.status, Booking.guest_count),
            and_(came, Booking.source == PLATFORM).label("came"),
            func.greatest(Booking.activity_date - Booking.booked_day, 0).label("lead"),
        )
        .join(connection, connection.id == row.connection_id)
        .join(
            Booking,
            and_(Booking.id == row.booking_id, Booking.venue_id == connection.venue_id),
        )
        .where(row.external_id.is_not(None), *_within(scope, wanted, venues))
        .ext(distinct_on(row.booking_id))
        .order_by(row.booking_id, row.state.in_(OPEN).desc(), row.created_at.desc(), row.id.desc())
        .subquery()
    )


def _within(scope: Scope, wanted: Wanted, venues: Sequence[UUID]) -> list[ColumnElement[bool]]:
    day = Booking.booked_day if wanted.basis == "booked" else Booking.activity_date
    found = [
        Booking.venue_id.in_(venues),
        day.between(wanted.period.first, wanted.period.last),
        scope.clause(Booking.website_id, VIEW),
    ]
    if wanted.website_id:
        found.append(Booking.website_id == wanted.website_id)
    return found


def others(of: Mapping[str, Sold], groups: Mapping[Group, Held]) -> dict[str, Sold]:
    """Bookings by source without those that came from a platform that is known by name."""
    came = groups.get(ALL, Held())
    left = of.get(PLATFORM, Sold())
    rest = Sold(left.bookings - came.came, left.guests - came.came_covers)
    return {**of, PLATFORM: rest}
