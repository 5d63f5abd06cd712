"""What a batch of deliveries to platforms needs to be decided on: few queries, whatever the number.

Who composes or settles holds the connection meanwhile, so that two workers never decide at once
who is the last booking on a reservation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session, aliased

from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.channel import Claim
from app.events.models import Event
from app.platforms import registry
from app.platforms.base import Account
from app.platforms.composing import Change
from app.platforms.models import DOOR, PlatformConnection, PlatformReservation, ReservationState
from app.platforms.reservations import OPEN

UNDER_WAY = timedelta(seconds=30)
"""No attempt lasts longer."""
_LOCK = text("""
    SELECT pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended('platform ' || id, 0) AS key
        FROM unnest(CAST(:ids AS text[])) AS c(id) ORDER BY key
    ) AS keys
""")


@dataclass
class Batch:
    """Read once for a batch of claims."""

    session: Session
    now: datetime
    connections: Mapping[str, PlatformConnection]
    """By the key of their destination."""
    bookings: Mapping[UUID, Booking]
    rows: Mapping[UUID, list[PlatformReservation]]
    """Of each booking, at whichever platform, the oldest first."""
    changes: Mapping[UUID, Sequence[Change]]
    languages: Mapping[UUID, str | None]
    """Of the customers."""
    _accounts: dict[UUID, Account] = field(default_factory=dict)

    def account(self, connection: PlatformConnection) -> Account:
        if connection.id not in self._accounts:
            self._accounts[connection.id] = registry.account_of(self.session, connection)
        return self._accounts[connection.id]

    def row_at(
        self, connection: PlatformConnection, booking: Booking
    ) -> PlatformReservation | None:
        """What the booking has there, or had last."""
        mine = [r for r in self.rows.get(booking.id, ()) if r.connection_id == connection.id]
        standing = [row for row in mine if row.state in OPEN]
        return next(iter(standing or mine[::-1]), None)

    def stands_elsewhere(self, connection: PlatformConnection, booking: Booking) -> bool:
        """Whether it has a reservation at another platform of the same venue."""
        other = [r for r in self.rows.get(booking.id, ()) if r.connection_id != connection.id]
        others = {row.connection_id for row in other if row.state in OPEN}
        query = select(PlatformConnection.id).where(
            PlatformConnection.id.in_(others), PlatformConnection.venue_id == connection.venue_id
        )
        return bool(others) and self.session.scalar(query.limit(1)) is not None

    def times_made(self, connection: PlatformConnection, booking: Booking) -> int:
        """How many of its reservations there were called off."""
        return sum(
            row.connection_id == connection.id and row.is_ours and row.external_id is not None
            for row in self.rows.get(booking.id, ())
            if row.state == ReservationState.CANCELLED
        )

    def is_shared(self, row: PlatformReservation) -> bool:
        """Whether another booking stands on the same reservation."""
        query = select(PlatformReservation.id).where(
            PlatformReservation.connection_id == row.connection_id,
            PlatformReservation.external_id == row.external_id,
            PlatformReservation.id != row.id,
            PlatformReservation.state == ReservationState.LIVE,
        )
        self.session.flush()
        return row.external_id is not None and self.session.scalar(query.limit(1)) is not None

    def is_busy(self, row: PlatformReservation, booking: Booking) -> bool:
        """Whether a call for another booking of the same guest is under way there: the platform
        may take the two for one, and its answer for this one may be gone a moment later."""
        other = aliased(Booking)
        query = (
            select(PlatformReservation.id)
            .join(other, other.id == PlatformReservation.booking_id)
            .where(
                PlatformReservation.connection_id == row.connection_id,
                PlatformReservation.making_since > self.now - UNDER_WAY,
                PlatformReservation.booking_id != booking.id,
                or_(
                    other.customer_id == booking.customer_id,
                    other.customer_email_hash == booking.customer_email_hash,
                ),
            )
        )
        self.session.flush()
        return self.session.scalar(query.limit(1)) is not None


def lock_connections(session: Session, connections: Iterable[UUID]) -> None:
    """Nobody else decides about these connections until the transaction ends."""
    session.execute(_LOCK, {"ids": sorted({str(each) for each in connections})})


def id_of(key: str) -> UUID:
    """The connection of a destination."""
    return UUID(key.removeprefix(DOOR))


def by_key(session: Session, keys: Collection[str]) -> dict[str, PlatformConnection]:
    """The connections of these destinations; those that are gone are left out."""
    query = select(PlatformConnection).where(PlatformConnection.id.in_({id_of(k) for k in keys}))
    fresh = query.execution_options(populate_existing=True)
    return {found.key: found for found in session.scalars(fresh)}


def read(session: Session, claims: Sequence[Claim], now: datetime) -> Batch:
    """Everything about these deliveries, with the connections held and the rows locked."""
    lock_connections(session, {id_of(claim.destination_key) for claim in claims})
    connections = by_key(session, {claim.destination_key for claim in claims})
    ids = {claim.booking_id for claim in claims if claim.booking_id}
    bookings, languages = _bookings(session, ids)
    rows: defaultdict[UUID, list[PlatformReservation]] = defaultdict(list)
    query = select(PlatformReservation).where(PlatformReservation.booking_id.in_(ids))
    query = query.order_by(PlatformReservation.id).with_for_update()
    for row in session.scalars(query.execution_options(populate_existing=True)):
        rows[row.booking_id].append(row)
    return Batch(session, now, connections, bookings, rows, _changes(session, ids), languages)


def _bookings(
    session: Session, ids: Collection[UUID]
) -> tuple[dict[UUID, Booking], dict[UUID, str | None]]:
    query = select(Booking, Customer.language).join(Customer, Customer.id == Booking.customer_id)
    found = session.execute(
        query.where(Booking.id.in_(ids)).execution_options(populate_existing=True)
    ).all()
    bookings = {row.Booking.id: row.Booking for row in found}
    return bookings, {row.Booking.customer_id: row.language for row in found}


def _changes(session: Session, ids: Collection[UUID]) -> dict[UUID, Sequence[Change]]:
    """What the log says of these bookings, in the order of their versions."""
    query = select(Event.booking_id, Event.version, Event.door, Event.changes).where(
        Event.booking_id.in_(ids), Event.version.is_not(None)
    )
    found: defaultdict[UUID, list[Change]] = defaultdict(list)
    for row in session.execute(query.order_by(Event.version, Event.id)):
        if row.booking_id is not None:
            found[row.booking_id].append(Change(row.version or 0, row.door, row.changes))
    return dict(found)
