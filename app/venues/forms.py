"""What was typed on the pages of venues. What it must look like is said in the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from app.errors import HubError
from app.venues import offerrules, rules
from app.venues.hours import PARTS, TypedDay
from app.venues.models import Activity, ActivityPrice, OpeningHours
from app.venues.telling import plain

Typed = MultiDict[str, str]
MOST_STRETCHES = 6


@dataclass
class Sheet:
    """Typed or stored values by the names of their fields, and what is wrong with them."""

    values: Mapping[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    """Faults that belong to no field."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What its fields are called where that differs from the forms of venues."""

    def __getitem__(self, name: str) -> Any:
        """The value as an input shows it."""
        value = self.values.get(name)
        return shown(value)

    def error(self, name: str) -> str | None:
        """What is wrong with a field."""
        return self.faults.get(name)

    def take(self, error: HubError) -> Sheet:
        """The same values with what an action found wrong."""
        for fault in error.details:
            self.faults.setdefault(fault.field, fault.message)
        if not error.details:
            self.others.append(error.message)
        return self

    @property
    def summary(self) -> list[tuple[str | None, str]]:
        """For the box above the form: (id of the field, what is wrong)."""
        of_fields: list[tuple[str | None, str]] = [
            (name, f"{_named(name, self.labels)}{text[0].lower() + text[1:]}")
            for name, text in self.faults.items()
        ]
        return of_fields + [(None, text) for text in self.others]


_LABELS = {**rules.SITE, **rules.VENUE, **offerrules.ACTIVITY} | {
    "day": "Date",
    "time": "Time",
    "first": "First day",
    "last": "Last day",
    "last_day": "Last day",
    "weekdays": "Weekdays",
    "opens": "Opens",
    "closes": "Closes",
    "kitchen_opens": "Kitchen opens",
    "kitchen_closes": "Kitchen closes",
    "note": "Note",
    "reason": "Reason",
    "activity_id": "Activity",
    "website_id": "Website",
    "label": "Name of the price",
    "category": "Category",
    "min_age": "Youngest age",
    "max_age": "Oldest age",
    "pax": "Guests",
    "guests": "From so many guests",
    "percent": "Percent off",
}


def _named(name: str, own: Mapping[str, str]) -> str:
    """`Monday, opens: ` for `d0-0-opens`; `Name: ` for `name`."""
    parts = name.split("-")
    label = own.get(name) or _LABELS.get(parts[-1], parts[-1].replace("_", " ").capitalize())
    if len(parts) == 3 and parts[0][:1] == "d" and parts[0][1:].isdecimal():
        return f"{rules.WEEKDAYS[int(parts[0][1:])]}, {label.lower()}: "
    return f"{label}: "


def shown(value: Any) -> Any:
    """A stored value as an input shows it; a tick stays one."""
    if value is None:
        return ""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, Decimal | time | date):
        return plain(value)
    return str(value)


def typed(form: Typed, names: Iterable[str], ticks: Iterable[str] = ()) -> dict[str, Any]:
    """The fields with these names, as they were typed."""
    return {name: form.get(name, "") for name in names} | {name: name in form for name in ticks}


def typed_week(form: Typed) -> list[TypedDay]:
    """The weekly hours as they were typed."""
    return [
        TypedDay(number, f"d{number}-closed" in form, _lines(form, f"d{number}", PARTS))
        for number in range(7)
    ]


def stored_week(stretches: Sequence[OpeningHours]) -> list[TypedDay]:
    """The weekly hours as they are; a day without any is closed."""
    days = []
    for number in range(7):
        lines = [
            {part: shown(getattr(each, part)) for part in PARTS}
            for each in stretches
            if each.weekday == number
        ]
        days.append(TypedDay(number, not lines, lines or [{}]))
    return days


def with_line(days: Sequence[TypedDay], weekday: int) -> list[TypedDay]:
    """One more empty stretch on a weekday."""
    return [
        TypedDay(day.weekday, False, [*day.lines, {}][:MOST_STRETCHES])
        if day.weekday == weekday
        else day
        for day in days
    ]


def copied(days: Sequence[TypedDay]) -> list[TypedDay]:
    """Monday's hours on every day."""
    return [TypedDay(number, days[0].closed, days[0].lines) for number in range(7)]


def _lines(form: Typed, prefix: str, parts: Sequence[str]) -> list[dict[str, str]]:
    """The lines `<prefix>-<n>-<part>`, also empty ones; at least one."""
    lines: list[dict[str, str]] = []
    while any(f"{prefix}-{len(lines)}-{part}" in form for part in parts) and len(lines) < 50:
        number = len(lines)
        lines.append({part: form.get(f"{prefix}-{number}-{part}", "").strip() for part in parts})
    return lines or [{}]


PRICE_PARTS = ("id", *offerrules.PRICE)
DISCOUNT_PARTS = ("guests", "percent")
TICKS = ("in_kitchen_hours", "needs_choices", "is_active")


def typed_activity(form: Typed) -> dict[str, Any]:
    """An activity as it was typed, with `prices` and `group_discounts` as lines."""
    fields = typed(form, [name for name in offerrules.ACTIVITY if name not in TICKS], TICKS)
    return {
        **fields,
        "prices": _lines(form, "price", PRICE_PARTS),
        "group_discounts": _lines(form, "discount", DISCOUNT_PARTS),
    }


def stored_activity(activity: Activity, prices: Sequence[ActivityPrice]) -> dict[str, Any]:
    """An activity as it is, as its form shows it."""
    fields = {name: getattr(activity, name) for name in offerrules.ACTIVITY}
    lines = [{part: shown(getattr(price, part)) for part in PRICE_PARTS} for price in prices]
    return {**fields, "source_names": "\n".join(activity.source_names), "prices": lines}
