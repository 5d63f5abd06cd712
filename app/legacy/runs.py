"""Runs: begun, taken up again where they were broken off, brought to their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.events.actions import record
from app.events.models import IMPORT, NewEvent
from app.ids import new_id
from app.legacy.models import ImportRun
from app.tabular.columns import CannotImport

RUNNING, DONE, STOPPED, UNDONE = "running", "done", "stopped", "undone"
LOCK = 0x1E6AC1
"""Of all imports: one at a time, since they find each other's customers."""
ACTOR = IMPORT


@contextmanager
def alone(session: Session) -> Iterator[None]:
    """Keep every other import out until this process ends, in whatever way. Raises CannotImport."""
    engine = session.get_bind().engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as held:
        if not held.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}):
            raise CannotImport("Another import is running. Start this one when it has ended.")
        try:
            yield
        finally:
            held.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


def begin(session: Session, system: str, website_id: str, files: Mapping[str, str]) -> ImportRun:
    """The run of these files (digests by name): one that was broken off, or a new one.

    One that was broken off with other files stops where it is: what it made stays, and can be
    undone.
    """
    same = (ImportRun.system == system, ImportRun.website_id == website_id)
    running = select(ImportRun).where(*same, ImportRun.state == RUNNING).order_by(ImportRun.id)
    taken_up = None
    for run in session.scalars(running).all():
        if run.progress.get("files") == files and taken_up is None:
            taken_up = run
        else:
            run.state = STOPPED
    if taken_up is not None:
        return taken_up
    run = ImportRun(id=new_id(), system=system, website_id=website_id, state=RUNNING)
    run.progress = {"files": dict(files)}
    session.add(run)
    session.flush()
    tell(session, run, "import.started", {})
    return run


def finish(session: Session, run: ImportRun, now: datetime) -> None:
    """It has read everything."""
    run.state, run.finished_at = DONE, now
    tell(session, run, "import.finished", {"counts": run.progress["counts"]})


def tell(session: Session, run: ImportRun, name: str, meta: Mapping[str, Any]) -> None:
    """Write down in the log what happened to a run."""
    event = NewEvent(
        name=name,
        subject_type="import",
        subject_id=str(run.id),
        website_id=run.website_id,
        meta={"system": run.system, **meta},
    )
    record(session, ACTOR, event)


def get(session: Session, run_id: UUID) -> ImportRun:
    """Raises CannotImport."""
    run = session.get(ImportRun, run_id, with_for_update=True)
    if run is None:
        raise CannotImport(f"There is no run {run_id}.")
    return run
