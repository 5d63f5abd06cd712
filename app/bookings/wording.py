"""Values of fields as people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.bookings.amounts import HIDDEN
from app.bookings.fields import FIELDS, MONEY
from app.bookings.status import Status

TRANSPORTS = {
    "hotel_pickup": "Hotel pick-up",
    "self_arrange": "Arranges own way",
    "private": "Private transfer",
}
TABLE_TYPES = {"regular": "A regular table", "sunday_lunch": "Sunday lunch"}


def shown(name: str, value: Any, currency: str = "", *, amounts: bool = True) -> str | None:
    """A value, as it is or as JSON carries it; None where the field is empty.

    Without `amounts` every one is replaced by a word.
    """
    if value is None or value == "" or value == []:
        return None
    if name in MONEY and not amounts:
        return HIDDEN
    if name == "addons":
        return ", ".join(addon(item, currency, amounts=amounts) for item in value)
    kind = FIELDS[name].kind if name in FIELDS else "text"
    if kind == "money":
        return money(value, currency)
    say = _BY_NAME.get(name) or _BY_KIND.get(kind, str)
    return say(value)


def labels(names: Iterable[str]) -> str:
    """`time, guests and staff notes`."""
    found = [FIELDS[name].label.lower() for name in names]
    return ", ".join(found[:-1]) + " and " + found[-1] if len(found) > 1 else "".join(found)


def money(value: Any, currency: str = "") -> str:
    """`3,490 THB`, `12.50 EUR`: integral amounts without decimals."""
    amount = Decimal(str(value))
    whole = amount == amount.to_integral_value()
    return f"{amount:,.{0 if whole else 2}f} {currency}".strip()


def long_day(day: date) -> str:
    """`Fri 20 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def city(zone: ZoneInfo) -> str:
    """The place that a zone is named after: people know it, and not `+07`."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def addon(item: dict[str, Any], currency: str = "", *, amounts: bool = True) -> str:
    """`2 × Souvenir T-Shirt at 350 THB`."""
    price = item.get("unit_price") if amounts else None
    each = f" at {money(price, currency)}" if price else ""
    return f"{item.get('quantity', 1)} × {item.get('name', '')}{each}"


def transport(kind: str) -> str:
    """A kind of transport; a source's own word stays as it is."""
    return TRANSPORTS.get(kind, kind.replace("_", " ").capitalize())


def dish(item: Mapping[str, Any]) -> str:
    """`2 × Roast beef for Mia (no gravy)`."""
    who = f" for {item['guest_name']}" if item.get("guest_name") else ""
    asks = f" ({item['special_requests']})" if item.get("special_requests") else ""
    return f"{item.get('quantity', 1)} × {item.get('name', '')}{who}{asks}"


def _tickets(items: list[Any]) -> str:
    return f"{len(items)} ticket{'s' if len(items) > 1 else ''}"


_BY_KIND: dict[str, Callable[[Any], str | None]] = {
    "date": lambda value: long_day(date.fromisoformat(str(value))),
    "instant": lambda value: f"{datetime.fromisoformat(str(value)):%d %b %Y, %H:%M} UTC",
    "flag": lambda value: "Yes" if value else None,
    "tickets": _tickets,
    "words": ", ".join,
    "choices": lambda value: ", ".join(dish(each) for each in value),
    "travelers": lambda value: ", ".join(each["name"] for each in value),
}
_BY_NAME: dict[str, Callable[[Any], str | None]] = {
    "booking_type": lambda value: TABLE_TYPES.get(value, str(value)),
    "status": lambda value: Status(value).label,
    "transport_type": lambda value: transport(str(value)),
}
