"""What a booking platform is: the one interface behind which CoverManager, Restoo and every later
one stand.

To add one: a module with a class like `Platform`, its line in `registry`, and its stand-in. Nothing
else knows any platform by name.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from app.bookings.status import GONE
from app.outbound import Answer, Outgoing, Unreachable

Send = Callable[[Outgoing], Awaitable[Answer | Unreachable]]
"""Makes a call: of the delivery machine's client, or of a page that waits for it."""


class Capability(enum.StrEnum):
    """What a platform can do beside creating and cancelling."""

    AVAILABILITY = "availability"
    UPDATE = "update"
    """Change a reservation; without it: cancel and create again."""
    LIST = "list"
    """Tell the reservations of some days: they can be pulled, and looked up."""
    WEBHOOKS = "webhooks"
    FORCE = "force"
    """Create whatever is free."""


class PlatformError(Exception):
    """The platform did not do it; the message is for staff and holds no guest and no credential.

    `permanent`: the same again would be refused again. `unclear`: it may have done it all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        unclear: bool = False,
        code: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.unclear = unclear
        self.code = code
        """The platform's own word for it, for logs and tests."""
        self.retry_after = retry_after
        """Seconds that it asked for."""


@dataclass(frozen=True)
class Account:
    """A venue's account at a platform, in clear: never logged."""

    type: str
    """Of the platform: see `Kind.type`."""
    connection_id: UUID
    venue_id: UUID
    timezone: str
    """Of the venue: platforms speak its local time."""
    region: str
    """Country of numbers without one."""
    secrets: Mapping[str, str] = field(repr=False)
    """What `FormField.secret` fields hold, and the others of the account."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What is open between sources, with what was chosen for this connection: all of them."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Its words for a status to ours, as they count for this connection."""
    base_url: str = ""
    """What stands in for the platform; empty: the module knows its address."""

    def is_off(self, raw_status: str) -> bool:
        """Whether this word says that nobody comes: cancelled, refunded, expired."""
        return self.statuses.get(raw_status) in GONE


@dataclass(frozen=True)
class Wanted:
    """A reservation as it should be there."""

    reference: str
    """Ours: what it is found again by, where the platform keeps it."""
    day: date
    time: str
    """`20:00`, of the venue's clock."""
    party_size: int
    first_name: str
    last_name: str
    email: str
    phone: str
    """E.164, or empty."""
    requests: str = ""
    language: str = "en"
    again: int = 0
    """How many times it was made there and called off before, to be made anew: some platforms
    know a name once."""


@dataclass(frozen=True)
class Reservation:
    """A reservation as the platform tells it."""

    external_id: str
    raw_status: str
    """In its own words; empty: it did not say."""
    day: date | None = None
    time: str = ""
    party_size: int = 0
    name: str = ""
    email: str = ""
    phone: str = ""
    requests: str = ""
    reference: str = ""
    """Ours, where it came from us and the platform tells it."""


def made(wanted: Wanted, external_id: str, raw_status: str) -> Reservation:
    """What stands there once a platform has taken it, where its answer says no more."""
    return Reservation(
        external_id=external_id,
        raw_status=raw_status,
        day=wanted.day,
        time=wanted.time,
        party_size=wanted.party_size,
        name=f"{wanted.first_name} {wanted.last_name}".strip(),
        email=wanted.email,
        phone=wanted.phone,
        requests=wanted.requests,
        reference=wanted.reference,
    )


@dataclass(frozen=True)
class Page:
    """Some reservations; `next_page` is None on the last one."""

    reservations: Sequence[Reservation]
    next_page: int | None = None


@dataclass(frozen=True)
class Checked:
    """Whether the account works, in a sentence for staff."""

    works: bool
    message: str
    is_sure: bool = True
    """False: nothing speaks against it, and that is all that can be told."""


@dataclass(frozen=True)
class Availability:
    """The times at which a party can come on a day, in the order of the clock."""

    times: Sequence[str]

    def has(self, time: str) -> bool:
        """Whether this one is among them."""
        return time in self.times


@dataclass(frozen=True)
class FormField:
    """What staff fill in to connect a venue."""

    name: str
    label: str
    secret: bool = False
    """Write-only: never shown again."""
    required: bool = True
    hint: str = ""
    choices: Sequence[tuple[str, str]] = ()
    default: str = ""


@dataclass(frozen=True)
class Kind:
    """A platform as staff choose it, and what its connections are made with."""

    type: str
    """`covermanager`: stored, and in addresses."""
    label: str
    fields: Sequence[FormField]
    """Of the account: all of it is encrypted."""
    options: Sequence[FormField]
    """What sources disagree about, each with the recommended default."""
    statuses: Mapping[str, str]
    """Its words for a status to ours, as far as they are known; each connection may differ."""
    open: Callable[[Account, Send], Platform]
    per_minute: int | None = None
    """How many calls it takes."""
    timeout: float = 15.0
    """Seconds for a call; a page of a pull may take two."""


class Platform(Protocol):
    """One account at a platform. Every call may raise PlatformError.

    Who inherits from this need not write what the platform cannot do.
    """

    platform_name: str
    capabilities: frozenset[Capability]

    async def check_auth(self) -> Checked:
        """Whether the credentials work; changes nothing there."""

    async def check_availability(self, day: date, time: str, party_size: int) -> Availability:
        """When a party can come that day, at `time` or any other. Only with AVAILABILITY."""
        raise unable(self, Capability.AVAILABILITY)

    def check_wanted(self, wanted: Wanted) -> None:
        """Raises PlatformError for what it is sure to refuse; calls nothing.

        Asked before something is called off for it. `create_reservation` refuses it as well.
        """
        return

    async def create_reservation(self, wanted: Wanted, *, force: bool = False) -> Reservation:
        """Make it. Unclear when no answer came: look with `find_reservation` before trying again.

        The platform may answer with one that it had already.
        """

    async def update_reservation(self, external_id: str, wanted: Wanted) -> Reservation:
        """Change it to this. Only with UPDATE."""
        raise unable(self, Capability.UPDATE)

    async def cancel_reservation(
        self, external_id: str, reason: str = "", day: date | None = None
    ) -> Reservation:
        """Call it off; one that is gone already is no fault. May be repeated.

        `day`: when it was to be, as the platform knows it: what a refusal is checked against.
        """

    async def find_reservation(self, wanted: Wanted) -> Reservation | None:
        """The one that was made for this booking, if it is there. Only with LIST.

        One that was called off is not it.
        """
        raise unable(self, Capability.LIST)

    async def list_reservations(self, first: date, last: date, page: int | None = None) -> Page:
        """Those of these days, both included; `page` from the answer before. Only with LIST.

        Whoever resumes with a page may see some of them again.
        """
        raise unable(self, Capability.LIST)


def unable(platform: Platform, capability: Capability) -> PlatformError:
    """Somebody asked for what the platform's capabilities do not name."""
    message = f"{platform.platform_name} cannot do this: {capability}."
    return PlatformError(message, permanent=True, code="unable")
