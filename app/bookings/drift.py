"""Bookings whose own figures are not the sum of their payments. There should be none: both are
written together. Looked for every night, and told where people see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent
from app.logs import get_logger

MOST = 200
NAME = "payment.drifted"
AGAIN = timedelta(hours=20)
"""The same booking is told of once a night."""

log = get_logger()

_FIND = text("""
    WITH sums AS (
        SELECT booking_id,
            coalesce(sum(amount) FILTER (WHERE kind = 'deposit' AND state = 'completed'), 0)
                AS paid,
            sum(amount) FILTER (WHERE kind = 'refund' AND state = 'completed') AS refunded,
            (array_agg(amount ORDER BY created_at DESC, id DESC)
                FILTER (WHERE kind = 'deposit'))[1] AS deposit
        FROM payments GROUP BY booking_id
    )
    SELECT b.id, b.website_id, b.customer_id, b.paid_amount, b.refunded_amount, b.deposit_amount,
        coalesce(s.paid, 0) AS paid, s.refunded, s.deposit
    FROM bookings b LEFT JOIN sums s ON s.booking_id = b.id
    WHERE (s.booking_id IS NOT NULL OR b.paid_amount <> 0)
        AND (b.paid_amount <> coalesce(s.paid, 0)
            OR (s.refunded IS NOT NULL AND b.refunded_amount IS DISTINCT FROM s.refunded)
            OR (s.refunded IS NULL AND s.paid > 0 AND b.refunded_amount IS NOT NULL)
            OR (s.booking_id IS NOT NULL AND b.deposit_amount IS DISTINCT FROM s.deposit))
    ORDER BY b.id LIMIT :most
""")


@dataclass(frozen=True)
class Drift:
    """A booking, what it says, and what its payments come to: paid, refunded, deposit."""

    booking_id: UUID
    website_id: str
    customer_id: UUID
    shown: tuple[Decimal | None, ...]
    counted: tuple[Decimal | None, ...]


def found(session: Session) -> Sequence[Drift]:
    """All bookings that drifted, at most 200. Empty when all is well."""
    rows = session.execute(_FIND, {"most": MOST})
    return [Drift(r[0], r[1], r[2], (r[3], r[4], r[5]), (r[6], r[7], r[8])) for r in rows]


def report(session: Session) -> int:
    """Step: write each into the log of its booking, and the number into ours. Moves no rows."""
    session.flush()
    drifted = found(session)
    for each in drifted:
        if not _told(session, each.booking_id):
            record(session, SYSTEM, _event(each))
    if drifted:
        log.error("payments do not add up", count=len(drifted))
    return 0


def _told(session: Session, booking_id: UUID) -> bool:
    query = select(Event.id).where(
        Event.booking_id == booking_id,
        Event.name == NAME,
        Event.occurred_at > func.clock_timestamp() - AGAIN,
    )
    return session.scalars(query.limit(1)).first() is not None


def _event(drift: Drift) -> NewEvent:
    return NewEvent(
        name=NAME,
        subject_type="booking",
        subject_id=str(drift.booking_id),
        website_id=drift.website_id,
        booking_id=drift.booking_id,
        customer_id=drift.customer_id,
        changes={
            "shown_amount": [None, _words(drift.shown)],
            "counted_amount": [None, _words(drift.counted)],
        },
    )


def _words(sums: tuple[Decimal | None, ...]) -> str:
    names = ("paid", "refunded", "deposit")
    return ", ".join(f"{n} {v if v is not None else '–'}" for n, v in zip(names, sums, strict=True))
