"""What happened to the bookings of a list since it was last looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import listing
from app.bookings.filters import Filters
from app.bookings.models import Booking
from app.events import queries as events
from app.events.models import Event
from app.staff.scope import Scope
from app.web import bad_cursor, decode_cursor, encode_cursor

NAMES = ("booking.created", "booking.updated", "booking.status_changed")
LIMIT = 200
FAR_BEHIND = 500
"""Transactions after which a quiet reader is moved on, so that it need not read them again."""
MOST = 2**63

Cursor = tuple[int, int]


@dataclass(frozen=True)
class News:
    """`rows`: visible bookings that changed; `arrived`: those that came into the list."""

    cursor: str
    rows: Sequence[Booking]
    arrived: list[UUID]
    has_moved_on: bool
    """The cursor left the old one so far behind that the reader should take the new one."""

    @property
    def is_worth_telling(self) -> bool:
        return bool(self.rows) or self.has_moved_on


def start(session: Session) -> str:
    """The cursor of a reader who reads the list right after this."""
    return encode_cursor(events.newest_cursor(session))


def since(session: Session, scope: Scope, filters: Filters, cursor: str) -> News:
    """The news after `cursor`. Raises InvalidPayload for a cursor that is not ours.

    The newest cursor is read first: what commits between the two reads is told twice, never missed.
    """
    after = _read(cursor)
    newest = events.newest_cursor(session)
    websites = listing.visible_websites(scope, filters.website_id)
    found = events.changes_after(session, after, websites, NAMES, LIMIT)
    if len(found) == LIMIT:
        newest = (found[-1].transaction, found[-1].id)
    ids = {event.booking_id for event in found if event.booking_id}
    rows = listing.among(session, scope, ids)
    return News(
        cursor=encode_cursor(newest),
        rows=rows,
        arrived=_arrived(session, scope, filters, found),
        has_moved_on=newest[0] - after[0] > FAR_BEHIND,
    )


def _arrived(
    session: Session, scope: Scope, filters: Filters, found: Sequence[Event]
) -> list[UUID]:
    """Bookings that were made, or moved so that they may now belong to the list."""
    moving = {"activity_date", "status"} if filters.statuses else {"activity_date"}
    candidates = {
        event.booking_id
        for event in found
        if event.booking_id and (event.name == "booking.created" or moving & event.changes.keys())
    }
    return [booking.id for booking in listing.among(session, scope, candidates, filters)]


def _read(cursor: str) -> Cursor:
    try:
        transaction, number = map(int, decode_cursor(cursor, 2))
    except ValueError as error:
        raise bad_cursor() from error
    if not (0 <= transaction < MOST and 0 <= number < MOST):
        raise bad_cursor()
    return transaction, number
