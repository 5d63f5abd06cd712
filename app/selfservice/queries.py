"""Reading requests: of one booking, of all that somebody sees, and of one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, load_only

from app.bookings.listing import LIST_COLUMNS
from app.bookings.models import Booking
from app.selfservice.models import ChangeRequest
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

VIEW = Permission.BOOKINGS_VIEW
ROWS = 50


def of_booking(session: Session, booking_id: UUID) -> Sequence[ChangeRequest]:
    """Its requests, newest first. Whether they may be seen was asked where the booking was."""
    query = select(ChangeRequest).where(ChangeRequest.booking_id == booking_id)
    return session.scalars(query.order_by(ChangeRequest.id.desc())).all()


def page(
    session: Session, scope: Scope, *, only_open: bool, after: str | None
) -> Slice[tuple[ChangeRequest, Booking]]:
    """The requests of visible websites with their bookings: open ones, or answered ones, newest
    first. Raises InvalidPayload for a cursor of others."""
    query = (
        select(ChangeRequest, Booking)
        .join(Booking, Booking.id == ChangeRequest.booking_id)
        .where(scope.clause(ChangeRequest.website_id, VIEW), _is_open(only_open))
        .options(load_only(*LIST_COLUMNS))
        .order_by(ChangeRequest.id.desc())
        .limit(ROWS + 1)
    )
    if after:
        query = query.where(ChangeRequest.id < _cursor(after))
    found = [(row[0], row[1]) for row in session.execute(query)]
    shown = found[:ROWS]
    return Slice(shown, encode_cursor([shown[-1][0].id]) if len(found) > ROWS else None)


def open_ones(scope: Scope) -> ColumnElement[int]:
    """How many wait for an answer, as part of another statement."""
    seen = scope.clause(ChangeRequest.website_id, VIEW)
    counted = select(func.count()).select_from(ChangeRequest).where(_is_open(True), seen)
    return counted.scalar_subquery()


def of_bookings(session: Session, booking_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """What the guests of these bookings asked for, oldest first, for who takes it along."""
    query = select(ChangeRequest).where(ChangeRequest.booking_id.in_(booking_ids))
    names = ("id", "website_id", "booking_id", "words", "state", "answer", "answered_at")
    return [
        {name: getattr(each, name) for name in (*names, "created_at")}
        for each in session.scalars(query.order_by(ChangeRequest.id))
    ]


def _is_open(wanted: bool) -> ColumnElement[bool]:
    return ChangeRequest.state == "open" if wanted else ChangeRequest.state != "open"


def _cursor(after: str) -> UUID:
    try:
        return UUID(decode_cursor(after, 1)[0])
    except ValueError as error:
        raise bad_cursor() from error
