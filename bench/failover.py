"""What a question about free tables costs when the first platform is silent: the question that
meets the silence, and those after it, against a healthy one of the same run.

Run: `.venv/bin/python -m bench.failover [rounds] [milliseconds]`

Two platforms, each a local server that takes `milliseconds` for an answer (one call bare is the
baseline). No question is asked twice, so none is answered from the cache.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
from flask import Flask
from sqlalchemy import update

from app.bookings.elsewhere import Heard, Question
from app.config import Settings
from app.extensions import db
from app.outbound import policy
from app.platforms import asking, registry
from app.platforms.models import PlatformConnection
from bench.bookings_page import quiet
from bench.servers import bench
from tests.api.table_house import SUNDAY
from tests.factories import VenueFactory, WebsiteFactory
from tests.platforms.tables import SECOND, Shop
from tests.standins.serving import serving

GOAL = 1.2
SILENCE = 60.0
ASKED = 5
"""Questions of a kind in a round, of which the middle one counts."""
NAMES = ("first", "second")


@dataclass
class Stand:
    """A venue with two platforms; `first` is asked before the other."""

    app: Flask
    venue_id: Any
    first: Shop
    url: str
    days: Iterator[int]
    client: httpx.Client

    def ask(self) -> tuple[float, Heard]:
        """Seconds, and what was heard."""
        day = SUNDAY + timedelta(days=next(self.days))
        about = Question(self.venue_id, day, "13:30", 2, decides=True)
        with self.app.app_context():
            start = time.perf_counter()
            heard = asking.times_for(db.session(), about)
            return time.perf_counter() - start, heard

    def usual(self, by: str) -> float:
        """Seconds of the middle one of some questions that are answered by this platform."""
        taken = []
        for _ in range(ASKED):
            seconds, heard = self.ask()
            assert heard.by == by, heard
            taken.append(seconds)
        return statistics.median(taken)

    def rested(self) -> None:
        """As if nothing had ever failed."""
        with self.app.app_context():
            db.session.execute(update(PlatformConnection).values(failures=0, quiet_until=None))
            db.session.commit()

    def bare(self) -> float:
        """Seconds of one call, with nothing around it."""
        start = time.perf_counter()
        self.client.get(f"{self.url}/free").raise_for_status()
        return time.perf_counter() - start


@contextmanager
def stand(app: Flask, seconds: float) -> Iterator[Stand]:
    """A venue of a website, connected to both."""
    policy.configure(Settings(env="test", outbound_allow="127.0.0.0/8"))
    shops = {name: Shop(slow=seconds) for name in NAMES}
    with (
        serving(shops["first"].app()) as one,
        serving(shops["second"].app()) as two,
        httpx.Client(trust_env=False) as client,
        app.app_context(),
    ):
        registry._standing_in.update(first=one, second=two)
        for name in NAMES:
            registry.use(replace(SECOND, type=name, label=name.capitalize()))
        venue = VenueFactory.create(website_id=WebsiteFactory.create(id="ours").id)
        for priority, name in enumerate(NAMES):
            row = {"website_id": "ours", "venue_id": venue.id, "platform_type": name}
            secrets = {"token": "bench"}
            db.session.add(PlatformConnection(**row, priority=priority, configuration=secrets))
        db.session.commit()
        yield Stand(app, venue.id, shops["first"], one, itertools.count(), client)


def one_round(place: Stand, seconds: float) -> dict[str, float]:
    """A healthy question, the one that meets the silence, and those after it; then as before."""
    place.rested()
    place.first.slow = seconds
    bare = statistics.median(place.bare() for _ in range(ASKED))
    healthy = place.usual("First")
    place.first.slow = SILENCE
    failure, heard = place.ask()
    assert heard.by == "Second", heard
    assert failure <= asking.BUDGET, failure
    later = place.usual("Second")
    return {"bare": bare, "healthy": healthy, "failure": failure, "later": later}


def told(name: str, values: list[float], format_: Callable[[float], str]) -> str:
    """A row: the median, and from where to where."""
    cells = (statistics.median(values), min(values), max(values))
    return f"{name:34}" + "".join(f"{format_(each):>12}" for each in cells)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    seconds = (float(sys.argv[2]) if len(sys.argv) > 2 else 50.0) / 1000
    with bench() as servers, stand(servers.app, seconds) as place, quiet():
        one_round(place, seconds)
        taken = [one_round(place, seconds) for _ in range(rounds)]
    print(f"{'':34}{'median':>12}{'least':>12}{'most':>12}   {rounds} rounds")
    for name in ("bare", "healthy", "failure", "later"):
        row = [one[name] * 1000 for one in taken]
        print(told(f"{name}, milliseconds", row, lambda value: f"{value:.1f}"))
    for name, other in (("healthy", "bare"), ("failure", "healthy"), ("later", "healthy")):
        row = [one[name] / one[other] for one in taken]
        print(told(f"{name} / {other}", row, lambda value: f"{value:.2f}"))
    print(f"goals: failure ≤ {asking.BUDGET} s, later / healthy ≤ {GOAL}")


if __name__ == "__main__":
    main()
