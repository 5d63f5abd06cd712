"""Wake-ups: after a commit that left something in the outbox, one job tells a worker to look.

They only save time. The worker looks by itself every second, so a lost wake-up, a lost Redis or
nobody ringing at all delays a delivery and never loses one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session

from app.deliveries import faults

QUEUE = "wake"
PUMP = "app.deliveries.tasks.pump"
RUNG = "onebooking:rung"
"""Set while a wake-up is on its way: any number of edits meanwhile need no other."""
RUNG_FOR_MS = 5_000
TIMEOUT = 0.14
"""Seconds for one step with Redis: nobody at the desk waits for a queue."""
BACK_OFF = 5.0
"""Seconds in which this process leaves an unreachable Redis alone."""


class Ringer:
    """Sends wake-ups through Redis. One per process, configured by `create_app`."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._quiet_until = 0.0

    def configure(self, url: str) -> None:
        """Use this Redis. Does not connect."""
        self._client = redis.Redis.from_url(
            url,
            socket_connect_timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        self._quiet_until = 0.0

    def ring(self) -> bool:
        """Tell a worker to look. Never raises. Returns whether a wake-up is on its way."""
        if self._client is None or time.monotonic() < self._quiet_until:
            return False
        try:
            if self._client.set(RUNG, 1, nx=True, px=RUNG_FOR_MS):
                queue = Queue(QUEUE, connection=self._client)
                queue.enqueue(PUMP, job_timeout=30, result_ttl=0, failure_ttl=60, ttl=60)
        except (redis.RedisError, OSError):
            self._quiet_until = time.monotonic() + BACK_OFF
            return False
        return True

    def heard(self) -> None:
        """The worker is about to look: edits from now on need a wake-up of their own."""
        if self._client is not None:
            self._client.delete(RUNG)


class Bell:
    """What a wake-up rings in the worker's process, from whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listener: Callable[[], object] | None = None

    def listen(self, listener: Callable[[], object] | None) -> None:
        """Call `listener` (thread-safe) at each ring; None stops."""
        with self._lock:
            self._listener = listener

    def ring(self) -> None:
        """Ring, if anybody listens here."""
        with self._lock:
            if self._listener is not None:
                self._listener()


ringer = Ringer()
bell = Bell()


def ask(session: Session) -> None:
    """Have a worker look once this transaction is committed."""
    session.info["to_dispatch"] = True


def init_wake(session: scoped_session[Any], redis_url: str) -> None:
    """Ring after each commit of `session` that left something to send."""
    ringer.configure(redis_url)
    if not event.contains(session, "after_commit", _after_commit):
        event.listen(session, "after_commit", _after_commit)


def _after_commit(session: Session) -> None:
    if session.get_nested_transaction() is not None:  # a savepoint: nothing is visible yet
        return
    if session.info.pop("to_dispatch", False):
        faults.reach("before_ring")
        ringer.ring()
