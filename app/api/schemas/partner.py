"""What the partner API takes. Names are those of the Partners document."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.api.schemas.kinds import (
    ABSENT,
    Count,
    Day,
    Email,
    Filled50,
    Filled100,
    Text10,
    Text50,
    Text100,
    Text200,
    Text5000,
)
from app.api.schemas.staff import PageQuery
from app.bookings.status import Status
from app.customers.of_partners import Described
from app.venues.models import Kind

ActivityType = Literal["activity", "dive", "diving", "trek", "trekking", "table"]
_KINDS = {"diving": Kind.DIVE, "trekking": Kind.TREK}
Guests = Annotated[Count, Field(ge=1, le=1000)]


def kind_of(word: str) -> Kind:
    """The kind of activity that a partner means."""
    return _KINDS.get(word) or Kind(word)


class _Body(BaseModel):
    """A misspelt field is a fault, not a silent nothing."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    def said(self) -> dict[str, Any]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class GuestBody(_Body):
    """A guest: a name, and a phone or an e-mail address."""

    first_name: Filled100
    last_name: Text100 = ""
    email: Email | None = None
    phone: Text50 | None = None
    country_code: Text10 | None = None
    """Of the phone, where the number does not begin with +."""

    @model_validator(mode="after")
    def _reachable(self) -> GuestBody:
        if not self.email and not self.phone:
            raise ValueError("needs a phone or an e-mail address")
        return self

    def described(self) -> Described:
        """In the words of the customers' room."""
        return Described(
            self.first_name, self.last_name, self.email, self.phone or None, self.country_code
        )


class TokenBody(_Body):
    """`POST /api/partner/auth/token`."""

    api_key: Annotated[str, Field(strict=True, max_length=200)]
    api_secret: Annotated[str, Field(strict=True, max_length=200)]


class NewBooking(_Body):
    """`POST /api/partner/bookings`: a customer, or the id of one of yours."""

    customer: GuestBody | None = None
    customer_id: UUID | None = None
    location_id: UUID
    booking_date: Day
    activity_type: ActivityType | None = None
    """Without `activity_id`: the location's activity of this type."""
    activity_id: UUID | None = None
    time_slot: Filled50 | None = None
    """As availability answers it. Without: the first of the day with room."""
    departure_id: UUID | None = None
    guest_count: Guests = 1
    number_of_dives: Annotated[Count, Field(ge=1, le=100)] | None = None
    special_requests: Text5000 | None = None
    partner_reference: Text100 | None = None
    """Your own number for it."""

    @model_validator(mode="after")
    def _complete(self) -> NewBooking:
        if (self.customer is None) == (self.customer_id is None):
            raise ValueError("needs either customer or customer_id")
        if self.activity_id is None and self.activity_type is None:
            raise ValueError("needs activity_id or activity_type")
        return self


class BookingChange(_Body):
    """`PUT /api/partner/bookings/<id>`: the fields to change."""

    version: Annotated[int, Field(strict=True, ge=1, lt=2**63)] = ABSENT
    """Of the booking as you read it; with an older one the answer is 409."""
    customer: GuestBody = ABSENT
    booking_date: Day = ABSENT
    time_slot: Filled50 = ABSENT
    departure_id: UUID = ABSENT
    guest_count: Guests = ABSENT
    special_requests: Text5000 | None = None
    partner_reference: Text100 | None = None


class Cancellation(BaseModel):
    """Query of `DELETE /api/partner/bookings/<id>`."""

    reason: Text200 | None = None


class OwnBookings(PageQuery):
    """`GET /api/partner/bookings`, by the date of the activity."""

    status: Status | None = None
    location_id: UUID | None = None
    booking_date: Day | None = None
    date_from: Day | None = None
    date_to: Day | None = None
    partner_reference: Text100 | None = None


class AvailabilityQuery(BaseModel):
    """`GET /api/partner/availability`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    location_id: UUID
    date: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
    activity_id: UUID | None = None
    activity_type: ActivityType | None = None
    party_size: Annotated[int, Field(ge=1, le=1000)] = 1
    """Only slots with room for so many."""
