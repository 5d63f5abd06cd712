"""What the page of one guest shows, as far as somebody's scope reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import REGCONFIG
from sqlalchemy.orm import Session, load_only

from app.bookings.listing import LIST_COLUMNS
from app.bookings.models import Booking
from app.customers.models import NAME_WORDS, Customer
from app.customers.opting import CHANGED
from app.events.models import Event
from app.messaging.models import Message
from app.privacy.people import VIEW, visible
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.wall import lifted
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

ROWS = 25
LAST = 10
"""Messages and answers that are shown."""
MOST_ALIKE = 5
_SAME_END = 6
"""Digits at the end of a phone that two records of one person share."""


@dataclass(frozen=True)
class Answer:
    """What somebody said to text messages, when, and through which door."""

    at: datetime
    wanted: bool
    source: str
    actor: str


def bookings(
    session: Session, scope: Scope, customer_id: UUID, after: str | None = None
) -> Slice[Booking]:
    """Their visible bookings, the newest day first."""
    query = select(Booking).where(Booking.customer_id == customer_id, visible(scope))
    columns = (Booking.activity_date, Booking.time_slot, Booking.id)
    if after:
        day, slot, booking_id = decode_cursor(after, 3)
        try:
            here = (date.fromisoformat(day), slot, UUID(booking_id))
        except ValueError as error:
            raise bad_cursor() from error
        query = query.where(tuple_(*columns) < tuple_(*here))
    query = query.order_by(*(column.desc() for column in columns)).limit(ROWS + 1)
    found = session.scalars(query.options(load_only(*LIST_COLUMNS))).all()
    shown = found[:ROWS]
    last = shown[-1] if len(found) > ROWS else None
    cursor = encode_cursor([last.activity_date, last.time_slot, last.id]) if last else None
    return Slice(shown, cursor)


def answers(session: Session, scope: Scope, customer_ids: Sequence[UUID]) -> Sequence[Answer]:
    """What they said to text messages, the newest first: each once, however many websites it was
    told to."""
    query = select(Event).where(
        Event.subject_type == "customer",
        Event.subject_id.in_([str(each) for each in customer_ids]),
        Event.name == CHANGED,
        scope.clause(Event.website_id, VIEW),
    )
    found: dict[tuple[int, str], Answer] = {}
    for event in session.scalars(query.order_by(Event.id.desc()).limit(LAST * 10)):
        wanted = bool(event.changes["sms_opt_in"][1])
        source = str(event.meta.get("source", event.door))
        said = Answer(event.occurred_at, wanted, source, event.actor_label)
        found.setdefault((event.transaction, f"{event.subject_id} {event.changes}"), said)
    return list(found.values())[:LAST]


def messages(session: Session, scope: Scope, customer_id: UUID) -> Sequence[Message]:
    """The last messages to them from the websites whose messages somebody sees."""
    query = select(Message).where(
        Message.customer_id == customer_id,
        scope.clause(Message.website_id, Permission.MESSAGES_VIEW),
    )
    columns: tuple[Any, ...] = (
        *(Message.id, Message.website_id, Message.kind, Message.medium, Message.state),
        *(Message.reason, Message.created_at, Message.sent_at, Message.booking_id),
    )
    newest = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(LAST)
    return session.scalars(newest.options(load_only(*columns))).all()


def alike(session: Session, scope: Scope, customer: Customer) -> Sequence[Customer]:
    """Records that are likely the same person: with the same e-mail, or with the same name and
    the same end of the phone. Only such as have a booking where somebody sees the guests."""
    if customer.erased_at is not None:
        return []
    same = _same(customer)
    if not same:
        return []
    query = select(Customer.id).where(
        or_(*same), Customer.id != customer.id, Customer.merged_into_id.is_(None)
    )
    with lifted(session, by_index=True):  # ids alone, as a search yields them
        ids = session.scalars(query.limit(MOST_ALIKE * 4)).all()
    if not ids:
        return []
    seen = select(Customer).where(Customer.id.in_(ids))
    if not scope.can(VIEW):
        theirs = select(Booking.id).where(Booking.customer_id == Customer.id, visible(scope))
        seen = seen.where(theirs.exists())
    return session.scalars(seen.order_by(Customer.id).limit(MOST_ALIKE)).all()


def _same(customer: Customer) -> list[ColumnElement[bool]]:
    """Conditions, each of which makes another record likely the same person."""
    found: list[ColumnElement[bool]] = []
    if customer.email_hash is not None:
        found.append(Customer.email_hash == customer.email_hash)
    digits = "".join(c for c in customer.phone or customer.phone_raw or "" if c.isdigit())
    if len(digits) >= _SAME_END:
        either = func.coalesce(Customer.phone, Customer.phone_raw)
        theirs = func.right(func.regexp_replace(either, r"\D", "", "g"), _SAME_END)
        words = func.plainto_tsquery(cast("simple", REGCONFIG), customer.name)
        named = NAME_WORDS.op("@@", is_comparison=True)(words)
        found.append(named & (theirs == digits[-_SAME_END:]))
    return found
