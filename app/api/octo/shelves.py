"""The products and slots of bookings that stand: in as many queries for many as for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.api.octo.catalogue import Product, product_of, window
from app.bookings.derive import clock_of
from app.bookings.models import Booking
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.plan import DAY_KEY, Slot, State


@dataclass(frozen=True)
class Shelf:
    """What some bookings are of: as it is offered now, and as it is planned for their days."""

    now: datetime
    coming: Mapping[UUID, Product]
    then: Mapping[UUID, Product]
    _slots: dict[tuple[UUID, date], list[Slot]] = field(default_factory=dict)

    def product(self, booking: Booking) -> Product:
        """The product of one of them, also where it is not sold any more."""
        return self.coming[_activity(booking)]

    def planned(self, booking: Booking) -> Product:
        """The same with the hours of its day."""
        return self.then[_activity(booking)]

    def slot(self, booking: Booking) -> Slot:
        """The slot of one of them; where nothing is offered then any more, a closed one."""
        there = self._slots_of(_activity(booking), booking.activity_date)
        found = (slot for slot in there if slot.key == booking.slot_key)
        return next(found, None) or _as_booked(self.planned(booking), booking)

    def _slots_of(self, activity_id: UUID, day: date) -> list[Slot]:
        if (activity_id, day) not in self._slots:
            planned = self.then[activity_id]
            self._slots[activity_id, day] = slots(planned.plan, planned.offer, day, self.now)
        return self._slots[activity_id, day]


def shelve(session: Session, bookings: Sequence[Booking], now: datetime) -> Shelf:
    """For bookings of activities; at least one."""
    venues = {booking.venue_id for booking in bookings if booking.venue_id is not None}
    days = [booking.activity_date for booking in bookings]
    activities = {_activity(booking) for booking in bookings}

    def over(first: date, last: date) -> dict[UUID, Product]:
        plans = load(session, venues, first, last, activities)
        return {o.activity.id: product_of(plan, o) for plan in plans for o in plan.offers}

    return Shelf(now, over(*window(now)), over(min(days), max(days)))


def _activity(booking: Booking) -> UUID:
    if booking.activity_id is None:
        raise ValueError("this booking is of no activity")
    return booking.activity_id


def _as_booked(product: Product, booking: Booking) -> Slot:
    """A slot at the time of a booking at which nothing is sold any more."""
    activity, zone, day = product.offer.activity, product.plan.zone, booking.activity_date
    clock = clock_of(booking.time_slot)
    begins = datetime.combine(day, clock or time(), zone)
    ends = (begins.astimezone(UTC) + timedelta(minutes=activity.duration_minutes)).astimezone(zone)
    return Slot(
        activity_id=activity.id,
        day=day,
        key=booking.slot_key or DAY_KEY,
        time=f"{begins:%H:%M}",
        starts_at=begins,
        ends_at=ends if clock else begins + timedelta(days=1),
        last_call=begins,
        capacity=activity.capacity,
        used=booking.guest_count,
        state=State.CLOSED,
        departure_id=booking.departure_id,
    )
