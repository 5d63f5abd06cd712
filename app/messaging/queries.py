"""Reading messages. `websites` is what the reader may see: ids, or None for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column, select, true, union_all
from sqlalchemy.orm import Session, contains_eager, defer

from app.deliveries.models import Delivery
from app.errors import NotFound
from app.messaging.models import Message, MessageSettings, MessageState
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

Websites = Collection[str] | None
PROBLEMS = (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.HELD_BACK)
TROUBLED = "problems"
"""Stands for all of them in a filter."""
_BODIES = (defer(Message.body), defer(Message.calendar), defer(Message.subject))


@dataclass(frozen=True)
class Filter:
    """What the log can be narrowed to; None means any."""

    state: str | None = None
    """A state, or `problems`."""
    kind: str | None = None
    medium: str | None = None
    booking_ids: tuple[UUID, ...] | None = None
    customer_ids: tuple[UUID, ...] | None = None


def log(
    session: Session,
    websites: Websites,
    wanted: Filter,
    after: str | None = None,
    limit: int = 50,
    *,
    whole: bool = False,
) -> Slice[Message]:
    """Messages, the newest first, without their words unless `whole`.

    Over several websites each one's own range of the index is read, and merged.
    """
    narrowed = [*_conditions(wanted)]
    if after is not None:
        narrowed.append(Message.id < _position(after))
    newest = select(Message.id).where(*narrowed).order_by(Message.id.desc()).limit(limit + 1)
    if websites is not None and wanted.booking_ids is None and wanted.customer_ids is None:
        if not websites:
            return Slice([], None)
        parts = [newest.where(Message.website_id == each).subquery() for each in sorted(websites)]
        merged = union_all(*(select(part.c.id) for part in parts)).subquery()
        newest = select(merged.c.id).order_by(merged.c.id.desc()).limit(limit + 1)
    elif websites is not None:
        newest = newest.where(Message.website_id.in_(sorted(websites)))
    query = select(Message).where(Message.id.in_(newest)).options(*(() if whole else _BODIES))
    rows = session.scalars(query.order_by(Message.id.desc())).all()
    more = len(rows) > limit
    return Slice(rows[:limit], encode_cursor([rows[limit - 1].id]) if more else None)


def one(session: Session, websites: Websites, message_id: UUID) -> Message:
    """One message in full. Raises NotFound."""
    query = select(Message).where(Message.id == message_id, _visible(websites))
    found = session.scalar(query)
    if found is None:
        raise NotFound("This message does not exist.")
    return found


def of_booking(session: Session, booking_id: UUID, limit: int = 30) -> Sequence[Message]:
    """The newest messages about one booking, which the caller has seen."""
    query = select(Message).where(Message.booking_id == booking_id).options(*_BODIES)
    return session.scalars(query.order_by(Message.id.desc()).limit(limit)).all()


def of_customer(
    session: Session, websites: Websites, customer_id: UUID, limit: int = 20
) -> Sequence[Message]:
    """The newest messages to one guest, as far as they are the reader's to see."""
    return log(session, websites, Filter(customer_ids=(customer_id,)), limit=limit).rows


def delivery_of(session: Session, message: Message) -> Delivery | None:
    """How it was sent, with its destination; None for a test, or before it was dispatched."""
    end = f":{message.audience}"
    query = (
        select(Delivery)
        .join(Delivery.destination)
        .where(Delivery.event_id == message.event_id, Delivery.channel == message.medium)
        .where(Delivery.lane.endswith(end, autoescape=True))
        .options(contains_eager(Delivery.destination))
    )
    return session.scalars(query.order_by(Delivery.id.desc()).limit(1)).one_or_none()


def settings_of(session: Session, website_ids: Collection[str]) -> dict[str, MessageSettings]:
    """How these websites send, by website; those that send nothing are missing."""
    query = select(MessageSettings).where(MessageSettings.website_id.in_(website_ids))
    return {row.website_id: row for row in session.scalars(query)}


def _visible(websites: Websites) -> ColumnElement[bool]:
    return true() if websites is None else Message.website_id.in_(sorted(websites))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state == TROUBLED:
        found.append(_in_state(*PROBLEMS))
    elif wanted.state is not None:
        found.append(_in_state(MessageState(wanted.state)))
    for column, value in (
        (Message.kind, wanted.kind),
        (Message.medium, wanted.medium),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.customer_ids is not None:
        found.append(Message.customer_id.in_(wanted.customer_ids))
    if wanted.booking_ids is not None:
        found.append(Message.booking_id.in_(wanted.booking_ids))
    return found


def _in_state(*states: MessageState) -> ColumnElement[bool]:
    """Spelled out, so that the partial index of the problems can be seen to serve it."""
    return Message.state.in_([literal_column(f"'{state.value}'") for state in states])


def _position(cursor: str) -> UUID:
    (text,) = decode_cursor(cursor, 1)
    try:
        return UUID(text)
    except ValueError:
        raise bad_cursor() from None
