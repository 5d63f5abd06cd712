"""Reading single values as people and programs give them: texts from forms, or what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from app.errors import Fault, InvalidPayload

T = TypeVar("T")
Parser = Callable[[Any], T]
MOST_MONEY = Decimal(10_000_000)


class Wrong(ValueError):
    """One value breaks its rule; the message says how."""


class Reading:
    """Takes values one by one and keeps every fault; `done` raises them all together."""

    def __init__(self, values: Mapping[str, Any], prefix: str = "") -> None:
        self._values, self._prefix = values, prefix
        self.faults: list[Fault] = []

    def take(self, name: str, parse: Parser[T]) -> T | None:
        """The value; None (and a fault) where it is wrong."""
        try:
            return parse(self._values.get(name))
        except Wrong as error:
            self.wrong(name, str(error))
            return None

    def wrong(self, name: str, message: str) -> None:
        """Say what is wrong with a field."""
        self.faults.append(Fault(self._prefix + name, message))

    def done(self, message: str) -> None:
        """Raises InvalidPayload when anything was wrong."""
        if self.faults:
            raise InvalidPayload(message, self.faults)


def words(limit: int) -> Parser[str]:
    """A text that must be there."""

    def parse(value: Any) -> str:
        text = _text(value, limit)
        if not text:
            raise Wrong("Is required.")
        return text

    return parse


def maybe_words(limit: int) -> Parser[str | None]:
    """A text, or None where it is empty."""
    return lambda value: _text(value, limit) or None


def _text(value: Any, limit: int) -> str:
    if value is not None and not isinstance(value, str):
        raise Wrong("Must be a text.")
    text = (value or "").strip()
    if "\x00" in text:
        raise Wrong("Must not hold NUL characters.")
    if len(text) > limit:
        raise Wrong(f"Use at most {limit} characters.")
    return text


def whole(low: int, high: int, empty: int | None = None) -> Parser[int]:
    """A whole number in these bounds; `empty` stands for nothing typed, else it is required."""

    def parse(value: Any) -> int:
        number = maybe_whole(low, high)(value)
        if number is None and empty is None:
            raise Wrong("Is required.")
        return int(empty or 0) if number is None else number

    return parse


def maybe_whole(low: int, high: int) -> Parser[int | None]:
    """A whole number in these bounds, or None where nothing is typed."""

    def parse(value: Any) -> int | None:
        text = "" if value is None else str(value).strip()
        if not text:
            return None
        digits = text.isascii() and text.isdecimal() and len(text) < 10
        if not digits or not low <= int(text) <= high:
            raise Wrong(f"Must be a whole number from {low:,} to {high:,}.")
        return int(text)

    return parse


def money(value: Any) -> Decimal:
    """An amount that is not negative, with at most two decimals."""
    text = "" if value is None else str(value).strip().replace(",", "")
    if not text:
        raise Wrong("Is required.")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Wrong("Must be an amount such as 1290 or 12.50.") from None
    if not amount.is_finite() or not 0 <= amount < MOST_MONEY:
        raise Wrong(f"Must be an amount from 0 to {MOST_MONEY:,}.")
    if amount != amount.quantize(Decimal("0.01")):
        raise Wrong("Use at most two decimals.")
    return amount.quantize(Decimal("0.01"))


def maybe_clock(value: Any) -> time | None:
    """A clock time to the minute, or None where nothing is typed."""
    if value is None or isinstance(value, time):
        return value
    text = str(value).strip()
    if not text:
        return None
    try:
        parsed = time.fromisoformat(text if len(text) > 4 else f"0{text}")
    except ValueError:
        raise Wrong("Must be a time such as 09:30.") from None
    if parsed.second or parsed.microsecond or parsed.tzinfo or ":" not in text:
        raise Wrong("Must be a time such as 09:30.")
    return parsed


def clock(value: Any) -> time:
    """A clock time that must be there."""
    parsed = maybe_clock(value)
    if parsed is None:
        raise Wrong("Is required.")
    return parsed


def day(value: Any) -> date:
    """A date of this century."""
    if isinstance(value, date):
        return value
    text = str(value or "").strip()
    if not text:
        raise Wrong("Is required.")
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        raise Wrong("Must be a date such as 2026-12-24.") from None
    if not 2000 <= parsed.year < 2100 or len(text) != 10:
        raise Wrong("Must be a date such as 2026-12-24.")
    return parsed


def yes(value: Any) -> bool:
    """A tick: a form sends `1` or nothing."""
    if isinstance(value, bool):
        return value
    return str(value or "").strip().lower() in ("1", "true", "yes", "on")


def one_of(known: Mapping[str, str] | tuple[str, ...], what: str) -> Parser[str]:
    """One of a few words."""

    def parse(value: Any) -> str:
        text = str(value or "").strip()
        if text not in known:
            raise Wrong(f"Choose {what}.")
        return text

    return parse


def rows(value: Any) -> list[dict[str, Any]]:
    """Lines of a form, without those where nothing is typed."""
    if not isinstance(value, list | tuple):
        return []
    return [dict(row) for row in value if any(str(v or "").strip() for v in row.values())]
