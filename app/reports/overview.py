"""Overview: what came over which source to which website, and what it brought."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

from app.reports import queries
from app.reports.gathering import (
    Asked,
    Pair,
    by_one,
    count,
    in_all,
    money,
    pairs,
    source_name,
    table,
)
from app.reports.tables import Kind, Report, Series, Tile

MEASURES = (
    *(count("Bookings", "bookings"), count("Guests", "guests")),
    money("Revenue", "revenue"),
    money("Refunded", "refunded"),
    *(count("Waiting", "waiting"), count("Cancelled", "cancelled"), count("Expired", "expired")),
)
MOST_SERIES = 6
OTHERS = "Others"
NOTE = "Bookings and guests are of what is confirmed, arrived, completed or did not show up."
AMOUNTS = " Revenue is their totals less refunds; what was refunded is of any booking."


def overview(asked: Asked) -> Report:
    """The whole tab: at most four queries."""
    found = pairs(asked, "source", "website_id")
    note = NOTE + AMOUNTS if asked.sees_amounts else NOTE
    tiles = _tiles(asked, in_all(asked, found))
    charts = _charts(asked) if found else []
    tables = [
        table(asked, "By source", "Source", by_one(asked, found, 0), MEASURES, source_name, note),
        table(
            *(asked, "By website", "Website", by_one(asked, found, 1), MEASURES),
            lambda website_id: asked.websites.get(website_id, website_id),
        ),
    ]
    return Report(tiles, charts, tables, is_empty=not found)


def _tiles(asked: Asked, totals: dict[tuple[str, ...], Pair]) -> list[Tile]:
    one = list(totals.values())
    if not one:
        return []

    def added(name: str) -> Tile:
        figures = [pair.figure(lambda sums: sums[name]) for pair in one]
        value = sum(int(figure.value or 0) for figure in figures)
        before = sum(int(figure.before or 0) for figure in figures) if asked.before else None
        return Tile(name.capitalize(), type(figures[0])(value, before))

    tiles = [added("bookings"), added("guests")]
    if asked.sees_amounts:
        for (currency,), pair in sorted(totals.items()):
            figure = pair.figure(lambda sums: sums["revenue"])
            tiles.append(Tile("Revenue", figure, Kind.MONEY, currency))
    return [*tiles, added("waiting"), added("cancelled"), added("expired")]


def _charts(asked: Asked) -> list[Series]:
    by = ("source", "currency") if asked.sees_amounts else ("source",)
    found = queries.over_time(asked.session, asked.scope, asked.now, *by)
    period = asked.now.period
    labels = {day: _label(day, period.by_month) for day in period.buckets()}
    counts: Counter[tuple[date, str]] = Counter()
    revenue: dict[str, dict[date, Decimal]] = {}
    for (day, source, *currency), (bookings, amount) in found.items():
        counts[day, source] += bookings
        if amount:
            earned = revenue.setdefault(currency[0], {})
            earned[day] = earned.get(day, Decimal(0)) + amount
    charts = [_stacked(counts, labels)]
    for unit, earned in sorted(revenue.items()):
        points = [(text, [earned.get(day, Decimal(0))]) for day, text in labels.items()]
        charts.append(Series(f"Revenue ({unit})", [unit], points, unit))
    return charts


def _stacked(counts: Counter[tuple[date, str]], labels: dict[date, str]) -> Series:
    """The sources with the most bookings each by itself, the rest together."""
    totals: Counter[str] = Counter()
    for (_, source), number in counts.items():
        totals[source] += number
    ranked = [source for source, _ in totals.most_common()]
    most = ranked if len(ranked) <= MOST_SERIES else ranked[: MOST_SERIES - 1]
    rest = ranked[len(most) :]
    points = []
    for day, text in labels.items():
        values = [counts[day, source] for source in most]
        values += [sum(counts[day, source] for source in rest)] if rest else []
        points.append((text, values))
    names = [source_name(source) for source in most] + ([OTHERS] if rest else [])
    return Series("Bookings by source", names, points)


def _label(day: date, by_month: bool) -> str:
    return f"{day:%b %y}" if by_month else f"{day.day} {day:%b}"
