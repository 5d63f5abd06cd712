"""Clearing what was written: when it is old, or when its guest is erased.

The row stays (to whom of which kind, when, how it ended, what it cost); the words and the address
go.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.customers.models import Customer
from app.messaging.models import Message
from app.websites.models import Website

STEP = 500
OVER = timedelta(days=7)
"""An erased guest's messages are looked through again for so long: one may have been under way."""
WORDS = dict.fromkeys(("recipient", "subject", "body", "calendar"))


def forget(session: Session, customer_id: UUID, booking_ids: Collection[UUID]) -> int:
    """Clear all messages to a guest, and those to staff about their bookings. Returns how many."""
    theirs = or_(Message.customer_id == customer_id, Message.booking_id.in_(booking_ids))
    return _clear(session, session.scalars(select(Message.id).where(theirs)).all())


def clear_late(session: Session) -> int:
    """Step: messages that were being written while their guest was being erased."""
    erased = (
        select(Booking.id)
        .join(Customer, Customer.id == Booking.customer_id)
        .where(Customer.erased_at > datetime.now(UTC) - OVER)
    )
    query = select(Message.id).where(Message.booking_id.in_(erased), Message.body.is_not(None))
    return _clear(session, session.scalars(query.limit(STEP)).all())


def clear_older(session: Session) -> int:
    """Step: one batch of words that are older than their website keeps them."""
    now = datetime.now(UTC)
    query = select(Website.id, Website.keep_payloads_days).order_by(Website.id)
    for website_id, days in session.execute(query).all():
        old = select(Message.id).where(
            Message.website_id == website_id,
            Message.body.is_not(None),
            Message.created_at < now - timedelta(days=days),
        )
        some = old.limit(STEP).with_for_update(skip_locked=True)
        if cleared := _clear(session, session.scalars(some).all()):
            return cleared
    return 0


def of_guest(session: Session, booking_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """What was written to a guest about these bookings, oldest first: to take along."""
    query = select(Message).where(
        Message.booking_id.in_(booking_ids), Message.customer_id.is_not(None)
    )
    names = (
        *("id", "website_id", "booking_id", "kind", "medium", "language", "recipient"),
        *("subject", "body", "calendar", "state", "created_at", "sent_at", "delivered_at"),
    )
    return [
        {name: getattr(message, name) for name in names}
        for message in session.scalars(query.order_by(Message.created_at, Message.id))
    ]


def _clear(session: Session, ids: Sequence[UUID]) -> int:
    if ids:
        statement = update(Message).where(Message.id.in_(ids)).values(WORDS)
        session.execute(statement.execution_options(synchronize_session="fetch"))
    return len(ids)
