"""What a pull costs: a thousand reservations that are new, and a thousand that said it all before.

Run: `.venv/bin/python -m bench.pull [reservations]`

The platform is in memory, so that what is measured is ours. Unchanged ones are compared with new
ones of the same run: a pull every few minutes must cost next to nothing when nothing happened.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from sqlalchemy import func, select

from app.bookings.models import Booking
from app.extensions import db
from app.platforms import pulling, registry
from bench.bookings_page import quiet
from bench.servers import bench
from tests.desk import build_house
from tests.platforms.pub import House, Shelf, a_house, kind_of, tomorrow

GOAL = 0.02
"""Of an unchanged one to a new one."""


def main() -> None:
    """Print both, and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    pulling.BUDGET = 3600.0
    shelf = Shelf()
    registry.use(kind_of(shelf))
    with bench() as servers, servers.app.app_context():
        build_house(servers.app)
        pub = a_house(shelf)
        for number in range(count):
            day = tomorrow() + timedelta(days=number % 55)
            name = f"Guest {number}"
            phone = f"+3569{number:07d}"
            shelf.put(f"P{number}", day=day, time=f"{12 + number % 4}:00", name=name, phone=phone)
        with quiet():
            new = timed(pub)
        made = db.session.scalar(select(func.count()).select_from(Booking))
        if made != count:
            raise SystemExit(f"{made} bookings instead of {count}")
        with quiet():
            same = min(timed(pub) for _ in range(3))
        print(f"{count} new: {new:.2f} s, {new / count * 1000:.1f} ms each")
        print(f"{count} unchanged: {same:.3f} s, {same / count * 1000:.2f} ms each")
        print(f"unchanged / new: {same / new:.4f} (goal: at most {GOAL})")


def timed(pub: House) -> float:
    """Seconds of one complete pull."""
    started = time.perf_counter()
    state = pub.pull()
    took = time.perf_counter() - started
    if not state.get("finished_at"):
        raise SystemExit(f"the pull did not end: {state}")
    return took


if __name__ == "__main__":
    main()
