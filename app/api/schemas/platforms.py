"""What the JSON door of connections to booking platforms takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from app.api.schemas.answers import Cursor, Yes
from app.api.schemas.kinds import ABSENT, Text50, Text200
from app.api.schemas.staff import PageQuery
from app.bookings.status import Status

ID = "0198f0c1-8a00-7000-8000-0000000000a1"
NEW: dict[str, Any] = {
    "CoverManager": {
        "venue_id": ID,
        "platform_type": "covermanager",
        "account": {"restaurant": "restaurante-x", "api_key": "$PLATFORM_KEY"},
    }
}
CHANGES: dict[str, Any] = {
    "Another key": {"account": {"api_key": "$PLATFORM_KEY"}},
    "A word for a status": {"statuses": {"11": "no_show", "9": ""}},
}
_WORDS = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 500}}


class _Body(BaseModel):
    """A misspelt field is a fault, not a silent nothing."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    def said(self) -> dict[str, Any]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _group(what: str) -> Any:
    """What `platforms.rules` checks, for every door: here it is only described."""
    return WithJsonSchema({**_WORDS, "description": what})


Account = Annotated[
    Any,
    _group("What the platform asks for, by name. A secret that is absent or empty stays as it is."),
]
Options = Annotated[Any, _group("How it is called, by name; absent: as it is, or recommended.")]
_STATUS = {"type": "string", "enum": ["", *(status.value for status in Status)]}
Statuses = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": _STATUS,
            "maxProperties": 200,
            "description": "Its words for a status to ours; empty: the word says nothing."
            " Replaces those set before; a word that is left out means what is usual.",
        }
    ),
]
On = Annotated[bool, Field(strict=True)]


class ConnectionQuery(PageQuery):
    """`GET /api/platform-connections`."""

    website_id: Text200 | None = None
    venue_id: UUID | None = None


class ConnectionBody(_Body):
    """A new connection."""

    venue_id: UUID
    platform_type: Text50
    """`covermanager`, `restoo` …"""
    account: Account
    options: Options = None
    statuses: Statuses = ABSENT
    activity_id: UUID | None = None
    """The table service of which its reservations are bookings; null: the venue's first."""
    is_enabled: On = True
    """Only with an account that works. Without, it can be saved switched off."""


class ConnectionChanges(_Body):
    """The fields to change."""

    account: Account = ABSENT
    options: Options = ABSENT
    statuses: Statuses = ABSENT
    activity_id: UUID | None = None
    is_enabled: On = ABSENT
    priority: Annotated[int, Field(strict=True, ge=1, le=100)] = ABSENT
    """Its place in the order of its venue: the first that is on takes new bookings."""


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ConnectionJson(_Answer):
    """A connection, without its secrets."""

    id: UUID
    website_id: str
    venue_id: UUID
    platform_type: str
    is_enabled: bool
    priority: int
    account: dict[str, str]
    """Without secrets."""
    secrets: list[str]
    """Names of the secrets that are stored."""
    options: dict[str, str]
    """All, also the recommended ones."""
    statuses: dict[str, str]
    """Where they differ from the usual."""
    activity_id: UUID | None
    state: Literal["on", "off", "failing", "unknown"]
    problem: str | None
    """What is wrong, in a sentence."""
    checked_at: datetime | None
    check_error: str | None
    last_synced_at: datetime | None
    sync_error: str | None
    is_syncing: bool
    """A pull was asked for, or is under way."""
    webhook_url: str
    """To be called with its secret, in `X-Platform-Secret` or as the last part of the address."""
    created_at: datetime
    updated_at: datetime


class ConnectionAnswer(_Answer):
    success: Yes
    connection: ConnectionJson


class NewConnectionAnswer(_Answer):
    """The secret of the webhook is in this answer and nowhere else."""

    success: Yes
    connection: ConnectionJson
    message: str
    """What the platform said of the account."""
    webhook_secret: str


class ConnectionsAnswer(_Answer):
    success: Yes
    connections: list[ConnectionJson]
    next: Cursor


class CheckAnswer(_Answer):
    """What came of the test."""

    success: Yes
    works: bool
    is_sure: bool
    """false: nothing speaks against it, and that is all that can be told."""
    message: str
    connection: ConnectionJson
