"""Which platform hears of a change of a booking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.deliveries.channel import Pace, Route
from app.events.models import Event
from app.platforms import registry, telling
from app.platforms.composing import TOLD, WHERE, begins, is_wanted_at
from app.platforms.deciding import new_row
from app.platforms.models import DOOR, PlatformConnection, PlatformReservation
from app.platforms.reservations import OPEN, enabled_at, holder_of
from app.venues.models import Kind, Venue

MADE, CHANGED = "booking.created", ("booking.updated", "booking.status_changed")


@dataclass
class _Known:
    """Read once for a batch of events."""

    bookings: Mapping[UUID, Booking]
    venues: Mapping[UUID, Venue]
    rows: defaultdict[UUID, list[PlatformReservation]]
    """Of each booking, the oldest first."""
    holding: dict[UUID, PlatformConnection]
    """The connections of these rows, on or off."""
    enabled: Mapping[UUID, list[PlatformConnection]]


def route(
    session: Session, events: Sequence[Event], now: datetime
) -> Iterator[tuple[Event, Route]]:
    """Every connection at which the booking has a reservation; where there is to be one and is
    none, the one that is to hold it. That one is fixed by a row: later changes go there too."""
    wanted = [event for event in events if event.booking_id and concerns(event)]
    known = _read(session, {e.booking_id for e in wanted if e.booking_id}) if wanted else None
    for event in wanted if known else ():
        booking = known.bookings.get(event.booking_id) if known and event.booking_id else None
        if booking is None or known is None:
            continue
        for connection in _connections(session, known, event, booking, now):
            if connection.key != event.door:
                yield event, _route(event, booking, connection, known.venues)


def concerns(event: Event) -> bool:
    """Whether a platform could have to hear of it."""
    if event.name in CHANGED:
        return not (TOLD | WHERE).isdisjoint(event.changes)
    return event.name == MADE or event.name in telling.ASKED


def _read(session: Session, ids: Iterable[UUID]) -> _Known | None:
    query = select(Booking).where(Booking.id.in_(list(ids)), Booking.kind == Kind.TABLE)
    fresh = query.execution_options(populate_existing=True)
    bookings = {booking.id: booking for booking in session.scalars(fresh)}
    if not bookings:
        return None
    rows: defaultdict[UUID, list[PlatformReservation]] = defaultdict(list)
    of_them = select(PlatformReservation).where(PlatformReservation.booking_id.in_(bookings))
    for row in session.scalars(
        of_them.order_by(PlatformReservation.id).execution_options(populate_existing=True)
    ):
        rows[row.booking_id].append(row)
    places = {booking.venue_id for booking in bookings.values() if booking.venue_id}
    enabled = enabled_at(session, places) if places else {}
    if not rows and not enabled:
        return None
    ids_of = {row.connection_id for found in rows.values() for row in found}
    held = session.scalars(select(PlatformConnection).where(PlatformConnection.id.in_(ids_of)))
    holding = {each.id: each for each in held} if ids_of else {}
    places |= {each.venue_id for each in holding.values()}
    venues = {v.id: v for v in session.scalars(select(Venue).where(Venue.id.in_(places)))}
    return _Known(bookings, venues, rows, holding, enabled)


def _connections(
    session: Session, known: _Known, event: Event, booking: Booking, now: datetime
) -> list[PlatformConnection]:
    rows = known.rows[booking.id]
    found = {r.connection_id: known.holding[r.connection_id] for r in rows if r.state in OPEN}
    if any(each.venue_id == booking.venue_id for each in found.values()):
        return list(found.values())
    if event.door.startswith(DOOR) or not _is_to_be_made(known, booking, now):
        return list(found.values())
    holder = _holder(known, booking, rows)
    if holder is None:
        return list(found.values())
    if not any(row.connection_id == holder.id for row in rows):
        rows.append(new_row(holder, booking))
        known.holding[holder.id] = holder
        session.add(rows[-1])
        session.flush()
    return [*found.values(), holder]


def _is_to_be_made(known: _Known, booking: Booking, now: datetime) -> bool:
    venue = known.venues.get(booking.venue_id) if booking.venue_id else None
    if venue is None or not is_wanted_at(booking, venue.id):
        return False
    at = begins(booking, venue.timezone)
    return at is None or at > now


def _holder(
    known: _Known, booking: Booking, rows: Sequence[PlatformReservation]
) -> PlatformConnection | None:
    """Who had it last, while that one is on; else who is to hold a new one."""
    enabled = known.enabled.get(booking.venue_id, []) if booking.venue_id else []
    by_id = {each.id: each for each in enabled}
    before = [by_id[row.connection_id] for row in rows if row.connection_id in by_id]
    return before[-1] if before else holder_of(enabled)


def _route(
    event: Event,
    booking: Booking,
    connection: PlatformConnection,
    venues: Mapping[UUID, Venue],
) -> Route:
    most = registry.per_minute(connection.platform_type, connection.options)
    return Route(
        destination_key=connection.key,
        label=f"{registry.label_of(connection.platform_type)}, {venues[connection.venue_id].name}",
        website_id=connection.website_id,
        lane=str(booking.id),
        position=event.version or booking.version,
        pace=Pace(per_minute=most),
    )
