"""Participants become travelers: profiles that their customer keeps, each person once, and rows of
the booking with which they went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.ids import new_id
from app.legacy.hub import Became, Profile
from app.legacy.index import Spot
from app.legacy.people import Participant, likeness, participant
from app.legacy.work import Work
from app.plain import plain
from app.tabular.files import Row
from app.tabular.values import Bad
from app.travelers.models import KEPT

MOST = 1000
"""Participants of one booking."""
Going = list[tuple[Row, Participant]]


def new_rows(work: Work, spots: Iterable[Spot]) -> dict[str, list[Row]]:
    """Those of these participants that were not brought in before, by their booking."""
    rows = [work.participants.row_at(*spot) for spot in spots]
    found: dict[str, list[Row]] = {}
    for row in work.fresh(work.participants, rows):
        found.setdefault(row.values["booking_id"], []).append(row)
    return found


def going(work: Work, rows: Sequence[Row], on: date) -> Going:
    """The participants of a new booking of a day; those that cannot be brought in are rejected."""
    found: Going = []
    for row in rows:
        try:
            one = participant(row.values, work.hub.website.phone_region, on, work.hub.now)
        except Bad as reason:
            work.report.reject(work.participants, row, str(reason))
        else:
            found.append((row, one))
    return found


def reject_party(work: Work, spots: Sequence[Spot], reason: str) -> None:
    """Nobody of a booking that is not brought in is brought in."""
    for spot in spots:
        work.report.reject(work.participants, work.participants.row_at(*spot), reason)


@dataclass
class Profiles:
    """The travelers of the customers of a batch; those that are new are made at its end."""

    known: dict[UUID, list[Profile]]
    new: list[dict[str, Any]] = field(default_factory=list)
    became: list[Became] = field(default_factory=list)

    def travelers(
        self, work: Work, customer_id: UUID, party: Going, on: date, arrived: datetime | None
    ) -> list[dict[str, Any]]:
        """Who goes with a booking, as it keeps them."""
        primary = _primary([one for _, one in party])
        used: set[UUID] = set()
        rows: list[dict[str, Any]] = []
        for place, (row, one) in enumerate(party):
            profile, is_new = self._profile(work, customer_id, one, on, used)
            used.add(profile)
            self.became.append(Became("participant", row.id, profile, is_new, row.digest))
            work.report.count(work.participants, "new" if is_new else "matched")
            more = {"id": new_id(), "traveler_id": profile, "is_primary": place == primary}
            told = {**one.columns, **more, "price": one.price, "checked_in_at": arrived}
            rows.append({name: plain(told[name]) for name in KEPT})
        return rows

    def _profile(
        self, work: Work, customer_id: UUID, one: Participant, on: date, used: set[UUID]
    ) -> tuple[UUID, bool]:
        """Their profile, and whether it is new. Nobody goes twice with one booking."""
        told = one.columns
        age = None if told["birth_date"] else told["age"]
        age_on = None if age is None else on
        like = likeness(one.name, told["phone"], told["birth_date"], age, age_on)
        mine = self.known.setdefault(customer_id, [])
        for there in mine:
            if there.id not in used and there.like.is_like(like):
                return there.id, False
        made = one.created_at or work.hub.now
        profile = Profile(new_id(), like)
        more = {"id": profile.id, "customer_id": customer_id, "age": age, "age_on": age_on}
        self.new.append({**told, **more, "created_at": made, "updated_at": made})
        mine.append(profile)
        return profile.id, True


def _primary(party: Sequence[Participant]) -> int:
    """The place of the one whom the guides call: who is marked, else the first adult."""
    marked = (place for place, one in enumerate(party) if one.is_primary)
    adults = (place for place, one in enumerate(party) if one.is_adult)
    return next(marked, next(adults, 0))
