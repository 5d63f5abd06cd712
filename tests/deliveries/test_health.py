"""Destinations that fail, are gone, or are switched off: they wait, and slow nobody."""

import uuid

import pytest
from sqlalchemy import select

from app.deliveries import actions
from app.events.models import SYSTEM, Event
from tests.deliveries.world import World


def edits(world: World, count: int, to: str = "paper:a") -> list[uuid.UUID]:
    made = [world.edit(None, to) for _ in range(count)]
    world.dispatch()
    return made


def broken(world: World, lanes: int = 8) -> list[uuid.UUID]:
    """A destination whose breaker has opened, with that many lanes."""
    made = edits(world, lanes)
    for claim in world.claim(total=5):
        world.finish(claim, None)
    world.keep_house()
    assert world.destination().breaker == "open"
    return made


def heads(world: World, bookings: list[uuid.UUID]) -> list[str]:
    return [world.states(booking)[0] for booking in bookings]


def test_five_failures_in_a_row_park_all_lanes(world: World) -> None:
    bookings = broken(world)
    assert heads(world, bookings) == ["parked"] * 8
    assert world.claim() == []


def test_four_do_not(world: World) -> None:
    edits(world, 8)
    for claim in world.claim(total=4):
        world.finish(claim, None)
    assert world.destination().breaker == "closed"


def test_other_destinations_go_on(world: World) -> None:
    broken(world)
    (other,) = edits(world, 1, "paper:b")
    assert world.drain() == [1]
    assert world.states(other, "paper:b") == ["delivered"]


def test_one_probe_is_let_through(world: World) -> None:
    bookings = broken(world)
    world.pass_time(30)
    world.keep_house()
    assert world.destination().breaker == "half_open"
    assert sorted(heads(world, bookings)) == ["parked"] * 7 + ["ready"]
    assert len(world.claim()) == 1
    world.keep_house()
    assert world.claim() == []


def test_no_probe_before_the_pause_is_over(world: World) -> None:
    broken(world)
    world.pass_time(10)
    world.keep_house()
    assert world.destination().breaker == "open"


def test_a_failed_probe_waits_longer(world: World) -> None:
    bookings = broken(world)
    world.pass_time(30)
    world.keep_house()
    world.answer(503)
    world.keep_house()
    assert world.destination().breaker == "open"
    assert heads(world, bookings) == ["parked"] * 8
    world.pass_time(20)
    world.keep_house()
    assert world.claim() == []
    world.pass_time(20)
    world.keep_house()
    assert len(world.claim()) == 1


def test_probes_keep_to_the_schedule_of_their_delivery(world: World) -> None:
    """The breaker only delays: one lane alone is not tried more often than without it."""
    (booking,) = edits(world, 1)
    for _ in range(5):
        world.answer(None)
        world.pass_time(world.wait_s(world.delivery(booking, 1)) + 1)
    world.keep_house()
    assert world.destination().breaker == "half_open"
    world.answer(None)
    assert world.wait_s(world.delivery(booking, 1)) > 5000
    world.pass_time(600)
    world.keep_house()
    assert world.claim() == []


def test_a_successful_probe_releases_all(world: World) -> None:
    bookings = broken(world)
    world.pass_time(30)
    world.keep_house()
    world.answer(200)
    world.keep_house()
    assert world.destination().flows
    assert len(world.drain()) == 7
    assert heads(world, bookings) == ["delivered"] * 8


def test_recovery_revives_what_had_failed(world: World) -> None:
    (refused,) = edits(world, 1)
    world.answer(403)
    bookings = broken(world)
    world.pass_time(30)
    world.keep_house()
    world.answer(200)
    world.drain()
    assert heads(world, [refused, *bookings]) == ["delivered"] * 9


def test_an_endpoint_that_refuses_everything_opens_the_breaker_too(world: World) -> None:
    """Else a wrong secret would make every delivery fail for good, one by one."""
    bookings = edits(world, 8)
    for claim in world.claim(total=5):
        world.finish(claim, 401)
    world.keep_house()
    assert world.destination().breaker == "open"
    assert sorted(heads(world, bookings)) == ["failed"] * 5 + ["parked"] * 3


def test_a_probe_that_is_skipped_does_not_leave_the_breaker_half_open(world: World) -> None:
    bookings = broken(world)
    world.pass_time(30)
    world.keep_house()
    (probing,) = [b for b in bookings if world.states(b) == ["ready"]]
    actions.skip(world.session, SYSTEM, world.delivery(probing, 1).id)
    world.keep_house()
    assert len(world.claim()) == 1


def test_a_probe_whose_worker_died_is_taken_over(world: World) -> None:
    broken(world)
    world.pass_time(30)
    world.keep_house()
    (lost,) = world.claim()
    world.pass_time(30)
    world.keep_house()
    (again,) = world.claim()
    assert again.id == lost.id


def test_a_long_retry_after_holds_the_probe_back(world: World) -> None:
    edits(world, 8)
    for claim in world.claim(total=5):
        world.finish(claim, 503, retry_after="900")
    world.keep_house()
    world.pass_time(600)
    world.keep_house()
    assert world.destination().breaker == "open"
    world.pass_time(400)
    world.keep_house()
    assert world.destination().breaker == "half_open"


def test_410_switches_the_destination_off(world: World) -> None:
    booking = world.edit()
    world.edit(booking)
    world.dispatch()
    world.answer(410)
    destination = world.destination()
    assert not destination.is_on
    assert "410" in str(destination.waits_because)
    assert world.states(booking) == ["parked", "waiting"]
    world.pass_time(100_000)
    assert world.drain() == []
    names = world.session.scalars(select(Event.name).order_by(Event.id.desc()).limit(1)).all()
    assert names == ["destination.switched_off"]


def test_switching_on_again_releases_what_waited(world: World) -> None:
    booking = world.edit()
    world.dispatch()
    world.answer(410)
    world.edit(booking)
    assert world.drain() == []
    actions.switch(world.session, SYSTEM, world.destination().id, on=True)
    assert world.drain() == [1, 2]


def test_a_closed_website_waits_and_goes_on_by_itself(world: World) -> None:
    booking = world.edit()
    world.dispatch()
    world.paper.shut["paper:a"] = "The website is switched off."
    world.answer(None)
    first = world.delivery(booking, 1)
    assert (first.state, first.attempts, first.last_error) == (
        "parked", 0, "The website is switched off.",
    )  # fmt: skip
    assert world.destination().failures == 0
    world.edit(booking)
    assert world.drain() == []
    world.paper.shut.clear()
    assert world.drain() == [1, 2]


def test_a_changed_address_starts_afresh(world: World) -> None:
    bookings = broken(world)
    actions.address_changed(world.session, SYSTEM, "paper:a")
    assert len(world.drain()) == 8
    assert heads(world, bookings) == ["delivered"] * 8


def test_a_changed_address_revives_what_was_refused_and_takes_back_a_410(world: World) -> None:
    refused, gone = edits(world, 2)
    first, second = world.claim()
    world.finish(first, 401)
    world.finish(second, 410)
    actions.address_changed(world.session, SYSTEM, "paper:a")
    assert len(world.drain()) == 2
    assert heads(world, [refused, gone]) == ["delivered", "delivered"]


def test_a_changed_address_does_not_overrule_a_person(world: World) -> None:
    edits(world, 1)
    actions.switch(world.session, SYSTEM, world.destination().id, on=False)
    actions.address_changed(world.session, SYSTEM, "paper:a")
    assert not world.destination().is_on


def test_a_changed_address_of_nobody_is_nothing(world: World) -> None:
    actions.address_changed(world.session, SYSTEM, "paper:unknown")


@pytest.mark.parametrize("count", [1, 30])
def test_noting_successes_does_not_touch_the_destination_each_time(
    world: World, count: int
) -> None:
    edits(world, count)
    claims = world.claim()
    world.finish(claims[0], 200)
    seen = world.destination().last_success_at
    for claim in claims[1:]:
        world.finish(claim, 200)
    assert world.destination().last_success_at == seen
