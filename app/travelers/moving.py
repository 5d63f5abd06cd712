"""Travelers of a booking that comes to be on another day: the same people, of their ages then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.travelers import rules
from app.travelers.models import Traveler

Row = dict[str, Any]


def on_day(
    session: Session, before: Sequence[Row], was: date, day: date, booked_on: date
) -> list[Row]:
    """The rows of a booking of `was`, with the ages of `day`.

    An age that was said without a date of birth holds from the day on which its profile says so,
    else from `booked_on`.
    """
    ids = [UUID(row["traveler_id"]) for row in before if row["traveler_id"]]
    query = select(Traveler.id, Traveler.age_on).where(Traveler.id.in_(ids))
    said = {str(row.id): row.age_on for row in session.execute(query)} if ids else {}
    return [
        {**row, "age": _age(row, was, day, said.get(row["traveler_id"]) or booked_on)}
        for row in before
    ]


def _age(row: Row, was: date, day: date, said_on: date) -> int | None:
    if row["birth_date"]:
        return rules.age_on(date.fromisoformat(row["birth_date"]), None, None, day)
    if row["age"] is None:
        return None
    passed = (max(rules.years_between(said_on, then), 0) for then in (was, day))
    at_first, by_then = passed
    return max(int(row["age"]) - at_first + by_then, 0)
