"""The kinds of values that all JSON doors share, with their limits."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from babel.numbers import list_currencies
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.errors import Fault

MOST_MONEY = Decimal("9999999999.99")
_CURRENCIES = frozenset(list_currencies())
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ].+", re.ASCII | re.IGNORECASE)
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")


def _fault(message: str) -> PydanticCustomError:
    return PydanticCustomError("invalid", "{message}", {"message": message})


def storable(text: str) -> str:
    """The text, if the database can hold it."""
    if "\x00" in text:
        raise _fault("Must not hold NUL characters.")
    return text


def _money(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        amount = value
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise _fault("Must be a number, such as 3490 or 12.5.")
    else:
        amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0 or amount > MOST_MONEY:
        raise _fault(f"Must be between 0 and {MOST_MONEY}.")
    if amount != amount.quantize(Decimal("0.01")):
        raise _fault("Must not have more than two decimals.")
    return amount


def _currency(value: str) -> str:
    code = value.upper()
    if code not in _CURRENCIES:
        raise _fault("Must be an ISO 4217 currency code, such as THB.")
    return code


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise _fault("Must be an e-mail address.")
    return value


def _written_day(value: Any) -> str:
    """Not any text: digits alone would be read as seconds since 1970."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _fault("Must be a date, such as 2026-03-01.")
    return value


def _written_instant(value: Any) -> str:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise _fault("Must be a date and time, such as 2026-03-01T10:00:00Z.")
    return value


def _day(value: date) -> date:
    if not 2000 <= value.year <= 2100:
        raise _fault("Must lie between the years 2000 and 2100.")
    return value


def _instant(value: datetime) -> datetime:
    """Without an offset it is read as UTC."""
    if not 1970 <= value.year <= 2100:
        raise _fault("Must lie between the years 1970 and 2100.")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _limits(most: int, least: int = 0) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most, strict=True)


ABSENT: Any = None
"""Default of a field that may be absent but not null: the type refuses null, not its absence."""

Text10 = Annotated[str, _limits(10), AfterValidator(storable)]
Text50 = Annotated[str, _limits(50), AfterValidator(storable)]
Text100 = Annotated[str, _limits(100), AfterValidator(storable)]
Text200 = Annotated[str, _limits(200), AfterValidator(storable)]
Text300 = Annotated[str, _limits(300), AfterValidator(storable)]
Text2000 = Annotated[str, _limits(2000), AfterValidator(storable)]
Text5000 = Annotated[str, _limits(5000), AfterValidator(storable)]
Filled50 = Annotated[str, _limits(50, 1), AfterValidator(storable)]
Filled100 = Annotated[str, _limits(100, 1), AfterValidator(storable)]
Filled200 = Annotated[str, _limits(200, 1), AfterValidator(storable)]
Filled300 = Annotated[str, _limits(300, 1), AfterValidator(storable)]
Words = Annotated[list[Filled100], Field(max_length=30)]
"""A few texts."""
_CENTS = "In units of the currency, with at most two decimals."
_AMOUNT = {"type": "number", "minimum": 0, "maximum": float(MOST_MONEY), "description": _CENTS}
Money = Annotated[Decimal, BeforeValidator(_money), WithJsonSchema(_AMOUNT)]
Count = Annotated[int, Field(strict=True, ge=0, le=100_000)]
Currency = Annotated[
    str,
    StringConstraints(strict=True, max_length=3),
    AfterValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{3}$", "description": "ISO 4217."}),
]
Email = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, max_length=254),
    AfterValidator(storable),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "pattern": _EMAIL.pattern, "maxLength": 254}),
]
AnyDay = Annotated[date, BeforeValidator(_written_day)]
Day = Annotated[AnyDay, AfterValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_written_instant), AfterValidator(_instant)]


def faults_of(errors: list[Any]) -> list[Fault]:
    """Every fault that pydantic found, in the field names of the wire."""
    faults = []
    for error in errors:
        name = ".".join(str(part) for part in error["loc"]) or "(body)"
        faults.append(Fault(name, _sentence(error)))
    return faults


def _sentence(error: Any) -> str:
    if error["type"] == "missing":
        return "Is required."
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return message.replace("Input should", "Must").replace("String should", "Must") + "."
