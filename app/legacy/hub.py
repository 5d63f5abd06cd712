"""What the hub knows already of foreign rows, and how it takes what is new.

`Hub` writes; `Rehearsal` only foresees what would have been written, and so finds the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.bookings import importing
from app.bookings.importing import Brought
from app.customers import bulk
from app.customers.bulk import Guest, Trace
from app.events.models import Actor
from app.legacy.models import ImportedRow
from app.legacy.people import Likeness, likeness
from app.rows import insert_rows
from app.travelers.models import Traveler
from app.websites.models import Website

_ROWS = cast(Table, ImportedRow.__table__)
_TRAVELERS = cast(Table, Traveler.__table__)


class Kept(NamedTuple):
    """What a foreign row became."""

    our_id: UUID
    digest: bytes


class Profile(NamedTuple):
    """A traveler whom a customer has already."""

    id: UUID
    like: Likeness


@dataclass(frozen=True)
class Became:
    """A foreign row that was brought in."""

    kind: str
    legacy_id: str
    our_id: UUID
    is_ours: bool
    digest: bytes


@dataclass(frozen=True)
class Hub:
    """The hub, for one run."""

    session: Session
    actor: Actor
    website: Website
    system: str
    run_id: UUID
    now: datetime

    def known(self, kind: str, ids: Collection[str]) -> dict[str, Kept]:
        """What became of rows that were brought in before."""
        columns = (ImportedRow.legacy_id, ImportedRow.our_id, ImportedRow.digest)
        mine = (ImportedRow.system == self.system, ImportedRow.kind == kind)
        query = select(*columns).where(*mine, ImportedRow.legacy_id.in_(ids))
        return {row[0]: Kept(row[1], row[2]) for row in self.session.execute(query)}

    def find(self, traces: Sequence[Trace]) -> list[UUID | None]:
        """Who each of these is."""
        return bulk.find(self.session, traces)

    def guests(self, ids: Collection[UUID]) -> dict[UUID, Guest]:
        """These customers."""
        return bulk.read(self.session, ids)

    def profiles(self, customer_ids: Collection[UUID]) -> dict[UUID, list[Profile]]:
        """The travelers of these customers."""
        query = select(Traveler).where(Traveler.customer_id.in_(customer_ids))
        found: dict[UUID, list[Profile]] = {}
        for one in self.session.scalars(query.where(Traveler.deleted_at.is_(None))):
            like = likeness(one.name, one.phone, one.birth_date, one.age, one.age_on)
            found.setdefault(one.customer_id, []).append(Profile(one.id, like))
        return found

    def taken(self, source_ids: Collection[UUID]) -> set[UUID]:
        """Which source ids are used already."""
        return importing.existing(self.session, self.website.id, source_ids)

    def make_customers(self, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
        """Returns who is new: the others came through another door meanwhile."""
        return bulk.make(self.session, rows)

    def make_travelers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert profiles."""
        insert_rows(self.session, _TRAVELERS, rows)

    def make_bookings(self, brought: Sequence[Brought]) -> list[UUID]:
        """Returns their ids, in this order."""
        return importing.enter_all(self.session, self.actor, self.website, brought, self.now)

    def note(self, rows: Sequence[Became]) -> None:
        """Remember what became of these rows."""
        more = {"system": self.system, "run_id": self.run_id}
        insert_rows(self.session, _ROWS, [{**vars(row), **more} for row in rows])
