"""What the second wall costs: the bookings page of one person with it and without, in turn.

Run: `.venv/bin/python -m bench.second_wall [requests] [rows]`

The person holds each website by itself, so the policies apply (who may see all websites passes
them by).
"""

from __future__ import annotations

import statistics
import sys
import time

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from app.extensions import db
from app.wall import wall
from app.websites.models import Website
from bench.bookings_page import PAGES, ask, p95, quiet
from bench.rows import fill
from bench.servers import Bench, bench
from tests.desk import browser_of
from tests.factories import person

GOAL = 1.15


def milliseconds(client: FlaskClient, url: str, behind: bool) -> float:
    """How long one request takes."""
    wall.stands = behind
    start = time.perf_counter()
    ask(client, url)
    return (time.perf_counter() - start) * 1000


def browsers(stand: Bench) -> dict[bool, FlaskClient]:
    """The same person in front of two apps: behind the wall, and not."""
    apps: dict[bool, Flask] = {False: stand.app}
    apps[True] = create_app(stand.app.extensions["settings"], serves_web=True)
    wall.stands = False
    with stand.app.app_context():
        somebody = person("admin", *db.session.scalars(select(Website.id)))
        clients = {behind: browser_of(app, somebody) for behind, app in apps.items()}
        db.session.commit()
    return clients


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    figures: dict[str, dict[bool, list[float]]] = {}
    with bench() as stand:
        fill(stand.app, 1, rows)
        clients = browsers(stand)
        with quiet():
            for name, url in PAGES.items():
                taken: dict[bool, list[float]] = {False: [], True: []}
                for number in range(times + 5):
                    for behind, client in clients.items():
                        one = milliseconds(client, url, behind)
                        if number >= 5:
                            taken[behind].append(one)
                figures[name] = taken
    print(f"{'':22}{'without':>16}{'with':>16}{'median ratio':>14}   {rows:,} rows")
    for name, taken in figures.items():
        cells = [f"{statistics.median(t):6.1f} /{p95(t):6.1f}" for t in taken.values()]
        ratio = statistics.median(taken[True]) / statistics.median(taken[False])
        print(f"{name:22}{cells[0]:>16}{cells[1]:>16}{ratio:14.2f}")
    print(f"milliseconds, median / p95; goal < {GOAL}")


if __name__ == "__main__":
    main()
