"""The table in which another system kept its CoverManager fields: its lines, read and checked.

No text of here holds a value of the file: somebody may have put the key into another column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from app.tabular.columns import File
from app.tabular.files import Export, Row
from app.tabular.jsonlines import are_json_lines, objects
from app.tabular.values import Bad, flag


def _either(*names: str) -> tuple[str, ...]:
    """Also where `CoverManager` was taken for two words."""
    return (*names, *(each.replace("covermanager", "cover_manager") for each in names))


VENUES = File(
    "venue",
    "venues",
    {
        "venue_id": ("venue", "id", "venue_uuid"),
        "venue_name": ("name",),
        "covermanager_slug": (
            *_either("covermanager_slug", "covermanager_restaurant", "covermanager_id"),
            *("cm_slug", "restaurant_slug", "restaurant", "slug"),
        ),
        "covermanager_key": (
            *_either("covermanager_key", "covermanager_api_key"),
            *("cm_key", "api_key", "apikey", "key"),
        ),
        "covermanager_enabled": (
            *_either("covermanager_enabled", "covermanager_is_enabled", "covermanager_active"),
            *_either("uses_covermanager"),
            *("cm_enabled", "is_enabled", "enabled"),
        ),
    },
    (
        ("venue_id", "venue_name"),
        *(("covermanager_slug",), ("covermanager_key",), ("covermanager_enabled",)),
    ),
    is_ranked=True,
)
"""Whose table has a slug and a state of the venue itself, too: the longer names go before."""


@dataclass(frozen=True)
class Place:
    """A venue that lines may mean. `slug`: its name as an address would have it."""

    id: UUID
    name: str
    slug: str
    website_id: str


@dataclass(frozen=True)
class Line:
    """One line, understood."""

    number: int
    venue: Place
    slug: str
    key: str = field(repr=False)
    is_enabled: bool

    def differs_from(self, other: Line) -> list[str]:
        """The fields in which two lines of one venue are not alike."""
        pairs = {
            "slug": (self.slug, other.slug),
            "key": (self.key, other.key),
            "enabled": (self.is_enabled, other.is_enabled),
        }
        return [name for name, (one, another) in pairs.items() if one != another]


@dataclass(frozen=True)
class Remark:
    """What is to be said of a line that is not brought in. `is_fault`: somebody must mend it."""

    number: int
    text: str
    is_fault: bool = True


@dataclass
class Read:
    """A whole file. `unknown`: columns that are read over."""

    lines: list[Line]
    remarks: list[Remark]
    unknown: Sequence[str] = ()


def read(path: Path, encoding: str, places: Sequence[Place]) -> Read:
    """Every line of a CSV, or of JSON lines. Raises CannotImport where it is no such table."""
    unknown: list[str] = []
    found = Read([], [], unknown)
    for row in _rows(path, encoding, unknown):
        try:
            line = _line(row, places)
        except Bad as reason:
            found.remarks.append(Remark(row.line, str(reason)))
        else:
            if line:
                found.lines.append(line)
            else:
                found.remarks.append(Remark(row.line, "No CoverManager here.", is_fault=False))
    return _told_apart(found)


def _rows(path: Path, encoding: str, unknown: list[str]) -> Iterator[Row]:
    file = replace(VENUES, name=path.name)
    if are_json_lines(path):
        yield from objects(path, file)
        return
    with closing(Export(path.parent, file, encoding)) as export:
        unknown += export.header.unknown
        yield from export.rows()


def _line(row: Row, places: Sequence[Place]) -> Line | None:
    """None where the venue never had CoverManager. Raises Bad."""
    if row.fault:
        raise Bad(row.fault)
    slug = row.values.get("covermanager_slug", "")
    key = row.values.get("covermanager_key", "")
    is_enabled = _is_on(row.values)
    if not (slug or key or is_enabled):
        return None
    venue = _venue(row.values, places)
    if missing := [name for name, value in (("slug", slug), ("key", key)) if not value]:
        raise Bad(f"{venue.name}: the {' and the '.join(missing)} {_is(missing)} missing.")
    return Line(row.line, venue, slug, key, is_enabled)


def _is_on(values: Mapping[str, str]) -> bool:
    """Only where it says so."""
    try:
        return flag(values, "covermanager_enabled") or False
    except Bad:
        raise Bad("enabled must be true or false.") from None


def _is(words: Sequence[str]) -> str:
    return "is" if len(words) == 1 else "are"


def _venue(values: Mapping[str, str], places: Sequence[Place]) -> Place:
    """The venue of a line: by our id, else by its name or what an address makes of it."""
    said = [values[name] for name in ("venue_id", "venue_name") if name in values]
    if not said:
        raise Bad("It names no venue.")
    meant = [{each.id: each for each in places if _means(word, each)} for word in said]
    found = [each for each in meant if each]
    if not found:
        raise Bad("There is no venue with this id or name.")
    both = [place for key, place in found[0].items() if all(key in each for each in found)]
    if len(both) != 1:
        raise Bad("It can mean more than one venue: name it by our id.")
    return both[0]


def _means(word: str, venue: Place) -> bool:
    return word.casefold() in (str(venue.id), venue.name.casefold(), venue.slug)


def _told_apart(found: Read) -> Read:
    """Lines of one venue: alike, they are one; where they differ, nobody knows which counts."""
    by_venue: dict[UUID, list[Line]] = {}
    for line in found.lines:
        by_venue.setdefault(line.venue.id, []).append(line)
    remarks, lines = list(found.remarks), []
    for first, *more in by_venue.values():
        differing = sorted({name for each in more for name in first.differs_from(each)})
        if not differing:
            lines.append(first)
            same = f"{first.venue.name}: the same as line {first.number}."
            remarks += [Remark(each.number, same, is_fault=False) for each in more]
            continue
        numbers = _and([str(each.number) for each in (first, *more)])
        why = f"{first.venue.name}: lines {numbers} differ in {_and(differing)}. Leave one of them."
        remarks += [Remark(each.number, why) for each in (first, *more)]
    return Read(lines, remarks, found.unknown)


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
