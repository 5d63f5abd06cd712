"""Waiting lists where a person is exported, erased, or two records of one person are merged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.plain import plain
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.models import Activity, Departure
from app.waiting.models import WaitingEntry, WaitingState
from app.waiting.rules import OPEN

NAMES = ("id", "website_id", "guests", "state", "booking_id", "offered_at", "created_at")


def known_to(scope: Scope, customer_id: Any, permission: Permission) -> ColumnElement[bool]:
    """Whether somebody (a column, or an id) waits or waited where this permission is held."""
    theirs = select(WaitingEntry.id).where(WaitingEntry.customer_id == customer_id)
    return theirs.where(scope.clause(WaitingEntry.website_id, permission)).exists()


def of_guest(session: Session, scope: Scope, customer_id: UUID) -> list[dict[str, Any]]:
    """What a guest waits or waited for, where the scope may export guests: JSON values."""
    query = (
        select(WaitingEntry, Departure, Activity.name)
        .join(Departure, Departure.id == WaitingEntry.departure_id)
        .join(Activity, Activity.id == Departure.activity_id)
        .where(
            WaitingEntry.customer_id == customer_id,
            scope.clause(WaitingEntry.website_id, Permission.CUSTOMERS_VIEW),
            scope.clause(WaitingEntry.website_id, Permission.CUSTOMERS_EXPORT),
        )
        .order_by(WaitingEntry.created_at.desc(), WaitingEntry.id)
    )
    return [
        {
            **{each: plain(getattr(entry, each)) for each in NAMES},
            "activity": name,
            "departure": f"{departure.day} {departure.time:%H:%M}",
        }
        for entry, departure, name in session.execute(query)
    ]


def forget(session: Session, customer_ids: Collection[UUID]) -> None:
    """Who is erased waits no longer; what is held for them runs out. The entries hold nothing
    personal and stay, as their bookings do."""
    waits = WaitingEntry.customer_id.in_(customer_ids) & (
        WaitingEntry.state == WaitingState.WAITING
    )
    gone = update(WaitingEntry).where(waits).values(state=WaitingState.LEFT)
    session.execute(gone.execution_options(synchronize_session="fetch"))


def hand_over(session: Session, old: UUID, new: UUID) -> Sequence[UUID]:
    """Entries go from one record to another. Returns their ids, to take it back.

    Where both are on one list, an offer stays before a turn, and the earlier before the later.
    """
    _one_on_each_list(session, (old, new))
    return _move(session, old, new)


def give_back(session: Session, old: UUID, new: UUID, ids: Collection[str]) -> None:
    """Take it back, as far as they are still where they went."""
    _move(session, old, new, [UUID(each) for each in ids])


def _one_on_each_list(session: Session, both: tuple[UUID, UUID]) -> None:
    query = select(WaitingEntry).where(
        WaitingEntry.customer_id.in_(both), WaitingEntry.state.in_(OPEN)
    )
    # "offered" comes before "waiting"
    turn = (WaitingEntry.departure_id, WaitingEntry.state, WaitingEntry.created_at)
    seen: set[UUID] = set()
    for entry in session.scalars(query.order_by(*turn).with_for_update()):
        if entry.departure_id in seen:
            entry.state = WaitingState.LEFT
        seen.add(entry.departure_id)
    session.flush()


def _move(
    session: Session, old: UUID, new: UUID, only: Collection[UUID] | None = None
) -> Sequence[UUID]:
    mine = WaitingEntry.customer_id == old
    if only is not None:
        mine &= WaitingEntry.id.in_(only)
    moved = update(WaitingEntry).where(mine).values(customer_id=new).returning(WaitingEntry.id)
    return session.scalars(moved.execution_options(synchronize_session="fetch")).all()
