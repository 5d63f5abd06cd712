"""What the app sends and sees of a customer's travelers. Names are the Travelers document's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.answers import Yes
from app.api.schemas.kinds import ABSENT, AnyDay, Filled200, Text50, Text200, Text2000


class TravelerChange(BaseModel):
    """`PUT /api/v1/customer/travelers/<id>`: the fields to change. Null: not known (any more)."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: Filled200 = ABSENT
    birth_date: AnyDay | None = None
    age: Annotated[int, Field(strict=True, ge=0, le=120)] | None = None
    """In years today, where the birth date is not said."""
    gender: Literal["female", "male", "other"] | None = None
    phone: Text50 | None = None
    emergency_contact_name: Text200 | None = None
    """With a phone, or neither."""
    emergency_contact_phone: Text50 | None = None
    special_requirements: Text2000 | None = None
    """What those who look after the party must know: food, equipment."""
    medical_notes: Text2000 | None = None
    """Kept encrypted, and shown to very few."""

    def said(self) -> dict[str, Any]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NewTraveler(TravelerChange):
    """`POST /api/v1/customer/travelers`."""

    name: Filled200


class _Answer(BaseModel):
    """Nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ProfileTravelerJson(_Answer):
    """Somebody whom the customer keeps for the next booking."""

    id: UUID
    name: str
    birth_date: date | None
    age: int | None
    """Today."""
    gender: str | None
    phone: str | None
    emergency_contact_name: str | None
    emergency_contact_phone: str | None
    special_requirements: str | None
    medical_notes: str | None
    created_at: datetime
    updated_at: datetime


class TravelerAnswer(_Answer):
    """One of them."""

    success: Yes
    traveler: ProfileTravelerJson


class TravelersAnswer(_Answer):
    """All of them, in the order in which they were added."""

    success: Yes
    travelers: list[ProfileTravelerJson]


class TravelerRemoved(_Answer):
    """It is gone from the list."""

    success: Yes
    traveler_id: UUID
