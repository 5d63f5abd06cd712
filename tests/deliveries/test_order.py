"""The order of a lane under every kind of trouble."""

import contextlib
import uuid
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.deliveries import actions
from app.deliveries.channel import Claim
from app.deliveries.models import Delivery, Destination, State
from app.errors import Conflict
from app.events.models import SYSTEM
from tests.deliveries.world import Witness, World


def _again_all(world: World) -> None:
    """A person sends everything dead again."""
    actions.replay_all(world.session, SYSTEM, world.session.scalars(select(Destination.id)).all())


def _switch_on(world: World) -> None:
    for destination_id in world.session.scalars(select(Destination.id)):
        actions.switch(world.session, SYSTEM, destination_id, on=True)


def _by_hand(act: Callable[..., object], *states: str) -> Callable[[World], None]:
    """Somebody at the desk does this to the oldest delivery in one of these states."""

    def do(world: World) -> None:
        query = select(Delivery.id).where(Delivery.state.in_(states)).order_by(Delivery.id)
        delivery_id = world.session.scalars(query.limit(1)).first()
        if delivery_id is not None:
            with contextlib.suppress(Conflict):
                act(world.session, SYSTEM, delivery_id)

    return do


ANSWERS = {"send": 200, "fail": None, "refuse": 422, "gone": 410}
QUIET: dict[str, Callable[[World], object]] = {
    "dispatch": World.dispatch,
    "house": World.keep_house,
    "sweep": World.sweep,
    "on": _switch_on,
    "again": _by_hand(actions.replay, "failed", "ready", "parked"),
    "pass by": _by_hand(actions.skip, "failed", "ready", "parked", "waiting"),
}
TROUBLE = st.sampled_from(["edit", "time", "late", "crash", *ANSWERS, *QUIET])


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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
    witness = Witness()
    lost: list[Claim] = []
    for step, number in steps:
        if step == "edit":
            world.edit(bookings[number])
        elif step == "time":
            world.pass_time(10.0 ** (number + 1))
        elif step == "late":
            for claim in lost:
                world.finish(claim, 200)
        elif step in QUIET:
            QUIET[step](world)
        else:
            lost += _send(world, witness, step, number + 1)
    return witness


def _send(world: World, witness: Witness, step: str, count: int) -> list[Claim]:
    """Send some; returns those whose worker died."""
    claims = world.claim(total=count)
    for claim in claims:
        witness.seen[claim.lane].append(world.position(claim.id))
        if step != "crash":
            world.finish(claim, ANSWERS[step])
    return claims if step == "crash" else []


def _heal(world: World, witness: Witness) -> None:
    """Everybody is well again: all that is left arrives."""
    for _ in range(200):
        _switch_on(world)
        _again_all(world)
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
            delivery = world.delivery(booking, position)
            if state == "skipped":
                by_hand = str(delivery.last_error).startswith("Passed by at the desk")
                assert by_hand or delivery.refusals >= 2
            else:
                assert position in witness.seen[str(booking)]
