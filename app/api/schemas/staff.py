"""What the staff JSON API takes. Names are those of the tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.api.schemas.kinds import (
    ABSENT,
    AnyDay,
    Count,
    Day,
    Email,
    Filled50,
    Filled200,
    Filled300,
    Money,
    Text10,
    Text50,
    Text200,
    Text300,
    Text2000,
    Text5000,
)
from app.bookings.fields import FIELDS, plain
from app.bookings.status import Status


class _Strict(BaseModel):
    """A misspelt field is a fault, not a silent nothing."""

    model_config = ConfigDict(extra="forbid")

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
    """`PUT /api/bookings/<id>`: the fields to change, and the version they were read at.

    A default that is not of the type means: may be absent, not null.
    """

    version: Annotated[int, Field(strict=True, ge=1, lt=2**63)]
    status: Status = ABSENT
    reason: Text2000 | None = None
    """Goes with the status `cancelled`."""

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


class PageQuery(BaseModel):
    """One stretch of a list."""

    after: Annotated[str, Field(max_length=500)] | None = None
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


class WebsiteBody(_Strict):
    """`POST /api/websites`. What the values must look like is said in `websites.rules`."""

    id: Any
    name: Any
    domain: Any
    timezone: Any = None
    currency: Any = None
    phone_region: Any = None
    webhook_url: Any = None
    logo_url: Any = None


class WebsiteChanges(_Strict):
    """`PUT /api/websites/<id>`: the fields to change."""

    name: Any = None
    domain: Any = None
    timezone: Any = None
    currency: Any = None
    phone_region: Any = None
    webhook_url: Any = None
    logo_url: Any = None
    is_active: Any = None


class KeyBody(_Strict):
    """`POST /api/websites/<id>/keys`."""

    name: Text200 = ""
    replaces: UUID | None = None
    """A key that this one replaces: it goes on working for the overlap."""


class TestWebhookBody(_Strict):
    """`POST /api/admin/test-webhook`."""

    website_id: Text200
    booking_id: UUID | None = None
    event: Text50 = "booking.updated"
