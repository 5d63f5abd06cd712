"""What the app sends and sees of a customer's own bookings. Names are the Travelers document's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.answers import Cursor, Yes
from app.api.schemas.kinds import (
    ABSENT,
    AnyDay,
    Day,
    Filled200,
    Money,
    Text50,
    Text200,
    Text2000,
    Text5000,
)
from app.api.schemas.staff import PageQuery
from app.bookings.status import Status
from app.travelers.going import Wanted

MOST_TRAVELERS = 50
Version = Annotated[int, Field(strict=True, ge=1, lt=2**63)]


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class _Body(BaseModel):
    """A misspelt field is a fault, not a silent nothing."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    def said(self) -> dict[str, Any]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class GoingBody(_Body):
    """Who goes: a new traveler with a name, or the `id` of a profile. What is sent beside an id is
    for this booking alone."""

    id: UUID = ABSENT
    is_primary: bool = False
    """Whom the guides call: exactly one; who goes alone is it."""
    name: Filled200 = ABSENT
    birth_date: AnyDay | None = None
    age: Annotated[int, Field(strict=True, ge=0, le=120)] | None = None
    """In years today, where the birth date is not said."""
    gender: Literal["female", "male", "other"] | None = None
    phone: Text50 | None = None
    emergency_contact_name: Text200 | None = None
    emergency_contact_phone: Text50 | None = None
    special_requirements: Text2000 | None = None
    medical_notes: Text2000 | None = None

    def wanted(self) -> Wanted:
        """In the words of the travelers' room."""
        said = self.said()
        own = {name: said.pop(name) for name in ("id", "is_primary") if name in said}
        return Wanted(**own, said=said)


Travelers = Annotated[list[GoingBody], Field(min_length=1, max_length=MOST_TRAVELERS)]


class NewTripBody(_Body):
    """`POST /api/v1/customer/bookings`."""

    trek_id: UUID
    batch_id: UUID
    travelers: Travelers
    special_requests: Text5000 | None = None
    expected_total: Money | None = None
    """What the customer was shown: where it costs something else by now the answer is 409."""


class TripChangeBody(_Body):
    """`PUT /api/v1/customer/bookings/<id>`: the fields to change."""

    version: Version = ABSENT
    """Of the booking as you read it; with an older one the answer is 409."""
    batch_id: UUID = ABSENT
    """Another departure of the same trek."""
    travelers: Travelers = ABSENT
    """All who go now: who is left out stays at home."""
    special_requests: Text5000 | None = None


class TripConfirmationBody(_Body):
    """`POST /api/v1/customer/bookings/<id>/confirm`."""

    version: Version = ABSENT
    travelers: Travelers = ABSENT
    """Who goes, where that was not said yet."""


class OwnTripsQuery(PageQuery):
    """`GET /api/v1/customer/bookings`, by the first day."""

    status: Status | None = None
    first: Annotated[Day | None, Field(alias="from")] = None
    last: Annotated[Day | None, Field(alias="to")] = None


class TripCancellation(BaseModel):
    """Query of `DELETE /api/v1/customer/bookings/<id>`."""

    reason: Text200 | None = None


class TripVenueJson(_Answer):
    """Who to call."""

    id: UUID
    name: str
    address: str | None
    phone: str | None
    timezone: str


class TripTravelerJson(_Answer):
    """Somebody who goes with the booking, as they were described for it."""

    id: UUID
    """Of this traveler in this booking."""
    traveler_id: UUID | None
    """Of the profile."""
    is_primary: bool
    """Whom the guides call."""
    name: str
    birth_date: date | None
    age: int | None
    """In years on the first day."""
    gender: str | None
    phone: str | None
    emergency_contact_name: str | None
    emergency_contact_phone: str | None
    special_requirements: str | None
    medical_notes: str | None
    price: Money | None
    """Before the discount for groups."""
    checked_in_at: datetime | None


class TripPriceJson(_Answer):
    """What it costs: the travelers' prices, less the discount."""

    currency: str
    subtotal: Money
    discount: Money
    total: Money


class TripPaymentJson(_Answer):
    """What must be paid before it counts, and what was."""

    required: bool
    """It waits for the deposit: send the customer to `url`."""
    amount: Money | None
    currency: str
    url: str | None
    expires_at: datetime | None
    paid: Money
    refunded: Money | None


class TripRefundJson(_Answer):
    """What goes back to who cancels."""

    if_cancelled_now: Money
    full_until: datetime | None
    """Until then everything that was paid."""
    percent_later: int
    """Of what was paid."""


class ShortTripJson(_Answer):
    """One of the customer's bookings, in short."""

    id: UUID
    reference: str
    status: Status
    trek_id: UUID | None
    batch_id: UUID | None
    trek_name: str
    venue: TripVenueJson | None
    first_day: date
    last_day: date
    time: str
    starts_at: datetime | None
    party: int
    total: Money
    currency: str
    held_until: datetime | None
    """A pending one gives its places back then: pay, or confirm it."""
    version: int


class TripJson(ShortTripJson):
    """One of the customer's bookings."""

    travelers: list[TripTravelerJson]
    special_requests: str | None
    cancellation_reason: str | None
    price: TripPriceJson
    payment: TripPaymentJson
    refund: TripRefundJson
    can_confirm: bool
    can_change: bool
    changeable_until: datetime | None
    can_cancel: bool
    cancellable_until: datetime | None
    created_at: datetime
    updated_at: datetime


class TripsAnswer(_Answer):
    """A stretch of the list."""

    success: Yes
    bookings: list[ShortTripJson]
    next: Cursor


class TripAnswer(_Answer):
    """What every call about one booking answers."""

    success: Yes
    booking_id: UUID
    booking: TripJson


class TripCancelledAnswer(TripAnswer):
    """The same, with what goes back."""

    refund: Money
