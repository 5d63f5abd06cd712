"""What a guest's record counts of their bookings: tables, no-shows, the last day at a table.

Counted anew from the bookings, in the transaction of the change, whenever a change matters to it:
so undoing, moving, cancelling and what arrives late or twice end in the same figures. A table
counts while it is not cancelled, refunded or expired; a no-show counts whatever was booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, Uuid, func, literal, select, tuple_, update
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import GONE, Status
from app.customers.models import Customer
from app.logs import get_logger
from app.wall import lifted

BATCH = 500
_IS_TABLE = (Booking.kind == "table") & Booking.status.not_in(GONE)
_COUNTS = (
    func.count().filter(_IS_TABLE).label("tables"),
    func.count().filter(Booking.status == Status.NO_SHOW).label("no_shows"),
    func.max(Booking.activity_date).filter(_IS_TABLE).label("last_table"),
)
_KEPT = (
    Customer.table_booking_count,
    Customer.no_show_count,
    Customer.last_table_booking_date,
)
log = get_logger()


class Standing(NamedTuple):
    """What one booking adds to its guest's record."""

    customer_id: UUID
    table_on: date | None
    is_no_show: bool

    @property
    def counts(self) -> bool:
        """Whether it adds anything."""
        return self.is_no_show or self.table_on is not None


def of(booking: Booking) -> Standing:
    """What a booking adds as it stands."""
    names = ("customer_id", "kind", "status", "activity_date")
    return of_values({name: getattr(booking, name) for name in names})


def of_values(values: Mapping[str, Any]) -> Standing:
    """The same of a row."""
    is_table = values.get("kind") == "table" and values["status"] not in GONE
    day = values["activity_date"] if is_table else None
    return Standing(values["customer_id"], day, values["status"] == Status.NO_SHOW)


def follow(session: Session, *states: Standing) -> None:
    """Bring the records to what the bookings are after a change: `states` are those of the
    booking before and after it."""
    if len(states) > 1 and len(set(states)) == 1:
        return
    for customer_id in sorted({state.customer_id for state in states if state.counts}):
        recount(session, customer_id)


def follow_all(session: Session, states: Iterable[Standing]) -> None:
    """The same for many new bookings at once, in three statements."""
    ids = {state.customer_id for state in states if state.counts}
    if not ids:
        return
    counted = select(Booking.customer_id, *_COUNTS).where(Booking.customer_id.in_(ids))
    mine = select(Customer.id).where(Customer.id.in_(ids)).order_by(Customer.id)
    with lifted(session):
        session.execute(mine.with_for_update(key_share=True))
        rows = session.execute(counted.group_by(Booking.customer_id)).all()
        names = [column.key for column in _KEPT]
        values = [{"id": row[0], **dict(zip(names, row[1:], strict=True))} for row in rows]
        session.execute(update(Customer), values)


def recount(session: Session, customer_id: UUID) -> None:
    """Count one guest's bookings anew. Whoever counts at the same time waits, and sees them all."""
    whose = literal(customer_id, Uuid).label("whose")
    counted = select(whose, *_COUNTS).where(Booking.customer_id == customer_id).subquery()
    there, *counts = counted.c
    values = dict(zip(_KEPT, counts, strict=True))
    session.flush()
    with lifted(session):  # one person over all websites
        mine = select(Customer.id).where(Customer.id == customer_id)
        session.execute(mine.with_for_update(key_share=True))  # before it is counted, not with it
        session.execute(update(Customer).where(Customer.id == there).values(values))


def check(session: Session) -> int:
    """Find records that are not what their bookings come to, say so, and count them anew.

    One batch; returns how many: 0 is as it must be.
    """
    found = session.scalars(_drifted()).all()
    if found:
        log.error("counters of guests had drifted", count=len(found))
    for customer_id in sorted(found):
        recount(session, customer_id)
    return len(found)


def _drifted() -> Select[UUID]:
    of_guest = Booking.customer_id.label("customer_id")
    there = select(of_guest, *_COUNTS).group_by(Booking.customer_id).subquery()
    _, tables, no_shows, last = there.c
    counted = tuple_(func.coalesce(tables, 0), func.coalesce(no_shows, 0), last)
    return (
        select(Customer.id)
        .outerjoin(there, there.c.customer_id == Customer.id)
        .where(tuple_(*_KEPT).is_distinct_from(counted))
        .order_by(Customer.id)
        .limit(BATCH)
    )
