"""Who goes with a booking, as staff write it down: all of them at once, as one change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import queries
from app.bookings.arrivals import TRAVELERS
from app.bookings.claims import Terms
from app.bookings.models import Booking
from app.bookings.stamps import load, set_by_staff
from app.bookings.writing import write
from app.customers import queries as customers
from app.customers.models import Customer
from app.errors import Conflict, Fault, InvalidPayload, NotFound
from app.events.models import Actor
from app.ids import new_id
from app.plain import plain
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers import queries as profiles
from app.travelers import rules
from app.travelers.models import KEPT, Traveler
from app.travelers.rows import Row

HEALTH = Permission.CUSTOMERS_HEALTH
Wrong = list[tuple[str, str]]


@dataclass(frozen=True)
class Named:
    """One line: somebody who goes. `said` is all that staff see of them, `age` that of the day."""

    row_id: UUID | None = None
    """Who went before."""
    traveler_id: UUID | None = None
    """A profile of the customer's, for who did not."""
    is_primary: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)
    """By the names of `rules.FIELDS`; what is not said stays as it is known."""


@dataclass(frozen=True)
class Party:
    """A booking whose travelers are written down, and what there is to know of them."""

    session: Session
    booking: Booking
    before: Mapping[str, Row]
    region: str

    def described(self, one: Named) -> tuple[Row, Wrong]:
        """What the booking keeps of one, and what is wrong with what was said."""
        known = self.before.get(str(one.row_id)) if one.row_id else None
        if one.row_id and known is None:
            return {}, [("name", "Does not go with this booking any more: add them anew.")]
        known = known or self._new(one)
        changed = {name for name, value in one.said.items() if plain(value or None) != known[name]}
        if "birth_date" in changed and not one.said["birth_date"] and "age" not in changed:
            changed.add("age")
        anew = rules.together(changed)
        asked = {name: one.said.get(name, known[name]) for name in anew}
        if asked.get("birth_date"):
            asked["age"] = None  # it follows
        today = datetime.now(UTC).date()
        values, wrong = rules.check(
            {"name": known["name"], **asked}, region=self.region, today=today
        )
        row = {**known, **{name: plain(values[name]) for name in anew}}
        if "birth_date" in anew and values["birth_date"]:
            born = values["birth_date"]
            row["age"] = rules.age_on(born, None, None, self.booking.activity_date)
        return {**row, "is_primary": one.is_primary}, wrong

    def _new(self, one: Named) -> Row:
        """Of the profile that was chosen, else empty."""
        row = {**dict.fromkeys(KEPT), "id": str(new_id())}
        if one.traveler_id is None:
            return row
        profile = profiles.get(self.session, self.booking.customer_id, one.traveler_id)
        row |= {name: plain(getattr(profile, name)) for name in rules.FIELDS}
        known = profile.birth_date, profile.age, profile.age_on
        row["age"] = rules.age_on(*known, self.booking.activity_date)
        return row | {"traveler_id": str(profile.id)}

    def keep(self, row: Row) -> Row:
        """Somebody who is new to the customer, too, is kept for the next time."""
        if row["traveler_id"] or row["id"] in self.before:
            return row
        said = {name: row[name] for name in rules.FIELDS}
        values, _ = rules.check(
            {**said, "birth_date": None}, region=self.region, today=self.booking.activity_date
        )
        born = datetime.fromisoformat(row["birth_date"]).date() if row["birth_date"] else None
        if born:
            values |= {"birth_date": born, "age": None, "age_on": None}
        made = Traveler(id=new_id(), customer_id=self.booking.customer_id, **values)
        self.session.add(made)
        return {**row, "traveler_id": str(made.id)}


def name_travelers(
    session: Session,
    actor: Actor,
    scope: Scope,
    booking_id: UUID,
    wanted: Sequence[Named],
    version: int,
) -> bool:
    """Staff say who goes with a booking that was read at `version`; what was paid stays. Returns
    whether anything changed.

    Raises NotFound, Forbidden, InvalidPayload with every fault (`0.age`), and Conflict when it has
    moved on or is over.
    """
    booking = queries.lock(session, scope, booking_id, Permission.BOOKINGS_EDIT)
    demand_takes_travelers(booking)
    if booking.version != version:
        raise Conflict("Somebody else changed this booking meanwhile.", version=booking.version)
    rows = _rows(session, scope, booking, wanted)
    if rows == booking.travelers:
        return False
    session.flush()
    now = datetime.now(UTC)
    stamps = set_by_staff(load(booking.field_times), {TRAVELERS}, now)
    key = customers.data_key(session, booking.customer_id)
    website = queries.website_of(session, booking)
    said = {TRAVELERS: rows}
    return write(
        *(session, actor, website, booking, said, stamps), key=key, now=now, terms=Terms.DESK
    )


def demand_takes_travelers(booking: Booking) -> None:
    """Raises Conflict for what is over for good."""
    if not booking.can_edit:
        raise Conflict("The travelers of this booking cannot be changed any more.")


def _rows(session: Session, scope: Scope, booking: Booking, wanted: Sequence[Named]) -> list[Row]:
    before = {row["id"]: row for row in booking.travelers}
    booker = session.get(Customer, booking.customer_id)
    region = profiles.region_of(booker, queries.website_of(session, booking).phone_region)
    party = Party(session, booking, before, region)
    faults = _faults_of_party(booking, wanted)
    rows = []
    for place, one in enumerate(wanted):
        shown = one
        if not scope.can(HEALTH, booking.website_id):
            said = {name: each for name, each in one.said.items() if name != "medical_notes"}
            shown = Named(one.row_id, one.traveler_id, one.is_primary, said)
        try:
            row, wrong = party.described(shown)
        except NotFound as error:
            row, wrong = {}, [("name", error.message)]
        faults += [Fault(f"{place}.{name}", message) for name, message in wrong]
        rows.append(row)
    profiles_used = [row["traveler_id"] for row in rows if row and row["traveler_id"]]
    if len(profiles_used) != len(set(profiles_used)):
        faults.append(Fault("", "Somebody is there twice."))
    if faults:
        raise InvalidPayload("The travelers are not right yet.", faults)
    return [party.keep(row) for row in rows]


def _faults_of_party(booking: Booking, wanted: Sequence[Named]) -> list[Fault]:
    faults = []
    if wanted and sum(one.is_primary for one in wanted) != 1:
        faults.append(Fault("", "Choose one who is called first."))
    if len(wanted) > max(booking.guest_count, booking.traveler_count):
        words = f"The booking is for {booking.guest_count}: change the guests first."
        faults.append(Fault("", words))
    return faults
