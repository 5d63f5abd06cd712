"""What was asked for by one person: cleared when they are erased, moved when records merge."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Update, or_, select, update
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.selfservice.models import ChangeRequest


def forget(session: Session, customer_ids: Collection[UUID], booking_ids: Collection[UUID]) -> None:
    """Clear the words of a person, also in bookings that became theirs. What is open ends."""
    theirs = or_(
        ChangeRequest.customer_id.in_(customer_ids), ChangeRequest.booking_id.in_(booking_ids)
    )
    cleared = update(ChangeRequest).where(theirs)
    _run(session, cleared.values(words=None, answer=None))
    still_open = update(ChangeRequest).where(theirs, ChangeRequest.state == "open")
    _run(session, still_open.values(state="withdrawn"))


def follow(session: Session, booking_ids: Collection[UUID]) -> None:
    """The requests of bookings that became somebody else's go with them."""
    whose = select(Booking.customer_id).where(Booking.id == ChangeRequest.booking_id)
    moved = update(ChangeRequest).where(ChangeRequest.booking_id.in_(booking_ids))
    _run(session, moved.values(customer_id=whose.scalar_subquery()))


def _run(session: Session, statement: Update) -> None:
    session.execute(statement.execution_options(synchronize_session="fetch"))
