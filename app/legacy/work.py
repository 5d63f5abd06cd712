"""What every step of an import has at hand, and the look at a row with which each begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.legacy.catalogue import Lists
from app.legacy.hub import Hub
from app.legacy.index import Index
from app.legacy.report import Report
from app.tabular.files import Export, Row


@dataclass(frozen=True)
class Work:
    """One run at work."""

    hub: Hub
    report: Report
    index: Index
    lists: Lists
    users: Export
    bookings: Export
    participants: Export

    def fresh(self, export: Export, rows: Sequence[Row]) -> list[Row]:
        """The rows that nobody brought in before; the others are counted, or rejected."""
        kind = export.file.kind
        ids = {row.id for row in rows if row.id}
        spots, known = self.index.find(kind, ids), self.hub.known(kind, ids)
        found: list[Row] = []
        for row in rows:
            spot, kept = spots.get(row.id), known.get(row.id)
            if fault := row.fault or (None if row.id else "id is empty."):
                self.report.reject(export, row, fault)
            elif spot and spot.at != row.at:
                self.report.reject(export, row, f"The id {row.id} is in line {spot.line} already.")
            elif kept is None:
                found.append(row)
            elif kept.digest == row.digest:
                self.report.count(export, "unchanged")
            else:
                self.report.changed(export, row)
        return found
