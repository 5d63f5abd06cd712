"""Reading waiting lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.bookings.models import Booking
from app.customers.models import Customer
from app.errors import NotFound, SlotUnavailable
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues import finding
from app.venues.models import Activity, Departure, Venue
from app.venues.plan import Slot
from app.waiting.models import WaitingEntry, WaitingState
from app.waiting.rules import OPEN, state_after

VIEW = Permission.BOOKINGS_VIEW
MOST = 200
"""Entries on a page."""
_WELL = ("good", "doubtful")
RECENT = 50
"""Of those that are over."""


@dataclass(frozen=True)
class Place:
    """What people wait for."""

    departure: Departure
    activity: Activity
    venue: Venue

    @property
    def website_id(self) -> str:
        return self.venue.website_id

    @property
    def capacity(self) -> int | None:
        """The departure's own, else the activity's; None without limit."""
        own = self.departure.capacity
        return self.activity.capacity if own is None else own

    def slot(self, session: Session, now: datetime) -> Slot | None:
        """How it stands now; None where it does not take place (the clock skips its time)."""
        day, key = self.departure.day, str(self.departure.id)
        try:
            return finding.slot_on(session, self.activity.id, day, now, key=key).slot
        except SlotUnavailable:
            return None


@dataclass(frozen=True)
class Line:
    """An entry with what it is about, as it is shown."""

    entry: WaitingEntry
    place: Place
    customer: Customer
    booking: Booking | None
    position: int | None = None
    """From 1, among those who still wait."""

    @property
    def is_told(self) -> bool:
        """Whether a message about an offer reaches them; else somebody must call."""
        who = self.customer
        by_sms = who.sms_opt_in and who.phone and who.sms_health in _WELL
        return bool(by_sms or (who.email and who.email_health in _WELL))

    @property
    def state(self) -> WaitingState:
        """Also where nobody has yet written down what the offer came to."""
        state = WaitingState(self.entry.state)
        offered = state is WaitingState.OFFERED and self.booking is not None
        return state_after(self.booking.status) if offered and self.booking else state


def place(session: Session, departure_id: UUID) -> Place:
    """A departure with what it is of. Raises NotFound. Takes no scope: ask for what was read
    through one."""
    query = (
        select(Departure, Activity, Venue)
        .join(Activity, Activity.id == Departure.activity_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .where(Departure.id == departure_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This departure does not exist.")
    return Place(*row)


def visible(
    session: Session, scope: Scope, departure_id: UUID, permission: Permission = VIEW
) -> Place:
    """The same for who sees the bookings there. Raises NotFound, and Forbidden when it is only
    visible."""
    found = place(session, departure_id)
    scope.demand(permission, found.website_id, seen_with=VIEW)
    return found


def lock_list(session: Session, departure_id: UUID, *, wait: bool = True) -> bool:
    """A list is changed by one at a time: the row of its departure is locked. Bookings do not wait
    for that. False when it is locked by somebody else, and we do not wait. Raises NotFound."""
    query = select(Departure.id).where(Departure.id == departure_id)
    locked = query.with_for_update(key_share=True, skip_locked=not wait)
    if session.scalar(locked) is not None:
        return True
    if wait:
        raise NotFound("This departure does not exist.")
    return False


def queue(session: Session, departure_id: UUID) -> Sequence[WaitingEntry]:
    """Who waits, the longest first. The list is locked."""
    query = select(WaitingEntry).where(
        WaitingEntry.departure_id == departure_id, WaitingEntry.state == WaitingState.WAITING
    )
    ordered = query.order_by(WaitingEntry.created_at, WaitingEntry.id)
    return session.scalars(ordered.execution_options(populate_existing=True)).all()


def open_entry(session: Session, departure_id: UUID, customer_id: UUID) -> WaitingEntry | None:
    """Somebody's open entry on a list that is locked."""
    query = select(WaitingEntry).where(
        WaitingEntry.departure_id == departure_id,
        WaitingEntry.customer_id == customer_id,
        WaitingEntry.state.in_(OPEN),
    )
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def entry(session: Session, entry_id: UUID) -> WaitingEntry:
    """One entry, with its list locked. Raises NotFound."""
    found = session.get(WaitingEntry, entry_id)
    if found is None:
        raise NotFound("There is no such entry.")
    lock_list(session, found.departure_id)
    session.refresh(found)
    return found


def on_list(session: Session, departure_id: UUID) -> Sequence[Line]:
    """A departure's list: who has an offer, then who waits, in turn."""
    query = _lines().where(WaitingEntry.departure_id == departure_id, WaitingEntry.state.in_(OPEN))
    turn = (WaitingEntry.state, WaitingEntry.created_at, WaitingEntry.id)  # offered, waiting
    return _read(session, query.order_by(*turn).limit(MOST))


def past(session: Session, departure_id: UUID) -> Sequence[Line]:
    """What became of those who are on it no more, newest first."""
    query = _lines().where(
        WaitingEntry.departure_id == departure_id, WaitingEntry.state.not_in(OPEN)
    )
    newest = (WaitingEntry.updated_at.desc(), WaitingEntry.id.desc())
    return _read(session, query.order_by(*newest).limit(RECENT))


def of_customer(
    session: Session, customer_id: UUID, websites: Collection[str], entry_id: UUID | None = None
) -> Sequence[Line]:
    """A customer's own entries at these websites, newest first; or one of them."""
    query = _lines().where(
        WaitingEntry.customer_id == customer_id, WaitingEntry.website_id.in_(sorted(websites))
    )
    if entry_id is not None:
        query = query.where(WaitingEntry.id == entry_id)
    newest = (WaitingEntry.created_at.desc(), WaitingEntry.id.desc())
    return _read(session, query.order_by(*newest).limit(MOST))


def count(session: Session, departure_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many parties wait on each of these lists; those without are missing."""
    if not departure_ids:
        return {}
    query = (
        select(WaitingEntry.departure_id, func.count())
        .where(WaitingEntry.departure_id.in_(departure_ids), WaitingEntry.state.in_(OPEN))
        .group_by(WaitingEntry.departure_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _lines() -> Select[Any]:
    """An entry with everything around it. How many wait before it is counted in the index."""
    before = aliased(WaitingEntry)
    turn = tuple_(before.created_at, before.id)
    ahead = select(func.count()).where(
        before.departure_id == WaitingEntry.departure_id,
        before.state == WaitingState.WAITING,
        turn < tuple_(WaitingEntry.created_at, WaitingEntry.id),
    )
    return (
        select(WaitingEntry, Departure, Activity, Venue, Customer, Booking, ahead.scalar_subquery())
        .join(Departure, Departure.id == WaitingEntry.departure_id)
        .join(Activity, Activity.id == Departure.activity_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .join(Customer, Customer.id == WaitingEntry.customer_id)
        .outerjoin(Booking, Booking.id == WaitingEntry.booking_id)
    )


def _read(session: Session, query: Select[Any]) -> list[Line]:
    found = []
    for entry, departure, activity, venue, customer, booking, ahead in session.execute(query):
        position = ahead + 1 if entry.state == WaitingState.WAITING else None
        place = Place(departure, activity, venue)
        found.append(Line(entry, place, customer, booking, position))
    return found
