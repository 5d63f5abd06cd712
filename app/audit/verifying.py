"""Walking the chain: whether the log still says what it said when it was sealed."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session

from app.audit import chain
from app.audit.models import HASH_SIZE, Seal
from app.events.models import Event

PAGE = 20
"""Seals read at once."""
Place = tuple[int, int]
"""(transaction, id) of an event."""


class Kind(enum.StrEnum):
    """What was done to the log."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    UNSEALED = "seal missing"
    BROKEN = "seal altered"


@dataclass(frozen=True)
class Finding:
    """The first place where the log differs from its seals."""

    kind: Kind
    day: date
    seal: int
    event_id: int | None = None

    def __str__(self) -> str:
        if self.event_id is None:
            return f"{self.kind.value}: number {self.seal}, {self.day}"
        return f"event {self.event_id} was {self.kind.value} ({self.day}, seal {self.seal})"


@dataclass(frozen=True)
class Walked:
    """One seal that was looked at: in order, or with what was found there."""

    seal: Seal
    finding: Finding | None


@dataclass(frozen=True)
class Extent:
    """What there is to verify."""

    seals: int
    events: int


def extent(session: Session, day: date | None = None) -> Extent:
    """How many seals, and events under them, a walk will look at."""
    query = select(func.count(), func.coalesce(func.sum(func.cardinality(Seal.event_ids)), 0))
    if day is not None:
        query = query.where(Seal.day == day)
    count, events = session.execute(query).one()
    return Extent(int(count), int(events))


def walk(session: Session, day: date | None = None) -> Iterator[Walked]:
    """Look at every seal in order, of one day or of all; ends with the first finding.

    A day's walk goes on from the last hash of the day before, which it takes as it is.
    """
    before = _before(session, day)
    while True:
        page = _page(session, before, day)
        for seal in page:
            finding = _look(session, before, seal)
            yield Walked(seal, finding)
            if finding:
                return
            before = seal
        if len(page) < PAGE:
            return
        session.expunge_all()


def _before(session: Session, day: date | None) -> Seal | None:
    if day is None:
        return None
    query = select(Seal).where(Seal.day < day).order_by(Seal.number.desc())
    return session.scalars(query.limit(1)).one_or_none()


def _page(session: Session, before: Seal | None, day: date | None) -> Sequence[Seal]:
    query = select(Seal).where(Seal.number > (before.number if before else 0))
    if day is not None:
        query = query.where(Seal.day == day)
    return session.scalars(query.order_by(Seal.number).limit(PAGE)).all()


def _look(session: Session, before: Seal | None, seal: Seal) -> Finding | None:
    def found(kind: Kind, event_id: int | None = None) -> Finding:
        return Finding(kind, seal.day, seal.number, event_id)

    if seal.number != (before.number if before else 0) + 1:
        return found(Kind.UNSEALED)
    if len(seal.hashes) != len(seal.event_ids) * HASH_SIZE:
        return found(Kind.BROKEN)
    rows = {row.id: row for row in _events(session, before.end if before else (0, 0), seal.end)}
    last, reached = (before.last_hash, before.day) if before else (chain.START, None)
    for place, event_id in enumerate(seal.event_ids):
        row = rows.get(event_id)
        if row is None:
            return found(_gone(session, event_id), event_id)
        if chain.link(last, row) != seal.hash_at(place):
            return found(Kind.ALTERED, event_id)
        last, reached = seal.hash_at(place), chain.day_of(row, reached)
    strange = rows.keys() - set(seal.event_ids)
    if strange:
        return found(Kind.INSERTED, min(strange))
    return None if reached == seal.day else found(Kind.BROKEN)


def _events(session: Session, after: Place, until: Place) -> Sequence[Row[Any]]:
    here = tuple_(Event.transaction, Event.id)
    query = chain.events().where(here > tuple_(*after), here <= tuple_(*until))
    return session.execute(query).all()


def _gone(session: Session, event_id: int) -> Kind:
    """An event that is not where it was sealed: taken away, or moved by changing its place."""
    there = session.scalar(select(Event.id).where(Event.id == event_id))
    return Kind.REMOVED if there is None else Kind.ALTERED
