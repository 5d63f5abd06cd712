"""What customers say and read of waiting lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.answers import Yes


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class WaitingWish(BaseModel):
    """`POST /api/v1/customer/treks/<trek>/batches/<batch>/waiting`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    guests: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    """How many want to go together: they are offered places together, or not at all."""
    sms_opt_in: Annotated[bool, Field(strict=True)] | None = None
    """Whether you want text messages about this and your bookings; left out: as you said before."""


class WaitingTrek(_Answer):
    """What is waited for."""

    id: UUID
    name: str
    venue: str


class WaitingBatch(_Answer):
    """The departure that is waited for."""

    id: UUID
    first_day: date
    last_day: date
    time: str
    """Of the venue's clock."""
    timezone: str


class WaitingJson(_Answer):
    """Your place on a waiting list."""

    id: UUID
    state: Literal["waiting", "offered", "taken", "lapsed", "left"]
    """`offered`: places are held for you, as the booking `booking_id`, until `held_until`: confirm
    it by then. `taken`: you did. `lapsed`: you did not, or the departure was closed or began."""
    guests: int
    position: int | None
    """From 1, while you wait. A smaller party behind a larger one may be offered places before."""
    trek: WaitingTrek
    batch: WaitingBatch
    booking_id: UUID | None
    """What was offered to you last."""
    held_until: datetime | None
    """null unless the state is `offered`."""
    joined_at: datetime
    offered_at: datetime | None


class WaitingAnswer(_Answer):
    """One place on a waiting list."""

    success: Yes
    waiting: WaitingJson


class WaitingListAnswer(_Answer):
    """Where you wait, or waited, newest first."""

    success: Yes
    waiting: list[WaitingJson]
