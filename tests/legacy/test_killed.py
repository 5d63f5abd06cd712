"""An import that is killed in the middle goes on exactly where it stopped."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.extensions import db
from app.legacy import runs, undoing
from app.legacy.models import ImportRun
from tests.harness.processes import Daemon, python, until
from tests.legacy import generated
from tests.legacy.conftest import bring_in, make_house

pytestmark = [pytest.mark.committed, pytest.mark.slow]
STATE = """
SELECT b.source_booking_id, b.customer_name, b.status, b.guest_count, b.total_amount, b.slot_key,
    b.created_at, b.overbooked, c.first_name, c.phone, b.traveler_count,
    (SELECT count(*) FROM events e WHERE e.booking_id = b.id) AS events,
    (SELECT string_agg(t.name || coalesce(t.age, 0) || t.is_primary, ',' ORDER BY t.position)
        FROM booking_travelers t WHERE t.booking_id = b.id) AS going
FROM bookings b JOIN customers c ON c.id = b.customer_id ORDER BY b.source_booking_id
"""
MORE = """
SELECT (SELECT count(*) FROM travelers), (SELECT count(*) FROM customers),
    (SELECT sum(used) FROM slot_usage), (SELECT count(*) FROM imported_rows)
"""
REJECTED = "rejected_booking_participants.csv"


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Path:
    """A website, and an export some rows of which are rejected."""
    with app.app_context():
        make_house()
    generated.write(tmp_path, 400)
    with (tmp_path / "booking_participants.csv").open("a") as file:
        file.writelines(f"x{n},{n},,30,,,\n" for n in range(1, 401, 4))
    return tmp_path


def state(folder: Path) -> tuple[list[Any], Any, list[str], str]:
    """All that an import leaves behind."""
    rows = [tuple(row) for row in db.session.execute(text(STATE))]
    counted = tuple(db.session.execute(text(MORE)).one())
    rejected = sorted((folder / REJECTED).read_text().splitlines())
    return rows, counted, rejected, (folder / "import_report.txt").read_text().split("\n", 1)[1]


def test_it_ends_as_if_nothing_had_happened(
    app: Flask, folder: Path, committed_database: str, redis_url: str
) -> None:
    environment = {**os.environ, "DATABASE_URL": committed_database, "REDIS_URL": redis_url}
    command = python(
        *("-m", "flask", "--app", "wsgi", "import", "legacy", str(folder)),
        *("--website", "himalaya-treks", "--batch", "10"),
    )
    kills = 0
    for least in (100, 250):  # in the middle of the bookings; then once more
        daemon = Daemon(command, folder / "log", {**environment, "ENV": "test"})
        daemon.start()
        try:
            until(partial(ready, app, daemon, least), 60, "nothing was brought in")
            kills += daemon.kill(signal.SIGKILL) == -signal.SIGKILL
        finally:
            daemon.stop()
    with app.app_context():
        bring_in(folder)  # waits for nobody: the lock went with the process
        killed = state(folder)
        run = db.session.scalars(select(ImportRun)).one()
        assert (kills, run.state) == (2, runs.DONE)
        undoing.undo(db.session(), run.id)
        db.session.commit()
        bring_in(folder)
        assert state(folder) == killed
        assert len(killed[0]) == 400
        assert len(killed[2]) == 101


def ready(app: Flask, daemon: Daemon, least: int) -> bool:
    """Whether so many bookings are there by now."""
    assert daemon.running, daemon.output()
    with app.app_context(), db.engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM bookings")) or 0) >= least
