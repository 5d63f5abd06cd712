"""What staff say of single travelers: this one has arrived, or has not after all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import queries
from app.bookings.arrivals import HERE, TRAVELERS
from app.bookings.models import Booking
from app.bookings.stamps import load, set_by_staff
from app.bookings.status import TICKED
from app.bookings.writing import write
from app.customers import queries as customers
from app.errors import Conflict, NotFound
from app.events.models import Actor
from app.plain import plain


def check_in(
    session: Session, actor: Actor, booking: Booking, rows: Collection[UUID], now: datetime
) -> list[UUID]:
    """These travelers of a locked booking have arrived. Returns those who had not before.

    The last of a party checks the booking in. Raises NotFound for who does not go with it, and
    Conflict where nobody can arrive (any more).
    """
    return _say(session, actor, booking, rows, now, are_here=True)


def undo(
    session: Session, actor: Actor, booking: Booking, rows: Collection[UUID], now: datetime
) -> list[UUID]:
    """They have not, after all. Returns those who had. Raises as `check_in`."""
    return _say(session, actor, booking, rows, now, are_here=False)


def _say(
    session: Session,
    actor: Actor,
    booking: Booking,
    rows: Collection[UUID],
    now: datetime,
    *,
    are_here: bool,
) -> list[UUID]:
    going = booking.travelers
    named = {str(row) for row in rows}
    if not named <= {row["id"] for row in going}:
        raise NotFound("This traveler does not go with the booking.")
    changed = [
        row["id"] for row in going if row["id"] in named and (row[HERE] is not None) != are_here
    ]
    if not changed:
        return []
    if booking.status not in TICKED:
        shown = booking.status.replace("_", " ")
        raise Conflict(f"The booking is {shown} now.", version=booking.version)
    said = plain(now) if are_here else None
    travelers = [{**row, HERE: said} if row["id"] in changed else row for row in going]
    stamps = set_by_staff(load(booking.field_times), {TRAVELERS}, now)
    key = customers.data_key(session, booking.customer_id)
    website = queries.website_of(session, booking)
    columns = {TRAVELERS: travelers}
    write(session, actor, website, booking, columns, stamps, key=key, now=now)
    return [UUID(row) for row in changed]
