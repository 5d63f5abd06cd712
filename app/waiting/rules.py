"""Who is next on a waiting list, and what becomes of an offer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from app.bookings.status import GONE, Status
from app.errors import Fault, InvalidPayload
from app.venues.models import Activity
from app.waiting.models import WaitingEntry, WaitingState

OPEN = (WaitingState.WAITING, WaitingState.OFFERED)
"""Somebody has at most one such entry on a list."""


def next_ones(queue: Iterable[WaitingEntry], room: int | None) -> Iterator[WaitingEntry]:
    """Of those who wait, the longest first, each that still fits into what is left then.

    A party that does not fit keeps its place, and smaller ones behind it may go before.
    """
    for entry in queue:
        if room is None or entry.guests <= room:
            yield entry
            room = None if room is None else room - entry.guests


def keeps_its_turn(before: int, guests: int) -> bool:
    """Whether a party that waits keeps its turn with another number of guests: nobody keeps one
    warm for a larger party by asking for a smaller."""
    return guests <= before


def state_after(status: str) -> WaitingState:
    """What an offer comes to when its booking stands so."""
    if status == Status.PENDING:
        return WaitingState.OFFERED
    return WaitingState.LAPSED if status in GONE else WaitingState.TAKEN


def held_until(now: datetime, hours: int, last_call: datetime) -> datetime:
    """Until when an offer stands: so many hours, but not past the last call."""
    return min(now + timedelta(hours=hours), last_call)


def demand_fitting(activity: Activity, capacity: int | None, guests: int) -> None:
    """Raises InvalidPayload for a party that never fits, however many places become free."""
    most = min((n for n in (activity.max_party, capacity) if n is not None), default=None)
    if guests >= activity.min_party and (most is None or guests <= most):
        return
    limits = f"at least {activity.min_party}"
    if most is not None:
        limits = f"from {activity.min_party} to {most}"
    fault = Fault("guests", f"Must be {limits} here.")
    raise InvalidPayload("The party does not fit this departure.", [fault])
