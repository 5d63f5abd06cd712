"""Bringing in a folder of files: in batches, each one transaction with the run's progress.

So a run that was killed goes on exactly behind its last batch, and memory does not grow with the
files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.ids import new_id
from app.legacy import runs
from app.legacy.bring_bookings import bring_bookings, bring_leftovers
from app.legacy.bring_users import bring_users
from app.legacy.catalogue import Lists
from app.legacy.columns import BOOKINGS, PARTICIPANTS, USERS
from app.legacy.hub import Hub
from app.legacy.index import Index
from app.legacy.models import ImportRun
from app.legacy.rehearsal import Rehearsal
from app.legacy.report import Report
from app.legacy.work import Work
from app.tabular.columns import CannotImport
from app.tabular.files import Export, Row
from app.websites.models import Website

BATCH = 1000
Saw = Callable[[int], object]
Step = Callable[[Work, Sequence[Row]], None]


@dataclass(frozen=True)
class Order:
    """What is to be brought in, and how."""

    folder: Path
    website_id: str
    system: str = "legacy"
    report: Path | None = None
    """Where the report goes; else into the folder."""
    encoding: str = "utf-8"
    batch: int = BATCH
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    run_id: UUID | None
    """None of a dry run."""
    text: str
    """The report."""
    remarks: list[str]
    """On columns."""
    rejected: int


class Import:
    """One call of the command. Use as a context manager: it holds files."""

    def __init__(self, session: Session, order: Order) -> None:
        """Open the files. Raises CannotImport, before anything was done."""
        self._session, self._order = session, order
        website = session.get(Website, order.website_id)
        if website is None:
            raise CannotImport(f"There is no website {order.website_id}.")
        self._website = website
        self._stack = ExitStack()
        with ExitStack() as undo:
            opened = [
                undo.enter_context(closing(Export(order.folder, file, order.encoding)))
                for file in (USERS, BOOKINGS, PARTICIPANTS)
            ]
            self._lists = Lists.read(order.folder, order.encoding)
            self._lists.demand(opened[1].header)
            self._stack = undo.pop_all()
        self._users, self._bookings, self._participants = self._files = opened
        self._index = Index()
        self._stack.callback(self._index.close)

    def __enter__(self) -> Import:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def size(self) -> int:
        """How much there is to see: every file is read twice."""
        return 2 * sum(file.size for file in self._files)

    @property
    def remarks(self) -> list[str]:
        """Columns that nobody knows, and those that could be there."""
        said = []
        for file in self._files:
            if unknown := file.header.unknown:
                said.append(f"{file.file.name}: read over: {', '.join(unknown)}.")
            if missing := file.header.missing:
                said.append(f"{file.file.name}: not there: {', '.join(missing)}.")
        return said

    def run(self, saw: Saw) -> Outcome:
        """Bring everything in. `saw` hears of every byte. Raises CannotImport."""
        self._session.commit()  # nothing is held while files are read
        with runs.alone(self._session):
            for file in self._files:
                parent = "booking_id" if file is self._participants else None
                self._index.read(file, parent, saw)
            digests = {file.file.name: file.digest() for file in self._files}
            report = Report(self._order.report or self._order.folder)
            self._stack.callback(report.close)
            try:
                return self._all(report, digests, saw)
            except OSError as error:
                raise CannotImport(f"A file cannot be read or written: {error}.") from error

    def _all(self, report: Report, digests: dict[str, str], saw: Saw) -> Outcome:
        run = self._begin(digests)
        report.start(run.progress if run else {}, list(digests))
        work = self._work(report, run)
        for name, export, step in self._steps():
            self._step(work, run, name, export, step, saw)
        text = report.finish(self._heading(run))
        rejected = sum(counts["rejected"] for counts in report.counts.values())
        if run is not None:
            runs.finish(self._session, run, datetime.now(UTC))
            self._session.commit()
        return Outcome(run.id if run else None, text, self.remarks, rejected)

    def _steps(self) -> Iterator[tuple[str, Export, Step]]:
        yield "users", self._users, bring_users
        yield "bookings", self._bookings, bring_bookings
        yield "participants", self._participants, bring_leftovers

    def _begin(self, digests: dict[str, str]) -> ImportRun | None:
        """The run, unless it is a dry one."""
        order = self._order
        if order.dry_run:
            return None
        run = runs.begin(self._session, order.system, order.website_id, digests)
        self._session.commit()
        return run

    def _work(self, report: Report, run: ImportRun | None) -> Work:
        make = Hub if run else Rehearsal
        hub = make(
            session=self._session,
            actor=runs.ACTOR,
            website=self._website,
            system=self._order.system,
            run_id=run.id if run else new_id(),
            now=datetime.now(UTC),
        )
        return Work(hub, report, self._index, self._lists, *self._files)

    def _step(
        self, work: Work, run: ImportRun | None, name: str, export: Export, step: Step, saw: Saw
    ) -> None:
        """One file, from where it was left."""
        place: dict[str, Any] = (run.progress if run else {}).get("read", {}).get(name, {})
        at = place.get("at", export.first)
        saw(at)
        rows = export.rows(at, place.get("line", export.first_line))
        while batch := list(islice(rows, self._order.batch)):
            step(work, batch)
            self._keep(work, run, name, batch[-1])
            saw(batch[-1].end - at)
            at = batch[-1].end
        saw(export.size - at)

    def _keep(self, work: Work, run: ImportRun | None, name: str, last: Row) -> None:
        """The end of a batch: it is there with the run's progress, or not at all."""
        if run is None:
            self._session.rollback()
            return
        written = work.report.flush()
        read = {**run.progress.get("read", {}), name: {"at": last.end, "line": last.end_line}}
        run.progress = {**run.progress, **written, "read": read}
        self._session.commit()

    def _heading(self, run: ImportRun | None) -> str:
        what = f"run {run.id}" if run else "a dry run: nothing was written"
        return f"Import of {self._order.system} into {self._website.name}: {what}"
