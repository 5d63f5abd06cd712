"""Travelers where their customer is exported, erased, or two records of one person are merged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.customers.actions import ERASED
from app.plain import plain
from app.travelers.models import Traveler
from app.travelers.rules import FIELDS

NAMES = ("id", *FIELDS, "age_on", "deleted_at", "created_at", "updated_at")


def of_guest(
    session: Session, customer_ids: Collection[UUID], *, health: bool
) -> list[dict[str, Any]]:
    """Everybody whom these records kept, removed ones too: JSON values.

    `health`: whether whoever asks may see medical notes.
    """
    query = select(Traveler).where(Traveler.customer_id.in_(customer_ids)).order_by(Traveler.id)
    found = [
        {name: plain(getattr(each, name)) for name in NAMES} for each in session.scalars(query)
    ]
    return found if health else [{**each, "medical_notes": None} for each in found]


def forget(session: Session, customer_ids: Collection[UUID]) -> None:
    """Overwrite who they were: profiles stay as empty rows, which their bookings may name."""
    empty: dict[str, Any] = {**dict.fromkeys((*FIELDS, "age_on")), "name": ERASED}
    gone = func.coalesce(Traveler.deleted_at, func.now())
    theirs = update(Traveler).where(Traveler.customer_id.in_(customer_ids))
    blanked = theirs.values(**empty, deleted_at=gone)
    session.execute(blanked.execution_options(synchronize_session="fetch"))


def hand_over(
    session: Session, old: UUID, new: UUID, only: Collection[str] | None = None
) -> Sequence[UUID]:
    """Profiles go from one record to another: all, or those of `only` that are still there.

    Returns their ids, to take it back.
    """
    mine = Traveler.customer_id == old
    if only is not None:
        mine &= Traveler.id.in_([UUID(each) for each in only])
    moved = update(Traveler).where(mine).values(customer_id=new).returning(Traveler.id)
    return session.scalars(moved.execution_options(synchronize_session="fetch")).all()
