"""What the partner API answers, for the document; `tests/api` holds every answer to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.api.schemas.answers import Cursor, Yes, _Answer
from app.api.schemas.kinds import Money
from app.bookings.status import Status

OfferKind = Literal["activity", "dive", "trek", "table"]


class SlotJson(_Answer):
    """A time that can be booked, or is sold out."""

    time_slot: Annotated[str, Field(description="Send it back to book: `10:00`, `Any time`.")]
    departure_id: UUID | None
    capacity: Annotated[int | None, Field(description="null: without limit.")]
    remaining: Annotated[int | None, Field(description="null: without limit.")]


class OfferJson(_Answer):
    """An activity with its slots of the day."""

    activity_id: UUID
    name: str
    kind: OfferKind
    price: Money
    currency: str
    slots: list[SlotJson]


class AvailabilityAnswer(_Answer):
    success: Yes
    location_id: UUID
    date: date
    timezone: str
    activities: list[OfferJson]


class LocationActivityJson(_Answer):
    """An activity of a location."""

    id: UUID
    name: str
    description: str | None
    kind: OfferKind
    price: Money
    duration_minutes: int
    min_party: int
    max_party: int | None


class LocationJson(_Answer):
    """A place where you may book."""

    id: UUID
    name: str
    address: str | None
    phone: str | None
    timezone: str
    cancellation_hours: Annotated[
        int, Field(description="Until so many hours before the start you may change and cancel.")
    ]
    activities: list[LocationActivityJson]


class LocationsAnswer(_Answer):
    success: Yes
    locations: list[LocationJson]


class DiveSiteJson(_Answer):
    """Where a dive centre goes."""

    id: UUID
    location_id: UUID
    name: str
    description: str | None
    max_depth: Annotated[int | None, Field(description="Metres.")]
    level: str | None


class DiveSitesAnswer(_Answer):
    success: Yes
    dive_sites: list[DiveSiteJson]


class PartnerCustomerJson(_Answer):
    """A guest as you described them."""

    id: UUID
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    created_at: datetime


class CustomerAnswer(_Answer):
    success: Yes
    customer: PartnerCustomerJson


class CustomersAnswer(_Answer):
    success: Yes
    customers: list[PartnerCustomerJson]
    next: Cursor


class GuestJson(_Answer):
    """Who comes."""

    id: UUID
    name: str
    email: str | None
    phone: str | None


class PartnerBookingJson(_Answer):
    """One of your bookings. Amounts are in `currency`, commission is what is yours of it."""

    id: UUID
    booking_ref: str
    partner_reference: str | None
    status: Status
    location_id: UUID | None
    location: str | None
    activity_id: UUID | None
    activity_name: str
    activity_type: OfferKind
    booking_date: date
    time_slot: str
    starts_at: datetime | None
    departure_id: UUID | None
    guest_count: int
    package_price: Money
    total_amount: Money
    discount_amount: Money
    currency: str
    commission_rate: Annotated[float | None, Field(description="Percent.")]
    commission: Money
    refunded_amount: Money | None
    special_requests: str | None
    cancellation_reason: str | None
    cancellable_until: datetime | None
    hold_expires_at: datetime | None
    customer: GuestJson
    version: int
    created_at: datetime
    updated_at: datetime


class PartnerBookingAnswer(_Answer):
    success: Yes
    booking_id: UUID
    booking: PartnerBookingJson


class PartnerBookingsAnswer(_Answer):
    success: Yes
    bookings: list[PartnerBookingJson]
    next: Cursor
