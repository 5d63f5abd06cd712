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

from app.customers.models import Customer
from app.errors import Fault, InvalidPayload
from app.ids import new_id
from app.travelers import queries, rules
from app.travelers.models import Traveler


@dataclass(frozen=True)
class Wanted:
    """A traveler who shall go: the `id` of a profile, or a new one. `said` of a profile holds for
    this booking alone."""

    id: UUID | None = None
    is_primary: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)
    """By the names of `rules.FIELDS`."""


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
    region: str = queries.NOWHERE,
) -> list[Going]:
    """Snapshots of who goes on a day; who is new gets a profile of the customer's.

    Exactly one is primary: who goes alone is it. `region`: country of numbers without one, where
    the customer has no phone. Raises InvalidPayload with every fault, named as
    `travelers.1.age`, and Conflict where they are too many to keep; then nothing was written.
    """
    kept = _kept(session, customer_id, [each.id for each in wanted if each.id])
    region = queries.region_of(session.get(Customer, customer_id), region)
    today = datetime.now(UTC).date()
    described = [_described(each, kept, region, today) for each in wanted]
    faults = _faults_of_party(wanted)
    for place, (values, wrong) in enumerate(described):
        found = wrong or _too_young(values, day, min_age)
        faults += [Fault(f"travelers.{place}.{name}", message) for name, message in found]
    if faults:
        raise InvalidPayload("These travelers cannot go like this.", faults)
    new = sum(each.id is None for each in wanted)
    if new:
        queries.demand_room(session, customer_id, new)
    going = []
    for each, (values, _) in zip(wanted, described, strict=True):
        profile = kept[each.id] if each.id else _profile(session, customer_id, values)
        primary = each.is_primary or len(wanted) == 1
        going.append(Going(profile.id, primary, **_on(values, day)))
    session.flush()
    return going


def _kept(session: Session, customer_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Traveler]:
    query = select(Traveler).where(
        Traveler.customer_id == customer_id, Traveler.id.in_(ids), Traveler.deleted_at.is_(None)
    )
    return {each.id: each for each in session.scalars(query)} if ids else {}


def _faults_of_party(wanted: Sequence[Wanted]) -> list[Fault]:
    if not wanted:
        return [Fault("travelers", "Say who goes.")]
    faults = []
    if sum(each.is_primary for each in wanted) != 1 and len(wanted) > 1:
        faults.append(Fault("travelers", "Exactly one must be primary: whom the guides call."))
    if len(wanted) != len({each.id or place for place, each in enumerate(wanted)}):
        faults.append(Fault("travelers", "Each traveler goes once."))
    return faults


def _described(
    each: Wanted, kept: Mapping[UUID, Traveler], region: str, today: date
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What is known of one in the names of `rules.FIELDS` and `age_on`, and what is wrong with it.

    What a profile says was checked when it was kept, or comes from where nobody checked it.
    """
    if each.id is None:
        return rules.check(each.said, region=region, today=today)
    profile = kept.get(each.id)
    if profile is None:
        return {}, [("id", "There is no such traveler of yours.")]
    before = {name: getattr(profile, name) for name in (*rules.FIELDS, "age_on")}
    said = {name: value for name, value in each.said.items() if value not in (None, "")}
    anew = rules.together(said)
    asked = {name: said.get(name) for name in rules.FIELDS if name in anew}
    values, wrong = rules.check({"name": profile.name, **asked}, region=region, today=today)
    fresh = {name: values[name] for name in anew}
    if "age" in anew:
        fresh["age_on"] = values["age_on"]
    return {**before, **fresh}, wrong


def _too_young(values: Mapping[str, Any], day: date, min_age: int | None) -> list[tuple[str, str]]:
    if not values or not min_age:
        return []
    age = _on(values, day)["age"]
    if age is None:
        return [("age", f"Is needed here: nobody younger than {min_age} may go.")]
    return [("age", f"Must be at least {min_age} on the first day.")] if age < min_age else []


def _on(values: Mapping[str, Any], day: date) -> dict[str, Any]:
    """What a booking keeps of somebody: as old as they are on its day."""
    known = dict(values)
    known["age"] = rules.age_on(known["birth_date"], known["age"], known.pop("age_on"), day)
    return known


def _profile(session: Session, customer_id: UUID, values: Mapping[str, Any]) -> Traveler:
    made = Traveler(id=new_id(), customer_id=customer_id, **values)
    session.add(made)
    return made
