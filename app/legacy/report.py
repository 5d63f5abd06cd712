"""What became of the rows: counted, and the rejected ones in files with their reasons."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from app.tabular.files import Export, Row

OUTCOMES = {
    "read": "read",
    "new": "new",
    "matched": "matched",
    "unchanged": "unchanged",
    "changed": "changed since",
    "other": "no customers",
    "rejected": "rejected",
}
"""Names of the counts, and how they are said. Each row that was read has one of the others."""
REPORT = "import_report.txt"
CHANGED = "Was brought in before and has changed since. What is here was left as it is."


class Report:
    """Counts, and files in a folder: `rejected_<file>`, `changed_<file>` and REPORT."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: dict[str, dict[str, int]] = {}
        self._open: dict[str, TextIO] = {}

    def start(self, progress: Mapping[str, Any], names: list[str]) -> None:
        """Begin, or go on as far as an earlier try had come. Raises OSError."""
        self.counts = {name: dict.fromkeys(OUTCOMES, 0) for name in names}
        for name, counts in progress.get("counts", {}).items():
            self.counts[name] |= counts
        written = progress.get("written", {})
        for name in names:
            for path in (self.folder / f"rejected_{name}", self.folder / f"changed_{name}"):
                length = written.get(path.name, 0)
                if length:
                    os.truncate(path, length)
                else:
                    path.unlink(missing_ok=True)

    def count(self, export: Export, outcome: str) -> None:
        """One row more."""
        counts = self.counts[export.file.name]
        counts["read"] += 1
        counts[outcome] += 1

    def reject(self, export: Export, row: Row, reason: str) -> None:
        """A row that is not brought in."""
        self.count(export, "rejected")
        self._write(f"rejected_{export.file.name}", export, row, reason)

    def changed(self, export: Export, row: Row) -> None:
        """A row that is not any more what was brought in."""
        self.count(export, "changed")
        self._write(f"changed_{export.file.name}", export, row, CHANGED)

    def flush(self) -> dict[str, Any]:
        """See to it that everything is on disk; returns what `start` needs to go on from here."""
        for file in self._open.values():
            file.flush()
            os.fsync(file.fileno())
        lengths = {name: file.tell() for name, file in self._open.items()}
        return {"counts": self.counts, "written": lengths}

    def close(self) -> None:
        """Nothing more is written."""
        for file in self._open.values():
            file.close()

    def finish(self, heading: str) -> str:
        """Write the counts as a table; returns it."""
        text = f"{heading}\n\n{self.table()}\n"
        (self.folder / REPORT).write_text(text, encoding="utf-8")
        return text

    def table(self) -> str:
        """The counts of each file, for people."""
        width = max(len(name) for name in self.counts)
        lines = [" " * width + "".join(f"{said:>15}" for said in OUTCOMES.values())]
        for name, counts in self.counts.items():
            lines.append(f"{name:<{width}}" + "".join(f"{counts[each]:>15,}" for each in OUTCOMES))
        return "\n".join(lines)

    def _write(self, name: str, export: Export, row: Row, reason: str) -> None:
        file = self._open.get(name)
        if file is None:
            path = self.folder / name
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            file = self._open[name] = os.fdopen(descriptor, "a", encoding="utf-8", newline="")
            if not file.tell():
                csv.writer(file).writerow(["line", "reason", *export.header.names])
        csv.writer(file).writerow([row.line, reason, *row.cells])
