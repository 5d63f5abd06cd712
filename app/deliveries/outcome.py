"""What becomes of a delivery after an attempt. Pure: a claim and a verdict in, a next state out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.deliveries import retry
from app.deliveries.channel import Claim, Meaning, Unsendable, Unsent, Verdict
from app.deliveries.models import State
from app.outbound import Answer, Outgoing, Unreachable

SOONEST = 1.0
"""Seconds: the least that LATER means, so that nothing goes round in circles."""
PASSED_BY_AFTER = 2
"""Refusals of one delivery after which its lane goes on without it."""


@dataclass(frozen=True)
class Attempt:
    """One try: what was to be sent, and what came of it."""

    claim: Claim
    sent: Outgoing | Unsendable
    answer: Answer | Unreachable | None
    verdict: Verdict


@dataclass(frozen=True)
class Next:
    """Where the delivery goes. `delay`: seconds until it is due, where that means something."""

    state: State
    delay: float = 0.0
    refusals: int = 0
    error: str | None = None
    counts: bool = True
    """False when nothing was tried: then the try is given back."""

    @property
    def frees_lane(self) -> bool:
        return self.state in (State.DELIVERED, State.SKIPPED)


def after(attempt: Attempt, rand: Callable[[], float] = random.random) -> Next:
    """The next state of an attempt's delivery."""
    claim, verdict = attempt.claim, attempt.verdict
    if isinstance(attempt.sent, Unsendable) and attempt.sent.why is not Unsent.FAULT:
        return _not_sent(claim, attempt.sent)
    if verdict.meaning is Meaning.DELIVERED:
        return Next(State.DELIVERED, refusals=claim.refusals)
    if claim.fallback is not None:  # sent once more on demand: one try, then as before
        return Next(State(claim.fallback), 0.0, claim.refusals, verdict.message)
    if verdict.meaning is Meaning.DECLINED:
        return Next(State.SKIPPED, 0.0, claim.refusals, verdict.message)
    if verdict.meaning is Meaning.GONE:
        return Next(State.PARKED, 0.0, claim.refusals, verdict.message)
    if verdict.meaning is Meaning.REFUSED:
        return _refused(claim, verdict)
    wait = max(retry.delay(claim.tries, verdict.retry_after, rand), verdict.wait)
    left = claim.seconds_left - (time.monotonic() - claim.claimed_at)
    if wait > left:
        return Next(State.FAILED, 0.0, claim.refusals, f"Given up: {verdict.message}")
    return Next(State.READY, wait, claim.refusals, verdict.message)


_STATE_OF = {
    Unsent.WAIT: State.PARKED,
    Unsent.NOTHING: State.SKIPPED,
    Unsent.DONE: State.DELIVERED,
    Unsent.LATER: State.READY,
}


def _not_sent(claim: Claim, what: Unsendable) -> Next:
    wait = (what.until - datetime.now(UTC)).total_seconds() if what.until else 0.0
    delay = max(SOONEST, wait) if what.why is Unsent.LATER else 0.0
    return Next(_STATE_OF[what.why], delay, claim.refusals, what.reason, counts=False)


def _refused(claim: Claim, verdict: Verdict) -> Next:
    refusals = claim.refusals + 1
    if refusals < PASSED_BY_AFTER:
        return Next(State.FAILED, 0.0, refusals, verdict.message)
    return Next(State.SKIPPED, 0.0, refusals, f"Refused twice: {verdict.message}")


def judge_http(answer: Answer) -> Verdict:
    """What an HTTP status means wherever a channel knows nothing better."""
    status = answer.status
    wish = retry.read_retry_after(answer.headers.get("retry-after"))
    if 200 <= status < 300:
        return Verdict(Meaning.DELIVERED)
    if 300 <= status < 400:
        return Verdict(
            Meaning.REFUSED,
            f"Answered {status}, a redirect. Redirects are not followed: enter the final address.",
        )
    if status == 410:
        return Verdict(Meaning.GONE, "Answered 410 Gone: the endpoint wants no more deliveries.")
    if 400 <= status < 500 and status not in (408, 409, 425, 429):
        return Verdict(Meaning.REFUSED, f"Refused with status {status}.")
    return Verdict(Meaning.RETRY, f"Answered with status {status}.", wish)


def judge_unreachable(fault: Unreachable) -> Verdict:
    """No answer: always worth another try."""
    return Verdict(Meaning.RETRY, fault.message)
