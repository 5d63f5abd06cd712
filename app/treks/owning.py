"""A customer's own bookings in the app: found and listed.

Own is what was booked in the app by this very customer. That somebody gave their phone at a desk
opens nothing: what is not own does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.errors import NotFound
from app.venues.lasting import last_day
from app.venues.models import Activity, Departure, Venue

SOURCE = "customer_app"


@dataclass(frozen=True)
class Trip:
    """A booking with what it is of, as far as that is still known."""

    booking: Booking
    venue: Venue | None
    activity: Activity | None
    departure: Departure | None

    @property
    def last_day(self) -> date:
        """The day on which they are back."""
        if self.departure is None or self.activity is None:
            return self.booking.activity_date
        return last_day(self.activity, self.departure)


@dataclass(frozen=True)
class Period:
    """Which of one's bookings: by their first day, and by where they stand."""

    first: date | None = None
    last: date | None = None
    status: str | None = None


def get(session: Session, customer_id: UUID, booking_id: UUID) -> Trip:
    """One of the customer's own. Raises NotFound."""
    row = session.execute(_own(customer_id).where(Booking.id == booking_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such booking.")
    return Trip(*row)


def lock(session: Session, customer_id: UUID, booking_id: UUID) -> Booking:
    """The same, locked until the transaction ends. Raises NotFound."""
    mine = _mine(select(Booking), customer_id).where(Booking.id == booking_id)
    locked = mine.with_for_update(of=Booking).execution_options(populate_existing=True)
    booking: Booking | None = session.scalar(locked)
    if booking is None:
        raise NotFound("There is no such booking.")
    return booking


def page(
    session: Session,
    customer_id: UUID,
    period: Period,
    after: tuple[date, str, UUID] | None,
    limit: int,
) -> tuple[Sequence[Trip], bool]:
    """The customer's own by their first day, in one query; and whether there are more."""
    key = (Booking.activity_date, Booking.time_slot, Booking.id)
    query = _own(customer_id).order_by(*key).limit(limit + 1)
    if period.first is not None:
        query = query.where(Booking.activity_date >= period.first)
    if period.last is not None:
        query = query.where(Booking.activity_date <= period.last)
    if period.status is not None:
        query = query.where(Booking.status == period.status)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    rows = session.execute(query).all()
    return [Trip(*row) for row in rows[:limit]], len(rows) > limit


def _own(customer_id: UUID) -> Select[Any]:
    query: Any = (
        select(Booking, Venue, Activity, Departure)
        .outerjoin(Venue, Venue.id == Booking.venue_id)
        .outerjoin(Activity, Activity.id == Booking.activity_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
    )
    return _mine(query, customer_id)


def _mine(query: Select[Any], customer_id: UUID) -> Select[Any]:
    return query.where(Booking.customer_id == customer_id, Booking.source == SOURCE)
