"""One endpoint that hangs slows nobody else."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.deliveries.running import Desk
from tests.harness.live import StackFactory
from tests.harness.processes import until
from tests.standins.receiver import Call, Receiver, Reply, receiving

pytestmark = [pytest.mark.committed, pytest.mark.slow]

FACTOR = 1.5
NOISE = 0.03
"""Seconds that the medians of two runs differ on a busy machine."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One endpoint that never answers, others that take 50 ms."""

    def behave(call: Call) -> Reply:
        return Reply(delay=3600) if call.path == "/hangs" else Reply(delay=0.05)

    with receiving() as found:
        found.behave = behave
        yield found


def median_seconds(desk: Desk, receiver: Receiver, bookings: list[uuid.UUID]) -> float:
    """From commit to arrival, of an edit of each of these bookings."""
    committed = {}
    for booking in bookings:
        text = uuid.uuid4().hex
        desk.edit(booking, text)
        committed[text] = time.monotonic()
        time.sleep(0.02)

    def arrivals() -> dict[str, float]:
        found = {call.json["data"]["admin_notes"]: call.at for call in list(receiver.calls)}
        return {text: at for text, at in found.items() if text in committed}

    until(lambda: len(arrivals()) == len(committed), 60, "not all arrived")
    return statistics.median(at - committed[text] for text, at in arrivals().items())


def test_the_others_take_no_longer(live_stack: StackFactory, receiver: Receiver) -> None:
    stack = live_stack(web=False, workers=1, own_redis=True, ENV="test")
    desk = Desk(stack.app)
    fine = [
        booking
        for name in ("one", "two", "three", "four")
        for booking in desk.website(name, f"{receiver.url}/{name}", 25)
    ]
    stuck = desk.website("stuck", f"{receiver.url}/hangs", 60)
    until(lambda: "worker started" in stack.workers[0].output())
    median_seconds(desk, receiver, fine[:10])
    undisturbed = median_seconds(desk, receiver, fine)
    for booking in stuck:
        desk.edit(booking)
    until(lambda: sum(call.path == "/hangs" for call in receiver.calls) >= 32)
    disturbed = median_seconds(desk, receiver, fine)
    assert disturbed <= FACTOR * undisturbed + NOISE, (
        f"{undisturbed:.3f} s became {disturbed:.3f} s"
    )
