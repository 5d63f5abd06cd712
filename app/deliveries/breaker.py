"""The breaker of a destination. Pure: it says when calls stop and when one is let through.

Closed: everything flows. Five failures in a row open it: its lanes are parked. After a pause one
delivery goes as a probe (half-open): its success closes the breaker, its failure opens it again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.deliveries.models import Breaker

THRESHOLD = 5
FIRST_PROBE = 15.0
LONGEST_PAUSE = 300.0


@dataclass(frozen=True)
class Health:
    """`failures` are consecutive."""

    breaker: Breaker = Breaker.CLOSED
    failures: int = 0


def after(health: Health, *, success: bool) -> Health:
    """The health after one more attempt.

    Any success closes: also that of a call which was under way when the breaker opened. Failures
    of such calls say nothing new, so they do not count.
    """
    if success:
        return Health()
    if health.breaker is Breaker.OPEN:
        return health
    failures = health.failures + 1
    opens = failures >= THRESHOLD or health.breaker is Breaker.HALF_OPEN
    return replace(health, breaker=Breaker.OPEN if opens else health.breaker, failures=failures)


def pause(failures: int, rand: Callable[[], float] = random.random) -> float:
    """Seconds until the next probe: 15, 30, 60 … 300, ±20 %."""
    doubled = FIRST_PROBE * 2.0 ** min(max(failures - THRESHOLD, 0), 10)
    return min(doubled, LONGEST_PAUSE) * (0.8 + 0.4 * rand())
