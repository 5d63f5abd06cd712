"""Who goes with a booking: snapshots of new and of kept travelers, checked for the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.phones import to_e164
from app.errors import Fault, InvalidPayload
from app.travelers.models import Traveler

OLDEST = 120
SAID = (
    *("name", "birth_date", "age", "gender", "phone"),
    *("emergency_contact_name", "emergency_contact_phone"),
    *("special_requirements", "medical_notes"),
)
"""What may be said of a traveler."""
_PHONES = {"phone", "emergency_contact_phone"}


@dataclass(frozen=True)
class Wanted:
    """A traveler who shall go: the `id` of a profile, or a new one. `said` of a profile holds for
    this booking alone."""

    id: UUID | None = None
    is_primary: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)
    """By the names of SAID."""


@dataclass(frozen=True)
class Going:
    """Somebody who goes, as the booking keeps them. `age` is that of the first day."""

    traveler_id: UUID | None
    is_primary: bool
    name: str
    birth_date: date | None = None
    age: int | None = None
    gender: str | None = None
    phone: str | None = None
    emergency_contact_name: str | None = None
    emergency_contact_phone: str | None = None
    special_requirements: str | None = None
    medical_notes: str | None = None
    price: Decimal | None = None
    """Before a discount for groups."""

    def columns(self) -> dict[str, Any]:
        """By the names of the columns of `booking_travelers`."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def choose(
    session: Session,
    customer_id: UUID,
    wanted: Sequence[Wanted],
    day: date,
    *,
    min_age: int | None,
    region: str = "IN",
) -> list[Going]:
    """Snapshots of who goes on a day; who is new gets a profile of the customer's.

    Exactly one is primary: who goes alone is it. Raises InvalidPayload with every fault, named as
    `travelers.1.age`; then nothing was written.
    """
    kept = _kept(session, customer_id, [each.id for each in wanted if each.id])
    faults = _faults_of_primary(wanted)
    described = []
    for place, each in enumerate(wanted):
        values, found = _described(each, kept, day, min_age, region)
        faults += [Fault(f"travelers.{place}.{one.field}", one.message) for one in found]
        described.append(values)
    if len(wanted) != len({each.id or place for place, each in enumerate(wanted)}):
        faults.append(Fault("travelers", "Each traveler goes once."))
    if faults:
        raise InvalidPayload("These travelers cannot go like this.", faults)
    made = [_profile(session, customer_id, each, kept) for each in wanted]
    session.flush()
    alone = len(wanted) == 1
    return [
        Going(profile.id, each.is_primary or alone, **values)
        for profile, each, values in zip(made, wanted, described, strict=True)
    ]


def age_on(birth_date: date | None, age: int | None, said_on: date | None, day: date) -> int | None:
    """Years on a day: by the birth date, else by the age on the day on which it was said."""
    if birth_date is not None:
        return _years(birth_date, day)
    if age is None or said_on is None:
        return age
    return age + max(_years(said_on, day), 0)


def _years(first: date, last: date) -> int:
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))


def _kept(session: Session, customer_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Traveler]:
    query = select(Traveler).where(
        Traveler.customer_id == customer_id, Traveler.id.in_(ids), Traveler.deleted_at.is_(None)
    )
    return {each.id: each for each in session.scalars(query)} if ids else {}


def _faults_of_primary(wanted: Sequence[Wanted]) -> list[Fault]:
    primary = sum(each.is_primary for each in wanted)
    if not wanted:
        return [Fault("travelers", "Say who goes.")]
    if primary == 1 or len(wanted) == 1:
        return []
    return [Fault("travelers", "Exactly one must be primary: whom the guides call.")]


def _described(
    each: Wanted, kept: Mapping[UUID, Traveler], day: date, min_age: int | None, region: str
) -> tuple[dict[str, Any], list[Fault]]:
    """What the booking keeps of one, and what is wrong with it."""
    said = {name: each.said[name] for name in SAID if each.said.get(name) not in (None, "")}
    said |= {
        name: to_e164(said[name], None, region) or said[name] for name in _PHONES & said.keys()
    }
    profile = kept.get(each.id) if each.id else None
    if each.id and profile is None:
        return {}, [Fault("id", "There is no such traveler of yours.")]
    values: dict[str, Any] = dict.fromkeys(SAID)
    values |= {name: getattr(profile, name) for name in SAID} if profile else {}
    values |= said
    today = datetime.now(UTC).date()
    born, said_on = values["birth_date"], today
    if "age" in said and "birth_date" not in said:
        born = None
    elif profile and "age" not in said:
        said_on = profile.age_on or today
    age = age_on(born, values["age"], said_on, day)
    return {**values, "age": age}, _faults(values, age, min_age, today)


def _faults(
    values: Mapping[str, Any], age: int | None, min_age: int | None, today: date
) -> list[Fault]:
    found = []
    if not values["name"]:
        found.append(Fault("name", "Is required."))
    if values["birth_date"] and not 0 <= _years(values["birth_date"], today) <= OLDEST:
        found.append(Fault("birth_date", "Must be the birth date of somebody who lives."))
    elif min_age and age is None:
        found.append(Fault("age", f"Is needed here: nobody younger than {min_age} may go."))
    elif min_age and age is not None and age < min_age:
        found.append(Fault("age", f"Must be at least {min_age} on the first day."))
    return found


def _profile(
    session: Session, customer_id: UUID, each: Wanted, kept: Mapping[UUID, Traveler]
) -> Traveler:
    """The one that is kept, or a new one."""
    if each.id is not None:
        return kept[each.id]
    said = {name: each.said.get(name) or None for name in SAID}
    phones = {name: to_e164(said[name], None, "IN") or said[name] for name in _PHONES if said[name]}
    made = Traveler(customer_id=customer_id, **{**said, **phones, "age": each.said.get("age")})
    made.age_on = datetime.now(UTC).date() if made.age is not None else None
    session.add(made)
    return made
