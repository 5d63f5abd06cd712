"""Writers, dispatchers and workers at the same time: exactly once each, and in order."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.deliveries.channel import Channels, Claim
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, State
from app.events.actions import record
from app.events.models import SYSTEM, Outbox
from app.extensions import db
from tests.deliveries.world import Paper, Witness, World, new_edit

VERSIONS = 12


@dataclass
class Crowd:
    """Threads that do one thing each until all has arrived."""

    engine: Engine
    witness: Witness = field(default_factory=Witness)
    written: threading.Event = field(default_factory=threading.Event)
    errors: list[Exception] = field(default_factory=list)

    def write(self, bookings: list[uuid.UUID]) -> None:
        for version in range(1, VERSIONS + 1):
            for booking in bookings:
                with Session(self.engine) as session, session.begin():
                    record(session, SYSTEM, new_edit(booking, version, "paper:a", "paper:b"))

    def distribute(self) -> None:
        while not self.all_arrived():
            with Session(self.engine) as session, session.begin():
                dispatch(session, Channels(Paper()), limit=random.randint(1, 5))

    def work(self) -> None:
        while not self.all_arrived():
            with Session(self.engine) as session, session.begin():
                claims = World(session).claim(total=8, usual=4)
            for claim in claims:
                with Session(self.engine) as session, session.begin():
                    self.send(World(session), claim)

    def send(self, world: World, claim: Claim) -> None:
        """One in five fails, and is due again at once."""
        position = world.position(claim.id)
        self.witness.seen[f"{claim.destination_key}/{claim.lane}"].append(position)
        if random.random() > 0.2:
            world.finish(claim, 200)
            return
        world.finish(claim, 503)
        lane = uuid.UUID(claim.lane)
        world.delivery(lane, position, claim.destination_key).due_at = func.clock_timestamp()
        world.destination(claim.destination_key).failures = -1000

    def all_arrived(self) -> bool:
        if self.errors or not self.written.is_set():
            return bool(self.errors)
        with Session(self.engine) as session:
            open_ones = select(func.count()).where(Delivery.state != State.DELIVERED)
            waiting = session.scalars(select(func.count()).select_from(Outbox)).one()
            return not waiting and not session.scalars(open_ones).one()

    def start(self, task: Callable[..., None], *args: object) -> threading.Thread:
        def guarded() -> None:
            try:
                task(*args)
            except Exception as error:
                self.errors.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.mark.committed
def test_many_dispatchers_and_workers_at_once(engine: Engine) -> None:
    crowd = Crowd(engine)
    bookings = [uuid.uuid4() for _ in range(12)]
    others = [crowd.start(task) for task in (crowd.distribute, crowd.work) for _ in range(3)]
    for writer in [crowd.start(crowd.write, bookings[n::4]) for n in range(4)]:
        writer.join(60)
    crowd.written.set()
    for thread in others:
        thread.join(60)
    assert not crowd.errors
    assert crowd.all_arrived()
    crowd.witness.check()
    assert len(crowd.witness.seen) == 24
    assert all(set(seen) == set(range(1, VERSIONS + 1)) for seen in crowd.witness.seen.values())


@pytest.mark.committed
def test_an_edit_that_comes_while_its_lane_finishes_is_not_left_behind(engine: Engine) -> None:
    """The dispatcher waits for the finish, and then finds a lane without a head."""
    with Session(engine) as finishing, Session(engine) as dispatching:
        first, second = World(finishing), World(dispatching)
        booking = first.edit()
        first.dispatch()
        finishing.commit()
        (claim,) = first.claim()
        finishing.commit()
        second.versions[booking] = 1
        second.edit(booking)
        dispatching.commit()

        def dispatch_it() -> None:
            second.dispatch()
            dispatching.commit()

        first.finish(claim, 200)
        thread = threading.Thread(target=dispatch_it)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it did not wait for the lane"
        finishing.commit()
        thread.join(10)
        assert first.states(booking) == ["delivered", "ready"]
