"""What the treks and batches of the other system are here: activities and departures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.derive import clock_of
from app.legacy import values
from app.legacy.columns import BATCHES, TREKS
from app.tabular import values as texts
from app.tabular.columns import CannotImport, File, Header
from app.tabular.files import Export
from app.tabular.values import Bad
from app.venues.finding import Linked, match
from app.venues.models import Activity, Departure, SlotRule, Venue

ANY_TIME = "Any time"
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Outing:
    """What a booking is of, and when."""

    package: str
    day: date
    clock: str | None
    location: str | None


@dataclass
class Lists:
    """The files beside the bookings that name treks and batches. Few rows: kept in memory."""

    treks: dict[str, Texts] = field(default_factory=dict)
    batches: dict[str, Texts] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, encoding: str) -> Lists:
        """Raises CannotImport for a file that is there and cannot be read."""
        return cls(_rows(folder, TREKS, encoding), _rows(folder, BATCHES, encoding))

    def demand(self, header: Header) -> None:
        """Raises CannotImport where bookings name treks or batches by an id that nobody lists."""
        if not header.has("trek_name") and not self.treks:
            raise CannotImport("bookings.csv has no column trek_name: then treks.csv is needed.")
        if not header.has("start_date") and not self.batches:
            raise CannotImport("bookings.csv has no column start_date: then batches.csv is needed.")

    def outing(self, row: Texts) -> Outing:
        """What a booking is of. Raises Bad."""
        batch = self.batches.get(row.get("batch_id", ""), {})
        trek_id = row.get("trek_id") or batch.get("trek_id", "")
        name = row.get("trek_name") or self.treks.get(trek_id, {}).get("name")
        if not name:
            raise Bad(
                "Nobody knows which trek it is: trek_name is empty, and treks.csv has no such id."
            )
        day = values.day(row, "start_date") or values.day(batch, "start_date")
        if day is None:
            raise Bad(
                "Nobody knows when it is: start_date is empty, and batches.csv has no such id."
            )
        package = texts.needed({"trek_name": name}, "trek_name", 300)
        clock = texts.words(row, "start_time", 50) or texts.words(batch, "start_time", 50)
        return Outing(package, day, clock, texts.words(row, "location"))


def _rows(folder: Path, file: File, encoding: str) -> dict[str, Texts]:
    if not (folder / file.name).exists():
        return {}
    with closing(Export(folder, file, encoding)) as export:
        return {row.id: row.values for row in export.rows() if row.id}


class Catalogue:
    """Our activities and departures, looked up once for a batch of bookings."""

    def __init__(self, session: Session, website_id: str, outings: Iterable[Outing]) -> None:
        """Read what these may mean: a query for each trek, and two for all."""
        there = list(outings)
        self._found = {
            package: match(session, website_id, None, package)
            for package in {outing.package for outing in there}
        }
        ids = {linked.activity_id for linked in self._found.values() if linked}
        names = (Activity.id, Activity.slot_rule, Activity.times, Venue.name)
        query = select(*names).join(Venue, Venue.id == Activity.venue_id)
        self._activities = {
            row.id: row for row in session.execute(query.where(Activity.id.in_(ids)))
        }
        leaving = select(Departure.activity_id, Departure.day, Departure.time).where(
            Departure.activity_id.in_(ids), Departure.day.in_({outing.day for outing in there})
        )
        self._times: dict[tuple[UUID, date], list[time]] = {}
        for row in session.execute(leaving.order_by(Departure.time)):
            self._times.setdefault((row.activity_id, row.day), []).append(row.time)

    def place(self, outing: Outing) -> tuple[dict[str, Any], str]:
        """The fields that say what and when a booking is, and its kind."""
        linked = self._found[outing.package]
        fields: dict[str, Any] = {
            "package_name": outing.package,
            "activity_date": outing.day,
            "time_slot": self._time(outing, linked),
            "venue": outing.location or self._venue(linked),
            "activity_id": linked.activity_id if linked else None,
            "venue_id": linked.venue_id if linked else None,
            "booking_type": linked.booking_type if linked else None,
        }
        return fields, linked.kind if linked else "trek"

    def _venue(self, linked: Linked | None) -> str | None:
        return str(self._activities[linked.activity_id].name) if linked else None

    def _time(self, outing: Outing, linked: Linked | None) -> str:
        """As the file says; else the only time at which it leaves that day."""
        if outing.clock:
            clock = clock_of(outing.clock)
            return f"{clock:%H:%M}" if clock else outing.clock
        if linked is None:
            return ANY_TIME
        activity = self._activities[linked.activity_id]
        times = [f"{at:%H:%M}" for at in self._times.get((linked.activity_id, outing.day), ())]
        if not times and activity.slot_rule == SlotRule.TIMES:
            times = list(activity.times)
        return times[0] if len(times) == 1 else ANY_TIME
