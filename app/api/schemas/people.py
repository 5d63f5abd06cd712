"""What the JSON doors of guests and of messages take and answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from app.api.schemas.answers import Cursor, Yes
from app.api.schemas.kinds import Filled300, Text200
from app.api.schemas.staff import PageQuery
from app.messaging.models import Kind, Medium, MessageState


def _one_of(*words: str) -> WithJsonSchema:
    """Written out: another enumeration is called Kind already."""
    return WithJsonSchema({"type": "string", "enum": list(words)})


AKind = Annotated[Kind, _one_of(*Kind)]
AState = Annotated[MessageState, _one_of(*MessageState)]
AMedium = Annotated[Medium, _one_of(*Medium)]
Wanted = Annotated[MessageState | Literal["problems"], _one_of(*MessageState, "problems")]


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class CustomerQuery(PageQuery):
    """`GET /api/customers`."""

    website_id: Text200 | None = None
    q: Text200 = ""
    """A name or its beginning, the beginning of a phone, or an e-mail in full."""


class CustomerJson(_Answer):
    """A guest; the figures are of the bookings that you may see."""

    id: UUID
    name: str
    first_name: str
    last_name: str
    phone: str | None
    """E.164, or as it was sent where that is no valid number."""
    email: str | None
    bookings: int
    """Without those that were cancelled, refunded or expired."""
    visits: int
    no_shows: int
    last_visit: date | None
    next_visit: date | None
    sms_health: Literal["good", "doubtful", "bad", "stopped"]
    email_health: Literal["good", "doubtful", "bad"]
    erased: bool


class GuestsAnswer(_Answer):
    """A stretch of the list, the newest guests first."""

    success: Yes
    customers: list[CustomerJson]
    next: Cursor


class MessageQuery(PageQuery):
    """`GET /api/messages`."""

    to: Annotated[Filled300, Field(examples=["guest@example.com"])]
    """A guest's phone, in any way of writing it, or e-mail."""
    website_id: Text200 | None = None
    state: Wanted | None = None
    """`problems`: failed, undelivered or held back."""
    kind: AKind | None = None


class MessageJson(_Answer):
    """What was written to a guest, and where it stands."""

    id: UUID
    website_id: str
    booking_id: UUID | None
    booking_ref: str | None
    customer_id: UUID
    kind: AKind
    medium: AMedium
    language: str
    state: AState
    reason: str | None
    """Why it was held back or failed, for people."""
    error_code: str | None
    """The provider's."""
    recipient: str | None
    """null before it is written, and once the words are no longer kept; so are the next two."""
    subject: str | None
    body: str | None
    segments: int | None
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


class MessagesAnswer(_Answer):
    """A stretch of the list, the newest messages first."""

    success: Yes
    messages: list[MessageJson]
    next: Cursor
