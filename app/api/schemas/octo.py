"""What OCTO's calls take. Names are the standard's; unknown fields are left alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.api.schemas.kinds import Currency, Day, Text50, Text200, Text300, Text5000

Minutes = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Quantity = Annotated[int, Field(strict=True, ge=0, le=1000)]
MOST_ITEMS = 1000


class _Octo(BaseModel):
    """camelCase on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", use_attribute_docstrings=True
    )

    def said(self) -> dict[str, Any]:
        """The fields that were sent, null ones too."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Contact(_Octo):
    """Who travels; every key may be missing or null."""

    full_name: Text300 | None = None
    first_name: Text200 | None = None
    last_name: Text200 | None = None
    email_address: Text300 | None = None
    phone_number: Text50 | None = None
    postal_code: Text50 | None = None
    country: Text50 | None = None
    notes: Text5000 | None = None
    locales: Annotated[list[Text50], Field(max_length=50)] | None = None


class UnitCount(_Octo):
    """So many of a unit, when availability is asked for."""

    id: Annotated[str, Field(strict=True, max_length=200)]
    quantity: Quantity


class UnitItem(_Octo):
    """One ticket."""

    uuid: UUID | None = None
    unit_id: Any = None
    reseller_reference: Text200 | None = None
    contact: Contact | None = None


UnitItems = Annotated[list[UnitItem], Field(max_length=MOST_ITEMS)]


class AvailabilityBody(_Octo):
    """`POST /availability` and `POST /availability/calendar`."""

    product_id: Any = None
    option_id: Any = None
    local_date: Day | None = None
    local_date_start: Day | None = None
    local_date_end: Day | None = None
    availability_ids: Annotated[list[str], Field(max_length=1000)] | None = None
    units: Annotated[list[UnitCount], Field(max_length=100)] | None = None
    currency: Currency | None = None


class Reservation(_Octo):
    """`POST /bookings`."""

    uuid: Any = None
    product_id: Any = None
    option_id: Any = None
    availability_id: Any = None
    expiration_minutes: Minutes | None = None
    notes: Text5000 | None = None
    unit_items: UnitItems | None = None
    reseller_reference: Text200 | None = None
    contact: Contact | None = None
    currency: Currency | None = None


class Confirmation(_Octo):
    """`POST /bookings/{uuid}/confirm`."""

    contact: Contact
    reseller_reference: Text200 | None = None
    email_receipt: bool | None = None
    unit_items: UnitItems | None = None


class Update(_Octo):
    """`PATCH /bookings/{uuid}`: what is absent stays."""

    product_id: Any = None
    option_id: Any = None
    availability_id: Any = None
    expiration_minutes: Minutes | None = None
    notes: Text5000 | None = None
    unit_items: UnitItems | None = None
    reseller_reference: Text200 | None = None
    email_receipt: bool | None = None
    contact: Contact | None = None


class Extension(_Octo):
    """`POST /bookings/{uuid}/extend`."""

    expiration_minutes: Minutes | None = None


class Cancellation(_Octo):
    """`POST /bookings/{uuid}/cancel`. `force` means nothing here."""

    reason: Text5000 | None = None
    force: bool | None = None


class BookingFilter(_Octo):
    """Query of `GET /bookings`: one of the first four at least."""

    reseller_reference: Text200 | None = None
    supplier_reference: Text200 | None = None
    local_date: date | None = None
    local_date_start: date | None = None
    local_date_end: date | None = None
    product_id: Text200 | None = None
    option_id: Text200 | None = None
