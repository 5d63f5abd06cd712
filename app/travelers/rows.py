"""The travelers of a booking as rows, and as the booking and its history keep them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.actions import ERASED
from app.ids import new_id
from app.plain import plain
from app.travelers.going import Going
from app.travelers.models import KEPT, BookingTraveler

_TABLE = cast(Table, BookingTraveler.__table__)
Row = dict[str, Any]
"""One traveler in the names of KEPT, with JSON values."""
_READ: Mapping[str, Any] = {
    "id": UUID,
    "traveler_id": UUID,
    "birth_date": date.fromisoformat,
    "price": lambda value: Decimal(str(value)),
    "checked_in_at": datetime.fromisoformat,
}


_PRIVATE = (
    *("special_requirements", "medical_notes"),
    *("emergency_contact_name", "emergency_contact_phone"),
)


def outside(rows: Iterable[Row]) -> list[Row]:
    """What sources and partners are told of who goes: nothing of health, nor whom to call."""
    return [{name: row[name] for name in row if name not in _PRIVATE} for row in rows]


def without_health(rows: Iterable[Row]) -> list[Row]:
    """The same for who may not see medical notes."""
    return [{**row, "medical_notes": None} for row in rows]


def nameless(rows: Iterable[Row]) -> list[Row]:
    """How many went, what they paid and who came: not who they were."""
    empty = {**dict.fromkeys(KEPT), "name": ERASED}
    stays = ("id", "is_primary", "price", "checked_in_at")
    return [{**empty, **{name: row[name] for name in stays}} for row in rows]


def kept(before: Iterable[Row], going: Sequence[Going]) -> list[Row]:
    """Who goes now. Who went before keeps their row, and that they have arrived."""
    known = {row["traveler_id"]: row for row in before if row["traveler_id"]}
    rows = []
    for each in going:
        said = {name: plain(value) for name, value in each.columns().items()}
        old = known.get(said["traveler_id"]) or {}
        own = {"id": old.get("id") or str(new_id()), "checked_in_at": old.get("checked_in_at")}
        rows.append({**said, **own})
    return rows


def enter(session: Session, website_id: str, booking_id: UUID, rows: Sequence[Row]) -> None:
    """Write the rows of a new booking."""
    if rows:
        of = {"website_id": website_id, "booking_id": booking_id}
        session.execute(insert(_TABLE), [{**of, **_columns(n, row)} for n, row in enumerate(rows)])


def replace(session: Session, website_id: str, booking_id: UUID, rows: Sequence[Row]) -> None:
    """Bring the rows of a locked booking to these: who is kept by their id stays the same row."""
    mine = _TABLE.c.booking_id == booking_id
    ids = [UUID(row["id"]) for row in rows]
    session.execute(delete(_TABLE).where(mine, _TABLE.c.id.not_in(ids)))
    # One is primary at any moment, also between two statements.
    session.execute(update(_TABLE).where(mine, _TABLE.c.is_primary).values(is_primary=False))
    if not rows:
        return
    of = {"website_id": website_id, "booking_id": booking_id}
    made = insert(_TABLE).values([{**of, **_columns(n, row)} for n, row in enumerate(rows)])
    same = {name: made.excluded[name] for name in (*KEPT, "position") if name != "id"}
    session.execute(made.on_conflict_do_update(index_elements=["id"], set_=same))


def _columns(place: int, row: Row) -> dict[str, Any]:
    values = {name: row.get(name) for name in KEPT}
    read = {name: _READ[name](values[name]) for name in _READ if values[name] is not None}
    return {**values, **read, "position": place}
