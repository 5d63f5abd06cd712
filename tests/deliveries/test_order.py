"""The order of a lane under every kind of trouble, and with many hands at work at once."""

import random
import threading
import uuid
from collections import defaultdict

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.deliveries.channel import Channels
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery, State
from app.events.actions import record
from app.events.models import SYSTEM
from app.extensions import db
from tests.deliveries.world import Paper, World, new_edit

TROUBLE = st.sampled_from(
    ["edit", "dispatch", "send", "fail", "refuse", "gone", "crash", "late", "house", "on", "time"]
)


class Witness:
    """What the endpoint saw: the versions of each lane in the order in which they came."""

    def __init__(self) -> None:
        self.seen: defaultdict[str, list[int]] = defaultdict(list)
        self.taken: defaultdict[str, set[int]] = defaultdict(set)

    def check(self) -> None:
        for lane, seen in self.seen.items():
            assert seen == sorted(seen), f"lane {lane} went back: {seen}"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(TROUBLE, st.integers(0, 2)), max_size=60))
def test_a_lane_never_goes_back_and_nothing_is_lost(
    world: World, steps: list[tuple[str, int]]
) -> None:
    """Any interleaving of edits, failures, refusals, crashes and late results."""
    inner = World(world.session)
    with world.session.begin_nested() as undo:
        witness = _play(inner, steps)
        _heal(inner, witness)
        witness.check()
        _all_accounted_for(inner, witness)
        undo.rollback()


def _play(world: World, steps: list[tuple[str, int]]) -> Witness:
    bookings = [uuid.uuid4() for _ in range(3)]
    witness, lost = Witness(), []
    for step, number in steps:
        if step == "edit":
            world.edit(bookings[number])
        elif step == "dispatch":
            world.dispatch()
        elif step == "house":
            world.keep_house()
            world.sweep()
        elif step == "time":
            world.pass_time(10.0 ** (number + 1))
        elif step == "on":
            _switch_on(world)
        elif step == "late":
            for claim in lost:
                world.finish(claim, 200)
        else:
            for claim in world.claim(total=number + 1):
                witness.seen[claim.lane].append(world.position(claim.id))
                status = {"send": 200, "refuse": 422, "gone": 410}.get(step)
                if step == "crash":
                    lost.append(claim)
                else:
                    world.finish(claim, status)
    return witness


def _switch_on(world: World) -> None:
    from app.deliveries import actions
    from app.deliveries.models import Destination

    for destination_id in world.session.scalars(select(Destination.id)):
        actions.switch(world.session, SYSTEM, destination_id, on=True)


def _heal(world: World, witness: Witness) -> None:
    """Everybody is well again: all that is left arrives."""
    for _ in range(200):
        _switch_on(world)
        world.dispatch()
        world.pass_time(100_000)
        world.keep_house()
        world.sweep()
        claims = world.claim()
        for claim in claims:
            witness.seen[claim.lane].append(world.position(claim.id))
            world.finish(claim, 200)
        open_ones = select(func.count()).where(
            Delivery.state.not_in([State.DELIVERED, State.SKIPPED])
        )
        if not claims and not world.session.scalars(open_ones).one():
            return
    raise AssertionError("something never arrived")


def _all_accounted_for(world: World, witness: Witness) -> None:
    for booking, versions in world.versions.items():
        states = world.states(booking)
        assert len(states) == versions
        for position, state in enumerate(states, 1):
            if state == "skipped":  # only what was refused twice
                assert world.delivery(booking, position).refusals == 2
            else:
                assert position in witness.seen[str(booking)]


@pytest.mark.committed
def test_many_dispatchers_and_workers_at_once(app: Flask) -> None:
    """Four writers, three dispatchers and three workers: exactly once, and in order."""
    with app.app_context():
        engine = db.engine
    bookings, per_booking, paper = [uuid.uuid4() for _ in range(12)], 12, Paper()
    witness, written, errors = Witness(), threading.Event(), []

    def write(mine: list[uuid.UUID]) -> None:
        for version in range(1, per_booking + 1):
            for booking in mine:
                with Session(engine) as session, session.begin():
                    record(session, SYSTEM, new_edit(booking, version, "paper:a", "paper:b"))

    def distribute() -> None:
        while not (written.is_set() and idle(engine)):
            with Session(engine) as session, session.begin():
                dispatch(session, Channels(paper), limit=random.randint(1, 5))

    def work() -> None:
        while not (written.is_set() and idle(engine)):
            with Session(engine) as session, session.begin():
                claims = World(session).claim(total=8, usual=4)
            for claim in claims:
                lane = f"{claim.destination_key}/{claim.lane}"
                with Session(engine) as session, session.begin():
                    world = World(session)
                    witness.seen[lane].append(world.position(claim.id))
                    broken = random.random() < 0.2
                    world.finish(claim, 503 if broken else 200)
                    if broken:
                        world.delivery(uuid.UUID(claim.lane), witness.seen[lane][-1],
                                       claim.destination_key).due_at = func.clock_timestamp()
                        world.destination(claim.destination_key).failures = -1000

    def guarded(task: object, *args: object) -> None:
        try:
            task(*args)  # type: ignore[operator]
        except Exception as error:
            errors.append(error)

    writers = [
        threading.Thread(target=guarded, args=(write, bookings[n::4])) for n in range(4)
    ]
    others = [threading.Thread(target=guarded, args=(distribute,)) for _ in range(3)]
    others += [threading.Thread(target=guarded, args=(work,)) for _ in range(3)]
    for thread in writers + others:
        thread.start()
    for thread in writers:
        thread.join(60)
    written.set()
    for thread in others:
        thread.join(60)
    assert not [e for e in errors if not isinstance(e, OperationalError)], errors
    assert not errors
    witness.check()
    expected = set(range(1, per_booking + 1))
    assert len(witness.seen) == 24
    assert all(set(seen) == expected for seen in witness.seen.values())


def idle(engine: object) -> bool:
    """Nothing in the outbox, nothing open."""
    with Session(engine) as session:  # type: ignore[call-overload]
        open_ones = select(func.count()).where(Delivery.state != State.DELIVERED)
        from app.events.models import Outbox

        waiting = session.scalars(select(func.count()).select_from(Outbox)).one()
        return not waiting and not session.scalars(open_ones).one()
