"""What went well and what did not, from the tables: payments, messages, calls, visits.

`websites`: ids, or None for all. Everything is over the time before `now`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select, text, union_all
from sqlalchemy.orm import Session

from app.alerts.calls import BOOKINGS, DATABASE
from app.alerts.models import CallMinute
from app.bookings.drift import NAME as DRIFTED
from app.bookings.models import Booking
from app.bookings.paying import WRONG_AMOUNT
from app.bookings.status import ARRIVED, Status
from app.deliveries.status import visible
from app.events.models import Event
from app.messaging.models import Medium, Message, MessageState
from app.payments.models import Payment, PaymentKind, PaymentState
from app.websites.models import Website

Websites = Collection[str] | None
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTLES_WITHIN = timedelta(days=2)
"""From asking for a payment to its end: what narrows the search down by its index."""
PAID, PAYMENT_FAILED = (PaymentState.COMPLETED,), (PaymentState.DECLINED, PaymentState.FAILED)
ARRIVED_SMS = (MessageState.DELIVERED,)
LOST = (MessageState.UNDELIVERED, MessageState.FAILED)
SENT_EMAIL = (MessageState.SENT, MessageState.DELIVERED)


@dataclass(frozen=True)
class Rate:
    """How many went well, and how many did not."""

    good: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        return self.good + self.bad

    @property
    def bad_percent(self) -> float:
        return 100 * self.bad / self.total if self.total else 0.0

    @property
    def good_percent(self) -> float | None:
        """None where there was nothing."""
        return 100 - self.bad_percent if self.total else None

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.good + other.good, self.bad + other.bad)


By = dict[Any, Rate]
"""Rates by website, by hour, or by nothing (None)."""


def payments(
    session: Session, websites: Websites, now: datetime, since: timedelta, by: str | None = None
) -> By:
    """Payments and refunds that ended. A guest who did not pay in time is no failure."""
    query = select(*_split(Payment.state, PAID, PAYMENT_FAILED)).where(
        visible(Payment.website_id, websites),
        Payment.created_at > now - since - SETTLES_WITHIN,
        Payment.updated_at > now - since,
        Payment.updated_at <= now,
    )
    return _by(session, query, by, Payment.website_id, Payment.updated_at)


def money_troubles(
    session: Session, websites: Websites, since: datetime
) -> list[tuple[str, str, int]]:
    """What needs somebody, by website (id, name, how many): a payment of a wrong amount or taken
    back, a refund that was refused, a booking whose figures are not the sum of its payments."""
    lost = select(Payment.website_id).where(
        Payment.state.in_((PaymentState.FAILED, PaymentState.REVERSED)),
        Payment.updated_at > since,
        or_(
            Payment.kind == PaymentKind.REFUND,
            Payment.state == PaymentState.REVERSED,
            Payment.problem == WRONG_AMOUNT,
        ),
    )
    drifted = select(Event.website_id).where(Event.name == DRIFTED, Event.occurred_at > since)
    found = union_all(lost, drifted).subquery()
    query = (
        select(Website.id, Website.name, func.count())
        .join(found, found.c.website_id == Website.id)
        .where(visible(Website.id, websites))
        .group_by(Website.id)
        .order_by(Website.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def paid(session: Session, websites: Websites, now: datetime, since: timedelta) -> Rate:
    """Of the deposits that were asked for in this time and are decided: how many were paid."""
    unpaid = (*PAYMENT_FAILED, PaymentState.EXPIRED)
    query = select(*_split(Payment.state, PAID, unpaid)).where(
        visible(Payment.website_id, websites),
        Payment.kind == PaymentKind.DEPOSIT,
        Payment.created_at > now - since,
    )
    return _one(session, query)


def messages(
    session: Session,
    websites: Websites,
    now: datetime,
    since: timedelta,
    medium: Medium,
    by: str | None = None,
) -> By:
    """Messages of this time with a final state: those that arrived and those that never will.

    Nobody tells whether an e-mail arrived: there it counts that it was taken.
    """
    good = ARRIVED_SMS if medium is Medium.SMS else SENT_EMAIL
    query = select(*_split(Message.state, good, LOST)).where(
        visible(Message.website_id, websites),
        Message.medium == medium,
        Message.created_at > now - since,
        Message.created_at <= now,
    )
    return _by(session, query, by, Message.website_id, Message.created_at)


def calls(session: Session, now: datetime, since: timedelta, by: str | None = None) -> By:
    """Answers of the JSON doors: bad are those for which we were at fault."""
    good = func.sum(CallMinute.calls - CallMinute.errors)
    query = select(good, func.sum(CallMinute.errors)).where(
        CallMinute.minute > now - since,
        CallMinute.minute <= now,
        CallMinute.door.not_in((DATABASE, BOOKINGS)),
    )
    return _by(session, query, by, CallMinute.door, CallMinute.minute)


def bookings(session: Session, now: datetime, since: timedelta, by: str | None = None) -> By:
    """Wishes to book at any door: bad are the refused ones and those that failed."""
    lost = CallMinute.errors + CallMinute.refusals
    query = select(func.sum(CallMinute.calls - lost), func.sum(lost)).where(
        CallMinute.minute > now - since, CallMinute.minute <= now, CallMinute.door == BOOKINGS
    )
    return _by(session, query, by, CallMinute.door, CallMinute.minute)


def unreachable(session: Session, now: datetime, since: timedelta, by: str | None = None) -> By:
    """How often the database could not be reached (all of it bad)."""
    query = select(literal(0), func.sum(CallMinute.errors)).where(
        CallMinute.minute > now - since, CallMinute.minute <= now, CallMinute.door == DATABASE
    )
    return _by(session, query, by, CallMinute.door, CallMinute.minute)


def visits(session: Session, websites: Websites, now: datetime, days: int = 7) -> Rate:
    """Of the visits of the last days: who came, and who did not."""
    today = now.date()
    query = select(*_split(Booking.status, ARRIVED, (Status.NO_SHOW,))).where(
        visible(Booking.website_id, websites),
        Booking.status.in_((*ARRIVED, Status.NO_SHOW)),
        Booking.activity_date > today - timedelta(days=days),
        Booking.activity_date <= today,
    )
    return _one(session, query)


_SLOWEST = text("""
    SELECT key AS bound, sum(value::bigint) AS calls
    FROM call_minutes, jsonb_each_text(over)
    WHERE minute > :since AND minute <= :now AND left(door, 1) <> '('
    GROUP BY key
""")


def within_ms(
    session: Session, now: datetime, since: timedelta, share: float = 0.95
) -> tuple[int | None, int]:
    """The bound (in ms) within which this share of the calls was answered, and how many calls
    there were. None: slower than the largest bound, or no calls at all."""
    rows = session.execute(_SLOWEST, {"since": now - since, "now": now})
    counts = {row.bound: int(row.calls) for row in rows}
    total = sum(counts.values())
    reached = 0
    for bound in sorted(int(name) for name in counts if name.isdecimal()):
        reached += counts[str(bound)]
        if reached >= share * total:
            return bound, total
    return None, total


def _split(
    column: Any, good: Sequence[str], bad: Sequence[str]
) -> tuple[ColumnElement[int], ColumnElement[int]]:
    count = func.count()
    return count.filter(column.in_(good)), count.filter(column.in_(bad))


def _by(session: Session, query: Any, by: str | None, website: Any, at: Any) -> By:
    """The query's two sums: over all (key None), by `website` (or door), or by `hour`."""
    if by is None:
        return {None: _one(session, query)}
    key = website if by == "website" else func.date_trunc("hour", at)
    rows = session.execute(query.add_columns(key).group_by(key))
    return {found: Rate(int(good or 0), int(bad or 0)) for good, bad, found in rows}


def _one(session: Session, query: Any) -> Rate:
    good, bad = session.execute(query).one()
    return Rate(int(good or 0), int(bad or 0))
