"""What the JSON door of the venues takes and answers."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.answers import Cursor, Yes
from app.api.schemas.kinds import Money, Text200
from app.api.schemas.staff import PageQuery


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid")


class VenueQuery(PageQuery):
    """`GET /api/venues`."""

    website_id: Text200 | None = None


class ActivityJson(_Answer):
    """Something that can be booked at a venue."""

    id: UUID
    name: str
    kind: Literal["activity", "dive", "trek", "table"]
    price: Annotated[Money, Field(description="Per guest.")]
    currency: str
    duration_minutes: int
    days: Annotated[int, Field(description="How many days one of its departures takes.")]
    min_age: Annotated[int | None, Field(description="In years on the first day; null: all ages.")]
    difficulty: Annotated[str | None, Field(description="Of a trek, in the venue's words.")]
    capacity: Annotated[int | None, Field(description="Guests per slot; null is without limit.")]
    slot_rule: Literal["times", "interval", "departures", "day"]
    is_active: bool


class VenueJson(_Answer):
    """A place of a website."""

    id: UUID
    website_id: str
    name: str
    timezone: str
    address: str | None
    phone: str | None
    is_active: bool
    activities: list[ActivityJson]


class VenuesAnswer(_Answer):
    """A stretch of the list."""

    success: Yes
    venues: list[VenueJson]
    next: Cursor
