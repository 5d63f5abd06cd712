"""Details of who goes, given by the guest: they can be given and replaced, never read back.

A link may be passed on within the party, so its page shows a first name and what is on file, and
none of it. Prices stay as agreed: an age that is told here changes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import partnering
from app.bookings.calling_off import is_cancellable
from app.bookings.partnering import Change
from app.errors import Conflict, Fault, InvalidPayload, NotFound
from app.events.models import Actor
from app.ids import new_id
from app.plain import plain
from app.selfservice.opening import Visit
from app.travelers import rules
from app.travelers.going import Wanted, choose

PAIR = ("emergency_contact_name", "emergency_contact_phone")
TOLD = ("phone", *PAIR, "special_requirements", "medical_notes")
"""May be told until the start."""
AGE = ("birth_date", "age")
"""Where neither is known; they and new names until changes close."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody who goes, as far as the page shows them."""

    id: str
    called: str
    """`Amelia H.`"""
    saved: frozenset[str]
    """Names of what is on file."""
    is_primary: bool = False
    """Whom the guides call."""

    @property
    def missing(self) -> Sequence[str]:
        """What guides still need, in words: the phone of the one whom they call."""
        expected = ("phone", *PAIR) if self.is_primary else PAIR
        return [rules.LABELS[name].lower() for name in expected if name not in self.saved]


def people(visit: Visit) -> list[Person]:
    """Who is named by now."""
    return [_person(row) for row in visit.booking.travelers]


def person(visit: Visit, row_id: UUID) -> Person:
    """One of them. Raises NotFound."""
    return _person(_row(visit, row_id))


def may_tell(visit: Visit, now: datetime) -> bool:
    """Whether details can be given: until it begins, where somebody goes along."""
    booking = visit.booking
    today = now.astimezone(visit.zone).date()
    return (
        booking.kind != "table"
        and is_cancellable(booking, now)
        and (booking.starts_at is not None or today <= booking.activity_date)
    )


def may_say_age(session: Session, visit: Visit, who: Person | None, now: datetime) -> bool:
    """Of somebody new, or of whom it is not known yet, until changes close."""
    is_known = who is not None and bool(who.saved & set(AGE))
    return not is_known and partnering.is_open(session, visit.booking, now)


def may_add(session: Session, visit: Visit, now: datetime) -> bool:
    """Whether somebody of the party can still be named: until the venue closes changes."""
    has_room = len(visit.booking.travelers) < visit.booking.guest_count
    return has_room and may_tell(visit, now) and partnering.is_open(session, visit.booking, now)


def told(
    session: Session, visit: Visit, row_id: UUID | None, typed: Mapping[str, str], now: datetime
) -> list[Row]:
    """The travelers of a locked booking with what was typed of one, or with a new one.

    Empty fields stay as they are. Raises InvalidPayload with a fault for each field, NotFound, and
    Conflict when it is too late or everybody is named.
    """
    if not may_tell(visit, now):
        raise Conflict("It is too late to add details here. Please call us.")
    said = _read(typed)
    rows = visit.booking.travelers
    if row_id is None:
        return _with_new(session, visit, rows, said, now)
    old = _row(visit, row_id)
    says_age = may_say_age(session, visit, _person(old), now)
    names = (*TOLD, *AGE) if says_age else TOLD
    new = {**old, **_changes(visit, old, {n: said[n] for n in names if n in said}, now)}
    return [new if row["id"] == old["id"] else row for row in rows]


def keep(session: Session, actor: Actor, visit: Visit, rows: Sequence[Row], now: datetime) -> bool:
    """Write them. Returns whether anything changed."""
    return partnering.change(session, actor, visit.booking, Change({"travelers": rows}), now)


def _with_new(
    session: Session, visit: Visit, rows: list[Row], said: Mapping[str, Any], now: datetime
) -> list[Row]:
    booking = visit.booking
    name = str(said.get("name", "")).casefold()
    if any(row["name"].casefold() == name for row in rows):
        return rows  # the button was pressed twice
    if not may_add(session, visit, now):
        raise Conflict("Nobody can be added here any more. Please call us.")
    least = visit.activity.min_age if visit.activity else None
    try:
        [going] = choose(
            *(session, booking.customer_id, [Wanted(said=said)], booking.activity_date),
            min_age=least,
            region=visit.website.phone_region,
        )
    except InvalidPayload as error:
        faults = [Fault(f.field.rpartition(".")[2], f.message) for f in error.details]
        raise InvalidPayload(error.message, faults) from error
    made = {name: plain(value) for name, value in going.columns().items()}
    own = {"id": str(new_id()), "checked_in_at": None, "is_primary": not rows}
    return [*rows, {**made, **own}]


def _changes(visit: Visit, old: Row, said: Mapping[str, Any], now: datetime) -> Row:
    """The columns that follow from what was said. Raises InvalidPayload."""
    values = {"name": old["name"], **said}
    if said.keys() & set(PAIR):
        values |= {name: said.get(name) or old[name] for name in PAIR}
    today = now.astimezone(visit.zone).date()
    found = rules.clean(values, region=visit.website.phone_region, today=today)
    changed = {name: plain(found[name]) for name in said if name not in AGE}
    if said.keys() & set(AGE):
        age = rules.age_on(found["birth_date"], found["age"], today, visit.booking.activity_date)
        least = visit.activity.min_age if visit.activity else None
        if least and age is not None and age < least:
            fault = Fault(next(iter(said.keys() & set(AGE))), f"Nobody under {least} can go.")
            raise InvalidPayload("Nothing was saved.", [fault])
        changed |= {"birth_date": plain(found["birth_date"]), "age": age}
    return changed


def _read(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, without what was left empty. Raises InvalidPayload for a bad date or age."""
    said: dict[str, Any] = {}
    for name in ("name", *AGE, *TOLD):
        if value := typed.get(name, "").strip():
            said[name] = value
    try:
        if "birth_date" in said:
            said["birth_date"] = date.fromisoformat(said["birth_date"])
    except ValueError as error:
        raise _fault("birth_date", "Type a date.") from error
    if "age" in said:
        if not (said["age"].isascii() and said["age"].isdigit() and len(said["age"]) < 4):
            raise _fault("age", "Type a number of years.")
        said["age"] = int(said["age"])
    return said


def _fault(name: str, message: str) -> InvalidPayload:
    return InvalidPayload("Nothing was saved.", [Fault(name, message)])


def _row(visit: Visit, row_id: UUID) -> Row:
    for row in visit.booking.travelers:
        if row["id"] == str(row_id):
            return row
    raise NotFound("There is no such traveler.")


def _person(row: Row) -> Person:
    first, _, rest = row["name"].strip().partition(" ")
    called = f"{first} {rest.split()[-1][0]}." if rest.strip() else first
    saved = frozenset(name for name in (*TOLD, *AGE) if row[name] not in (None, ""))
    return Person(row["id"], called, saved, row["is_primary"])
