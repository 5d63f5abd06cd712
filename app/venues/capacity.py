"""Taking and giving back places: conditional updates that the database decides.

Nobody reads what is left and then writes: of any number of calls for the last place at once one
gets it. Everything runs in the caller's transaction, so a booking and its place are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import BigInteger, Table, bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import SlotUnavailable
from app.venues.models import SlotUsage

_TABLE = cast(Table, SlotUsage.__table__)
_KEY = ("activity_id", "day", "slot")
_insert = insert(_TABLE)
_more = _TABLE.c.used + _insert.excluded.used
_limit = bindparam("limit", type_=BigInteger)
_ADD = _insert.on_conflict_do_update(index_elements=_KEY, set_={"used": _more})
_TAKE = _ADD.returning(_TABLE.c.used)
_TAKE_IF_FREE = _insert.on_conflict_do_update(
    index_elements=_KEY, set_={"used": _more}, where=_more <= _limit
).returning(_TABLE.c.used)
_GIVE = (
    update(_TABLE)
    .where(
        *(_TABLE.c[name] == bindparam(f"the_{name}", type_=_TABLE.c[name].type) for name in _KEY)
    )
    .values(used=_TABLE.c.used - bindparam("seats", type_=BigInteger))
)


@dataclass(frozen=True)
class Claim:
    """So many places of a slot."""

    activity_id: UUID
    day: date
    slot: str
    seats: int

    @property
    def key(self) -> tuple[UUID, date, str]:
        return self.activity_id, self.day, self.slot


def exchange(
    session: Session,
    give: Claim | None,
    take: Claim | None,
    capacity: int | None,
    *,
    force: bool = False,
) -> bool:
    """Give one claim back and take another, both or neither. Returns whether it is overbooked.

    `capacity` is that of the slot to take; None is without limit. Raises SlotUnavailable when it
    is full, unless `force`. Slots are touched in the order of their keys, so that two exchanges
    never wait for each other.
    """
    wanted: dict[tuple[UUID, date, str], int] = {}
    for claim, sign in ((give, -1), (take, 1)):
        if claim is not None:
            wanted[claim.key] = wanted.get(claim.key, 0) + sign * claim.seats
    overbooked = False
    for key in sorted(wanted):
        if wanted[key] > 0:
            overbooked = _take(session, key, wanted[key], capacity, force=force)
        elif wanted[key] < 0:
            session.execute(_GIVE, {**_named(key, "the_"), "seats": -wanted[key]})
    return overbooked


def _take(
    session: Session,
    key: tuple[UUID, date, str],
    seats: int,
    capacity: int | None,
    *,
    force: bool,
) -> bool:
    row = {**_named(key), "used": seats}
    if force or capacity is None:
        used: int = session.execute(_TAKE, row).scalar_one()
        return capacity is not None and used > capacity
    # Where nobody has booked yet there is no row whose update could be refused.
    full = seats > capacity
    if full or session.execute(_TAKE_IF_FREE, {**row, "limit": capacity}).first() is None:
        raise SlotUnavailable("There is not enough room left at that time.")
    return False


def _named(key: tuple[UUID, date, str], prefix: str = "") -> dict[str, Any]:
    return {prefix + name: value for name, value in zip(_KEY, key, strict=True)}
