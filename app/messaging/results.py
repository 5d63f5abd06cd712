"""What came of handing a message to a provider, in one set of words for all of them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.outbound import Answer, Client, Outgoing, Unreachable


class Fate(enum.StrEnum):
    """What is known of a message after a call."""

    TAKEN = "taken"
    REFUSED = "refused"
    """For good: the same again would be refused again."""
    AGAIN = "again"
    """Certainly not taken; worth another try."""
    UNCLEAR = "unclear"
    """It may have been taken: never sent again blindly."""


class Trouble(enum.StrEnum):
    """Whose fault it is that a message did not arrive."""

    PERMANENT = "permanent"
    """The number's or the address's: nothing will ever arrive there."""
    CONSENT = "consent"
    """They said STOP."""
    TRANSIENT = "transient"
    """Nobody's: out of reach, or too much at once."""
    CONTENT = "content"
    """Of the words or the sender: staff must look."""
    CONFIGURATION = "configuration"
    """Of the account: staff must look."""

    @property
    def is_the_guests(self) -> bool:
        """Whether it says something about the guest's number or address."""
        return self in (Trouble.PERMANENT, Trouble.CONSENT, Trouble.TRANSIENT)


@dataclass(frozen=True)
class Result:
    """One call's outcome. `reason`: a sentence for people, without anybody's data."""

    fate: Fate
    reason: str = ""
    trouble: Trouble | None = None
    code: str | None = None
    provider_id: str | None = None
    retry_after: float | None = None


class Provider(Protocol):
    """Somebody who takes messages: how to call them, and what their answers mean."""

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable: ...

    def read(self, answer: Answer | Unreachable) -> Result: ...


@dataclass(frozen=True)
class Call:
    """What goes with an outgoing message: never logged."""

    message_id: UUID
    provider: Provider
    begun: datetime
    """The message's `sending_since`."""
    secret: object = None
    """What the provider needs: credentials, and where to look before sending again."""


def call_of(outgoing: Outgoing) -> Call:
    """The call behind an outgoing message."""
    found = outgoing.context
    if not isinstance(found, Call):
        raise TypeError("this was not composed by a message channel")
    return found


class Capture:
    """Keeps messages here and sends them to nobody: for a demo and for tests."""

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        return Answer(202, {}, b"", 0)

    def read(self, answer: Answer | Unreachable) -> Result:
        return Result(Fate.TAKEN)
