"""Newest wins, per field.

Every field of a booking carries the stamp of whoever set it last: an instant, and whether it was
staff. An incoming value applies when (instant, staff, value) is greater than what is there. That
order is total, so any interleaving of the same messages, however often repeated, ends in the same
booking: each field is a last-writer-wins register.

A field that staff changed and the source has not acknowledged yet is held: staff's value stays,
and its stamp moves to the source's instant, so that a repetition of the refused message stays
refused later on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.plain import plain

STAFF_MARK = "|staff"


class Stamp(NamedTuple):
    """When a field was set, and by whom: staff rank above a source at the same instant."""

    at: datetime
    staff: bool = False


Stamps = dict[str, Stamp]
NEVER = Stamp(datetime.min.replace(tzinfo=UTC))


def load(stored: Mapping[str, list[str]]) -> Stamps:
    """From the column: {instant: [fields]}, the instant marked where staff set them."""
    stamps: Stamps = {}
    for key, names in stored.items():
        text, mark, _ = key.partition(STAFF_MARK)
        stamp = Stamp(datetime.fromisoformat(text), bool(mark))
        stamps.update(dict.fromkeys(names, stamp))
    return stamps


def dump(stamps: Stamps) -> dict[str, list[str]]:
    """For the column. Fields set together share one entry, so a row stays small."""
    stored: dict[str, list[str]] = {}
    for name, stamp in sorted(stamps.items()):
        key = stamp.at.astimezone(UTC).isoformat() + (STAFF_MARK if stamp.staff else "")
        stored.setdefault(key, []).append(name)
    return stored


def _rank(stamp: Stamp, value: Any) -> tuple[datetime, bool, str]:
    return stamp.at, stamp.staff, json.dumps(plain(value), sort_keys=True, default=str)


@dataclass
class Merged:
    """What a message does to a booking."""

    applied: dict[str, Any] = field(default_factory=dict)
    """Values that win (also where they equal what is there)."""
    stamps: Stamps = field(default_factory=dict)
    """All stamps afterwards."""
    stale: list[str] = field(default_factory=list)
    refused: dict[str, Any] = field(default_factory=dict)
    """Values that lost against an unacknowledged change of staff."""


def merge(
    current: Mapping[str, Any],
    stamps: Stamps,
    incoming: Mapping[str, Any],
    at: datetime,
    held: Set[str] = frozenset(),
) -> Merged:
    """Apply a source's message, stamped `at`, to the registers. Pure."""
    result = Merged(stamps=dict(stamps))
    stamp = Stamp(at)
    for name, value in incoming.items():
        stored = stamps.get(name, NEVER)
        if _rank(stamp, value) <= _rank(stored, current.get(name)):
            if plain(value) != plain(current.get(name)) or stamp.at < stored.at:
                result.stale.append(name)
        elif name in held and plain(value) != plain(current.get(name)):
            result.refused[name] = value
            result.stamps[name] = Stamp(at, staff=True)
        else:
            result.applied[name] = value
            result.stamps[name] = stamp
    return result


def set_by_staff(stamps: Stamps, names: Set[str], now: datetime) -> Stamps:
    """Stamps after staff set `names`: they saw the value that was there, so they always win."""
    result = dict(stamps)
    for name in names:
        result[name] = Stamp(max(now, stamps.get(name, NEVER).at), staff=True)
    return result
