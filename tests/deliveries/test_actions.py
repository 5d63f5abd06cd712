"""Send again, pass by, switch on and off."""

import uuid

import pytest
from sqlalchemy import select

from app.deliveries import actions
from app.deliveries.models import SyncLog
from app.errors import Conflict, NotFound
from app.events.models import SYSTEM, Actor, Event
from tests.deliveries.world import World

ACTOR = Actor("user", "1", "Demo Manager", "staff", "req-1", "192.0.2.1")


@pytest.fixture
def booking(world: World) -> uuid.UUID:
    """A booking with two versions, dispatched."""
    made = world.edit()
    world.edit(made)
    world.dispatch()
    return made


def replay(world: World, booking: uuid.UUID, position: int, *, out_of_order: bool = False) -> None:
    delivery_id = world.delivery(booking, position).id
    actions.replay(world.session, ACTOR, delivery_id, out_of_order=out_of_order)


def test_a_dead_head_is_sent_again_with_the_same_event(world: World, booking: uuid.UUID) -> None:
    (claim,) = world.claim()
    world.finish(claim, 422)
    replay(world, booking, 1)
    (again,) = world.claim()
    assert (again.id, again.event_id, again.tries) == (claim.id, claim.event_id, 1)
    world.finish(again, 200)
    assert world.drain() == [2]


def test_a_retry_goes_at_once(world: World, booking: uuid.UUID) -> None:
    world.answer(503)
    assert world.claim() == []
    replay(world, booking, 1)
    assert len(world.claim()) == 1


def test_a_waiting_one_does_not_overtake(world: World, booking: uuid.UUID) -> None:
    with pytest.raises(Conflict, match="earlier change"):
        replay(world, booking, 2)


def test_one_that_is_being_sent_is_not_sent_twice(world: World, booking: uuid.UUID) -> None:
    world.claim()
    with pytest.raises(Conflict, match="right now"):
        replay(world, booking, 1)


def test_the_newest_delivered_one_may_go_once_more(world: World, booking: uuid.UUID) -> None:
    world.drain()
    replay(world, booking, 2)
    (claim,) = world.claim()
    assert (world.position(claim.id), claim.fallback, claim.attempt) == (2, "delivered", 2)
    world.finish(claim, 503)
    assert world.states(booking) == ["delivered", "delivered"]
    assert world.drain() == []
    entry = world.session.scalars(select(SyncLog).order_by(SyncLog.id.desc())).first()
    assert entry is not None
    assert (entry.status, entry.notes) == ("failed", ["Sent once more on demand."])


def test_an_overtaken_one_only_on_demand_and_once(world: World, booking: uuid.UUID) -> None:
    world.drain()
    with pytest.raises(Conflict, match="later change"):
        replay(world, booking, 1)
    replay(world, booking, 1, out_of_order=True)
    world.answer(None)
    assert world.states(booking) == ["delivered", "delivered"]
    assert world.drain() == []


def test_a_repeat_that_has_to_wait_stays_one_try(world: World, booking: uuid.UUID) -> None:
    world.drain()
    replay(world, booking, 1, out_of_order=True)
    world.paper.shut["paper:a"] = "The website is switched off."
    world.answer(None)
    assert world.delivery(booking, 1).state == "parked"
    world.paper.shut.clear()
    world.keep_house()
    world.answer(503)
    assert world.states(booking) == ["delivered", "delivered"]


def test_no_repeat_while_the_destination_is_failing(world: World, booking: uuid.UUID) -> None:
    world.drain()
    world.destination().breaker = "open"
    with pytest.raises(Conflict, match="not reachable"):
        replay(world, booking, 2)


def test_a_passed_by_one_lives_again_while_nothing_later_arrived(
    world: World, booking: uuid.UUID
) -> None:
    actions.skip(world.session, ACTOR, world.delivery(booking, 1).id)
    replay(world, booking, 1)
    assert world.states(booking) == ["ready", "waiting"]
    (claim,) = world.claim()
    assert claim.fallback is None
    world.finish(claim, 503)
    assert world.states(booking) == ["ready", "waiting"]
    world.pass_time(10)
    assert world.drain() == [1, 2]


def test_what_waits_goes_on_after_a_repeat(world: World, booking: uuid.UUID) -> None:
    world.answer(200)
    world.edit(booking)
    world.dispatch()
    replay(world, booking, 1)
    assert world.states(booking) == ["ready", "waiting", "waiting"]
    assert world.drain() == [1, 2, 3]


def test_no_repeat_while_another_of_the_lane_is_being_sent(
    world: World, booking: uuid.UUID
) -> None:
    world.answer(200)
    world.claim()
    with pytest.raises(Conflict, match="being sent"):
        replay(world, booking, 1)


def test_nothing_is_sent_to_a_destination_that_is_off(world: World, booking: uuid.UUID) -> None:
    actions.switch(world.session, ACTOR, world.destination().id, on=False, reason="Moving house.")
    with pytest.raises(Conflict, match="Moving house"):
        replay(world, booking, 1)


def test_a_replay_at_an_open_breaker_becomes_the_probe(world: World) -> None:
    bookings = [world.edit() for _ in range(8)]
    world.dispatch()
    for claim in world.claim(total=5):
        world.finish(claim, None)
    world.keep_house()
    chosen = next(b for b in bookings if world.delivery(b, 1).attempts == 1)
    replay(world, chosen, 1)
    world.keep_house()
    (claim,) = world.claim()
    assert claim.id == world.delivery(chosen, 1).id


def test_all_dead_ones_of_a_destination(world: World) -> None:
    for _ in range(4):
        world.edit()
    world.edit(None, "paper:b")
    world.dispatch()
    for claim in world.claim():
        world.finish(claim, 422)
    assert actions.replay_all(world.session, ACTOR, [world.destination("paper:a").id]) == 4
    assert len(world.drain()) == 4


def test_passing_by_lets_the_lane_go_on(world: World, booking: uuid.UUID) -> None:
    world.answer(422)
    skipped = actions.skip(world.session, ACTOR, world.delivery(booking, 1).id)
    assert skipped.state == "skipped"
    assert world.drain() == [2]


def test_a_waiting_one_can_be_passed_by(world: World, booking: uuid.UUID) -> None:
    actions.skip(world.session, ACTOR, world.delivery(booking, 2).id)
    assert world.drain() == [1]


def test_what_is_finished_or_under_way_cannot_be_passed_by(
    world: World, booking: uuid.UUID
) -> None:
    (claim,) = world.claim()
    with pytest.raises(Conflict):
        actions.skip(world.session, ACTOR, claim.id)
    world.finish(claim, 200)
    with pytest.raises(Conflict):
        actions.skip(world.session, ACTOR, claim.id)


@pytest.mark.parametrize("act", [actions.replay, actions.skip])
def test_an_unknown_delivery(world: World, act: object) -> None:
    with pytest.raises(NotFound):
        act(world.session, ACTOR, 999_999_999)  # type: ignore[operator]


def test_switching_twice_leaves_one_event(world: World, booking: uuid.UUID) -> None:
    for _ in range(2):
        actions.switch(world.session, ACTOR, world.destination().id, on=False)
    names = world.session.scalars(select(Event.name).where(Event.subject_type == "destination"))
    assert names.all() == ["destination.switched_off"]


def test_everything_is_in_the_history_with_its_actor(world: World, booking: uuid.UUID) -> None:
    world.answer(422)
    replay(world, booking, 1)
    actions.skip(world.session, ACTOR, world.delivery(booking, 1).id)
    query = select(Event).where(Event.subject_type == "delivery").order_by(Event.id)
    found = [(e.name, e.actor_label, e.booking_id, e.changes) for e in world.session.scalars(query)]
    assert found == [
        ("delivery.replayed", "Demo Manager", booking, {"state": ["failed", "ready"]}),
        ("delivery.skipped", "Demo Manager", booking, {"state": ["ready", "skipped"]}),
    ]


def test_each_asks_a_worker_to_look(world: World, booking: uuid.UUID) -> None:
    assert world.session.info.pop("to_dispatch", False)
    actions.switch(world.session, SYSTEM, world.destination().id, on=False)
    assert world.session.info.get("to_dispatch")


def test_the_history_itself_is_not_dispatched(world: World, booking: uuid.UUID) -> None:
    replay(world, booking, 1)
    assert world.dispatch() == 0
