"""An import of an old system's export, against a bare COPY of the rows that it makes.

Run: `.venv/bin/python -m bench.legacy [bookings]`
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from app.extensions import db
from bench.servers import Bench, bench
from tests.harness.processes import Daemon, python
from tests.legacy import generated
from tests.legacy.conftest import make_house

COMMAND = ("-m", "flask", "--app", "wsgi", "import", "legacy")
TABLES = ("customers", "travelers", "bookings", "booking_travelers", "events", "imported_rows")
MEGA = 1 << 20


def imported(stand: Bench, folder: Path, *more: str) -> tuple[float, float]:
    """Import a folder in a process of its own: seconds, and the most memory it held in MB."""
    command = python(*COMMAND, str(folder), "--website", "himalaya-treks", *more)
    log = stand.home / "import.log"
    daemon = Daemon(command, log, stand.environment)
    began, most = time.perf_counter(), 0
    busy = 0.0
    daemon.start()
    while daemon.running:
        memory, used = _used(daemon.pid)
        most, busy = max(most, memory), max(busy, used)
        time.sleep(0.2)
    seconds = time.perf_counter() - began
    print(re.sub(r".*\r", "", log.read_text()).split("\n\n", 1)[-1].rstrip(), flush=True)
    log.unlink()
    print(f"{seconds:.0f} s on the clock, {busy:.0f} s of a processor (without PostgreSQL)")
    return seconds, most / MEGA


def _used(pid: int) -> tuple[int, float]:
    """Memory and processor seconds of a process and what it started."""
    try:
        process = psutil.Process(pid)
        every = [process, *process.children(recursive=True)]
        memory = sum(one.memory_info().rss for one in every)
        return memory, sum(sum(one.cpu_times()[:2]) for one in every)
    except psutil.NoSuchProcess:
        return 0, 0.0


def copied(stand: Bench) -> tuple[int, float]:
    """COPY what the import has made into empty tables with the same indexes: rows and seconds."""
    folder, total, seconds = stand.home / "copies", 0, 0.0
    folder.mkdir()
    with db.engine.connect() as connection:
        cursor: Any = connection.connection.cursor()
        for table in TABLES:
            path = folder / table
            with (
                path.open("wb") as out,
                cursor.copy(f"COPY {table} ({_columns(table)}) TO STDOUT") as rows,
            ):
                for piece in rows:
                    out.write(piece)
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            connection.commit()
            began = time.perf_counter()
            with (
                path.open("rb") as source,
                cursor.copy(f"COPY bare_{table} ({_columns(table)}) FROM STDIN") as sink,
            ):
                while piece := source.read(MEGA):
                    sink.write(piece)
            connection.commit()
            seconds += time.perf_counter() - began
            total += cursor.rowcount
    shutil.rmtree(folder)
    return total, seconds


def _columns(table: str) -> str:
    """Those that are not computed."""
    columns = db.metadata.tables[table].c
    return ", ".join(c.name for c in columns if c.computed is None and c.identity is None)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with bench() as stand, stand.app.app_context():
        make_house()
        folder = stand.home / "export"
        generated.write(folder, count)
        lines = sum(path.read_bytes().count(b"\n") - 1 for path in folder.glob("*.csv"))
        dry, _ = imported(stand, folder, "--dry-run")
        first, most = imported(stand, folder)
        again, most_again = imported(stand, folder)
        rows, bare = copied(stand)
        events = db.session.scalar(text("SELECT count(*) FROM outbox"))
    print(f"{lines:,} rows of {count:,} bookings; nothing to send: {events == 0}")
    print(f"dry run {timedelta(seconds=round(dry))}, import {timedelta(seconds=round(first))}"
          f" ({lines / first:,.0f} rows/s, at most {most:.0f} MB),"
          f" again {timedelta(seconds=round(again))} (at most {most_again:.0f} MB)")  # fmt: skip
    print(f"bare COPY of the {rows:,} rows made: {bare:.1f} s, ratio {bare / first:.3f}")


if __name__ == "__main__":
    main()
