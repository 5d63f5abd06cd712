"""What platforms said a moment ago, for all processes: kept in Redis for seconds.

Without Redis nothing is kept, and nobody waits for it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.bookings.elsewhere import Question

PREFIX = "onebooking:free:"
SECONDS = 15
TIMEOUT = 0.14
"""Seconds for one step with Redis."""
BACK_OFF = 5.0
"""Seconds in which this process leaves an unreachable Redis alone."""


class Fresh:
    """Free times by connection, day and party. One per process, configured by `create_app`."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._quiet_until = 0.0

    def configure(self, url: str) -> None:
        """Keep them in this Redis. Does not connect."""
        self._client = redis.Redis.from_url(
            url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        self._quiet_until = 0.0

    def find(self, connection_id: UUID, question: Question) -> Sequence[str] | None:
        """The times, where they answer this question; None where it must be asked.

        They do if its time is among them, or is the one that was asked for then: a platform may
        speak of one time only.
        """
        client = self._reachable()
        if client is None:
            return None
        try:
            kept = client.get(_key(connection_id, question.day, question.party))
        except (redis.RedisError, OSError):
            self._leave_alone()
            return None
        if not isinstance(kept, bytes):
            return None
        said = json.loads(kept)
        return said["times"] if question.time in (*said["times"], said["asked"]) else None

    def keep(self, connection_id: UUID, question: Question, times: Sequence[str]) -> None:
        """For some seconds."""
        client = self._reachable()
        if client is None:
            return
        said = json.dumps({"times": list(times), "asked": question.time})
        try:
            client.set(_key(connection_id, question.day, question.party), said, ex=SECONDS)
        except (redis.RedisError, OSError):
            self._leave_alone()

    def _reachable(self) -> redis.Redis | None:
        return self._client if time.monotonic() >= self._quiet_until else None

    def _leave_alone(self) -> None:
        self._quiet_until = time.monotonic() + BACK_OFF


def _key(connection_id: UUID, day: date, party: int) -> str:
    return f"{PREFIX}{connection_id}:{day}:{party}"


fresh = Fresh()
