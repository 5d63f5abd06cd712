"""The loop that sends: claims ahead, keeps up to 128 calls under way, writes results in batches.

All bookkeeping happens on the event loop; the database is asked from two threads (one claims, one
finishes), so that neither waits for the other and no call waits for either.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from app.deliveries import faults
from app.deliveries.channel import Claim, Meaning, Unsendable, Verdict
from app.deliveries.machine import Machine
from app.deliveries.outcome import Attempt
from app.deliveries.slots import Job, Slots
from app.logs import get_logger
from app.outbound import DEADLINE, Answer, Client, Unreachable

TICK = 1.0
"""Seconds between two looks without a wake-up."""
SWEEP = 30.0
PACE = 0.025
"""Seconds between two looks under load: more would cost more than they bring."""
GATHER = 0.015
"""Seconds that results wait for company."""
BATCH = 500
PATIENCE = 8.0
"""Seconds that a claim may wait for a place: with the deadline it stays within the lease."""
WHOLE = DEADLINE + 0.5
"""Seconds for all that a channel does to carry one delivery."""

P = ParamSpec("P")
T = TypeVar("T")
log = get_logger()


class Sender:
    """One worker's loop. `run` ends after `stop`, when what was under way is written down."""

    def __init__(self, machine: Machine, client: Client, slots: Slots | None = None) -> None:
        self._machine = machine
        self._client = client
        self._slots = slots or Slots()
        self._claimer = ThreadPoolExecutor(1, "claim")
        self._finisher = ThreadPoolExecutor(1, "finish")
        self._more = asyncio.Event()
        self._finished = asyncio.Event()
        self._stopping = asyncio.Event()
        self._results: list[Attempt] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._unsent: list[Claim] = []
        self._look_in_outbox = True
        self._next_tick = self._next_sweep = 0.0

    def ring(self) -> None:
        """There is something in the outbox. To be called on the loop."""
        self._look_in_outbox = True
        self._more.set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the calls under way have ended."""
        self._stopping.set()
        self._more.set()

    async def run(self) -> None:
        """Work until stopped. A database that is away is waited for."""
        finishing = asyncio.create_task(self._finishing())
        while not self._stopping.is_set():
            began = time.monotonic()
            # Each on its own: a fault in one must not keep the others from working.
            found = [await self._try(step) for step in (self._tick, self._dispatch, self._claim)]
            await self._rest(found, began)
        await self._drain()
        finishing.cancel()
        self._claimer.shutdown()
        self._finisher.shutdown()

    async def _try(self, step: Callable[[], Awaitable[bool]]) -> bool | None:
        """Whether the step found something to do; None when it failed."""
        try:
            return await step()
        except Exception as error:
            log.error("delivery step", job=step.__name__, exc_info=error)
            return None

    async def _dispatch(self) -> bool:
        if not self._look_in_outbox:
            return False
        self._look_in_outbox = False
        moved = await self._in(self._claimer, self._machine.dispatch)
        self._look_in_outbox = self._look_in_outbox or moved > 0
        return moved > 0

    async def _claim(self) -> bool:
        total, known = self._slots.room()
        if not total:
            return False
        ahead = self._slots.ahead
        claimed = await self._in(self._claimer, self._machine.claim, total, ahead, known)
        for claim, what in claimed:
            if isinstance(what, Unsendable):
                verdict = Verdict(Meaning.RETRY, what.reason)
                self._note(Attempt(claim, what, None, verdict))
            else:
                self._slots.add(Job(claim, what))
        self._start()
        return bool(claimed)

    async def _tick(self) -> bool:
        now = time.monotonic()
        if now < self._next_tick:
            return False
        self._next_tick = now + TICK
        self._look_in_outbox = True
        late = self._slots.give_up(lambda job: now - job.claim.claimed_at > PATIENCE)
        await self._give_back([job.claim for job in late])
        await self._in(self._claimer, self._machine.keep_house)
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP
            await self._in(self._claimer, self._machine.sweep)
        return False

    async def _rest(self, found: list[bool | None], began: float) -> None:
        """Until there is something to do; never less than PACE from one look to the next."""
        if None in found:
            await asyncio.sleep(TICK / 2)
        elif not any(found):
            with contextlib.suppress(TimeoutError):
                wait = max(0.0, self._next_tick - time.monotonic())
                await asyncio.wait_for(self._more.wait(), wait)
        await asyncio.sleep(max(0.0, began + PACE - time.monotonic()))
        self._more.clear()

    def _start(self) -> None:
        """Fill the free places."""
        while not self._stopping.is_set() and (job := self._slots.take()):
            self._more.set()
            if time.monotonic() - job.claim.claimed_at > PATIENCE:
                self._slots.done(job)
                self._unsent.append(job.claim)
                continue
            call = asyncio.create_task(self._send(job))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    async def _send(self, job: Job) -> None:
        faults.soon("during_http")
        answer = await self._carry(job)
        self._slots.done(job)
        self._note(Attempt(job.claim, job.outgoing, answer, self._judge(job, answer)))
        self._start()

    async def _carry(self, job: Job) -> Answer | Unreachable:
        channel = self._machine.channel(job.claim.channel)
        try:
            async with asyncio.timeout(WHOLE):
                return await channel.carry(self._client, job.outgoing)
        except TimeoutError:
            return Unreachable("timeout", f"No complete answer within {DEADLINE:g} seconds.")
        except Exception as error:
            log.error("carry", delivery_id=job.claim.id, exc_info=error)
            return Unreachable("protocol", f"It could not be sent ({type(error).__name__}).")

    def _judge(self, job: Job, answer: Answer | Unreachable) -> Verdict:
        channel = self._machine.channel(job.claim.channel)
        try:
            if isinstance(answer, Unreachable):
                return channel.unanswered(answer, job.outgoing)
            return channel.judge(answer, job.outgoing)
        except Exception as error:
            log.error("judge", delivery_id=job.claim.id, exc_info=error)
            return Verdict(Meaning.RETRY, "The answer could not be understood.")

    def _note(self, attempt: Attempt) -> None:
        self._results.append(attempt)
        self._finished.set()

    async def _finishing(self) -> None:
        while True:
            await self._finished.wait()
            await asyncio.sleep(GATHER)
            await self._flush()

    async def _flush(self) -> None:
        """Write results down. What the database does not take now is kept."""
        self._finished.clear()
        batch, self._results = self._results[:BATCH], self._results[BATCH:]
        if not batch:
            return
        try:
            await self._in(self._finisher, self._machine.finish, batch)
        except Exception as error:
            log.error("delivery finish", exc_info=error, count=len(batch))
            self._results = batch + self._results
            await asyncio.sleep(TICK / 2)
        if self._results:
            self._finished.set()
        self._more.set()

    async def _give_back(self, claims: list[Claim]) -> None:
        claims, self._unsent = claims + self._unsent, []
        await self._in(self._claimer, self._machine.release, claims)

    async def _drain(self) -> None:
        """Give back what did not leave, wait for what did, write it down."""
        left = self._slots.give_up(lambda job: True)
        try:
            await self._give_back([job.claim for job in left])
        except Exception as error:  # their leases run out
            log.error("delivery release", exc_info=error)
        if self._calls:
            await asyncio.wait(self._calls, timeout=DEADLINE + 1)
        for _ in range(10):
            if not self._results:
                return
            await self._flush()

    async def _in(
        self, thread: ThreadPoolExecutor, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(thread, lambda: step(*args, **kwargs))
