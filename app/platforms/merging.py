"""What a platform tells of a reservation that is known, into its booking.

Only the fields that it tells otherwise than last time are merged: what it tells unchanged is no
wish of anybody.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.receiving import Kind, Message, receive
from app.bookings.status import ARRIVED, ARRIVING, GONE, Status
from app.bookings.writing import STATED
from app.deliveries.models import Delivery, Destination, State
from app.events.models import Actor, Event, Outbox
from app.platforms import translating
from app.platforms.base import Account, Reservation
from app.platforms.models import PlatformConnection, PlatformReservation, ReservationState
from app.platforms.reservations import OPEN
from app.venues.models import Activity, Venue
from app.venues.plan import Plan
from app.websites.models import Website

ON_THE_WAY = (State.READY, State.SENDING, State.PARKED)
"""A change of ours that may arrive yet. What was refused holds its fields alone."""
WORDS = "special_requests"
OVER = (*ARRIVED, Status.NO_SHOW)
"""Nobody is waited for any more."""

Party = tuple[date, int, time | None]
"""When, and how many: what a reservation without a name is known by."""


class Outcome(enum.StrEnum):
    """What became of a reservation."""

    CREATED = "created"
    CHANGED = "changed"
    SAME = "same"
    WAITING = "waiting"
    """A change of ours is on its way there: the next pull looks again."""


@dataclass(frozen=True)
class Pulled:
    """Where the reservations come from, and when the platform was asked."""

    connection: PlatformConnection
    account: Account
    label: str
    website: Website
    venue: Venue
    services: Sequence[Activity]
    """What they can be bookings of: one at least."""
    began: datetime
    is_news: bool = True
    making: frozenset[Party] = frozenset()
    """Those that are being made there, and whose ids we have not heard yet."""
    plan: Plan | None = None
    """When these services seat guests, on the days of a page."""

    @property
    def actor(self) -> Actor:
        key = self.connection.key
        return Actor("platform", str(self.connection.id), self.label, key)


def merge(
    session: Session,
    pulled: Pulled,
    row: PlatformReservation,
    booking: Booking,
    said: Reservation,
    told: dict[str, Any],
) -> Outcome:
    """What the platform tells anew of a locked booking."""
    if row.making_since or row.state not in (ReservationState.LIVE, ReservationState.CANCELLED):
        return Outcome.WAITING
    if row.updated_at > pulled.began or is_busy(session, pulled.connection, booking.id):
        return Outcome.WAITING
    changed = _changed(session, pulled, row, booking, told)
    if row.state == ReservationState.CANCELLED:
        changed = _revived(session, row, booking, changed, told)
    in_step, before = row.version == booking.version, booking.version
    if changed:
        tell(session, pulled, row, booking, changed, said.raw_status)
    if in_step:
        row.version = booking.version
    keep(pulled, row, told, said.raw_status)
    if STATED in changed:
        gone = changed[STATED] in GONE
        row.state = ReservationState.CANCELLED if gone else ReservationState.LIVE
        row.problem = None if gone else row.problem
    return Outcome.SAME if booking.version == before else Outcome.CHANGED


def _changed(
    session: Session,
    pulled: Pulled,
    row: PlatformReservation,
    booking: Booking,
    told: dict[str, Any],
) -> dict[str, Any]:
    """The registers that it tells otherwise than last time, and that the booking does not have.

    Since we changed it there it tells what we sent, in its own spelling: then what it says is
    compared with the booking, as far as that can be done. What it refused stays ours.
    """
    last, now = row.told or {}, translating.digests(pulled.connection.id, told)
    if row.told is not None and last.get("version") == row.version:
        names = [n for n in told if last.get(n) != now[n] and (n in last or not row.is_ours)]
    else:
        ours = _changed_here(session, pulled, row, booking)
        names = [name for name in translating.HARD if name not in ours]
        is_new = last.get(STATED) != now.get(STATED) and booking.status in ARRIVING
        if told.get(STATED) in GONE or (is_new and told.get(STATED) in OVER):
            names.append(STATED)
    values = {name: told[name] for name in names}
    if row.is_ours and values.get(WORDS):
        values[WORDS] = translating.without_ours(booking, values[WORDS])
    return {n: value for n, value in values.items() if translating.differs(booking, n, value)}


def _changed_here(
    session: Session, pulled: Pulled, row: PlatformReservation, booking: Booking
) -> set[str]:
    """The fields that were changed since what the platform holds, by others than itself."""
    if row.version == booking.version:
        return set()
    query = select(Event.changes).where(
        Event.booking_id == booking.id,
        Event.version > (row.version or 0),
        Event.door != pulled.connection.key,
    )
    return {name for changes in session.scalars(query) for name in changes}


def _revived(
    session: Session,
    row: PlatformReservation,
    booking: Booking,
    changed: dict[str, Any],
    told: dict[str, Any],
) -> dict[str, Any]:
    """Of a reservation that was called off nothing counts but that it stands again: then as it
    stands there now, whatever was changed meanwhile."""
    if changed.get(STATED, GONE[0]) in GONE or booking.status not in GONE:
        return {}
    elsewhere = select(PlatformReservation.id).where(
        PlatformReservation.booking_id == booking.id,
        PlatformReservation.id != row.id,
        PlatformReservation.state.in_(OPEN),
    )
    if session.scalar(elsewhere.limit(1)):
        return {}
    names = (*translating.HARD, STATED) if row.is_ours else tuple(told)
    return {n: told[n] for n in names if n in told and translating.differs(booking, n, told[n])}


def tell(
    session: Session,
    pulled: Pulled,
    row: PlatformReservation,
    booking: Booking,
    registers: dict[str, Any],
    raw_status: str,
) -> None:
    """Let the booking receive these registers, as of the moment at which the platform was asked."""
    message = Message(
        kind=Kind.UPDATED,
        source_booking_id=booking.source_booking_id,
        registers=registers,
        at=pulled.began,
        is_timed=False,
        digest=b"",
        source_status=None if row.is_ours else raw_status or None,
        source="platform",
    )
    receive(session, pulled.actor, pulled.website, message)


def keep(pulled: Pulled, row: PlatformReservation, told: dict[str, Any], raw_status: str) -> None:
    """Note what it told."""
    now = translating.digests(pulled.connection.id, told)
    row.told = {**(row.told or {}), **now, "version": row.version}
    row.raw_status = raw_status[: translating.LONGEST_ID]
    row.seen_at, row.missing_since = pulled.began, None


def is_busy(session: Session, connection: PlatformConnection, booking_id: UUID) -> bool:
    """Whether a change of this booking is on its way to the platform, or about to be."""
    sent = (
        select(Delivery.id)
        .join(Destination, Destination.id == Delivery.destination_id)
        .where(Destination.key == connection.key, Delivery.booking_id == booking_id)
        .where(Delivery.state.in_(ON_THE_WAY), Delivery.fallback.is_distinct_from(State.DELIVERED))
    )
    soon = (
        select(Outbox.event_id)
        .join(Event, Event.id == Outbox.event_id)
        .where(Outbox.booking_id == booking_id, Event.door != connection.key)
    )
    return bool(session.scalar(select(or_(sent.exists(), soon.exists()))))
