"""A booking and its payments: locked in one order, and changed as one.

The booking's figures are always the sum of its payments, whatever else changes with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.claims import Terms
from app.bookings.models import Booking
from app.bookings.stamps import load, set_by_staff
from app.bookings.writing import REFUND, STATED, columns_from, write
from app.customers import queries as customers
from app.errors import SlotUnavailable
from app.events.models import Actor
from app.payments import queries
from app.payments.models import Payment
from app.websites.models import Website


def locked(session: Session, payment_id: UUID) -> tuple[Booking, Payment]:
    """A payment and its booking, both locked, in the order in which everybody locks them."""
    mine = select(Payment.booking_id).where(Payment.id == payment_id).scalar_subquery()
    query = select(Booking).where(Booking.id == mine).with_for_update()
    booking = session.scalars(query.execution_options(populate_existing=True)).one()
    return booking, queries.lock(session, payment_id)


def try_square(
    session: Session, actor: Actor, booking: Booking, columns: Mapping[str, Any], now: datetime
) -> bool:
    """The same where it needs a place; False, and nothing written, when there is none."""
    try:
        with session.begin_nested():
            square(session, actor, booking, columns, now)
    except SlotUnavailable:
        session.refresh(booking)
        return False
    return True


def square(
    session: Session, actor: Actor, booking: Booking, columns: Mapping[str, Any], now: datetime
) -> None:
    """Change the booking, and bring its figures to the sum of its payments."""
    session.flush()
    sums = queries.tally(session, booking.id)
    new = {"paid_amount": sums.paid, "deposit_amount": sums.deposit, **columns}
    if sums.refunded is not None:  # else it is what the source said of its own money
        new |= columns_from({REFUND: sums.refunded})
    stamps = set_by_staff(load(booking.field_times), columns.keys() & {STATED}, now)
    website = session.get_one(Website, booking.website_id)
    key = customers.data_key(session, booking.customer_id)
    write(session, actor, website, booking, new, stamps, key=key, now=now, terms=Terms.DESK)
