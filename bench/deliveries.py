"""Deliveries per second against a 100 ms endpoint, beside one RQ job per delivery.

Run: `.venv/bin/python -m bench.deliveries [rounds]`

One worker process, 128 calls under way, 16 websites. The ideal is 128 calls / 0.1 s = 1,280 per
second; how near a machine can come to it shows a bare aiohttp client in the same round, which has
no database and signs nothing. The other side is what is often built: one RQ job for each
delivery, in one worker process that does not even fork, with the same signing, marking and logging.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import aiohttp
import redis as redis_library
from rq import Queue
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.crypto import new_webhook_secret
from app.deliveries import finishing, lanes
from app.deliveries.channel import Channels, Meaning, Verdict
from app.deliveries.dispatch import dispatch
from app.deliveries.models import Delivery
from app.deliveries.outcome import Attempt
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.extensions import db
from app.outbound import Answer, Outgoing
from app.webhooks.channel import WebhookChannel
from bench.servers import Bench, bench
from tests.factories import BookingFactory, WebsiteFactory
from tests.harness.processes import Daemon, free_port, python, until

DELAY_MS = 100
IDEAL = 128 / (DELAY_MS / 1000)
GOAL, GOAL_RQ = 0.85, 10.0
WEBSITES, EACH = 16, 500
JOBS = 60


@dataclass(frozen=True)
class Receiver:
    """The endpoint, in a process of its own."""

    port: int

    def ask(self, method: str = "GET") -> tuple[int, float]:
        """Calls so far, and the seconds from the first to the last."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request(method, "/")
            answer = connection.getresponse().read()
        found = json.loads(answer) if answer else {"count": 0, "seconds": 0.0}
        return int(found["count"]), float(found["seconds"])

    def is_up(self) -> bool:
        try:
            return self.ask()[0] >= 0
        except OSError:
            return False


@contextmanager
def receiving(servers: Bench) -> Iterator[Receiver]:
    receiver = Receiver(free_port())
    argv = python("-m", "bench.receiver", str(receiver.port), str(DELAY_MS))
    daemon = Daemon(argv, servers.home / "receiver.log")
    daemon.start()
    try:
        until(receiver.is_up, 10, "no receiver")
        yield receiver
    finally:
        daemon.stop()


def fill(servers: Bench, port: int) -> None:
    """Websites with bookings."""
    with servers.app.app_context():
        for number in range(WEBSITES):
            website = WebsiteFactory.create(
                webhook_url=f"http://127.0.0.1:{port}/{number}",
                webhook_secret=new_webhook_secret(),
            )
            customer = BookingFactory.create(website_id=website.id).customer_id
            BookingFactory.create_batch(EACH - 1, website_id=website.id, customer_id=customer)
        db.session.commit()


def edit(servers: Bench, count: int) -> float:
    """One event for each of `count` bookings, dispatched. Returns events dispatched per second."""
    with servers.app.app_context():
        engine = db.engine
    with Session(engine) as session, session.begin():
        session.execute(text("UPDATE bookings SET version = version + 1"))
        rows = session.execute(
            text("SELECT id, website_id, version FROM bookings ORDER BY md5(id::text) LIMIT :n"),
            {"n": count},
        )
        for row in rows.all():
            event = NewEvent(
                "booking.updated", "booking", str(row.id), {"guest_count": [1, row.version]},
                website_id=row.website_id, booking_id=row.id, version=row.version, dispatch=True,
            )  # fmt: skip
            record(session, SYSTEM, event)
    started = time.monotonic()
    moved = 1
    while moved:
        with Session(engine) as session, session.begin():
            moved = dispatch(session, Channels(WebhookChannel()))
    return count / (time.monotonic() - started)


def undelivered(servers: Bench) -> int:
    with servers.app.app_context(), Session(db.engine) as session:
        query = select(func.count()).where(Delivery.state != "delivered")
        return session.scalars(query).one()


def machine(servers: Bench, receiver: Receiver) -> tuple[float, float]:
    """Deliveries per second of one worker process; and events dispatched per second."""
    receiver.ask("DELETE")
    dispatched = edit(servers, WEBSITES * EACH)
    environment = servers.environment | {"OUTBOUND_ALLOW": "127.0.0.0/8"}
    worker = Daemon(python("worker.py"), servers.home / "worker.log", environment)
    worker.start()
    try:
        until(lambda: not undelivered(servers), 120, "not delivered")
    finally:
        worker.stop()
    count, seconds = receiver.ask()
    assert count == WEBSITES * EACH
    return count / seconds, dispatched


def send_one(delivery_id: int) -> None:
    """The RQ job: one delivery, from claim to log."""
    with Session(db.engine) as session, session.begin():
        session.execute(
            text("UPDATE deliveries SET due_at = now() - interval '1 day' WHERE id = :id"),
            {"id": delivery_id},
        )
        (claim,) = lanes.claim(session, 1, 1)
        made = WebhookChannel().compose(session, [claim])[claim.id]
    assert isinstance(made, Outgoing)
    answer = post(made)
    verdict = Verdict(Meaning.DELIVERED)
    with Session(db.engine) as session, session.begin():
        finishing.finish(session, [Attempt(claim, made, answer, verdict)])


def post(outgoing: Outgoing) -> Answer:
    host, _, path = outgoing.url.removeprefix("http://").partition("/")
    started = time.monotonic()
    with closing(http.client.HTTPConnection(host, timeout=15)) as connection:
        connection.request("POST", f"/{path}", outgoing.body, dict(outgoing.headers))
        answer = connection.getresponse()
        body = answer.read(65536)
    return Answer(answer.status, {}, body, round((time.monotonic() - started) * 1000))


def one_job_each(servers: Bench, receiver: Receiver) -> float:
    """Deliveries per second of one stock RQ worker process."""
    receiver.ask("DELETE")
    edit(servers, JOBS)
    with servers.app.app_context(), Session(db.engine) as session:
        ids = session.scalars(select(Delivery.id).where(Delivery.state == "ready")).all()
    with redis_library.Redis.from_url(servers.environment["REDIS_URL"]) as client:
        queue = Queue("bench", connection=client)
        for delivery_id in ids:
            queue.enqueue("bench.deliveries.send_one", delivery_id)
    argv = python("-m", "bench.rq_worker")
    worker = Daemon(argv, servers.home / "rq.log", servers.environment)
    worker.start()
    try:
        until(lambda: not undelivered(servers), 120, "not delivered")
    finally:
        worker.stop()
    count, seconds = receiver.ask()
    return count / seconds


def bare_client(receiver: Receiver, count: int) -> float:
    """Calls per second of aiohttp alone, 128 at a time."""
    receiver.ask("DELETE")
    left = iter(range(count))
    body, headers = (
        b"x" * 450,
        {"Content-Type": "application/json", "X-Webhook-Signature": "x" * 70},
    )

    async def caller(session: aiohttp.ClientSession) -> None:
        for _ in left:
            url = f"http://127.0.0.1:{receiver.port}/bare"
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()

    async def all_callers() -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(caller(session) for _ in range(128)))

    asyncio.run(all_callers())
    calls, seconds = receiver.ask()
    return calls / seconds


def main(rounds: int) -> None:
    """Measure and print."""
    with bench() as servers, receiving(servers) as receiver:
        fill(servers, receiver.port)
        machine(servers, receiver)  # warm-up
        runs = []
        print("deliveries/s  of ideal  bare client/s  of bare  RQ job each/s  ratio")
        for _ in range(rounds):
            rate, dispatched = machine(servers, receiver)
            bare = bare_client(receiver, WEBSITES * EACH)
            single = one_job_each(servers, receiver)
            runs.append((rate, rate / IDEAL, bare, rate / bare, single, rate / single, dispatched))
            show(runs[-1])
        medians = [statistics.median(column) for column in zip(*runs, strict=True)]
    print(f"median of {rounds} rounds of {WEBSITES * EACH:,} deliveries:")
    show(medians)
    print(f"goals: {GOAL} of the ideal {IDEAL:,.0f}/s, {GOAL_RQ:.0f} times one RQ job each")
    print(f"events dispatched per second: {medians[-1]:,.0f}")


def show(figures: Sequence[float]) -> None:
    rate, of_ideal, bare, of_bare, single, ratio, _ = figures
    print(f"{rate:12.0f}  {of_ideal:8.2f}  {bare:13.0f}  {of_bare:7.2f}", end="")
    print(f"  {single:13.1f}  {ratio:5.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
