"""What a channel is: it knows who must hear of an event, what to say, and what an answer means.

To add one: a subclass of `Channel` in its own room with the four methods that have no body here,
and a line in `create_app`. The others have what most channels need.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from app.events.models import Event
from app.outbound import Answer, Client, Outgoing, Unreachable

if TYPE_CHECKING:
    from app.deliveries.outcome import Attempt, Next


@dataclass(frozen=True)
class Pace:
    """How fast a destination may be called, over all workers. None: without limit."""

    at_once: int | None = None
    per_minute: int | None = None


@dataclass(frozen=True)
class Route:
    """One destination of one event, and the event's place in the lane there."""

    destination_key: str
    """`website:hanuman-world`: unique over all channels."""
    label: str
    website_id: str | None
    lane: str
    """What must stay in order: the booking's id."""
    position: int
    """Order within the lane: the booking's version."""
    shared: bool = False
    """Whether the destination is no website's own: then `website_id` is that of the booking."""
    pace: Pace = Pace()
    can_wait: bool = False
    """Whether all else that is due at the destination goes before (reminders by the thousand)."""


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker holds until its lease ends."""

    id: int
    token: UUID
    event_id: int
    event_uid: UUID
    event_name: str
    destination_id: UUID
    destination_key: str
    channel: str
    lane: str
    website_id: str | None
    booking_id: UUID | None
    attempt: int
    tries: int
    refusals: int
    fallback: str | None
    seconds_left: float
    """Until tries end, at the time of the claim."""
    paced_until: datetime | None = None
    """What this claim made of the destination's pace; None where it has none."""
    claimed_at: float = field(default_factory=time.monotonic)


class Unsent(enum.StrEnum):
    """Why a delivery cannot be sent as things are."""

    WAIT = "wait"
    """The destination is closed by its own settings: everything for it waits."""
    NOTHING = "nothing"
    """Nothing is left to say; the lane goes on."""
    FAULT = "fault"
    """It could not be composed: tried again like a failure."""
    DONE = "done"
    """It has arrived meanwhile, as became known by another way."""
    LATER = "later"
    """Not now: due again at `until`, and no try was made."""


@dataclass(frozen=True)
class Unsendable:
    """In the place of an Outgoing."""

    why: Unsent
    reason: str
    until: datetime | None = None
    """For LATER: aware."""


class Meaning(enum.StrEnum):
    """What an attempt means."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"
    """Final: the same again would be refused again."""
    GONE = "gone"
    """The endpoint wants nothing any more (410)."""
    DECLINED = "declined"
    """The other side is well and will never take this one: passed by, the lane goes on."""


@dataclass(frozen=True)
class Verdict:
    """What an answer means, in a sentence without anybody's data."""

    meaning: Meaning
    message: str = ""
    retry_after: float | None = None
    """Seconds that the other side asked for."""
    wait: float = 0.0
    """Seconds that this one waits at least; it says nothing of the others."""


class Channel(Protocol):
    """One way out. Called in the worker; never while a call is under way."""

    name: str

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        """Who must hear of these events. An event may have several destinations, or none."""

    def compose(
        self, session: Session, claims: Sequence[Claim]
    ) -> Mapping[int, Outgoing | Unsendable]:
        """What to send, by delivery id, in few queries whatever the number."""

    def judge(self, answer: Answer, sent: Outgoing) -> Verdict:
        """What an answer to this request means."""

    def closed(self, session: Session, keys: Collection[str]) -> Mapping[str, str]:
        """Which of these destinations must not be called as they are set up, and why."""

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        """Make the call, or several: fetch a token, look before sending again, speak SMTP.

        On the event loop: it must not block, and has DEADLINE in all.
        """
        return await client.send(outgoing)

    def unanswered(self, fault: Unreachable, sent: Outgoing) -> Verdict:
        """What it means that no answer came."""
        return Verdict(Meaning.RETRY, fault.message)

    def settled(
        self, session: Session, attempts: Sequence[Attempt], kept: Mapping[int, Next]
    ) -> None:
        """Write the channel's own rows in the transaction that writes the results.

        `kept`: by delivery id where it went; an attempt that is not in it counted for nothing,
        since another worker had taken over. What is raised here is logged and undone alone.
        """
        return


class Channels:
    """The channels of this installation, by name: filled once by `create_app`."""

    def __init__(self, *channels: Channel) -> None:
        self._by_name = {channel.name: channel for channel in channels}

    def use(self, *channels: Channel) -> None:
        """Make these the channels."""
        self._by_name = {channel.name: channel for channel in channels}

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> Channel:
        return self._by_name[name]

    def get(self, name: str) -> Channel | None:
        return self._by_name.get(name)


channels = Channels()
