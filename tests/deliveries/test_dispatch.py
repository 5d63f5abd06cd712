"""From the outbox to the lanes."""

import uuid

import pytest
from sqlalchemy import func, select

from app.deliveries.channel import Channels
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery
from app.events.actions import record
from app.events.models import SYSTEM, Event, Outbox
from tests.deliveries.world import World, new_edit


def _outbox(world: World) -> int:
    return world.session.scalars(select(func.count()).select_from(Outbox)).one()


def test_an_event_becomes_one_delivery_for_each_destination(world: World) -> None:
    booking = world.edit(None, "paper:a", "paper:b")
    assert world.dispatch() == 1
    assert world.states(booking, "paper:a") == ["ready"]
    assert world.states(booking, "paper:b") == ["ready"]
    assert _outbox(world) == 0


def test_the_first_of_a_lane_is_its_head_and_the_others_wait(world: World) -> None:
    booking = world.edit()
    world.edit(booking)
    world.dispatch()
    world.edit(booking)
    world.dispatch()
    assert world.states(booking) == ["ready", "waiting", "waiting"]


def test_lanes_do_not_wait_for_each_other(world: World) -> None:
    first, second = world.edit(), world.edit()
    world.dispatch()
    assert world.states(first) == world.states(second) == ["ready"]


def test_an_event_that_goes_nowhere_leaves_the_outbox(world: World) -> None:
    event = new_edit(uuid.uuid4(), 1)
    event.meta["to"] = []
    record(world.session, SYSTEM, event)
    assert world.dispatch() == 1
    assert _outbox(world) == 0
    assert world.session.scalars(select(func.count()).select_from(Delivery)).one() == 0


def test_dispatching_the_same_event_again_changes_nothing(world: World) -> None:
    booking = world.edit()
    world.dispatch()
    event_id = world.session.scalars(select(Event.id)).one()
    world.session.add(Outbox(event_id=event_id, booking_id=booking, version=1))
    world.session.flush()
    assert world.dispatch() == 1
    assert world.states(booking) == ["ready"]


def test_a_later_version_waits_for_an_earlier_one(world: World) -> None:
    """Whatever order the rows of the outbox have, the version decides."""
    booking = uuid.uuid4()
    for version in (3, 1, 2):
        record(world.session, SYSTEM, new_edit(booking, version))
    world.dispatch()
    assert world.drain() == [1, 2, 3]


def test_a_small_batch_takes_all_versions_of_its_bookings(world: World) -> None:
    bookings = [world.edit() for _ in range(3)]
    for booking in bookings:
        world.edit(booking)
    taken = 0
    while moved := dispatch(world.session, Channels(world.paper), limit=1):
        assert moved == 2
        taken += moved
    assert taken == 6


def test_a_renamed_website_is_renamed_at_its_destination(world: World) -> None:
    world.edit()
    world.dispatch()
    world.destination().label = "Old name"
    world.session.flush()
    world.edit()
    world.dispatch()
    assert world.destination().label == "Paper:A"


@pytest.mark.parametrize("state", ["off", "paused", "open"])
def test_what_is_created_while_a_destination_is_off_waits(world: World, state: str) -> None:
    booking = world.edit()
    world.drain()
    destination = world.destination()
    if state == "off":
        destination.is_on = False
    elif state == "paused":
        destination.paused_reason = "The website is switched off."
        world.paper.shut["paper:a"] = destination.paused_reason
    else:
        destination.breaker = "open"
    world.session.flush()
    world.edit(booking)
    world.edit(booking)
    assert world.drain() == []
    assert world.states(booking) == ["delivered", "parked", "waiting"]


def test_an_event_that_breaks_a_channel_holds_up_its_booking_only(world: World) -> None:
    poisoned, fine = uuid.uuid4(), world.edit()
    bad = new_edit(poisoned, 1)
    bad.meta["to"] = 7  # what no channel understands
    record(world.session, SYSTEM, bad)
    record(world.session, SYSTEM, new_edit(poisoned, 2))
    world.edit(fine)
    assert world.dispatch() == 2
    assert world.states(fine) == ["ready", "waiting"]
    assert world.states(poisoned) == []
    assert _outbox(world) == 2
    assert world.dispatch() == 0
    other = world.edit()
    assert world.dispatch() == 1
    assert world.states(other) == ["ready"]
