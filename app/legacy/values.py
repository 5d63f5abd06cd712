"""Reading what the texts of a booking's row say: each function returns a value or raises Bad.

Strict where guessing could do harm: only ISO 8601 dates (nobody knows what 03/04/2025 is), only
plain numbers. A blank text is no value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from app.bookings.fields import MOST_COUNT, MOST_MONEY
from app.tabular.values import Bad, words

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
OLDEST = 120
CLOCKS_DIFFER = timedelta(days=1)
"""An instant so far ahead may still be the fault of a clock."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?=$|[T ])")
_MONEY = re.compile(r"\d{1,12}(\.\d+)?")
_COUNT = re.compile(r"\d{1,9}(\.0+)?")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_GENDERS = {"female": "female", "f": "female", "male": "male", "m": "male"}


def day(row: Mapping[str, str], name: str) -> date | None:
    """A date, also where a time follows it."""
    text = row.get(name)
    if not text:
        return None
    found = _DATE.match(text)
    try:
        value = date.fromisoformat(found[0]) if found else None
    except ValueError:
        value = None
    if value is None:
        raise Bad(f"{name} must be written as 2025-04-03, and is {text[:40]!r}.")
    if not EARLIEST <= value <= LATEST:
        raise Bad(f"{name} cannot be in the year {value.year}.")
    return value


def instant(row: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    """A point of time that has been. Without an offset it is UTC."""
    text = row.get(name)
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        raise Bad(
            f"{name} must be written as 2025-04-03T10:30:00Z, and is {text[:40]!r}."
        ) from None
    value = value if value.tzinfo else value.replace(tzinfo=UTC)
    if value.date() < EARLIEST:
        raise Bad(f"{name} cannot be in the year {value.year}.")
    if value > now + CLOCKS_DIFFER:
        raise Bad(f"{name} is in the future.")
    return value


def money(row: Mapping[str, str], name: str) -> Decimal | None:
    """An amount that is not negative, to the cent."""
    text = row.get(name)
    if not text:
        return None
    if not _MONEY.fullmatch(text):
        raise Bad(f"{name} must be a plain number such as 1250.50, and is {text[:40]!r}.")
    value = Decimal(text).quantize(Decimal("0.01"))
    if value > MOST_MONEY:
        raise Bad(f"{name} is too large.")
    return value


def count(row: Mapping[str, str], name: str, most: int = MOST_COUNT) -> int | None:
    """A whole number from 0 to `most`."""
    text = row.get(name)
    if not text:
        return None
    if not _COUNT.fullmatch(text) or int(float(text)) > most:
        raise Bad(f"{name} must be a whole number up to {most:,}, and is {text[:40]!r}.")
    return int(float(text))


def email(row: Mapping[str, str], name: str) -> str | None:
    """An address."""
    text = words(row, name, 254)
    if text and not _EMAIL.fullmatch(text):
        raise Bad(f"{name} is no e-mail address.")
    return text


def currency(row: Mapping[str, str], name: str) -> str | None:
    """A code of three letters."""
    text = row.get(name, "").upper() or None
    if text and not _CURRENCY.fullmatch(text):
        raise Bad(f"{name} must be a code such as NPR, and is {text[:40]!r}.")
    return text


def gender(row: Mapping[str, str], name: str) -> str | None:
    """`female`, `male`, `other` or nothing."""
    text = row.get(name, "").casefold()
    return _GENDERS.get(text, "other") if text else None
