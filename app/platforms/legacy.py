"""Bringing in the venues that another system had connected to CoverManager, out of one table.

Each account is tried before it is saved, as from the page: what does not work comes in switched
off. What is here already is left alone unless the caller says otherwise. No key is in any text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import HubError
from app.events.models import IMPORT
from app.platforms import actions, covermanager, drafts, queries, trying
from app.platforms.legacy_lines import Line, Place, Read, read
from app.platforms.models import PlatformConnection
from app.platforms.trying import Tested
from app.staff.scope import EVERYTHING
from app.tabular.columns import CannotImport
from app.venues.models import Venue
from app.websites.models import Website

KIND = covermanager.KIND
_GAP = re.compile(r"[^a-z0-9]+")
OUTCOMES = ("made", "already so", "differs", "changed", "read over", "rejected")


@dataclass(frozen=True)
class Order:
    """What is to be brought in, and how."""

    path: Path
    website_id: str | None = None
    """Only venues of this one are meant."""
    encoding: str = "utf-8"
    is_update: bool = False
    """What is here becomes as the file says."""
    dry_run: bool = False
    pause: float = 60 / (KIND.per_minute or 60)
    """Seconds between two calls: CoverManager counts them."""


@dataclass(frozen=True)
class Told:
    """What became of a line. `is_fault`: somebody must look."""

    number: int
    outcome: str
    text: str
    is_fault: bool = False


class Import:
    """One call of the command."""

    def __init__(self, session: Session, order: Order) -> None:
        """Read the whole file. Raises CannotImport, before anything was done."""
        self._session, self._order = session, order
        if order.website_id and session.get(Website, order.website_id) is None:
            raise CannotImport(f"There is no website {order.website_id}.")
        self._read: Read = read(order.path, order.encoding, _places(session, order.website_id))

    @property
    def size(self) -> int:
        """How many lines are to be tried."""
        return len(self._read.lines)

    @property
    def unknown(self) -> Sequence[str]:
        """Columns that are read over."""
        return self._read.unknown

    def run(self, sleep: Callable[[float], None] = time.sleep) -> Iterator[Told]:
        """Bring in one line after another, each in a transaction of its own; then those that
        cannot be."""
        for number, line in enumerate(self._read.lines):
            if number:
                sleep(self._order.pause)
            try:
                told = self._bring(line)
                if self._order.dry_run:
                    self._session.rollback()
                self._session.commit()
            except HubError as error:
                self._session.rollback()
                told = _rejected(line, _said(error))
            yield told
        for remark in self._read.remarks:
            outcome = "rejected" if remark.is_fault else "read over"
            yield Told(remark.number, outcome, remark.text, remark.is_fault)

    def _bring(self, line: Line) -> Told:
        there = next(
            (
                each
                for each in queries.of_venue(self._session, line.venue.id)
                if each.platform_type == KIND.type
            ),
            None,
        )
        return self._again(line, there) if there else self._make(line)

    def _make(self, line: Line) -> Told:
        values = _values(line) | {"platform_type": KIND.type, "venue_id": line.venue.id}
        tested = self._tried(drafts.draft(self._session, EVERYTHING, values))
        is_off = line.is_enabled and not tested.works
        values["is_enabled"] = line.is_enabled and tested.works
        actions.connect(self._session, IMPORT, EVERYTHING, values, tested)
        if is_off:
            why = f"{line.venue.name}: switched off, since it does not work. {tested.message}"
            return Told(line.number, "made", why, is_fault=True)
        state = "on" if line.is_enabled else "off"
        return Told(line.number, "made", f"{line.venue.name}, switched {state}.")

    def _again(self, line: Line, there: PlatformConnection) -> Told:
        wanted = drafts.draft_of(self._session, there, _values(line))
        names = _differing(there, wanted, line.is_enabled)
        if not names:
            return Told(line.number, "already so", f"{line.venue.name}.")
        said = f"{line.venue.name}: {', '.join(names)}"
        if not self._order.is_update:
            return Told(line.number, "differs", f"{said}. Left as it is here.")
        wanted.is_enabled = line.is_enabled
        tested = self._tried(wanted) if drafts.needs_test(there, wanted) else None
        connection_id, values = there.id, _values(line) | {"is_enabled": line.is_enabled}
        actions.edit(self._session, IMPORT, EVERYTHING, connection_id, values, tested)
        return Told(line.number, "changed", f"{said}.")

    def _tried(self, wanted: PlatformConnection) -> Tested:
        return trying.tried(self._session, wanted)


def summary(told: Sequence[Told]) -> str:
    """The counts, in one line."""
    counts = {name: sum(each.outcome == name for each in told) for name in OUTCOMES}
    said = ", ".join(f"{name} {number:,}" for name, number in counts.items() if number)
    return f"{len(told):,} lines: {said or 'nothing to bring in'}."


def _places(session: Session, website_id: str | None) -> list[Place]:
    query = select(Venue.id, Venue.name, Venue.website_id)
    if website_id:
        query = query.where(Venue.website_id == website_id)
    rows = session.execute(query.order_by(Venue.id))
    return [Place(row.id, row.name, _slug(row.name), row.website_id) for row in rows]


def _slug(name: str) -> str:
    return _GAP.sub("-", name.casefold()).strip("-")


def _values(line: Line) -> dict[str, Any]:
    return {"account": {"restaurant": line.slug, "api_key": line.key}}


def _differing(there: PlatformConnection, wanted: PlatformConnection, is_on: bool) -> list[str]:
    """Names of what the file says otherwise."""
    has, will = there.configuration or {}, wanted.configuration or {}
    names = [each.label for each in KIND.fields if has.get(each.name) != will.get(each.name)]
    return names + ["whether it is on"] * (there.is_enabled != is_on)


def _rejected(line: Line, why: str) -> Told:
    return Told(line.number, "rejected", f"{line.venue.name}: {why}", is_fault=True)


def _said(error: HubError) -> str:
    """With what is wrong of which field."""
    return " ".join((error.message, *(f"{each.field}: {each.message}" for each in error.details)))
