"""What a channel may do besides: carry in its own way, come later, decline, write its own rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.deliveries import finishing
from app.deliveries.channel import Claim, Meaning, Unsendable, Unsent, Verdict
from app.deliveries.models import Breaker, SyncLog
from app.deliveries.outcome import Attempt, Next
from app.extensions import db
from app.outbound import Answer, Client, Outgoing, Unreachable
from tests.deliveries.running import sending
from tests.deliveries.world import Paper, World
from tests.harness.processes import until


def put_off(world: World, claim: Claim, seconds: float) -> None:
    """Finish a claim with "not now"."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    what = Unsendable(Unsent.LATER, "Quiet hours.", at)
    attempt = Attempt(claim, what, None, Verdict(Meaning.RETRY, what.reason))
    assert finishing.finish(world.session, [attempt])


def decline(world: World, claim: Claim) -> None:
    """Finish a claim with "not this one"."""
    sent, answer = Outgoing("http://127.0.0.1:9/", {}, b"{}"), Answer(400, {}, b"", 5)
    verdict = Verdict(Meaning.DECLINED, "No such number.")
    assert finishing.finish(world.session, [Attempt(claim, sent, answer, verdict)])


def test_later_is_no_try_and_no_failure(world: World) -> None:
    booking = world.edit()
    world.dispatch()
    put_off(world, world.claim()[0], 3_600)
    delivery = world.delivery(booking, 1)
    assert (delivery.state, delivery.tries, delivery.attempts) == ("ready", 0, 0)
    assert delivery.give_up_at is None
    assert 3_590 < world.wait_s(delivery) <= 3_600
    assert world.destination().failures == 0
    assert not world.session.scalars(select(SyncLog)).all()
    world.pass_time(4 * 86_400)
    world.answer(503)
    assert world.states(booking) == ["ready"], "the days that it waited are none of its own"


def test_later_never_turns_in_circles(world: World) -> None:
    booking = world.edit()
    world.dispatch()
    put_off(world, world.claim()[0], -100)
    assert world.wait_s(world.delivery(booking, 1)) > 0.5


def test_what_is_declined_lets_the_lane_go_on_and_says_nothing_against_the_other_side(
    world: World,
) -> None:
    booking = world.edit()
    for _ in range(7):
        world.edit(booking)
    world.dispatch()
    for _ in range(7):
        decline(world, world.claim()[0])
    assert world.states(booking) == ["skipped"] * 7 + ["ready"]
    found = world.destination()
    assert (found.breaker, found.failures) == (Breaker.CLOSED, 0)
    assert found.last_success_at is not None
    assert {log.status for log in world.session.scalars(select(SyncLog))} == {"failed"}


class Clerk(Paper):
    """Keeps a book of its own, and may stumble over it."""

    name = "paper"
    stumbles = False

    def settled(
        self, session: Session, attempts: Sequence[Attempt], kept: Mapping[int, Next]
    ) -> None:
        for attempt in attempts:
            state = kept[attempt.claim.id].state if attempt.claim.id in kept else "late"
            session.execute(
                text("UPDATE destinations SET off_reason = :state"), {"state": str(state)}
            )
        if self.stumbles:
            session.execute(text("SELECT 1 / 0"))


@pytest.fixture
def clerk(world: World) -> Clerk:
    world.paper = Clerk()
    return world.paper


def test_a_channel_writes_with_the_result(world: World, clerk: Clerk) -> None:
    world.edit()
    world.dispatch()
    (claim,) = world.claim()
    world.finish(claim, 200)
    assert world.destination().off_reason == "delivered"
    world.finish(claim, 200)
    assert world.destination().off_reason == "late"


def test_a_fault_in_its_rows_does_not_send_again(world: World, clerk: Clerk) -> None:
    clerk.stumbles = True
    booking = world.edit()
    world.dispatch()
    world.answer(200)
    assert world.states(booking) == ["delivered"]
    assert world.destination().off_reason is None


class Courier(Paper):
    """Makes no call: answers from what it was given, or not at all."""

    def make(self, claim: Claim) -> Outgoing:
        return Outgoing("mailto:desk@example.com", {}, b"hello", context=claim.lane)

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        await asyncio.sleep(0)
        if outgoing.context in self.shut:
            raise RuntimeError("no paper left")
        return Answer(202, {}, str(outgoing.context).encode(), 1)

    def unanswered(self, fault: Unreachable, sent: Outgoing) -> Verdict:
        return Verdict(Meaning.DECLINED, f"Lost: {fault.message}")


@pytest.mark.committed
def test_a_channel_carries_in_its_own_way(app: Flask) -> None:
    courier = Courier()
    with app.app_context(), Session(db.engine) as session, session.begin():
        world = World(session, courier)
        well, broken = world.edit(), world.edit()
        courier.shut[str(broken)] = "x"
    with sending(app, 15.0, courier), app.app_context(), Session(db.engine) as session:
        world = World(session, courier)

        def states() -> list[list[str]]:
            session.rollback()
            return [world.states(well), world.states(broken)]

        until(lambda: states() == [["delivered"], ["skipped"]])
        logs = {log.status: log for log in session.scalars(select(SyncLog))}
    assert logs["success"].response_body == str(well)
    assert logs["failed"].error_message == "Lost: It could not be sent (RuntimeError)."


def test_what_arrived_by_another_way_is_delivered(world: World) -> None:
    booking = world.edit()
    world.dispatch()
    (claim,) = world.claim()
    what = Unsendable(Unsent.DONE, "Taken before.")
    attempt = Attempt(claim, what, None, Verdict(Meaning.RETRY, what.reason))
    assert finishing.finish(world.session, [attempt])
    assert world.states(booking) == ["delivered"]
