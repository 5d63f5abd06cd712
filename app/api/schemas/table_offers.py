"""What `/api/table-bookings` tells of restaurants: their tables, times and menus."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.api.schemas.answers import Yes, _Answer
from app.api.schemas.examples import TABLE
from app.api.schemas.kinds import (
    Money,
)

BookingType = Literal["regular", "sunday_lunch"]
_EXAMPLE = next(iter(TABLE.values()))
AskedVenue = Annotated[UUID, Field(examples=[_EXAMPLE["venue_id"]])]
AskedDay = Annotated[
    date,
    Field(ge=date(2000, 1, 1), le=date(2100, 12, 31), examples=[_EXAMPLE["date"]]),
]


class TableTimesQuery(BaseModel):
    """`GET /api/table-bookings/availability`."""

    venue_id: AskedVenue
    date: AskedDay
    party_size: Annotated[int, Field(ge=1, le=1000)] = 2
    booking_type: BookingType | None = None


class MenuQuery(BaseModel):
    """`GET /api/table-bookings/menu`."""

    venue_id: AskedVenue
    date: AskedDay
    booking_type: BookingType | None = None


class TableDeposit(_Answer):
    """What a party pays before its booking counts."""

    per_guest: Money
    from_party: int


class TablesJson(_Answer):
    """Tables of one kind."""

    activity_id: UUID
    name: str
    description: str | None
    booking_type: BookingType
    price: Annotated[Money, Field(description="Per guest, where no dishes are chosen.")]
    currency: str
    duration_minutes: int
    min_party: int
    max_party: int | None
    needs_choices: Annotated[bool, Field(description="Every guest chooses a main dish.")]
    deposit: TableDeposit | None


class TableVenueJson(_Answer):
    """A restaurant of yours."""

    id: UUID
    name: str
    address: str | None
    phone: str | None
    timezone: str
    cancellation_hours: int
    late_refund_percent: int
    tables: list[TablesJson]


class TableVenuesAnswer(_Answer):
    success: Yes
    venues: list[TableVenueJson]


class TableSlotJson(_Answer):
    """A time at which the party can sit down."""

    time_slot: str
    departure_id: None
    capacity: int | None
    remaining: Annotated[int | None, Field(description="Guests; null: without limit.")]


class TableTimesJson(TablesJson):
    kind: Literal["table"]
    slots: list[TableSlotJson]


class TableNotice(_Answer):
    """Why a booking does not count at once."""

    code: Literal["CANNOT_CONFIRM_NOW"]
    message: str


class TableTimesAnswer(_Answer):
    success: Yes
    location_id: UUID
    venue_id: UUID
    date: date
    timezone: str
    party_size: int
    activities: list[TableTimesJson]
    confirmable: Annotated[
        bool, Field(description="Whether a booking counts at once; else it is kept as a request.")
    ]
    notice: TableNotice | None


class DishJson(_Answer):
    """A dish that can be chosen for the day."""

    id: UUID
    name: str
    description: str | None
    price: Money
    allergens: list[str]


class MenuSectionJson(_Answer):
    id: UUID
    name: str
    booking_type: BookingType | None
    is_main: Annotated[bool, Field(description="Where everybody must choose: one of these.")]
    items: list[DishJson]


class MenuAnswer(_Answer):
    success: Yes
    venue_id: UUID
    date: date
    currency: str
    sections: list[MenuSectionJson]
