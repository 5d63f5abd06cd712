"""How often somebody may call: token buckets in Redis, shared by all processes.

While Redis is away every process counts for itself, so that nobody is refused or kept waiting for
it. A bucket is one number, the instant at which it will be full again (GCRA).
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

PREFIX = "onebooking:limit:"
TIMEOUT = 0.14
"""Seconds for one step with Redis: no call waits for being counted."""
BACK_OFF = 5.0
"""Seconds in which this process leaves an unreachable Redis alone."""
MOST_BUCKETS = 10_000
"""Of this process, while Redis is away; full ones are forgotten beyond that."""

# The same arithmetic as `_Local.take`. Redis' own clock: machines need not agree on the time.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local step, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local stored = tonumber(redis.call('GET', KEYS[1]) or 0)
local full_at = math.min(math.max(stored, now), now + whole)
local over = full_at + step - now - whole
if over > 0.001 then return {0, 0, math.ceil(full_at - now), math.ceil(over)} end
full_at = full_at + step
redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', math.ceil(full_at - now))
return {1, math.floor((whole - full_at + now) / step + 0.001), math.ceil(full_at - now), 0}
"""


class BadLimits(ValueError):
    """RATE_LIMITS cannot be read; the message says what."""


@dataclass(frozen=True)
class Rate:
    """So many calls a minute in the long run, and so many at once."""

    per_minute: int
    burst: int

    @property
    def step(self) -> float:
        """Milliseconds in which one call comes back."""
        return 60_000 / self.per_minute

    @property
    def whole(self) -> float:
        """Milliseconds in which an empty bucket is full again."""
        return self.step * self.burst


@dataclass(frozen=True)
class Taken:
    """What a bucket said to one call. Times are in whole seconds, rounded up."""

    allowed: bool
    remaining: int
    full_in: int
    retry_after: int

    @classmethod
    def of(cls, allowed: bool, remaining: int, full_ms: float, retry_ms: float) -> Taken:
        return cls(allowed, remaining, math.ceil(full_ms / 1000), math.ceil(retry_ms / 1000))


class _Local:
    """The buckets of this process."""

    def __init__(self) -> None:
        self._full_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, bucket: str, rate: Rate) -> Taken:
        with self._lock:
            now = time.monotonic() * 1000
            full_at = max(self._full_at.get(bucket, 0.0), now)
            over = full_at + rate.step - now - rate.whole
            if over > 0.001:
                return Taken.of(False, 0, full_at - now, over)
            full_at += rate.step
            self._make_room(now)
            self._full_at[bucket] = full_at
        left = math.floor((rate.whole - full_at + now) / rate.step + 0.001)
        return Taken.of(True, left, full_at - now, 0)

    def _make_room(self, now: float) -> None:
        if len(self._full_at) >= MOST_BUCKETS:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
        if len(self._full_at) >= MOST_BUCKETS:  # a flood from everywhere: begin anew
            self._full_at = {}


class Limiter:
    """Counts calls. One per process, configured by `create_app`."""

    def __init__(self) -> None:
        self._local = _Local()
        self._script: Script | None = None
        self._quiet_until = 0.0

    def configure(self, url: str) -> None:
        """Count in this Redis. Does not connect."""
        client = redis.Redis.from_url(
            url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        self._local, self._script, self._quiet_until = _Local(), client.register_script(_TAKE), 0.0

    def take(self, bucket: str, rate: Rate) -> Taken:
        """Take one call out of a bucket. Never raises."""
        script = self._script
        if script is None or time.monotonic() < self._quiet_until:
            return self._local.take(bucket, rate)
        try:
            found = script(keys=[PREFIX + bucket], args=[rate.step, rate.whole])
        except (redis.RedisError, OSError):
            self._quiet_until = time.monotonic() + BACK_OFF
            return self._local.take(bucket, rate)
        return Taken.of(bool(found[0]), *found[1:])


limiter = Limiter()

_SETTING = re.compile(r"(\w[\w-]*)=(?:(off)|([1-9]\d{0,5})/([1-9]\d{0,5}))")


def read_rates(setting: str, known: Mapping[str, Rate]) -> dict[str, Rate | None]:
    """The rates by name after RATE_LIMITS: `off`, or `sync=600/200 login=off` (a minute / at once).

    None lifts a limit. Raises BadLimits.
    """
    if setting.strip() == "off":
        return dict.fromkeys(known)
    rates: dict[str, Rate | None] = dict(known)
    for word in setting.replace(",", " ").split():
        match = _SETTING.fullmatch(word)
        if match is None or match[1] not in known:
            names = ", ".join(sorted(known))
            raise BadLimits(f"RATE_LIMITS: {word!r} is not NAME=MINUTE/BURST, NAME one of {names}.")
        rates[match[1]] = None if match[2] else Rate(int(match[3]), int(match[4]))
    return rates
