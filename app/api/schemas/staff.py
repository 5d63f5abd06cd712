"""What the staff JSON API takes. Names are those of the tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from app.api.schemas.kinds import (
    ABSENT,
    AnyDay,
    Count,
    Day,
    Email,
    Filled50,
    Filled200,
    Filled300,
    Instant,
    Money,
    Text10,
    Text50,
    Text100,
    Text200,
    Text300,
    Text2000,
    Text5000,
    Words,
    storable,
)
from app.apikeys.models import KeyScope
from app.bookings.fields import FIELDS
from app.bookings.status import Status
from app.plain import plain


class _Strict(BaseModel):
    """A misspelt field is a fault, not a silent nothing."""

    # A default that is not of the type (ABSENT) means: may be absent, not null.
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    def said(self) -> dict[str, Any]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class LoginBody(_Strict):
    """`POST /api/v1/auth/login`."""

    email: Text300
    password: Annotated[str, Field(strict=True, max_length=1000)]
    code: Text50 | None = None
    """Of the authenticator app or a recovery code, where 2-step sign-in is on."""


class AddonBody(_Strict):
    """One of `addons[]`."""

    name: Filled300
    quantity: Count = 1
    unit_price: Money = Decimal(0)


def _plain_addons(addons: list[AddonBody]) -> list[dict[str, Any]]:
    return [{**addon.model_dump(), "unit_price": plain(addon.unit_price)} for addon in addons]


Addons = Annotated[list[AddonBody], Field(max_length=100), AfterValidator(_plain_addons)]


class BookingChanges(_Strict):
    """The fields to change, and the version they were read at."""

    version: Annotated[int, Field(strict=True, ge=1, lt=2**63)]
    """With an older one than the booking's the answer is 409, with both values."""
    status: Status = ABSENT
    reason: Text2000 | None = None
    """Goes with the status `cancelled`."""
    overbook: Annotated[bool, Field(strict=True)] = False
    """Takes its place also where there is none left. Needs `bookings:overbook`."""

    package_name: Filled300 = ABSENT
    package_price: Money = ABSENT
    venue: Text200 | None = None
    activity_date: Day = ABSENT
    time_slot: Filled50 = ABSENT
    guest_count: Annotated[Count, Field(ge=1)] = ABSENT
    total_amount: Money = ABSENT
    discount_amount: Money | None = None
    customer_name: Filled200 = ABSENT
    customer_email: Email = ABSENT
    customer_phone: Text50 | None = None
    customer_country_code: Text10 | None = None
    allergies: Words | None = None
    celebration: Text200 | None = None
    high_chairs: Count | None = None
    special_requests: Text5000 | None = None
    transport_type: Text50 | None = None
    hotel_name: Text300 | None = None
    room_number: Text50 | None = None
    non_players: Count | None = None
    private_passengers: Count | None = None
    transport_cost: Money | None = None
    addons: Addons | None = None
    admin_notes: Text5000 | None = None

    def fields(self) -> dict[str, Any]:
        """The changed fields of the booking; clearing one leaves what it is when empty."""
        said = self.said()
        return {
            name: FIELDS[name].empty if value in (None, "") else value
            for name, value in said.items()
            if name in FIELDS and name != "status"
        }


def _statuses(text: str) -> str:
    known = {status.value for status in Status}
    unknown = [word for word in text.split(",") if word not in known]
    if unknown:
        raise ValueError(f"Must be one or more of: {', '.join(sorted(known))}")
    return text


Cursor = Annotated[
    str,
    Field(max_length=500, description="`next` of the page before."),
    AfterValidator(storable),
]


class PageQuery(BaseModel):
    """One stretch of a list."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    after: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class BookingQuery(PageQuery):
    """`GET /api/bookings`. Dates are of the activity, `booking_date` of the booking."""

    website_id: Text200 | None = None
    source: Text50 | None = None
    partner_id: UUID | None = None
    venue_id: UUID | None = None
    location_id: UUID | None = None
    status: Annotated[str, AfterValidator(_statuses)] | None = None
    """One, or several with commas between them."""
    activity_date: AnyDay | None = None
    booking_date: Day | None = None
    date_from: AnyDay | None = None
    date_to: AnyDay | None = None
    q: Annotated[str, Field(max_length=200)] = ""


def _shape(kind: Any = "string", **more: Any) -> WithJsonSchema:
    """What `websites.rules` checks, for every door: here it is only described."""
    return WithJsonSchema({"type": kind, **more})


_MAYBE = ["string", "null"]
_ZONE = "Such as Asia/Bangkok."
_CODE = "ISO 4217, such as THB."
_REGION = "ISO 3166, such as TH: how phones without a country code are read."

Slug = Annotated[Any, _shape(minLength=2, maxLength=60, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
Name = Annotated[Any, _shape(minLength=1, maxLength=100)]
Domain = Annotated[Any, _shape(minLength=1, description="Such as example.com.")]
Zone = Annotated[Any, _shape(description=_ZONE)]
Code = Annotated[Any, _shape(description=_CODE)]
Region = Annotated[Any, _shape(description=_REGION)]
Url = Annotated[Any, _shape(_MAYBE, maxLength=2000, description="https://…; null for none.")]


class WebsiteBody(_Strict):
    """A website; what is absent or null gets the usual value."""

    id: Slug
    name: Name
    domain: Domain
    timezone: Annotated[Any, _shape(_MAYBE, description=_ZONE)] = None
    currency: Annotated[Any, _shape(_MAYBE, description=_CODE)] = None
    phone_region: Annotated[Any, _shape(_MAYBE, description=_REGION)] = None
    webhook_url: Url = None
    logo_url: Url = None


class WebsiteChanges(_Strict):
    """The fields to change."""

    name: Name = None
    domain: Domain = None
    timezone: Zone = None
    currency: Code = None
    phone_region: Region = None
    webhook_url: Url = None
    logo_url: Url = None
    is_active: Annotated[Any, _shape("boolean")] = None


Scopes = Annotated[list[KeyScope], Field(min_length=1, max_length=len(KeyScope))]
Addresses = Annotated[
    list[Text50],
    Field(max_length=50, description="Addresses or networks; empty: from anywhere."),
]


class KeyChanges(_Strict):
    """The fields of a key to change."""

    name: Text100 = ABSENT
    scopes: Scopes = ABSENT
    allowed_ips: Addresses = ABSENT
    expires_at: Instant | None = None


class KeyBody(KeyChanges):
    """A new key. What is absent is the usual: it may do everything, from anywhere, for ever."""

    replaces: UUID | None = None
    """A key that this one replaces: it goes on working for the overlap. Goes alone."""


class TestWebhookBody(_Strict):
    """`POST /api/admin/test-webhook`."""

    website_id: Text200
    booking_id: UUID | None = None
    event: Text50 = "booking.updated"
