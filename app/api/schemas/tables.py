"""What `/api/table-bookings` takes and answers. Names are those of the Tables document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.api.schemas.answers import ChoiceJson, Yes, _Answer
from app.api.schemas.kinds import (
    ABSENT,
    Count,
    Day,
    Email,
    Filled100,
    Money,
    Text10,
    Text50,
    Text100,
    Text200,
    Text5000,
    Words,
)
from app.api.schemas.table_offers import BookingType, TableNotice
from app.bookings.status import Status
from app.menus.choosing import MOST, Selection

Party = Annotated[Count, Field(ge=1, le=1000)]
Clock = Annotated[str, StringConstraints(strict=True, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Quantity = Annotated[Count, Field(ge=1, le=MOST)]


class _Body(BaseModel):
    """A misspelt field is a fault, not a silent nothing."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    def said(self) -> dict[str, Any]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class TableGuest(_Body):
    """Who books: found again by phone, then by e-mail."""

    first_name: Filled100
    last_name: Text100 = ""
    mobile_number: Text50 | None = None
    country_code: Text10 | None = None
    """Of the number, where it does not begin with +."""
    email: Email | None = None
    sms_opt_in: Annotated[bool, Field(strict=True)] | None = None
    """Whether they want text messages; without it what they said before stays."""

    @model_validator(mode="after")
    def _reachable(self) -> TableGuest:
        if not self.email and not self.mobile_number:
            raise ValueError("needs a mobile number or an e-mail address")
        return self

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class MenuSelection(_Body):
    """A dish for one guest."""

    menu_item_id: UUID
    quantity: Quantity = 1
    guest_name: Text100 | None = None
    special_requests: Text200 | None = None

    def selection(self) -> Selection:
        """In the words of the menus."""
        return Selection(
            self.menu_item_id, self.quantity, self.guest_name or None, self.special_requests or None
        )


MenuSelections = Annotated[list[MenuSelection], Field(max_length=500)]


class _AtTheTable(_Body):
    special_requirements: Text5000 | None = None
    allergies: Words = []
    celebration: Text200 | None = None
    high_chairs: Annotated[Count, Field(le=1000)] = 0


class NewTable(_AtTheTable):
    """`POST /api/table-bookings`."""

    venue_id: UUID
    date: Day
    time: Clock
    """As availability answers it."""
    party_size: Party
    booking_type: BookingType = "regular"
    activity_id: UUID | None = None
    """Where a venue has several kinds of tables: which ones."""
    customer: TableGuest
    menu_selections: MenuSelections = []


class TableChange(_Body):
    """`PUT /api/table-bookings/<reference>`: the fields to change."""

    version: Annotated[int, Field(strict=True, ge=1, lt=2**63)] = ABSENT
    """Of the booking as you read it; with an older one the answer is 409."""
    date: Day = ABSENT
    time: Clock = ABSENT
    party_size: Party = ABSENT
    special_requirements: Text5000 | None = None
    allergies: Words = ABSENT
    celebration: Text200 | None = None
    high_chairs: Annotated[Count, Field(le=1000)] = ABSENT
    menu_selections: MenuSelections = ABSENT
    """All of them, in the place of those before. What was chosen keeps its price."""


class TableCancellation(BaseModel):
    """Query of `DELETE /api/table-bookings/<reference>`."""

    reason: Text200 | None = None


class TablePayment(_Answer):
    """The deposit. `url` is where the guest pays it."""

    required: Annotated[bool, Field(description="The booking waits for it until `expires_at`.")]
    amount: Money | None
    currency: str
    url: str | None
    expires_at: datetime | None
    paid: Money
    refunded: Money | None


class TableGuestJson(_Answer):
    name: str
    mobile_number: str | None
    email: str | None


class TableJson(_Answer):
    """A table booking. Times of day are those of the venue's own clock."""

    booking_id: UUID
    booking_reference: str
    status: Status
    version: int
    venue_id: UUID | None
    venue: str | None
    activity_id: UUID | None
    booking_type: BookingType
    date: date
    time: str
    starts_at: datetime | None
    party_size: int
    total_amount: Money
    currency: str
    special_requirements: str | None
    allergies: list[str]
    celebration: str | None
    high_chairs: int
    menu_selections: list[ChoiceJson]
    cancellation_reason: str | None
    changeable_until: Annotated[
        datetime | None, Field(description="Until then it can be changed, and all is given back.")
    ]
    customer: TableGuestJson
    created_at: datetime
    updated_at: datetime


class TableAnswer(_Answer):
    success: Yes
    booking_id: UUID
    booking_reference: str
    status: Status
    payment: TablePayment
    notice: Annotated[
        TableNotice | None, Field(description="Set while it waits for the venue to confirm it.")
    ]
    booking: TableJson


class TableCancelled(TableAnswer):
    refund: Annotated[Money, Field(description="What goes back by the venue's rule.")]
