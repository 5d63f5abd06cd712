"""The objects of OCTO core 1.0 and its pricing, as strict as the contract and its validator.

Every key must be there, no other may, and nothing is converted. Prices are optional here; the tests
see to it that they come when they are asked for, and only then.
"""

# ruff: noqa: N815  # the names are the wire's

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator


def _like(pattern: str) -> Any:
    return StringConstraints(strict=True, pattern=f"^(?:{pattern})$")


_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
Text = Annotated[str, StringConstraints(strict=True, min_length=1)]
LocalDate = Annotated[str, _like(_DAY)]
LocalDateTime = Annotated[str, _like(rf"{_DAY}T{_CLOCK}:[0-5]\d[+-]{_CLOCK}")]
Utc = Annotated[str, _like(rf"{_DAY}T{_CLOCK}:[0-5]\dZ")]
Clock = Annotated[str, _like(_CLOCK)]
Uuid = Annotated[
    str, _like(r"[0-9a-f]{8}-[0-9a-f]{4}-\d[0-9a-f]{3}-[089ab][0-9a-f]{3}-[0-9a-f]{12}")
]
Currency = Annotated[str, _like("[A-Z]{3}")]
Method = Literal["TICKET", "VOUCHER"]
Format = Literal["QRCODE", "PDF_URL", "CODE128", "AZTECCODE", "PKPASS_URL"]
Redemption = Literal["DIGITAL", "PRINT", "MANIFEST"]
AvailabilityStatus = Literal["AVAILABLE", "FREESALE", "SOLD_OUT", "LIMITED", "CLOSED"]
Status = Literal[
    "ON_HOLD", "CONFIRMED", "EXPIRED", "CANCELLED", "REDEEMED", "PENDING", "REJECTED"
]  # fmt: skip
UnitType = Literal[
    "ADULT", "YOUTH", "CHILD", "INFANT", "FAMILY", "SENIOR", "STUDENT", "MILITARY", "OTHER"
]  # fmt: skip
ContactField = Literal[
    "firstName", "lastName", "emailAddress", "phoneNumber", "country", "notes", "locales",
    "postalCode",
]  # fmt: skip


class Shape(BaseModel):
    """Keys and types exactly as they stand here."""

    model_config = ConfigDict(strict=True, extra="forbid")


class SupplierContact(Shape):
    website: str | None
    email: str | None
    telephone: str | None
    address: str | None


class Supplier(Shape):
    id: Text
    name: Text
    endpoint: Annotated[str, _like(r"https?://.*[^/]")]
    contact: SupplierContact


class Pricing(Shape):
    original: int
    retail: int
    net: int | None
    currency: Currency
    currencyPrecision: int
    includedTaxes: list[Any]

    @model_validator(mode="after")
    def _adds_up(self) -> Pricing:
        assert self.original >= self.retail >= (self.net or 0) >= 0
        return self


class PricingUnit(Pricing):
    unitId: Text


class UnitRestrictions(Shape):
    minAge: int
    maxAge: int
    idRequired: bool
    minQuantity: int | None
    maxQuantity: int | None
    paxCount: Annotated[int, Field(ge=1)]
    accompaniedBy: list[Text]


class Unit(Shape):
    id: Text
    internalName: Text
    reference: str | None
    type: UnitType
    restrictions: UnitRestrictions
    requiredContactFields: list[ContactField]
    pricingFrom: list[Pricing] | None = None
    pricing: list[Pricing] | None = None


class OptionRestrictions(Shape):
    minUnits: int
    maxUnits: int | None


class Option(Shape):
    id: Text
    default: bool
    internalName: Text
    reference: str | None
    availabilityLocalStartTimes: list[Clock]
    cancellationCutoff: Text
    cancellationCutoffAmount: int
    cancellationCutoffUnit: Literal["minute", "hour", "day"]
    requiredContactFields: list[ContactField]
    restrictions: OptionRestrictions
    units: Annotated[list[Unit], Field(min_length=1)]

    @model_validator(mode="after")
    def _companions_exist(self) -> Option:
        ids = [unit.id for unit in self.units]
        assert len(set(ids)) == len(ids)
        assert all(set(unit.restrictions.accompaniedBy) <= set(ids) for unit in self.units)
        return self


class Product(Shape):
    id: Text
    internalName: Text
    reference: str | None
    locale: Text
    timeZone: Text
    allowFreesale: bool
    instantConfirmation: bool
    instantDelivery: bool
    availabilityRequired: bool
    availabilityType: Literal["START_TIME", "OPENING_HOURS"]
    deliveryFormats: Annotated[list[Format], Field(min_length=1)]
    deliveryMethods: Annotated[list[Method], Field(min_length=1)]
    redemptionMethod: Redemption
    options: Annotated[list[Option], Field(min_length=1)]
    defaultCurrency: Currency | None = None
    availableCurrencies: list[Currency] | None = None
    pricingPer: Literal["UNIT", "BOOKING"] | None = None
    includeTax: bool | None = None

    @model_validator(mode="after")
    def _starts(self) -> Product:
        assert sum(option.default for option in self.options) == 1
        for option in self.options:
            starts = option.availabilityLocalStartTimes
            assert bool(starts) == (self.availabilityType == "START_TIME")
        return self


class OpeningHours(Shape):
    from_: Annotated[Clock, Field(alias="from")]
    to: Clock


class _Room(Shape):
    """What a slot and a day of the calendar both say of how full they are."""

    available: bool
    status: AvailabilityStatus
    vacancies: Annotated[int, Field(ge=0)] | None
    capacity: Annotated[int, Field(ge=0)] | None
    openingHours: list[OpeningHours]

    @model_validator(mode="after")
    def _agrees(self) -> _Room:
        assert self.available == (self.status in ("AVAILABLE", "FREESALE", "LIMITED"))
        if self.status == "FREESALE":
            assert self.vacancies is None
            assert self.capacity is None
        elif self.available:
            assert self.vacancies
        return self


class Availability(_Room):
    id: Text
    localDateTimeStart: LocalDateTime
    localDateTimeEnd: LocalDateTime
    allDay: bool
    maxUnits: int | None
    utcCutoffAt: Utc
    unitPricing: list[PricingUnit] | None = None
    pricing: Pricing | None = None

    @model_validator(mode="after")
    def _day(self) -> Availability:
        assert self.allDay == bool(self.openingHours)
        if self.allDay:
            assert "T00:00:00" in self.localDateTimeStart
            assert "T00:00:00" in self.localDateTimeEnd
        return self


class CalendarDay(_Room):
    localDate: LocalDate
    unitPricingFrom: list[PricingUnit] | None = None
    pricingFrom: Pricing | None = None


class Contact(Shape):
    fullName: Text | None
    firstName: Text | None
    lastName: Text | None
    emailAddress: Text | None
    phoneNumber: Text | None
    postalCode: Text | None
    country: Text | None
    notes: Text | None
    locales: list[Text]


class DeliveryOption(Shape):
    deliveryFormat: Format
    deliveryValue: Text


class Ticket(Shape):
    redemptionMethod: Redemption
    utcRedeemedAt: Utc | None
    deliveryOptions: list[DeliveryOption]


class UnitItem(Shape):
    uuid: Uuid
    resellerReference: str | None
    supplierReference: str | None
    unitId: Text
    unit: Unit
    status: Status
    utcRedeemedAt: Utc | None
    contact: Contact
    ticket: Ticket | None
    pricing: Pricing | None = None


class Cancellation(Shape):
    refund: Literal["FULL", "PARTIAL", "NONE"]
    reason: str | None
    utcCancelledAt: Utc


class Booking(Shape):
    id: Text
    uuid: Uuid
    testMode: bool
    resellerReference: Text | None
    supplierReference: Text | None
    status: Status
    utcCreatedAt: Utc
    utcUpdatedAt: Utc
    utcExpiresAt: Utc | None
    utcRedeemedAt: Utc | None
    utcConfirmedAt: Utc | None
    productId: Text
    product: Product
    optionId: Text
    option: Option
    cancellable: bool
    cancellation: Cancellation | None
    freesale: bool
    availabilityId: Text
    availability: Availability
    contact: Contact
    notes: Text | None
    deliveryMethods: list[Method]
    voucher: Ticket | None
    unitItems: Annotated[list[UnitItem], Field(min_length=1)]
    pricing: Pricing | None = None

    @model_validator(mode="after")
    def _belongs_together(self) -> Booking:
        assert (self.product.id, self.option.id) == (self.productId, self.optionId)
        assert self.option in self.product.options
        assert self.availability.id == self.availabilityId
        assert self.deliveryMethods == self.product.deliveryMethods
        assert len({item.uuid for item in self.unitItems}) == len(self.unitItems)
        assert {item.status for item in self.unitItems} == {self.status}
        assert all(item.unit.id == item.unitId for item in self.unitItems)
        assert all(item.ticket is None for item in self.unitItems)  # one voucher for all
        return self

    @model_validator(mode="after")
    def _stands(self) -> Booking:
        firm = self.status in ("CONFIRMED", "REDEEMED")
        assert bool(self.utcExpiresAt) == (self.status in ("ON_HOLD", "EXPIRED"))
        assert bool(self.cancellation) == (self.status == "CANCELLED")
        assert not (firm and self.utcConfirmedAt is None)
        assert not (self.status in ("ON_HOLD", "EXPIRED") and self.utcConfirmedAt)
        assert bool(self.voucher) == (firm or self.status in ("ON_HOLD", "PENDING"))
        assert self.voucher is None or bool(self.voucher.deliveryOptions) == firm
        assert not (self.cancellable and self.status in ("EXPIRED", "CANCELLED", "REDEEMED"))
        return self


class Capability(Shape):
    id: Text
    revision: int
    required: bool
    dependencies: list[Text]
    docs: str | None
