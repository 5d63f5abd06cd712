"""Places that are held for a while: what was not confirmed in time gives them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

from app.bookings.claims import CLAIMING, claim_of, written_keys
from app.bookings.models import Booking
from app.bookings.stamps import load, set_by_staff
from app.bookings.status import Status
from app.bookings.writing import STATED, write
from app.customers import queries as customers
from app.events.models import SYSTEM
from app.venues.capacity import Key, hold
from app.venues.plan import SlotKey
from app.websites.models import Website

BATCH = 100


def is_lapsed(booking: Booking, now: datetime) -> bool:
    """Whether its hold ran out, also where nobody has noticed yet."""
    until = booking.hold_expires_at
    return booking.status == Status.PENDING and until is not None and until <= now


def expire_lapsed(session: Session) -> int:
    """One batch of what ran out anywhere. Returns how many; 0: nothing is left."""
    now = datetime.now(UTC)
    return _expire(session, _lapsed(now), now)


def free_up(
    session: Session,
    activity_id: UUID,
    day: date,
    slot: str,
    now: datetime,
    sits: Sequence[SlotKey] = (),
) -> None:
    """Expire what ran out in this slot, before somebody takes a place there; of tables also who
    would sit there at the same time (`sits`).

    Of one place only: two calls that free and take several could wait for each other.
    """
    at = (Booking.activity_date == day) & (Booking.slot_key == slot)
    if sits:
        at = at | Booking.slot_keys.has_any(array(written_keys(sits) or [], type_=Text))
    here = _lapsed(now).where(Booking.activity_id == activity_id, at)
    _expire(session, here, now, [(activity_id, *key) for key in sits])


def _lapsed(now: datetime) -> Select[Any]:
    return select(Booking).where(
        Booking.status == Status.PENDING,
        Booking.hold_expires_at.is_not(None),
        Booking.hold_expires_at <= now,
    )


def _expire(session: Session, which: Select[Any], now: datetime, also: Sequence[Key] = ()) -> int:
    # What somebody else holds is being confirmed, or expired by them.
    locked = (
        which.order_by(Booking.activity_id, Booking.activity_date, Booking.slot_key)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(locked.execution_options(populate_existing=True)).all()
    _hold(session, found, also)
    for booking in found:
        website = session.get_one(Website, booking.website_id)
        stamps = set_by_staff(load(booking.field_times), {STATED}, now)
        key = customers.data_key(session, booking.customer_id)
        columns = {STATED: Status.EXPIRED.value}
        write(session, SYSTEM, website, booking, columns, stamps, key=key, now=now)
    return len(found)


def _hold(session: Session, bookings: Sequence[Booking], also: Sequence[Key]) -> None:
    """Tables share slots with each other: lock all of them first, in their order."""
    rows = [{name: getattr(each, name) for name in CLAIMING} for each in bookings]
    claims = [claim for row in rows if (claim := claim_of(row)) and claim.sits]
    if claims:
        hold(session, {*also, *(key for claim in claims for key in claim.keys)})
