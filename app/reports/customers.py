"""Customers: who books, how many of them are new, what they are worth, and who did not come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from app.reports import guests
from app.reports.gathering import Asked, source_name
from app.reports.guests import LARGEST, SIZES, Parties, People
from app.reports.queries import Wanted
from app.reports.tables import Cell, Column, Figure, Kind, Number, Report, Series, Table, Tile

NOTE = (
    "A customer is one person over all sources, counted at the source of their first booking in"
    " the period. New customers made their very first booking, on any website that you see, in it."
)
SIZE_NOTE = "No-shows are a share of the visits that are over: who came, and who was marked."
WORTH_NOTE = "average of all they booked"


@dataclass(frozen=True)
class Group:
    """Bookings and customers of one period, or of one source in it."""

    parties: Collection[Parties]
    people: Collection[People]
    worth: dict[str, tuple[int, Decimal]] = field(default_factory=dict)
    """By currency: customers, and what they brought."""

    def of_source(self, source: str) -> Group:
        """What came over it."""
        return Group(
            [each for each in self.parties if each.source == source],
            [each for each in self.people if each.source == source],
        )

    def of_size(self, size: str) -> Group:
        """The parties of that size; nobody knows whose."""
        return Group([each for each in self.parties if each.size == size], ())

    def customers(self, *news: bool) -> int:
        """Those who are new, or not, or either."""
        return sum(each.customers for each in self.people if not news or each.is_new in news)

    @property
    def new_share(self) -> float | None:
        """Percent."""
        return _ratio(100 * self.customers(True), self.customers())

    @property
    def bookings(self) -> int:
        return sum(each.bookings for each in self.parties)

    @property
    def party(self) -> float | None:
        """Guests of a booking, on average."""
        return _ratio(sum(each.guests for each in self.parties), self.bookings)

    @property
    def often(self) -> float | None:
        """Bookings of a customer, of all times, on average."""
        return _ratio(sum(each.bookings for each in self.people), self.customers())

    @property
    def away(self) -> float | None:
        """Percent of visits to which nobody came."""
        away = sum(each.stayed_away for each in self.parties)
        return _ratio(100 * away, away + sum(each.came for each in self.parties))

    def value(self, currency: str) -> Decimal | None:
        """What a customer has brought, on average."""
        many, total = self.worth.get(currency, (0, Decimal(0)))
        return (total / many).quantize(Decimal("0.01")) if many else None


Measure = tuple[str, Kind, Callable[[Group], Number]]
ALL: Measure = ("Customers", Kind.COUNT, lambda group: group.customers())
NEW: Measure = ("New", Kind.COUNT, lambda group: group.customers(True))
RETURNING: Measure = ("Returning", Kind.COUNT, lambda group: group.customers(False))
NEW_SHARE: Measure = ("New %", Kind.PERCENT, lambda group: group.new_share)
BOOKINGS: Measure = ("Bookings", Kind.COUNT, lambda group: group.bookings)
OFTEN: Measure = ("Bookings per customer", Kind.AVERAGE, lambda group: group.often)
PARTY: Measure = ("Guests per booking", Kind.AVERAGE, lambda group: group.party)
AWAY: Measure = ("No-shows", Kind.PERCENT, lambda group: group.away)


def customers(asked: Asked) -> Report:
    """The whole tab: at most three queries for each period."""
    now = _read(asked, asked.now)
    before = _read(asked, asked.before) if asked.before else None
    sources = _sources(now, before)
    by_source = [(source_name(each), _both(now, before, each)) for each in sources]
    names = [*(name for _, name in SIZES), LARGEST]
    by_size = [(n, (now.of_size(n), before.of_size(n) if before else None)) for n in names]
    of_sources = (ALL, NEW, RETURNING, NEW_SHARE, BOOKINGS, PARTY, AWAY)
    tables = [
        _table("By source", "Source", of_sources, by_source, NOTE),
        _table("By size of party", "Party", (BOOKINGS, AWAY), by_size, SIZE_NOTE),
    ]
    return Report(_tiles(now, before), _charts(now, sources, names), tables, is_empty=not sources)


def _read(asked: Asked, wanted: Wanted) -> Group:
    inputs = (asked.session, asked.scope, wanted)
    worth = guests.worth(*inputs) if asked.sees_amounts else {}
    return Group(guests.parties(*inputs), guests.people(*inputs), worth)


def _sources(*groups: Group | None) -> list[str]:
    """Those that occur, most customers first."""
    found = {each.source for group in groups if group for each in group.parties}
    now = groups[0]
    return sorted(found, key=lambda one: (-(now.of_source(one).customers() if now else 0), one))


Both = tuple[Group, Group | None]


def _both(now: Group, before: Group | None, source: str) -> Both:
    return now.of_source(source), before.of_source(source) if before else None


def _figure(both: Both, read: Callable[[Group], Number]) -> Figure:
    now, before = both
    return Figure(read(now), read(before) if before else None)


def _tiles(now: Group, before: Group | None) -> list[Tile]:
    def tile(measure: Measure, sub: str = "") -> Tile:
        label, kind, read = measure
        return Tile(label, _figure((now, before), read), kind, sub=sub)

    share = "" if now.new_share is None else f"{now.new_share:.1f}%"
    tiles = [tile(ALL), tile(NEW, share), tile(RETURNING), tile(OFTEN), tile(PARTY), tile(AWAY)]
    for unit in sorted(now.worth):
        value = Figure(now.value(unit), before.value(unit) if before else None)
        tiles.append(Tile("Lifetime value", value, Kind.MONEY, unit, WORTH_NOTE))
    return tiles


def _charts(now: Group, sources: Iterable[str], sizes: Iterable[str]) -> list[Series]:
    each = [(source_name(source), now.of_source(source)) for source in sources]
    people = [(name, [group.customers(True), group.customers(False)]) for name, group in each]
    parties = [(size, [now.of_size(size).bookings]) for size in sizes]
    return [
        Series("Customers by source", ["New", "Returning"], people),
        Series("Bookings by size of party", ["Bookings"], parties),
    ]


def _table(
    title: str,
    about: str,
    measures: Collection[Measure],
    groups: Iterable[tuple[str, Both]],
    note: str,
) -> Table:
    columns = [Column(about, Kind.TEXT), *(Column(label, kind) for label, kind, _ in measures)]
    rows: list[list[Cell]] = [
        [name, *(_figure(both, read) for _, _, read in measures)] for name, both in groups
    ]
    return Table(title, columns, rows, note=note)


def _ratio(part: float, whole: int) -> float | None:
    return round(part / whole, 1) if whole else None
