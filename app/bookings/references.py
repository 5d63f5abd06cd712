"""From references to bookings and back, for pages that are not about bookings."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from app.bookings.models import Booking

MOST = 50


@dataclass(frozen=True)
class Reference:
    """How a booking is called, and what its amounts are in."""

    text: str
    currency: str


def find(session: Session, websites: Collection[str], text: str) -> tuple[UUID, ...]:
    """The bookings of these websites that a text means, at most 50.

    By their own id, the id at their source, or their reference; each served by an index.
    """
    mine = select(Booking.id).where(Booking.website_id.in_(sorted(websites)))
    try:
        asked = UUID(text)
    except ValueError:
        query = mine.where(Booking.booking_ref.in_({text, text.upper()}))
        return tuple(session.scalars(query.limit(MOST)))
    own, at_source = (Booking.id == asked), (Booking.source_booking_id == asked)
    return tuple(session.scalars(union(mine.where(own), mine.where(at_source)).limit(MOST)))


def of(session: Session, booking_ids: Iterable[UUID | None]) -> dict[UUID, Reference]:
    """What these bookings are called, in one query."""
    ids = {booking_id for booking_id in booking_ids if booking_id is not None}
    if not ids:
        return {}
    query = select(Booking.id, Booking.booking_ref, Booking.currency).where(Booking.id.in_(ids))
    return {row.id: Reference(row.booking_ref, row.currency) for row in session.execute(query)}
