"""Taking and giving back places: conditional updates that the database decides.

Nobody reads what is left and then writes: of any number of calls for the last place at once one
gets it. Everything runs in the caller's transaction, so a booking and its place are one.

A slot has two counters: who comes then, and, of tables, who sits there then, also who came before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import BigInteger, Table, bindparam, collate, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import SlotUnavailable
from app.venues.freeing import freeing
from app.venues.models import SlotUsage
from app.venues.plan import SlotKey

Key = tuple[UUID, date, str]

_TABLE = cast(Table, SlotUsage.__table__)
_KEY = ("activity_id", "day", "slot")


def _whole(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def _fits(used: Any, seated: Any) -> Any:
    """Within the limits; one that is null is none."""
    capacity, seats = _whole("capacity"), _whole("seats")
    return (capacity.is_(None) | (used <= capacity)) & (seats.is_(None) | (seated <= seats))


_insert = insert(_TABLE)
_after = {name: _TABLE.c[name] + _insert.excluded[name] for name in ("used", "seated")}
_TAKE = _insert.on_conflict_do_update(
    index_elements=_KEY, set_=_after, where=_fits(_after["used"], _after["seated"])
).returning(_TABLE.c.used, _TABLE.c.seated)
_changed = {name: _TABLE.c[name] + _whole(f"more_{name}") for name in ("used", "seated")}
_CHANGE = (
    update(_TABLE)
    .where(
        *(_TABLE.c[name] == bindparam(f"the_{name}", type_=_TABLE.c[name].type) for name in _KEY),
        _fits(_changed["used"], _changed["seated"]),
    )
    .values(_changed)
    .returning(_TABLE.c.used, _TABLE.c.seated)
)


@dataclass(frozen=True)
class Claim:
    """So many places of a slot; of tables also seats, in every slot that begins while they stay."""

    activity_id: UUID
    day: date
    slot: str
    guests: int
    sits: tuple[SlotKey, ...] = ()

    @property
    def keys(self) -> set[Key]:
        """Every counter that it is part of."""
        return {(self.activity_id, *key) for key in ((self.day, self.slot), *self.sits)}


@dataclass(frozen=True)
class Limits:
    """How many may come at a time, and sit at once; None is without limit."""

    capacity: int | None = None
    seats: int | None = None


UNLIMITED = Limits()


class _Count(NamedTuple):
    """How many more or fewer come, and sit."""

    used: int = 0
    seated: int = 0

    def plus(self, used: int, seated: int) -> _Count:
        return _Count(self.used + used, self.seated + seated)


def exchange(
    session: Session,
    give: Claim | None,
    take: Claim | None,
    limits: Limits = UNLIMITED,
    *,
    force: bool = False,
) -> bool:
    """Give one claim back and take another, both or neither. Returns whether it is overbooked.

    `limits` are those of what is taken. Raises SlotUnavailable when it is full, unless `force`.
    Slots are touched in the order of their keys, so that two exchanges never wait for each other.
    """
    wanted: dict[Key, _Count] = {}
    for claim, sign in ((give, -1), (take, 1)):
        if claim is not None:
            _count(wanted, claim, sign)
    overbooked = False
    for key in sorted(wanted):
        if any(wanted[key]):
            overbooked |= _apply(session, key, wanted[key], limits, force=force)
        if wanted[key].used < 0:
            freeing.note(session, key[2])
    return overbooked


def reseat(session: Session, moves: Iterable[tuple[Claim, Claim]]) -> None:
    """Exchange many claims at once, full or not: who sits where is counted anew."""
    wanted: dict[Key, _Count] = {}
    for give, take in moves:
        _count(wanted, give, -1)
        _count(wanted, take, 1)
    for key in sorted(wanted):
        if any(wanted[key]):
            _apply(session, key, wanted[key], UNLIMITED, force=True)


def take_all(session: Session, taken: Sequence[tuple[Claim, Limits]]) -> list[bool]:
    """Count many claims at once, full or not. Returns which of them, in this order, go over."""
    wanted: dict[Key, _Count] = {}
    for claim, _ in taken:
        _count(wanted, claim, 1)
    counts = _take_each(session, wanted)
    return [_adds(counts, claim, limits) for claim, limits in taken]


def give_all(session: Session, given: Iterable[Claim]) -> None:
    """Give many claims back at once."""
    wanted: dict[Key, _Count] = {}
    for claim in given:
        _count(wanted, claim, -1)
    for key in sorted(wanted):
        _apply(session, key, wanted[key], UNLIMITED, force=True)


def _take_each(session: Session, wanted: dict[Key, _Count]) -> dict[Key, _Count]:
    """Raise many counters in one statement, in the order of their keys. Returns what they were."""
    if not wanted:
        return {}
    made = insert(_TABLE).values([{**_named(k), **wanted[k]._asdict()} for k in sorted(wanted)])
    after = {name: _TABLE.c[name] + made.excluded[name] for name in ("used", "seated")}
    counted = made.on_conflict_do_update(index_elements=_KEY, set_=after)
    columns = (*(_TABLE.c[name] for name in _KEY), _TABLE.c.used, _TABLE.c.seated)
    found = {
        (r[0], r[1], r[2]): _Count(r[3], r[4]) for r in session.execute(counted.returning(*columns))
    }
    return {key: found[key].plus(-more.used, -more.seated) for key, more in wanted.items()}


def _adds(counts: dict[Key, _Count], claim: Claim, limits: Limits) -> bool:
    """Count one claim on; whether that is over its limits."""
    over = False
    own: dict[Key, _Count] = {}
    _count(own, claim, 1)
    for key, more in own.items():
        counts[key] = counts[key].plus(*more)
        capacity = limits.capacity if more.used else None
        over |= _over(counts[key], capacity, limits.seats if more.seated else None)
    return over


def hold(session: Session, keys: Iterable[Key]) -> None:
    """Lock these counters in the order of their keys, before several exchanges touch them."""
    ordered = (_TABLE.c.activity_id, _TABLE.c.day, collate(_TABLE.c.slot, "C"))
    query = select(_TABLE.c.used).where(tuple_(*(_TABLE.c[n] for n in _KEY)).in_(list(keys)))
    session.execute(query.order_by(*ordered).with_for_update())


def _count(wanted: dict[Key, _Count], claim: Claim, sign: int) -> None:
    comes, sits = (claim.day, claim.slot), set(claim.sits)
    for key in claim.keys:
        used = sign * claim.guests if key[1:] == comes else 0
        seated = sign * claim.guests if key[1:] in sits else 0
        wanted[key] = wanted.get(key, _Count()).plus(used, seated)


def _apply(session: Session, key: Key, more: _Count, limits: Limits, *, force: bool) -> bool:
    """Change one slot's counters. Who gives back is refused nothing. Returns whether it is over."""
    capacity = limits.capacity if more.used > 0 else None
    seats = limits.seats if more.seated > 0 else None
    most = {"capacity": None if force else capacity, "seats": None if force else seats}
    # Where nobody has booked yet there is no row whose update could be refused.
    there = None if not force and _over(more, capacity, seats) else _run(session, key, more, most)
    if there is None and max(more) > 0:
        raise SlotUnavailable("There is not enough room left at that time.")
    return there is not None and _over(there, capacity, seats)


def _run(session: Session, key: Key, more: _Count, most: dict[str, Any]) -> _Count | None:
    """The counters afterwards; None where the limits refuse."""
    if min(more) >= 0:
        row = {**_named(key), **more._asdict(), **most}
        found = session.execute(_TAKE, row).first()
    else:
        added = {f"more_{name}": n for name, n in more._asdict().items()}
        found = session.execute(_CHANGE, {**_named(key, "the_"), **added, **most}).first()
    return None if found is None else _Count(*found)


def _over(count: _Count, capacity: int | None, seats: int | None) -> bool:
    over = capacity is not None and count.used > capacity
    return over or (seats is not None and count.seated > seats)


def _named(key: Key, prefix: str = "") -> dict[str, Any]:
    return {prefix + name: value for name, value in zip(_KEY, key, strict=True)}
