"""The errors that actions raise and doors translate.

An action says what is wrong in the field's words; the JSON doors turn it into the wire shape of
`error_body`, pages into a message or an error page. Nothing else leaves the system: an unexpected
exception becomes SERVER_ERROR with the request id and no detail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one field of the input."""

    field: str
    message: str


@dataclass(eq=False)
class HubError(Exception):
    """Base of every error with an answer of its own."""

    message: str = "Something went wrong."
    details: list[Fault] = field(default_factory=list)

    code = "SERVER_ERROR"
    status = 500

    def __str__(self) -> str:
        return self.message


class AuthFailed(HubError):
    """Who is calling is not known (any more)."""

    code = "AUTH_FAILED"
    status = 401


class Forbidden(HubError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"
    status = 403


class NotFound(HubError):
    """It does not exist, or not for this caller."""

    code = "NOT_FOUND"
    status = 404


class WebsiteNotFound(NotFound):
    """The website is not registered, or not for this caller."""

    code = "WEBSITE_NOT_FOUND"


class InvalidPayload(HubError):
    """The input breaks its contract; `details` names every fault."""

    code = "INVALID_PAYLOAD"
    status = 400


@dataclass(eq=False)
class DuplicateBooking(HubError):
    """A booking with this source id exists with other content: `booking_id`."""

    code = "DUPLICATE_BOOKING"
    status = 409
    booking_id: UUID | None = None


class Refused(Forbidden):
    """A rule forbids it, and the message says which: people are shown it as it is."""


@dataclass(eq=False)
class Conflict(HubError):
    """Somebody else changed it meanwhile.

    `fields` maps a field to {"yours": value sent, "current": value now}; `version` is the newest.
    """

    message: str = "Somebody else changed this meanwhile."
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int | None = None

    code = "CONFLICT"
    status = 409


class SlotUnavailable(HubError):
    """There is no room left."""

    code = "SLOT_UNAVAILABLE"
    status = 409


@dataclass(eq=False)
class RateLimited(HubError):
    """Too many tries; `retry_after` is in seconds."""

    message: str = "Too many requests. Please wait a moment."
    retry_after: int = 60

    code = "RATE_LIMITED"
    status = 429


class PayloadTooLarge(HubError):
    """The body is over the limit."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


def error_body(error: HubError, request_id: str = "") -> dict[str, Any]:
    """The JSON of an error at every door."""
    body: dict[str, Any] = {"success": False, "error": error.message, "code": error.code}
    if error.details:
        body["details"] = [{"field": f.field, "message": f.message} for f in error.details]
    if isinstance(error, Conflict) and error.version is not None:
        body["version"] = error.version
        body["conflicts"] = error.fields
    if request_id:
        body["request_id"] = request_id
    return body
