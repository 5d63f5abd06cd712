"""How fast a destination is called: over any number of workers, and without holding up others."""

from __future__ import annotations

import random
import threading
from collections import deque
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.deliveries import pace
from app.deliveries.channel import Channels, Claim, Pace, Unsendable, Unsent
from app.deliveries.machine import Machine
from app.deliveries.models import Destination
from app.extensions import db
from app.outbound import Outgoing
from tests.deliveries.world import Paper, World

SLOW = Pace(at_once=4, per_minute=30)


class Minute:
    """A sliding minute: never more than so many begin within it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.times: deque[float] = deque()

    def begin(self, now: float) -> None:
        while self.times and self.times[0] <= now - 60.0 + 1e-6:
            self.times.popleft()
        self.times.append(now)
        assert len(self.times) <= self.most


@given(
    st.integers(1, 2_000),
    st.lists(st.floats(0.0, 40.0), max_size=200),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_no_minute_holds_more_than_was_said(
    per_minute: int, pauses: list[float], dice: random.Random
) -> None:
    """The arithmetic alone; each look takes all that it may, or less."""
    now, until, seen = 0.0, 0.0, Minute(per_minute)
    for wait in pauses:
        now += wait
        taken = dice.randint(0, pace.allowed(per_minute, until - now))
        for _ in range(taken):
            seen.begin(now)
        until = max(until, now) + taken * pace.step(per_minute)


@given(st.integers(1, 2_000))
@settings(max_examples=30, deadline=None)
def test_a_look_each_second_wastes_little(per_minute: int) -> None:
    until, sent = 0.0, 0
    for now in range(600):
        most = pace.allowed(per_minute, until - now)
        sent += most
        until = max(until, float(now)) + most * pace.step(per_minute)
    assert sent >= 0.8 * per_minute * 10


@pytest.fixture
def slow(world: World) -> World:
    world.paper.paces["paper:slow"] = SLOW
    return world


def test_a_slow_destination_gives_what_its_pace_allows_and_others_flow(slow: World) -> None:
    for _ in range(10):
        slow.edit(None, "paper:slow", "paper:quick")
    slow.dispatch()
    keys = [claim.destination_key for claim in slow.claim()]
    assert keys.count("paper:quick") == 10
    assert keys.count("paper:slow") == pace.burst(30) == 3
    assert slow.claim() == []


def test_calls_beside_it_count(slow: World) -> None:
    for _ in range(5):
        slow.edit(None, "paper:slow", "paper:quick")
    slow.dispatch()
    for key in ("paper:slow", "paper:quick", "paper:nobody"):
        pace.charge(db.session(), key, 2)
    keys = [claim.destination_key for claim in slow.claim()]
    assert keys.count("paper:quick") == 5
    assert keys.count("paper:slow") == pace.burst(30) - 2


def test_the_pace_in_sql_is_the_pace(slow: World) -> None:
    slow.edit(None, "paper:slow")
    slow.dispatch()
    assert slow.destination("paper:slow").paced_until is None
    pace.charge(db.session(), "paper:slow", 10)
    seconds = func.extract("epoch", Destination.paced_until - func.clock_timestamp())
    ahead = db.session.scalar(select(seconds).where(Destination.key == "paper:slow"))
    assert float(ahead or 0) == pytest.approx(10 * pace.step(30), abs=2)


def test_a_day_of_a_slow_destination(slow: World) -> None:
    """Looks at any time, answers after any time: in order of due time, within the pace."""
    dice, now, seen = random.Random(7), 0.0, Minute(30)
    lanes = [slow.edit(None, "paper:slow") for _ in range(60)]
    slow.dispatch()
    dice.shuffle(lanes)
    due = [slow.delivery(lane, 1, "paper:slow") for lane in lanes]
    for place, delivery in enumerate(due):
        delivery.due_at -= timedelta(seconds=1_000 - place)
    order = {delivery.id: place for place, delivery in enumerate(due)}
    left: list[int] = []
    under_way: list[Claim] = []
    while len(left) < len(lanes):
        claims = slow.claim()
        left += sorted(order[claim.id] for claim in claims)
        under_way += claims
        assert len(under_way) <= 4
        for _ in claims:
            seen.begin(now)
        while under_way and dice.random() < 0.6:
            assert slow.finish(under_way.pop(dice.randrange(len(under_way))), 200)
        slow.pass_time(wait := dice.choice([0.1, 1.0, 1.0, 3.0, 9.0]))
        now += wait
    assert left == sorted(left)
    assert now < 300


def test_what_can_wait_is_overtaken(slow: World) -> None:
    slow.paper.patient = True
    for _ in range(6):
        slow.edit(None, "paper:slow")
    slow.dispatch()
    slow.paper.patient = False
    prompt = slow.edit(None, "paper:slow")
    slow.dispatch()
    assert str(prompt) in {claim.lane for claim in slow.claim()}


def test_calls_at_once_are_counted_until_they_are_finished(slow: World) -> None:
    slow.paper.paces["paper:slow"] = Pace(at_once=2)
    for _ in range(5):
        slow.edit(None, "paper:slow")
    slow.dispatch()
    first = slow.claim()
    assert len(first) == 2
    assert slow.claim() == []
    slow.finish(first[0], 503)
    assert len(slow.claim()) == 1


def test_a_wish_for_time_holds_all_that_waits_there(slow: World) -> None:
    for _ in range(4):
        slow.edit(None, "paper:slow")
    slow.dispatch()
    slow.finish(slow.claim()[0], 429, retry_after="50")
    slow.pass_time(45)
    assert slow.claim() == []
    slow.pass_time(10)
    assert slow.claim()


def test_a_pace_follows_its_channel(slow: World) -> None:
    slow.edit(None, "paper:slow")
    slow.dispatch()
    slow.paper.paces.clear()
    slow.edit(None, "paper:slow")
    slow.dispatch()
    found = slow.destination("paper:slow")
    assert (found.most_at_once, found.per_minute) == (None, None)


@pytest.mark.committed
def test_two_workers_share_one_pace(app: Flask) -> None:
    """Many looks at the same moment take together what one look may take."""
    paper = Paper(paces={"paper:slow": Pace(at_once=3, per_minute=600)})
    with app.app_context():
        engine = db.engine
    with Session(engine) as session, session.begin():
        world = World(session, paper)
        for _ in range(40):
            world.edit(None, "paper:slow")
        world.dispatch()
    taken: list[Claim] = []

    def work() -> None:
        for _ in range(5):
            with Session(engine) as session, session.begin():
                taken.extend(World(session).claim(total=5, usual=5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(taken) == 3
    assert len({claim.id for claim in taken}) == 3


@pytest.mark.committed
def test_what_is_not_sent_takes_nothing_of_the_pace(app: Flask) -> None:
    class Picky(Paper):
        def make(self, claim: Claim) -> Outgoing | Unsendable:
            return Unsendable(Unsent.NOTHING, "Nothing to say.")

    paper = Picky(paces={"paper:slow": SLOW})
    with app.app_context():
        engine = db.engine
    with Session(engine) as session, session.begin():
        world = World(session, paper)
        for _ in range(10):
            world.edit(None, "paper:slow")
        world.dispatch()
    machine = Machine(engine, Channels(paper))
    # Four at once are under way then; had they taken of the pace, it were three.
    assert [len(machine.claim(50, 50, {})) for _ in range(3)] == [3, 1, 0]
