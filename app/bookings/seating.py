"""Who sits where is counted anew when a venue's hours or an activity's settings change.

A booking gives back exactly what it took, whatever has changed since; but from then on the slots
are others, and who comes to them must find everybody counted who sits there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.claims import CLAIMING, claim_of, written_keys
from app.bookings.derive import clock_of
from app.bookings.models import Booking
from app.bookings.status import GONE
from app.venues.availability import sits_from
from app.venues.capacity import reseat
from app.venues.loading import load
from app.venues.models import Activity, Venue
from app.venues.plan import Plan


def realign(session: Session, venue: Venue) -> None:
    """Seat the coming bookings of a venue in its slots as they are now; nobody loses a place.

    It is no change of a booking: no version, no event, nothing sent. Locks them all before it
    touches a counter, so that it waits for others and they for it, but not both.
    """
    bookings = _coming(session, venue)
    if not bookings:
        return
    days = [booking.activity_date for booking in bookings]
    (plan,) = load(session, [venue.id], min(days), max(days))
    moves = []
    for booking in bookings:
        keys = _keys(plan, booking)
        if keys != booking.slot_keys:
            values = {name: getattr(booking, name) for name in CLAIMING}
            pair = claim_of(values), claim_of({**values, "slot_keys": keys})
            if pair[0] and pair[1]:
                moves.append((pair[0], pair[1]))
            booking.slot_keys = keys
    reseat(session, moves)
    session.flush()


def _coming(session: Session, venue: Venue) -> Sequence[Booking]:
    """Who holds a place where seats are, or were, counted."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    counted = select(Activity.id).where(Activity.venue_id == venue.id, Activity.seats.is_not(None))
    query = select(Booking).where(
        Booking.venue_id == venue.id,
        Booking.activity_date >= yesterday,
        Booking.status.not_in(GONE),
        Booking.slot_key.is_not(None),
        Booking.slot_keys.is_not(None) | Booking.activity_id.in_(counted),
    )
    locked = query.order_by(Booking.id).with_for_update()
    return session.scalars(locked.execution_options(populate_existing=True)).all()


def _keys(plan: Plan, booking: Booking) -> list[str] | None:
    clock = clock_of(booking.time_slot)
    offers = {offer.activity.id: offer for offer in plan.offers}
    offer = offers.get(booking.activity_id) if booking.activity_id else None
    if offer is None or offer.activity.seats is None or clock is None:
        return None
    minute = clock.hour * 60 + clock.minute
    return written_keys(sits_from(plan, offer, booking.activity_date, minute))
