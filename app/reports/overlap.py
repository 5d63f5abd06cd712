"""Overlap: guests who came over more than one source."""

from __future__ import annotations

from collections import Counter

from app.bookings.models import SOURCES
from app.reports import queries
from app.reports.gathering import Asked, source_name
from app.reports.tables import Cell, Column, Figure, Kind, Report, Series, Table, Tile

NAMES = [*map(source_name, SOURCES), "Another"]
NOTE = (
    "Guests with a booking over both; on the diagonal all guests of a source."
    " A guest is one person over all sources, found by phone or e-mail."
)


def overlap(asked: Asked) -> Report:
    """The whole tab: at most two queries."""
    now, before = queries.overlap(asked.session, asked.scope, asked.now, asked.before)
    guests, several = _counts(now)
    was = _counts(before) if before is not None else (None, None)
    share = f"{several * 100 / guests:.1f}%" if guests else ""
    tiles = [
        Tile("Guests", Figure(guests, was[0])),
        Tile("Over more than one source", Figure(several, was[1]), sub=share),
    ]
    headline = f"{several:,} of {guests:,} guests booked over more than one source"
    matrix = _matrix(now, before)
    return Report(tiles, [_chart(now)], [matrix], is_empty=not guests, headline=headline)


def _counts(masks: dict[int, int]) -> tuple[int, int]:
    """All guests, and those of several sources."""
    several = sum(guests for mask, guests in masks.items() if mask.bit_count() > 1)
    return sum(masks.values()), several


def _both(masks: dict[int, int], one: int, other: int) -> int:
    pair = 1 << one | 1 << other
    return sum(guests for mask, guests in masks.items() if mask & pair == pair)


def _matrix(now: dict[int, int], before: dict[int, int] | None) -> Table:
    """Source × source, of the sources that occur."""
    seen = 0
    for mask in (*now, *(before or ())):
        seen |= mask
    places = [place for place in range(len(NAMES)) if seen >> place & 1]
    rows: list[list[Cell]] = []
    for one in places:
        figures = [
            Figure(_both(now, one, other), None if before is None else _both(before, one, other))
            for other in places
        ]
        rows.append([NAMES[one], *figures])
    columns = [Column("Source", Kind.TEXT), *(Column(NAMES[place]) for place in places)]
    return Table("Guests by pair of sources", columns, rows, note=NOTE)


def _chart(now: dict[int, int]) -> Series:
    sizes: Counter[int] = Counter()
    for mask, guests in now.items():
        sizes[mask.bit_count()] += guests
    points = [(f"{n} source{'s' if n > 1 else ''}", [sizes[n]]) for n in sorted(sizes)]
    return Series("Guests by number of sources", ["Guests"], points)
