"""Carrying out what a delivery means at a platform: look, cancel, make, change.

What is certain and what is not is kept in the plan as it goes: it may be cut off at any await.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.deliveries import faults
from app.deliveries.channel import Meaning, Verdict
from app.outbound import Answer, Outgoing, Unreachable
from app.platforms import registry
from app.platforms.base import (
    Account,
    Capability,
    Platform,
    PlatformError,
    Reservation,
    Send,
    Wanted,
)
from app.platforms.calling import Exchange, noting
from app.platforms.theirs import with_theirs
from app.platforms.translating import LONGEST_ID

SETTLES = 10.0
"""Seconds after a lost answer before the platform is looked at: it may still be at work."""
OF_THE_ACCOUNT = frozenset({"401", "403", "not_permitted", "address", "blocked"})
"""Codes of failures that say nothing about this booking: the next would fare the same."""


class Aim(enum.StrEnum):
    """What is to be so in the end."""

    CREATE = "create"
    UPDATE = "update"
    RENEW = "renew"
    """Leave the reservation that it has, and make another."""
    CANCEL = "cancel"
    ADOPT = "look-up"
    """Only know whether it is there."""


@dataclass
class Plan:
    """What one attempt does, and how far it came. Never logged."""

    reservation_id: UUID
    aim: Aim
    account: Account = field(repr=False)
    wanted: Wanted = field(repr=False)
    sent: Wanted = field(repr=False)
    """As the platform may know it: what it is looked up by."""
    version: int
    """Of the booking, that `wanted` is."""
    sent_version: int
    begun: datetime
    """`making_since` of the row: whoever finds another there comes too late."""
    external_id: str | None
    is_open: bool
    """A create was begun whose answer is not known: look first."""
    leaves: bool
    """Nobody else stands on the reservation that it has."""
    mark: Callable[[Plan], bool] = field(repr=False)
    """Write on the disk that a create begins now; False: another worker has it."""
    reason: str = field(default="", repr=False)
    """Why it is called off, in anybody's words: each platform decides what it tells of them."""
    said: list[Exchange] = field(default_factory=list)
    changing: bool = False
    """The call under way does something there."""
    creating: bool = False
    """A create has begun."""
    has_left: bool = False
    """What it had was called off."""
    is_done: bool = False
    made: Reservation | None = None
    """Made, changed or found; None: it is not there."""
    is_found: bool = False
    """It was there already, as `sent` says."""
    error: PlatformError | None = None
    of_account: bool = False

    @property
    def lists(self) -> bool:
        """Whether the platform can be looked at."""
        return Capability.LIST in registry.capabilities_of(self.account)

    @property
    def is_unclear(self) -> bool:
        """Whether a reservation may be there of which nobody knows."""
        return bool(self.creating and self.error and self.error.unclear)


def plan_of(outgoing: Outgoing) -> Plan:
    """The plan behind a call."""
    found = outgoing.context
    if not isinstance(found, Plan):
        raise TypeError("this was not composed for a platform")
    return found


async def carry_out(plan: Plan, send: Send) -> Answer | Unreachable:
    """Do it; what came of it is in the plan. Returns the last answer, as it may be logged."""
    faults.reach("platform_begun")
    platform = registry.platform_of(plan.account, noting(send, plan.said.append))
    try:
        await _do(platform, plan)
        plan.is_done = True
    except PlatformError as error:
        plan.error = error
        await _ask_whose_fault(platform, plan)
    faults.reach("platform_taken")
    return _last(plan)


async def _do(platform: Platform, plan: Plan) -> None:
    if plan.is_open and await _is_there(platform, plan) and plan.aim is not Aim.CANCEL:
        return
    if plan.aim is Aim.CANCEL:
        await _cancel(platform, plan)
    elif plan.aim is Aim.UPDATE and plan.external_id:
        if plan.lists:
            wanted = await with_theirs(platform, plan.external_id, plan.sent, plan.wanted)
        else:
            wanted = plan.wanted
        plan.changing = True
        plan.made = await platform.update_reservation(plan.external_id, wanted)
    elif plan.aim is Aim.RENEW:
        platform.check_wanted(plan.wanted)  # else what is there would be given up for nothing
        if plan.leaves:
            await _cancel(platform, plan)
            faults.reach("platform_between")
        await _create(platform, plan)
    elif plan.aim is Aim.CREATE:
        await _create(platform, plan)


async def _is_there(platform: Platform, plan: Plan) -> bool:
    """Look for the one whose answer was lost."""
    plan.made = await platform.find_reservation(plan.sent)
    plan.is_found = plan.made is not None
    if plan.made is not None:
        plan.external_id = _id_of(platform, plan.made)
    return plan.is_found


async def _cancel(platform: Platform, plan: Plan) -> None:
    if plan.external_id is None:
        return
    plan.changing = True
    plan.made = await platform.cancel_reservation(plan.external_id, plan.reason, plan.sent.day)
    plan.changing, plan.has_left = False, True


async def _create(platform: Platform, plan: Plan) -> None:
    """From its begin on it may be there. Where it cannot be looked up, and where the row still
    says something else, that must be on the disk first."""
    if plan.aim is Aim.RENEW or plan.is_open or not plan.lists:
        if not await asyncio.to_thread(plan.mark, plan):
            raise PlatformError("Another worker has it.", code="overtaken")
        faults.reach("platform_marked")
    plan.changing = plan.creating = True
    made = await platform.create_reservation(plan.wanted)
    _id_of(platform, made)
    plan.made, plan.changing = made, False


def _id_of(platform: Platform, there: Reservation) -> str:
    """Its id, which must fit where it is stored. Raises PlatformError: it may be there."""
    if 0 < len(there.external_id) <= LONGEST_ID and there.external_id.isprintable():
        return there.external_id
    message = f"{platform.platform_name} told an id that cannot be one."
    raise PlatformError(message, unclear=True, code="unreadable")


async def _ask_whose_fault(platform: Platform, plan: Plan) -> None:
    """A refusal may be meant for the key and not for the booking: some say both alike."""
    if plan.error is None:
        return
    plan.of_account = plan.error.code in OF_THE_ACCOUNT
    if plan.of_account or not plan.error.permanent or not plan.said:
        return
    try:
        checked = await platform.check_auth()
    except PlatformError:
        return
    if not checked.works:
        plan.of_account = True
        plan.error = PlatformError(checked.message, permanent=True, code=plan.error.code)


def _last(plan: Plan) -> Answer | Unreachable:
    words = plan.error.message if plan.error else ""
    if not plan.said:
        return Unreachable("protocol", words or "Nothing was called.", arrived=False)
    last = plan.said[-1]
    if last.status is None:
        return Unreachable(last.fault, words, last.duration_ms)
    return Answer(last.status, {}, last.response.encode(), last.duration_ms)


def verdict_of(plan: Plan, fault: Unreachable | None = None) -> Verdict:
    """What became of it. `fault`: why there is no answer; it may have been cut off."""
    if plan.is_done:
        return Verdict(Meaning.DELIVERED)
    if plan.error is None:
        words = fault.message if fault else "It was not finished."
        plan.error = PlatformError(words, unclear=plan.changing)
    error = plan.error
    if plan.of_account:
        return Verdict(Meaning.RETRY, error.message, error.retry_after)
    if error.permanent or (plan.is_unclear and not plan.lists):
        return Verdict(Meaning.DECLINED, error.message)
    wait = SETTLES if plan.is_unclear else 0.0
    return Verdict(Meaning.RETRY, error.message, error.retry_after, wait)
