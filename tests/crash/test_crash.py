"""Kill anything at any moment: every edit still arrives, in order, at least once."""

from __future__ import annotations

import http.client
import itertools
import json
import signal
import statistics
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from app.extensions import db
from tests.deliveries.running import Desk
from tests.factories import PASSWORD, person
from tests.harness.live import Stack, StackFactory
from tests.harness.processes import until
from tests.standins.receiver import Receiver, Reply, receiving

pytestmark = [pytest.mark.committed, pytest.mark.slow]

BOOKINGS, EDITS = 60, 5
STEPS = (
    *("before_dispatched", "before_claim", "after_claim", "during_http"),
    *("before_finish", "after_finish"),
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An endpoint that takes 60 ms, so that there is a time in which a call is under way."""
    with receiving() as found:
        found.answer(Reply(delay=0.06))
        yield found


@contextmanager
def editing(desk: Desk, edits: Iterable[uuid.UUID], pause: float) -> Iterator[threading.Thread]:
    """Staff edit these bookings meanwhile, whatever dies."""

    def work() -> None:
        for booking in edits:
            desk.edit(booking)
            time.sleep(pause)

    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(120)
    assert not thread.is_alive()


def die(stack: Stack, desk: Desk, edits: list[uuid.UUID], place: str, passing: int) -> None:
    """A worker that kills itself at its n-th passing of a place, while staff edit."""
    stack.settings["DELIVERY_FAULT"] = f"{place}:{passing}"
    worker = stack.start_worker()
    until(lambda: "worker started" in worker.output() or not worker.running)
    with editing(desk, edits, pause=0.03):
        until(lambda: not worker.running, 20, f"not killed at {place}")
    stack.kill_worker(index=stack.workers.index(worker))
    del stack.settings["DELIVERY_FAULT"]


def batches(edits: list[uuid.UUID], count: int) -> list[list[uuid.UUID]]:
    """The edits in `count` parts of the same size."""
    size = len(edits) // count
    assert size * count == len(edits)
    return [edits[n * size : (n + 1) * size] for n in range(count)]


def expire_leases(desk: Desk) -> None:
    """The 25 seconds after a kill, without waiting. The last kill of a test waits them out."""
    with desk.session() as session, session.begin():
        session.execute(text("UPDATE deliveries SET lease_until = now() WHERE state = 'sending'"))


def check_all_arrived(desk: Desk, receiver: Receiver) -> int:
    """Every version, in order, duplicates with the same event id. Returns the duplicates."""
    seen, duplicates = receiver.by_booking(), 0
    assert set(seen) == {str(booking) for booking in desk.bookings}
    for bodies in seen.values():
        versions = [body["version"] for body in bodies]
        assert versions == sorted(versions), "the order went back"
        assert set(versions) == set(range(2, EDITS + 2)), "a version is missing"
        ids = {(body["version"], body["event_id"]) for body in bodies}
        assert len(ids) == EDITS, "a duplicate has another event id"
        duplicates += len(bodies) - EDITS
    return duplicates


def test_the_worker_is_killed_at_every_step_and_redis_is_emptied(
    live_stack: StackFactory, receiver: Receiver
) -> None:
    stack = live_stack(web=False, workers=0, own_redis=True, ENV="test")
    desk = Desk(stack.app)
    desk.website("shop", f"{receiver.url}/hook", BOOKINGS)
    edits = batches(desk.bookings * EDITS, 2 * len(STEPS))
    for (passing, place), batch in zip(itertools.product((1, 2), STEPS), edits, strict=True):
        expire_leases(desk)
        die(stack, desk, batch, place, passing)
        if place == "after_claim":
            stack.kill_redis(empty=True)
        elif place == "during_http":
            stack.start_redis()
    for _ in range(2):
        stack.start_worker()
    until(lambda: desk.states() == {"delivered": BOOKINGS * EDITS}, 90, "not all arrived")
    assert check_all_arrived(desk, receiver) > 0, "no kill hit a call under way"


def test_workers_that_are_killed_by_others_leave_nothing(
    live_stack: StackFactory, receiver: Receiver
) -> None:
    """SIGKILL from outside, at moments that nobody chose, with three workers side by side."""
    stack = live_stack(web=False, workers=3, own_redis=True, ENV="test")
    desk = Desk(stack.app)
    desk.website("shop", f"{receiver.url}/hook", BOOKINGS)
    with editing(desk, desk.bookings * EDITS, pause=0.03) as staff:
        while staff.is_alive():
            time.sleep(0.4)
            stack.kill_worker(index=0)
            stack.start_worker()
    until(lambda: desk.states() == {"delivered": BOOKINGS * EDITS}, 90, "not all arrived")
    check_all_arrived(desk, receiver)


def ask(port: int, method: str, path: str, body: object, token: str = "") -> Any:
    """One call of the staff API. Raises what http.client raises when the server dies."""
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, json.dumps(body), headers)
        return json.loads(connection.getresponse().read())


def sign_in(desk: Desk, port: int) -> str:
    """A manager's bearer token."""
    with desk.app.app_context():
        address = person("admin").email
        db.session.commit()
    login = {"email": address, "password": PASSWORD}
    return str(ask(port, "POST", "/api/v1/auth/login", login)["access_token"])


def test_the_web_is_killed_between_commit_and_wake_up(
    live_stack: StackFactory, receiver: Receiver
) -> None:
    stack = live_stack(web=False, workers=1, ENV="test", DELIVERY_FAULT="before_ring:1")
    desk = Desk(stack.app)
    (booking,) = desk.website("shop", f"{receiver.url}/hook")
    stack.start_web()
    token = sign_in(desk, stack.port)
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(stack.port, "PUT", f"/api/bookings/{booking}", {"guest_count": 7, "version": 1}, token)
    until(lambda: receiver.calls, 10, "the edit did not arrive")
    assert receiver.calls[0].json["data"] == {"guest_count": 7}


def test_sigterm_leaves_nothing_under_way(live_stack: StackFactory, receiver: Receiver) -> None:
    stack = live_stack(web=False, workers=1, own_redis=True, ENV="test")
    receiver.answer(Reply(delay=0.5))
    desk = Desk(stack.app)
    desk.website("shop", f"{receiver.url}/hook", 10)
    for booking in desk.bookings:
        desk.edit(booking)
    until(lambda: receiver.calls)
    assert stack.workers[0].kill(signal.SIGTERM) == 0
    assert set(desk.states()) <= {"delivered", "ready"}
    assert desk.states()["delivered"] == len(receiver.calls)


def _latencies(desk: Desk, receiver: Receiver, count: int = 9) -> list[float]:
    found = []
    for number in range(count):
        before = len(receiver.calls)
        started = time.monotonic()
        desk.edit(desk.bookings[number % len(desk.bookings)], uuid.uuid4().hex)
        while len(receiver.calls) == before:
            assert time.monotonic() - started < 10
            time.sleep(0.005)
        found.append(time.monotonic() - started)
        time.sleep(0.13 * (number % 5))
    return found


def test_wake_ups_make_it_fast_and_without_redis_it_still_works(
    live_stack: StackFactory, receiver: Receiver
) -> None:
    receiver.answer(Reply())
    stack = live_stack(web=False, workers=1, own_redis=True, ENV="test")
    desk = Desk(stack.app)
    desk.website("shop", f"{receiver.url}/hook", 3)
    until(lambda: "worker started" in stack.workers[0].output())
    _latencies(desk, receiver, 2)
    assert statistics.median(_latencies(desk, receiver)) < 0.25
    stack.kill_redis(empty=True)
    assert statistics.median(_latencies(desk, receiver)) < 1.6
    assert stack.workers[0].running
    stack.start_redis()
    until(lambda: statistics.median(_latencies(desk, receiver, 3)) < 0.25, 30, "no wake-ups again")
    assert stack.workers[0].running
