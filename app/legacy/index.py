"""Where each row of the files stands, by its id: on disk, so that memory does not grow with them.

Holds ids and offsets, and no value of anybody; it is gone with the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from app.tabular.files import Export, Row

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE rows (kind TEXT, id TEXT, at INTEGER, line INTEGER, parent TEXT,
    PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE INDEX children ON rows (parent, at) WHERE parent IS NOT NULL;
"""
_ADD = "INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?)"
_BATCH = 5000


class Spot(NamedTuple):
    """Where a row stands."""

    at: int
    line: int


class Index:
    """The first row with each id; and the rows that belong to another."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("")  # a file that only this process sees
        self._base.executescript(_TABLES)

    def close(self) -> None:
        """Forget it."""
        self._base.close()

    def read(self, export: Export, parent: str | None, saw: Callable[[int], object]) -> int:
        """Note every row of a file; `parent` names the column of what it belongs to.

        Returns how many rows there are. Raises CannotImport for a text that is not readable.
        """
        total, kind = 0, export.file.kind
        held: list[tuple[str, str, int, int, str | None]] = []
        done = export.first
        for row in export.rows():
            total += 1
            if row.id:
                over = row.values.get(parent, "") if parent else None
                held.append((kind, row.id, row.at, row.line, over))
            if len(held) >= _BATCH:
                self._base.executemany(_ADD, held)
                held.clear()
                saw(row.end - done)
                done = row.end
        self._base.executemany(_ADD, held)
        saw(export.size - done)
        return total

    def find(self, kind: str, ids: Collection[str]) -> dict[str, Spot]:
        """Where the rows with these ids stand."""
        query = "SELECT id, at, line FROM rows WHERE kind = ? AND id IN ({})"
        return {row[0]: Spot(row[1], row[2]) for row in self._ask(query, [kind], ids)}

    def children(self, parents: Collection[str]) -> dict[str, list[Spot]]:
        """The rows that belong to each of these, in the order of the file."""
        query = "SELECT parent, at, line FROM rows WHERE parent IN ({}) ORDER BY at"
        found: dict[str, list[Spot]] = {}
        for parent, at, line in self._ask(query, [], parents):
            found.setdefault(parent, []).append(Spot(at, line))
        return found

    def is_first(self, spots: dict[str, Spot], row: Row) -> bool:
        """Whether no row before has its id."""
        spot = spots.get(row.id)
        return spot is None or spot.at == row.at

    def _ask(
        self, query: str, before: list[str], keys: Iterable[str]
    ) -> Iterator[tuple[str, int, int]]:
        wanted = list(keys)
        for start in range(0, len(wanted), _BATCH):
            some = wanted[start : start + _BATCH]
            places = ",".join("?" * len(some))
            yield from self._base.execute(query.format(places), [*before, *some])
