"""A report as tables: what the page shows is what the files hold."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

Number = int | Decimal | float | None


class Kind(enum.StrEnum):
    """What the cells of a column are."""

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"
    AVERAGE = "average"


@dataclass(frozen=True)
class Column:
    """One column. `total`: shown in the row of the totals too."""

    label: str
    kind: Kind = Kind.COUNT


@dataclass(frozen=True)
class Figure:
    """A number, and what it was in the period it is compared with. None: nothing to say."""

    value: Number
    before: Number = None

    @property
    def difference(self) -> Number:
        """How much more it is now."""
        if self.value is None or self.before is None:
            return None
        return self.value - self.before  # type: ignore[operator]  # both of one kind

    @property
    def percent(self) -> float | None:
        """The same in percent of what it was; None where that was nothing."""
        difference = self.difference
        if difference is None or not self.before:
            return None
        return round(float(difference) * 100 / float(self.before), 1)


Cell = str | Figure


@dataclass(frozen=True)
class Table:
    """Rows under their columns; `totals` stand below them."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Sequence[Cell]] = ()
    note: str = ""


@dataclass(frozen=True)
class Series:
    """A chart: one value of each name for each label."""

    title: str
    names: Sequence[str]
    points: Sequence[tuple[str, Sequence[Number]]]
    unit: str = ""


@dataclass(frozen=True)
class Tile:
    """A number at the top. `good`: whether more of it is better."""

    label: str
    figure: Figure
    kind: Kind = Kind.COUNT
    currency: str = ""
    sub: str = ""


@dataclass(frozen=True)
class Report:
    """All that one tab shows. `is_empty`: nothing happened in the period."""

    tiles: Sequence[Tile]
    charts: Sequence[Series]
    tables: Sequence[Table]
    is_empty: bool = False
    headline: str = ""
    empty: str = ""
    """Why there can be nothing, whatever the period."""
