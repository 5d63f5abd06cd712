"""What guests see of the treks that are for sale."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.answers import Cursor, Yes
from app.api.schemas.kinds import Day, Money, Text100
from app.api.schemas.staff import PageQuery


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class TrekQuery(PageQuery):
    """`GET /api/v1/customer/treks`, by name."""

    q: Text100 = ""
    """Words in the name of the trek or of its venue."""
    venue: UUID | None = None


class BatchQuery(BaseModel):
    """`GET /api/v1/customer/treks/<id>/batches`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    first: Annotated[Day | None, Field(alias="from")] = None
    """Today, where it is left out; the past is not shown."""
    last: Annotated[Day | None, Field(alias="to")] = None
    """A year on, where it is left out."""


class TrekPriceJson(_Answer):
    """A price category: each traveler pays that of their age."""

    category: str
    label: str
    price: Money
    min_age: int
    max_age: int
    needs_adult: bool
    """Only together with somebody of a category that needs none."""


class GroupDiscountJson(_Answer):
    """From so many travelers, so much off the total."""

    guests: int
    percent: float


class TrekVenueJson(_Answer):
    """Where a trek is sold."""

    id: UUID
    name: str
    address: str | None
    phone: str | None
    timezone: str


class BatchJson(_Answer):
    """A departure of a trek."""

    id: UUID
    first_day: date
    last_day: date
    time: str
    """Of the venue's clock."""
    starts_at: datetime
    capacity: int | None
    """null: without limit."""
    seats_left: int | None
    """null: without limit."""
    state: Literal["open", "full", "closed", "past"]
    """`past`: it leaves too soon to be booked."""
    waiting_list: bool
    """Whether a party that finds no room can wait for it."""


class TrekJson(_Answer):
    """A trek."""

    id: UUID
    name: str
    description: str | None
    website: str
    """Who sells it."""
    venue: TrekVenueJson
    days: int
    difficulty: str | None
    min_age: int | None
    """In years on the first day; null: all ages."""
    min_party: int
    max_party: int | None
    price: Money
    """Per traveler, where there are no price categories."""
    currency: str
    prices: list[TrekPriceJson]
    group_discounts: list[GroupDiscountJson]
    deposit: Money | None
    """Per traveler, to be paid before the booking counts."""
    deposit_from_party: int
    """Smaller parties pay none."""
    cancellation_hours: int
    """Until so many hours before the start travelers can be changed, and everything paid is given
    back to who cancels."""
    late_refund_percent: int
    """Of what was paid, to who cancels later than that."""
    next_batch: BatchJson | None
    """The next with room."""


class TreksAnswer(_Answer):
    """A stretch of the list."""

    success: Yes
    treks: list[TrekJson]
    next: Cursor


class TrekAnswer(_Answer):
    """One trek."""

    success: Yes
    trek: TrekJson


class BatchesAnswer(_Answer):
    """A trek with its departures, those without room and the closed ones too."""

    success: Yes
    trek: TrekJson
    batches: list[BatchJson]
