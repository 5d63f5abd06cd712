"""What the JSON doors answer, for the document; `tests/api` holds every answer to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.api.schemas.kinds import Money
from app.apikeys.models import KeyScope
from app.bookings.fields import FIELDS
from app.bookings.fields import Field as BookingField
from app.bookings.status import Status


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid")


Yes = Literal[True]
Cursor = Annotated[str | None, Field(description="Send it as `after`; null on the last page.")]


class FaultJson(_Answer):
    """One thing wrong with one field."""

    field: str
    message: str


class Clash(_Answer):
    """A field that was changed by somebody else meanwhile."""

    yours: Any
    current: Any


class ErrorAnswer(_Answer):
    """Every refusal, at every door."""

    success: Literal[False]
    error: Annotated[str, Field(description="A sentence for people.")]
    code: Annotated[str, Field(description="For programs.")]
    details: Annotated[list[FaultJson], Field(description="Every fault.")] = []
    version: Annotated[int, Field(description="CONFLICT: the newest version.")] = 0
    conflicts: Annotated[dict[str, Clash], Field(description="CONFLICT: by field.")] = {}
    request_id: Annotated[str, Field(description="Tell it when you ask for help.")] = ""


class SyncAnswer(_Answer):
    """What became of a message."""

    success: Yes
    booking_id: UUID
    message: str


class TokenAnswer(_Answer):
    """Send it as `Authorization: Bearer …`."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(ge=1, description="Seconds.")]


class AddonJson(_Answer):
    """One of `addons[]`."""

    name: str
    quantity: int
    unit_price: Money | None
    """null for who may not see payments."""


class TicketJson(_Answer):
    uuid: UUID
    unit_id: str
    reference: str | None
    contact: dict[str, Any]
    price: Money | None
    """null for who may not see payments."""


class ChoiceJson(_Answer):
    """A dish that was chosen, as it was called and what it cost then."""

    menu_item_id: UUID | None
    name: str
    price: Money | None
    """null for who may not see payments."""
    quantity: int
    guest_name: str | None
    special_requests: str | None


class TravelerJson(_Answer):
    """Somebody who goes, as they were described for this booking."""

    id: UUID
    traveler_id: UUID | None
    is_primary: bool
    name: str
    birth_date: date | None
    age: int | None
    gender: str | None
    phone: str | None
    emergency_contact_name: str | None
    emergency_contact_phone: str | None
    special_requirements: str | None
    medical_notes: str | None
    """null for who may not see it."""
    price: Money | None
    """null for who may not see payments."""
    checked_in_at: datetime | None


_TYPES: dict[str, Any] = {
    "text": str,
    "count": int,
    "money": Money | None,  # null for who may not see payments
    "date": date,
    "instant": datetime,
    "addons": list[AddonJson],
    "id": UUID,
    "flag": bool,
    "tickets": list[TicketJson],
    "words": list[str],
    "choices": list[ChoiceJson],
    "travelers": list[TravelerJson],
}


def _booking_fields() -> dict[str, Any]:
    """The fields of a booking, from the one table that says what they are."""
    return {name: (_type_of(field), ...) for name, field in FIELDS.items()}


def _type_of(field: BookingField) -> Any:
    kind: Any = Status if field.name == "status" else _TYPES[field.kind]
    always = field.required or field.empty is not None or field.name == "status"
    plain = kind if always else kind | None
    return Annotated[plain, Field(title=field.label, description=field.label)]


class PartnerName(_Answer):
    """A partner as bookings name it."""

    id: UUID
    name: str


class _BookingHead(_Answer):
    id: UUID
    website_id: str
    source_booking_id: UUID
    customer_id: UUID
    source: str
    partner: Annotated[PartnerName | None, Field(description="Whose booking it is.")]
    version: Annotated[int, Field(description="Send it back with a change.")]


class _BookingTail(_Answer):
    starts_at: Annotated[datetime | None, Field(description="Where the time is a clock time.")]
    checked_in_at: datetime | None
    created_at: datetime
    updated_at: datetime


_BookingBody = create_model("_BookingBody", __base__=_BookingHead, **_booking_fields())


class BookingJson(_BookingTail, _BookingBody):
    """A booking in full."""


class BookingAnswer(_Answer):
    success: Yes
    booking: BookingJson


class BookingsAnswer(_Answer):
    success: Yes
    bookings: list[BookingJson]
    next: Cursor


class WebsiteJson(_Answer):
    """A website, without its secrets."""

    id: str
    name: str
    domain: str
    logo_url: str | None
    timezone: str
    currency: str
    phone_region: str
    webhook_url: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime


class WebsiteAnswer(_Answer):
    success: Yes
    website: WebsiteJson


class WebsitesAnswer(_Answer):
    success: Yes
    websites: list[WebsiteJson]
    next: Cursor


class NewWebsiteAnswer(_Answer):
    """The secrets are in this answer and nowhere else."""

    success: Yes
    website: WebsiteJson
    api_key: str
    webhook_secret: str


class KeyJson(_Answer):
    """A key, without itself."""

    id: UUID
    name: str
    website_id: str
    prefix: Annotated[str, Field(description="Its visible beginning.")]
    scopes: list[KeyScope]
    allowed_ips: Annotated[list[str], Field(description="Empty: from anywhere.")]
    expires_at: datetime | None
    replaced_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To the minute.")]
    revoked_at: datetime | None
    created_at: datetime


class KeyAnswer(_Answer):
    success: Yes
    key: KeyJson


class KeysAnswer(_Answer):
    success: Yes
    keys: list[KeyJson]


class NewKeyAnswer(_Answer):
    """The key is in this answer and nowhere else."""

    success: Yes
    key: KeyJson
    api_key: str


class SentRequest(_Answer):
    url: str
    headers: dict[str, str]
    body: Annotated[str, Field(description="Without amounts for who may not see payments.")]


class GotResponse(_Answer):
    status: Annotated[int | None, Field(description="null: nobody answered.")]
    headers: dict[str, str]
    body: Annotated[str, Field(description="Without amounts for who may not see payments.")]


class TestWebhookAnswer(_Answer):
    """The whole exchange."""

    success: Annotated[bool, Field(description="Whether it arrived.")]
    message: str
    duration_ms: int
    request: SentRequest
    response: GotResponse


class AliveAnswer(_Answer):
    status: Literal["alive"]


class Checks(_Answer):
    database: Literal["up", "down"]
    redis: Literal["up", "down"]
    migrations: Literal["current", "behind", "unknown"]
    oldest_due_seconds: float | None
    oldest_undispatched_seconds: float | None


class ReadyAnswer(_Answer):
    status: Literal["ready", "degraded", "unready"]
    checks: Checks


class DocumentAnswer(BaseModel):
    """An OpenAPI 3.1 document."""

    openapi: str
    paths: dict[str, Any]
