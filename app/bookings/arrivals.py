"""Who of a party is here, and what that says of its booking: two things that are kept in step.

- A booking that is checked in or completed has all its travelers here; after any other move it has
  none. So a booking's own check-in, its undo and a no-show are its travelers', too.
- The last traveler of a party checks the booking in; one who is taken back takes the check-in
  back. Where guests are not named, it waits until somebody checks in the whole party.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.bookings.status import ARRIVED, Status
from app.plain import plain

TRAVELERS, STATED, COUNT = "travelers", "stated_status", "arrived_count"
HERE = "checked_in_at"
Rows = Sequence[Mapping[str, Any]]


def in_step(state: Mapping[str, Any], columns: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of a change with those that follow: travelers from a move, and the reverse.

    `state`: the values before, `stated_status` among them. Pure.
    """
    rows: Rows = columns.get(TRAVELERS, state[TRAVELERS]) or ()
    moves = columns.get(STATED, state[STATED]) != state[STATED]
    if not rows or not (moves or TRAVELERS in columns):
        return dict(columns)
    if moves:
        rows = all_here(rows, now) if columns[STATED] in ARRIVED else nobody_here(rows)
        return {**columns, TRAVELERS: rows}
    party = columns.get("guest_count", state["guest_count"])
    if state[STATED] in ARRIVED:
        rows = _joined(rows, state[TRAVELERS], now)
    status = _status(state[STATED], rows, party)
    said = {} if status == state[STATED] else {STATED: status}
    return {**columns, TRAVELERS: rows, **said}


def all_here(rows: Rows, now: datetime) -> list[dict[str, Any]]:
    """Everybody is here; who was before keeps their time."""
    return [{**row, HERE: row[HERE] or plain(now)} for row in rows]


def nobody_here(rows: Rows) -> list[dict[str, Any]]:
    """Nobody is."""
    return [{**row, HERE: None} for row in rows]


def here(rows: Rows) -> int:
    """How many are."""
    return sum(row[HERE] is not None for row in rows)


def by_name(changes: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """A change as people read it: where travelers only came or were taken back, their names stand
    in the place of how many are here."""
    old, new = changes.get(TRAVELERS) or (None, None)
    if not old or not new or nobody_here(old) != nobody_here(new):
        return dict(changes)
    was = {row["id"] for row in old if row[HERE]}
    back = ", ".join(row["name"] for row in new if row["id"] in was and not row[HERE])
    came = ", ".join(row["name"] for row in new if row["id"] not in was and row[HERE])
    rest = {name: pair for name, pair in changes.items() if name != TRAVELERS}
    return {**rest, COUNT: [back or None, came or None]}


def _joined(rows: Rows, before: Rows, now: datetime) -> list[dict[str, Any]]:
    """Who is named only after the party was checked in came with it."""
    known = {row["id"] for row in before or ()}
    return [
        dict(row) if row["id"] in known else {**row, HERE: row[HERE] or plain(now)} for row in rows
    ]


def _status(stated: str, rows: Rows, party: int) -> str:
    """What a booking is that was stated so, now that these are here."""
    count = here(rows)
    if stated in ARRIVED:
        return stated if count == len(rows) else Status.CONFIRMED.value
    if stated not in (Status.CONFIRMED, Status.NO_SHOW) or not count:
        return stated
    is_whole = count == len(rows) >= party
    return Status.CHECKED_IN.value if is_whole else Status.CONFIRMED.value
