"""Platforms: what they bring and hold, against other sources, and how well they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.platforms.registry import KINDS
from app.reports import at_platforms as reading
from app.reports.at_platforms import ALL, PLATFORM, Called, Connected, Group, Held, Sold
from app.reports.gathering import Asked, source_name
from app.reports.queries import Wanted
from app.reports.tables import Cell, Column, Figure, Kind, Number, Report, Series, Table, Tile

NOTE = (
    "A booking counts where it is held, or was held last. Covers, lead days and no-shows are of"
    " what is confirmed, arrived, completed or did not show up; no-shows are a share of the visits"
    " that are over. Half of the reservations were made no longer before than the lead days."
)
SOURCES_NOTE = (
    "All bookings at venues that have a platform, by where guests booked. What was booked"
    " elsewhere and is held at a platform counts at its own source."
)
CALLS_NOTE = (
    "Every call of these days, also pulls and questions about free tables. Half of them were"
    " answered within the typical time."
)
NONE = "No venue that you see is connected to a booking platform."


@dataclass(frozen=True)
class Found:
    """Everything about one period."""

    held: Mapping[Group, Held]
    called: Mapping[Group, Called]
    sold: Mapping[str, Sold]
    """By source, without what came from platforms that are known by name."""

    def of(self, group: Group) -> Held:
        return self.held.get(group) or Held()

    def calls_of(self, group: Group) -> Called:
        return self.called.get(group) or Called()

    @property
    def bookings(self) -> int:
        """Of all sources."""
        return self.of(ALL).came + sum(each.bookings for each in self.sold.values())

    def sold_by(self, source: str, platform: str = "") -> Sold:
        """What came over a source; of platforms by their type, the rest without."""
        if not platform:
            return self.sold.get(source) or Sold()
        group = self.of((platform, None))
        return Sold(group.came, group.came_covers)

    def share(self, bookings: int) -> float | None:
        """Percent of all."""
        return _percent(bookings, self.bookings)


Both = tuple[Found, Found | None]
Measure = tuple[str, Kind, Callable[[Found, Group], Number]]
MADE: Measure = ("Reservations", Kind.COUNT, lambda f, g: f.of(g).made)
CAME: Measure = ("Came from there", Kind.COUNT, lambda f, g: f.of(g).came)
SENT: Measure = ("Made from here", Kind.COUNT, lambda f, g: f.of(g).made - f.of(g).came)
COVERS: Measure = ("Covers", Kind.COUNT, lambda f, g: f.of(g).covers)
LOST: Measure = ("Cancelled", Kind.COUNT, lambda f, g: f.of(g).lost)
LOST_SHARE: Measure = ("Cancelled %", Kind.PERCENT, lambda f, g: _lost(f.of(g)))
AWAY: Measure = ("No-shows", Kind.COUNT, lambda f, g: f.of(g).stayed_away)
AWAY_SHARE: Measure = ("No-shows %", Kind.PERCENT, lambda f, g: _away(f.of(g)))
LEAD: Measure = ("Lead days", Kind.COUNT, lambda f, g: f.of(g).lead)
SHARE: Measure = ("Share of all", Kind.PERCENT, lambda f, g: f.share(f.of(g).made))
CALLS: Measure = ("Calls", Kind.COUNT, lambda f, g: f.calls_of(g).calls)
FAILED: Measure = ("Failed", Kind.COUNT, lambda f, g: f.calls_of(g).failed)
ERRORS: Measure = ("Failed %", Kind.PERCENT, lambda f, g: _errors(f.calls_of(g)))
TYPICAL: Measure = ("Typical time, ms", Kind.COUNT, lambda f, g: f.calls_of(g).median)
LONGEST: Measure = ("19 of 20 within, ms", Kind.COUNT, lambda f, g: f.calls_of(g).slow)
RESERVATIONS = (MADE, CAME, SENT, COVERS, LOST, LOST_SHARE, AWAY, AWAY_SHARE, LEAD, SHARE)
ANSWERS = (CALLS, FAILED, ERRORS, TYPICAL, LONGEST)
OF_CALLS = (("Failed calls %", *ERRORS[1:]), ("Typical answer, ms", *TYPICAL[1:]))
TILES = (MADE, COVERS, LOST, AWAY_SHARE, LEAD, SHARE, *OF_CALLS)


def platforms(asked: Asked) -> Report:
    """The whole tab: a query, and at most three for each period."""
    whom = reading.connections(asked.session, asked.scope, asked.now.website_id)
    if not whom:
        return Report([], [], [], is_empty=True, empty=NONE)
    now = _read(asked, asked.now, whom)
    both = now, _read(asked, asked.before, whom) if asked.before else None
    types = sorted({each.type for each in whom}, key=_order(now))
    sources = _sources(both, types)
    tables = [
        _by_platform("By platform", RESERVATIONS, both, types, NOTE),
        *_by_venue("By venue", RESERVATIONS, both, whom),
        _by_source(both, sources),
        _by_platform("Calls", ANSWERS, both, types, CALLS_NOTE),
        *_by_venue("Calls by venue", ANSWERS, both, whom),
    ]
    tiles = [Tile(label, _figure(both, read, ALL), kind) for label, kind, read in TILES]
    return Report(tiles, _charts(now, types, sources), tables, is_empty=_is_empty(both))


def _read(asked: Asked, wanted: Wanted, whom: Sequence[Connected]) -> Found:
    venues = sorted({each.venue_id for each in whom})
    inputs = (asked.session, asked.scope, wanted, venues)
    groups, sold = reading.held(*inputs), reading.sold(*inputs)
    return Found(groups, reading.called(asked.session, wanted, whom), reading.others(sold, groups))


def _order(now: Found) -> Callable[[str], tuple[int, str]]:
    return lambda kind: (-now.of((kind, None)).made, kind)


def _is_empty(both: Both) -> bool:
    return not any(
        each and (each.of(ALL).made or each.of(ALL).lost or each.calls_of(ALL).calls)
        for each in both
    )


def _by_platform(
    title: str, measures: Sequence[Measure], both: Both, types: Sequence[str], note: str
) -> Table:
    columns = [Column("Platform", Kind.TEXT), *_columns(measures)]
    rows = [_line([_label(kind)], measures, both, (kind, None)) for kind in types]
    totals = [_line(["Total"], measures, both, ALL)] if len(types) > 1 else []
    return Table(title, columns, rows, totals, note)


def _by_venue(
    title: str, measures: Sequence[Measure], both: Both, whom: Sequence[Connected]
) -> Iterable[Table]:
    """Nothing where there is one connection of each platform: it would be the same again."""
    if len(whom) == len({each.type for each in whom}):
        return
    columns = [Column("Venue", Kind.TEXT), Column("Platform", Kind.TEXT), *_columns(measures)]
    rows = [
        _line([each.venue, _label(each.type)], measures, both, (each.type, each.id))
        for each in whom
    ]
    yield Table(title, columns, rows)


def _by_source(both: Both, sources: Sequence[tuple[str, str]]) -> Table:
    columns = [Column("Source", Kind.TEXT), Column("Bookings"), Column("Share", Kind.PERCENT)]
    rows = [_source_line(both, each) for each in sources]
    return Table("Against other sources", [*columns, Column("Guests")], rows, note=SOURCES_NOTE)


def _source_line(both: Both, each: tuple[str, str]) -> list[Cell]:
    return [
        _source(*each),
        _told(both, lambda found: found.sold_by(*each).bookings),
        _told(both, lambda found: found.share(found.sold_by(*each).bookings)),
        _told(both, lambda found: found.sold_by(*each).guests),
    ]


def _sources(both: Both, types: Iterable[str]) -> list[tuple[str, str]]:
    """Each platform, and the other sources over which anything came; the most bookings first."""
    named = [(PLATFORM, kind) for kind in types]
    plain = {
        (source, "")
        for each in both
        if each
        for source, sold in each.sold.items()
        if source != PLATFORM or sold.bookings
    }
    return sorted({*named, *plain}, key=lambda each: (-both[0].sold_by(*each).bookings, each))


def _charts(now: Found, types: Iterable[str], sources: Iterable[tuple[str, str]]) -> list[Series]:
    held = [
        (_label(kind), [CAME[2](now, (kind, None)), SENT[2](now, (kind, None))]) for kind in types
    ]
    sold = [(_source(*each), [now.sold_by(*each).bookings]) for each in sources]
    return [
        Series("Reservations by platform", [CAME[0], SENT[0]], held),
        Series("Bookings by source", ["Bookings"], sold),
    ]


def _line(
    names: Sequence[str], measures: Iterable[Measure], both: Both, group: Group
) -> list[Cell]:
    return [*names, *(_figure(both, read, group) for _, _, read in measures)]


def _columns(measures: Iterable[Measure]) -> list[Column]:
    return [Column(label, kind) for label, kind, _ in measures]


def _figure(both: Both, read: Callable[[Found, Group], Number], group: Group) -> Figure:
    return _told(both, lambda found: read(found, group))


def _told(both: Both, read: Callable[[Found], Number]) -> Figure:
    now, before = both
    return Figure(read(now), read(before) if before else None)


def _label(kind: str) -> str:
    return KINDS[kind].label if kind in KINDS else source_name(kind)


def _source(source: str, platform: str) -> str:
    if platform:
        return _label(platform)
    return "Another platform" if source == PLATFORM else source_name(source)


def _lost(group: Held) -> float | None:
    return _percent(group.lost, group.made + group.lost)


def _away(group: Held) -> float | None:
    return _percent(group.stayed_away, group.stayed_away + group.arrived)


def _errors(group: Called) -> float | None:
    return _percent(group.failed, group.calls)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
