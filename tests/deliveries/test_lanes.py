"""One at a time, in order, whatever happens to whoever sends."""

import uuid

import pytest
from sqlalchemy import select

from app.deliveries import lanes
from app.deliveries.models import SyncLog
from app.deliveries.retry import DAY
from tests.deliveries.world import World


@pytest.fixture
def booking(world: World) -> uuid.UUID:
    """A booking with three versions, dispatched."""
    made = world.edit()
    world.edit(made)
    world.edit(made)
    world.dispatch()
    return made


def test_only_the_head_can_be_claimed(world: World, booking: uuid.UUID) -> None:
    (claim,) = world.claim()
    assert world.position(claim.id) == 1
    assert world.claim() == []
    assert world.states(booking) == ["sending", "waiting", "waiting"]


def test_what_arrived_lets_the_next_one_go(world: World, booking: uuid.UUID) -> None:
    world.answer(200)
    assert world.states(booking) == ["delivered", "ready", "waiting"]
    assert world.drain() == [2, 3]


def test_a_failure_is_tried_again_and_holds_the_others(world: World, booking: uuid.UUID) -> None:
    world.answer(503)
    first = world.delivery(booking, 1)
    assert (first.state, first.tries, first.last_status) == ("ready", 1, 503)
    assert 3.5 < world.wait_s(first) < 6.5
    assert world.claim() == []
    world.pass_time(7)
    assert world.drain() == [1, 2, 3]


def test_the_waits_follow_the_schedule(world: World, booking: uuid.UUID) -> None:
    world.destination().failures = -1000  # a breaker that never opens
    for planned in (5, 30, 120, 600, 1800, 7200, 18000, 36000):
        world.answer(None)
        wait = world.wait_s(world.delivery(booking, 1))
        assert 0.8 * planned - 1 < wait < 1.2 * planned + 1
        world.pass_time(wait + 1)


def test_retry_after_is_honoured(world: World, booking: uuid.UUID) -> None:
    world.answer(429, retry_after="1234")
    assert 1220 < world.wait_s(world.delivery(booking, 1)) <= 1234


def test_after_three_days_it_is_given_up_and_its_lane_stands(
    world: World, booking: uuid.UUID
) -> None:
    world.destination().failures = -1000
    tries = 0
    while (claims := world.claim()) and tries < 50:
        tries += 1
        world.finish(claims[0], None)
        world.pass_time(max(0.0, world.wait_s(world.delivery(booking, 1))) + 1)
    assert 12 <= tries <= 16
    assert world.states(booking) == ["failed", "waiting", "waiting"]
    assert str(world.delivery(booking, 1).last_error).startswith("Given up")


def test_three_days_begin_with_the_first_try(world: World, booking: uuid.UUID) -> None:
    world.pass_time(30 * DAY)
    world.answer(503)
    assert world.states(booking)[0] == "ready"


def test_a_refusal_is_final_at_once(world: World, booking: uuid.UUID) -> None:
    world.answer(422)
    assert world.states(booking) == ["failed", "waiting", "waiting"]
    assert world.drain() == []


def test_a_new_edit_revives_the_lane_from_its_head(world: World, booking: uuid.UUID) -> None:
    world.answer(422)
    world.edit(booking)
    assert world.drain() == [1, 2, 3, 4]


def test_refused_twice_it_is_passed_by(world: World, booking: uuid.UUID) -> None:
    world.answer(422)
    world.edit(booking)
    world.dispatch()
    world.answer(422)
    assert world.states(booking) == ["skipped", "ready", "waiting", "waiting"]
    assert str(world.delivery(booking, 1).last_error).startswith("Refused twice")
    assert world.drain() == [2, 3, 4]


def test_edits_that_were_there_already_are_not_silenced_for_ever(
    world: World, booking: uuid.UUID
) -> None:
    world.answer(422)
    world.sweep()
    assert world.states(booking) == ["failed", "waiting", "waiting"]
    world.pass_time(11 * 60)
    world.sweep()
    world.answer(422)
    assert world.states(booking) == ["skipped", "ready", "waiting"]


def test_a_lone_refusal_is_left_alone(world: World) -> None:
    lone = world.edit()
    world.dispatch()
    world.answer(400)
    world.pass_time(10 * DAY)
    world.sweep()
    world.keep_house()
    assert world.states(lone) == ["failed"]


def test_an_expired_lease_is_taken_over(world: World, booking: uuid.UUID) -> None:
    (lost,) = world.claim()
    world.keep_house()
    assert world.claim() == []
    world.pass_time(lanes.LEASE + 1)
    world.keep_house()
    (taken,) = world.claim()
    assert (taken.id, taken.event_id, taken.attempt) == (lost.id, lost.event_id, 2)
    assert taken.token != lost.token


def test_the_result_of_a_lost_claim_changes_nothing(world: World, booking: uuid.UUID) -> None:
    (lost,) = world.claim()
    world.pass_time(lanes.LEASE + 1)
    world.keep_house()
    assert not world.finish(lost, 200)
    assert world.states(booking) == ["ready", "waiting", "waiting"]
    (taken,) = world.claim()
    assert not world.finish(lost, 422)
    assert world.finish(taken, 200)
    assert world.states(booking) == ["delivered", "ready", "waiting"]
    notes = [entry.notes for entry in world.session.scalars(select(SyncLog).order_by(SyncLog.id))]
    assert [bool(note) for note in notes] == [True, True, False]


def test_a_result_is_taken_once(world: World, booking: uuid.UUID) -> None:
    (claim,) = world.claim()
    assert world.finish(claim, 200)
    assert not world.finish(claim, 200)
    assert world.states(booking) == ["delivered", "ready", "waiting"]


def test_what_is_given_back_was_not_tried(world: World, booking: uuid.UUID) -> None:
    (claim,) = world.claim()
    lanes.release(world.session, [claim])
    first = world.delivery(booking, 1)
    assert (first.state, first.attempts, first.tries, first.claim) == ("ready", 0, 0, None)


def test_a_lane_without_a_head_is_found(world: World, booking: uuid.UUID) -> None:
    world.delivery(booking, 1).state = "delivered"
    world.session.flush()
    assert world.claim() == []
    assert world.sweep() == 1
    assert world.drain() == [2, 3]


def test_every_attempt_is_in_the_sync_log(world: World, booking: uuid.UUID) -> None:
    world.answer(503)
    world.pass_time(10)
    world.answer(None)
    world.pass_time(60)
    world.answer(200)
    rows = world.session.scalars(select(SyncLog).order_by(SyncLog.id)).all()
    assert [(row.attempt, row.status, row.http_status, row.code) for row in rows] == [
        (1, "failed", 503, None),
        (2, "failed", None, "timeout"),
        (3, "success", 200, None),
    ]
    assert len({row.source_event_id for row in rows}) == 1
    assert {row.delivery_id for row in rows} == {world.delivery(booking, 1).id}


def test_destinations_share_a_claim(world: World) -> None:
    for _ in range(20):
        world.edit(None, "paper:busy")
    world.edit(None, "paper:quiet")
    world.dispatch()
    claims = world.claim(total=4, usual=16)
    assert {claim.destination_key for claim in claims} == {"paper:busy", "paper:quiet"}


def test_a_destination_with_enough_here_is_passed_over(world: World) -> None:
    for _ in range(20):
        world.edit(None, "paper:busy")
    world.edit(None, "paper:quiet")
    world.dispatch()
    busy = world.destination("paper:busy").id
    claims = lanes.claim(world.session, 100, 16, {busy: 0})
    assert [claim.destination_key for claim in claims] == ["paper:quiet"]
    assert len(lanes.claim(world.session, 100, 16, {busy: 3})) == 3
