"""When to try again. Pure: numbers in, numbers out."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
SCHEDULE = (5.0, 30.0, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR)
"""Seconds after the first, second, … failed try; the last one repeats."""
JITTER = 0.2
GIVE_UP_AFTER = 3 * DAY
"""Counted from the first try."""
LONGEST_WISH = DAY
"""The most that a Retry-After is believed."""


def delay(
    tries: int, retry_after: float | None = None, rand: Callable[[], float] = random.random
) -> float:
    """Seconds until the next try, after `tries` (1, 2, …) failed ones.

    `retry_after` can only make it later, never earlier.
    """
    planned = SCHEDULE[min(max(tries, 1), len(SCHEDULE)) - 1]
    jittered = planned * (1 - JITTER + 2 * JITTER * rand())
    if retry_after is None:
        return jittered
    return max(jittered, min(retry_after, LONGEST_WISH))


def read_retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds from a Retry-After header (seconds or an HTTP date); None when it says nothing."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, now or datetime.now(UTC))
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(value: str, now: datetime) -> float:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return math.nan
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return (at - now).total_seconds()
