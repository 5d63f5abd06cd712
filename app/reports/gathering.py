"""From sums to the rows of a table: two periods side by side, one row for each currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.reports import queries
from app.reports.queries import Sums, Wanted
from app.reports.tables import Cell, Column, Figure, Kind, Number, Table
from app.staff.scope import Scope

SOURCE_NAMES = {
    "website": "Website",
    "partner": "Partner",
    "platform": "Platform",
    "phone": "Phone",
    "customer_app": "App",
    "walk_in": "Walk-in",
    "direct": "Direct",
}
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Asked:
    """Who asks for what. `sees_amounts`: of at least one of the websites that are shown."""

    session: Session
    scope: Scope
    now: Wanted
    before: Wanted | None
    websites: Mapping[str, str]
    """Names of those that are shown."""
    sees_amounts: bool


@dataclass(frozen=True)
class Pair:
    """The sums of one group, and what they were before."""

    now: Sums
    before: Sums | None

    def figure(self, read: Callable[[Sums], Number]) -> Figure:
        """One number of it. Where an amount may be seen, none of it is zero."""
        value, was = read(self.now), read(self.before) if self.before else None
        if isinstance(value, Decimal) or isinstance(was, Decimal):
            value = value or Decimal(0)
            was = was or Decimal(0) if self.before else None
        return Figure(value, was)


@dataclass(frozen=True)
class Measure:
    """A column of numbers, and how they come from sums."""

    label: str
    read: Callable[[Sums], Number]
    kind: Kind = Kind.COUNT


def count(label: str, name: str) -> Measure:
    """A measure that is a count as it stands."""
    return Measure(label, lambda sums: sums[name])


def money(label: str, name: str) -> Measure:
    """A measure that is an amount as it stands."""
    return Measure(label, lambda sums: sums[name], Kind.MONEY)


def pairs(asked: Asked, *keys: str, only: ColumnElement[bool] | None = None) -> dict[Key, Pair]:
    """Sums of both periods by these columns, and by currency where amounts are seen."""
    by = (*keys, "currency") if asked.sees_amounts else keys
    now = queries.sums(asked.session, asked.scope, asked.now, *by, only=only)
    if asked.before is None:
        return {key: Pair(sums, None) for key, sums in now.items()}
    before = queries.sums(asked.session, asked.scope, asked.before, *by, only=only)
    every = dict.fromkeys([*now, *before])
    return {key: Pair(now.get(key) or Sums(), before.get(key) or Sums()) for key in every}


def rolled_up(found: Mapping[Key, Pair], *places: int) -> dict[Key, Pair]:
    """The same by fewer columns: those at these places of the key (the currency is -1)."""
    result: dict[Key, Pair] = {}
    for key, pair in found.items():
        short = tuple(key[place] for place in places)
        if short not in result:
            result[short] = Pair(Sums(), Sums() if pair.before else None)
        result[short].now.add(pair.now.values)
        if pair.before:
            result[short].before.add(pair.before.values)  # type: ignore[union-attr]
    return result


def by_one(asked: Asked, found: Mapping[Key, Pair], place: int) -> dict[Key, Pair]:
    """By the column at this place, and by currency where amounts are seen."""
    return rolled_up(found, place, -1) if asked.sees_amounts else rolled_up(found, place)


def in_all(asked: Asked, found: Mapping[Key, Pair]) -> dict[Key, Pair]:
    """Everything, by currency where amounts are seen."""
    return rolled_up(found, -1) if asked.sees_amounts else rolled_up(found)


def table(
    asked: Asked,
    title: str,
    about: str,
    groups: Mapping[Key, Pair],
    measures: Sequence[Measure],
    name: Callable[[Any], str],
    note: str = "",
) -> Table:
    """A row for each group, the most bookings first; below them a total for each currency."""
    shown = [m for m in measures if asked.sees_amounts or m.kind is not Kind.MONEY]
    currencies = sorted({key[-1] for key in groups}) if asked.sees_amounts else []
    several = len(currencies) > 1
    unit = f" ({currencies[0]})" if len(currencies) == 1 else ""
    columns = [Column(about, Kind.TEXT)]
    columns += [Column("Currency", Kind.TEXT)] if several else []
    columns += [Column(m.label + (unit if m.kind is Kind.MONEY else ""), m.kind) for m in shown]

    def line(label: str, currency: str, pair: Pair) -> list[Cell]:
        head: list[Cell] = [label, currency] if several else [label]
        return [*head, *(pair.figure(measure.read) for measure in shown)]

    rows = [line(name(key[0]), str(key[-1]), pair) for key, pair in most_first(groups)]
    totals = in_all(asked, groups) if len(groups) > 1 else {}
    lines = [line("Total", str(key[-1]) if key else "", p) for key, p in sorted(totals.items())]
    return Table(title, columns, rows, lines, note)


def most_first(groups: Mapping[Key, Pair]) -> Iterable[tuple[Key, Pair]]:
    """The groups with the most bookings first."""
    return sorted(groups.items(), key=lambda item: (-item[1].now["bookings"], str(item[0])))


def source_name(source: str) -> str:
    """As people read it."""
    return SOURCE_NAMES.get(source, source.replace("_", " ").capitalize())
