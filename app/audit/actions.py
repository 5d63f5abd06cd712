"""Sealing the log, and what else is written here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session

from app.audit import chain
from app.audit.models import Seal
from app.events.actions import record
from app.events.models import Actor, Event, NewEvent
from app.events.queries import SETTLED

LOCK_KEY = 7_266_173_003
BATCH = 1_000
"""Events of a seal."""


def seal(session: Session, limit: int = BATCH) -> int:
    """Go on with the chain over what is settled. Returns how many events were sealed.

    In the order of (transaction, id), below the oldest transaction still running: what commits
    late is not missed. One at a time: another that comes meanwhile does nothing.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK_KEY))):
        return 0
    last = session.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).one_or_none()
    found = _settled(session, last.end if last else (0, 0), limit)
    for made in _seals(found, last):
        session.add(made)
    session.flush()
    return len(found)


def unsealed(session: Session) -> int:
    """How many events no seal covers yet."""
    last = session.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).one_or_none()
    after = tuple_(*(last.end if last else (0, 0)))
    query = select(func.count()).where(tuple_(Event.transaction, Event.id) > after)
    return session.scalar(query) or 0


def _settled(session: Session, after: tuple[int, int], limit: int) -> Sequence[Row[Any]]:
    query = (
        chain.events()
        .where(tuple_(Event.transaction, Event.id) > tuple_(*after))
        .where(Event.transaction < SETTLED)
        .order_by(Event.transaction, Event.id)
        .limit(limit)
    )
    return session.execute(query).all()


def _seals(events: Sequence[Row[Any]], last: Seal | None) -> Iterator[Seal]:
    """One for each day among them."""
    number, reached = (last.number, last.day) if last else (0, None)
    before = last.last_hash if last else chain.START
    for day, rows in groupby(_with_days(events, reached), key=lambda pair: pair[0]):
        of_day = [event for _, event in rows]
        hashes = []
        for event in of_day:
            before = chain.link(before, event)
            hashes.append(before)
        number += 1
        yield Seal(
            number=number,
            day=day,
            event_ids=[event.id for event in of_day],
            hashes=b"".join(hashes),
            transaction=of_day[-1].transaction,
        )


def _with_days(events: Sequence[Row[Any]], reached: date | None) -> Iterator[tuple[date, Row[Any]]]:
    for event in events:
        reached = chain.day_of(event, reached)
        yield reached, event


def note_export(
    session: Session, actor: Actor, website_id: str | None, filters: Mapping[str, str]
) -> int:
    """Write down that somebody takes a part of the log along. Returns the event's id."""
    event = NewEvent(
        name="audit.exported",
        subject_type="audit",
        subject_id=website_id or "all",
        website_id=website_id,
        meta={"filters": dict(filters)},
    )
    return record(session, actor, event)
