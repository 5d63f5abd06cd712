"""Reading the log over everything. What `websites` does not cover does not exist.

`websites` is `scope.websites(AUDIT_VIEW)`: ids, or None for all. Only who sees all websites sees
the events that belong to none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, text, union_all
from sqlalchemy.orm import Session

from app.deliveries.periods import first_id_since
from app.errors import NotFound
from app.events.models import Event
from app.staff.models import Membership, User
from app.web import Slice, bad_cursor, decode_cursor, encode_cursor

Websites = frozenset[str] | None
MOST_DIGITS = 18
MOST_BRANCHES = 30
"""Websites that are read one by one."""


@dataclass(frozen=True)
class Wanted:
    """What the log can be narrowed to; None means any."""

    actor_id: str | None = None
    subject_type: str | None = None
    name: str | None = None
    door: str | None = None
    """`staff`, or a kind of door: `website` means `website:…`."""
    text: str | None = None
    """The id of a subject in full."""
    booking_ids: Collection[UUID] = ()
    """Bookings that the text means too."""
    since: datetime | None = None
    until: datetime | None = None


def page(
    session: Session,
    websites: Websites,
    wanted: Wanted,
    after: str | None = None,
    limit: int = 50,
) -> Slice[Event]:
    """One stretch of the log, the newest first. Raises InvalidPayload for a foreign cursor."""
    conditions = _conditions(session, wanted, _below(after))
    query = _over_websites(websites, conditions, limit + 1)
    rows = session.scalars(query).all()
    more = len(rows) > limit
    return Slice(rows[:limit], encode_cursor([rows[limit - 1].id]) if more else None)


def everything(
    session: Session, websites: Websites, wanted: Wanted, below: int, step: int = 500
) -> Iterator[Sequence[Event]]:
    """All of it in stretches, from before the event `below` on: no more than one in memory."""
    conditions = _conditions(session, wanted, None)
    while True:
        query = _over_websites(websites, [*conditions, Event.id < below], step)
        rows = session.scalars(query).all()
        if rows:
            below = rows[-1].id
            yield rows
        session.rollback()  # no snapshot is held while the reader takes its time
        if len(rows) < step:
            return


def get(session: Session, websites: Websites, event_id: int) -> Event:
    """One event. Raises NotFound."""
    query = select(Event).where(Event.id == event_id)
    if websites is not None:
        query = query.where(Event.website_id.in_(websites))
    found = session.scalar(query)
    if found is None:
        raise NotFound("This entry does not exist.")
    return found


def people(session: Session, websites: Websites) -> dict[str, str]:
    """Names of the people who work for these websites, by id."""
    query = select(User.id, User.name).order_by(User.name)
    if websites is not None:
        for_them = or_(Membership.website_id.in_(websites), Membership.website_id.is_(None))
        query = query.where(User.id.in_(select(Membership.user_id).where(for_them)))
    return {str(row.id): row.name for row in session.execute(query.limit(500))}


def names_of(session: Session, user_ids: Iterable[str]) -> dict[str, str]:
    """Names of the people that events are about."""
    ids = {UUID(user_id) for user_id in user_ids if _is_uuid(user_id)}
    if not ids:
        return {}
    query = select(User.id, User.name).where(User.id.in_(ids))
    return {str(row.id): row.name for row in session.execute(query)}


def kinds(session: Session) -> list[str]:
    """Every kind of subject in the log, read by skipping from one to the next in the index."""
    return _distinct(session, "subject_type")


def names(session: Session) -> list[str]:
    """Every name of an event in the log."""
    return _distinct(session, "name")


def _distinct(session: Session, column: str) -> list[str]:
    query = text(f"""
        WITH RECURSIVE each(word) AS (
            (SELECT {column} FROM events ORDER BY {column} LIMIT 1)
            UNION ALL
            SELECT (SELECT {column} FROM events WHERE {column} > word ORDER BY {column} LIMIT 1)
            FROM each WHERE word IS NOT NULL
        )
        SELECT word FROM each WHERE word IS NOT NULL
    """)  # noqa: S608 (our own names)
    return list(session.scalars(query))


def _conditions(session: Session, wanted: Wanted, below: int | None) -> list[ColumnElement[bool]]:
    found = [
        column == value
        for column, value in (
            (Event.actor_id, wanted.actor_id),
            (Event.subject_type, wanted.subject_type),
            (Event.name, wanted.name),
        )
        if value is not None
    ]
    if wanted.door is not None:
        found.append(_at(wanted.door))
    if wanted.text is not None:
        found.append(_about(session, wanted))
    if wanted.since is not None:
        found += [Event.id >= _first_id(session, wanted.since), Event.occurred_at >= wanted.since]
    if wanted.until is not None:
        found += [Event.id < _first_id(session, wanted.until), Event.occurred_at < wanted.until]
    if below is not None:
        found.append(Event.id < below)
    return found


def _at(door: str) -> ColumnElement[bool]:
    if door in ("staff", "system") or ":" in door:
        return Event.door == door
    return (Event.door >= f"{door}:") & (Event.door < f"{door};")  # `;` comes after `:`


def _about(session: Session, wanted: Wanted) -> ColumnElement[bool]:
    """By subject id under any kind (so that the index serves), or by booking."""
    known = [wanted.subject_type] if wanted.subject_type else kinds(session)
    by_id = Event.subject_type.in_(known) & (Event.subject_id == wanted.text)
    if not wanted.booking_ids:
        return by_id
    return or_(by_id, Event.booking_id.in_(wanted.booking_ids))


def _first_id(session: Session, at: datetime) -> int:
    return session.scalar(select(first_id_since("events", at))) or 0


def _over_websites(
    websites: Websites, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Select[Any]:
    """The newest first. For several websites one ordered read each, merged: a small website among
    large ones must not make the planner walk everybody's events."""
    newest = Event.id.desc()
    query = select(Event).where(*conditions).order_by(newest).limit(limit)
    if websites is None:
        return query
    if len(websites) == 1:
        return query.where(Event.website_id == next(iter(websites)))
    if not websites or len(websites) > MOST_BRANCHES:
        return query.where(Event.website_id.in_(websites))
    branches = [
        query.with_only_columns(Event.id).where(Event.website_id == website).subquery().select()
        for website in sorted(websites)
    ]
    ids = union_all(*branches).subquery()
    return select(Event).where(Event.id.in_(select(ids.c.id))).order_by(newest).limit(limit)


def _below(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (number,) = decode_cursor(cursor, 1)
    if not number.isdecimal() or len(number) > MOST_DIGITS:
        raise bad_cursor()
    return int(number)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
