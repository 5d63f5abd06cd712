"""One person and what is held about them, as far as somebody's scope reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.customers.models import Customer
from app.deliveries.models import SyncLog
from app.errors import NotFound
from app.events.models import Event
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers.models import Traveler
from app.waiting import people as waiting

VIEW = Permission.CUSTOMERS_VIEW
MOST = 500
"""Bookings on a page."""
AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Person:
    """A customer, and those of their bookings that are visible, the newest first."""

    customer: Customer
    bookings: Sequence[Booking]

    @property
    def name(self) -> str:
        """In full."""
        return self.customer.name


def person(
    session: Session, scope: Scope, customer_id: UUID, permission: Permission = VIEW
) -> Person:
    """A customer with the bookings on the websites where the permission is held.

    Who was merged is the record that was kept. Raises NotFound when none of their bookings is on
    a website whose customers may be seen (and not all may be). A customer may be visible and the
    list empty: the permission is held elsewhere.
    """
    customer = demand_visible(session, scope, customer_id)
    query = select(Booking).where(
        Booking.customer_id == customer.id,
        scope.clause(Booking.website_id, VIEW),
        scope.clause(Booking.website_id, permission),
    )
    newest = (Booking.activity_date.desc(), Booking.time_slot.desc(), Booking.id)
    return Person(customer, session.scalars(query.order_by(*newest).limit(MOST)).all())


def demand_visible(session: Session, scope: Scope, customer_id: UUID) -> Customer:
    """The record of a customer, after a merge the one that was kept. Raises NotFound."""
    customer: Customer = _follow(session, _seen(scope), customer_id)[0][0]
    return customer


def with_travelers(
    session: Session, scope: Scope, customer_id: UUID
) -> tuple[Customer, Sequence[Traveler]]:
    """The same, and whom they keep as travelers."""
    theirs = (Traveler.customer_id == Customer.id) & Traveler.deleted_at.is_(None)
    seen: AnySelect = _seen(scope).add_columns(Traveler).outerjoin(Traveler, theirs)
    found = _follow(session, seen.order_by(Traveler.id), customer_id)
    return found[0][0], [row[2] for row in found if row[2] is not None]


def _seen(scope: Scope) -> AnySelect:
    return select(Customer, _is_visible(scope, Customer.id))


def _follow(session: Session, query: AnySelect, customer_id: UUID) -> Sequence[Any]:
    """Of the record, after a merge of the one that was kept. Raises NotFound."""
    found = session.execute(query.where(Customer.id == customer_id)).all()
    while found and (kept_id := found[0][0].merged_into_id) is not None:
        found = session.execute(query.where(Customer.id == kept_id)).all()
    if not found or not found[0][1]:
        raise NotFound("This customer does not exist.")
    return found


def merged_into(session: Session, customer_id: UUID, *, lock: bool = False) -> Sequence[Customer]:
    """The records that were merged into this one, and are still."""
    query = select(Customer).where(Customer.merged_into_id == customer_id).order_by(Customer.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def is_visible(session: Session, scope: Scope, customer_id: UUID) -> bool:
    """Whether somebody sees the guests of a website where this one has a booking, or waits."""
    return bool(session.scalar(select(_is_visible(scope, customer_id))))


def _is_visible(scope: Scope, customer_id: Any) -> ColumnElement[bool]:
    if scope.can(VIEW):
        return true()
    theirs = select(Booking.id).where(Booking.customer_id == customer_id)
    booked = theirs.where(scope.clause(Booking.website_id, VIEW)).exists()
    return booked | waiting.known_to(scope, customer_id, VIEW)


def websites(session: Session, customer_id: UUID) -> set[str]:
    """Every website that this customer has bookings on, also those that the asker does not see.

    For erasing alone, which must not leave half of a person behind.
    """
    return set(session.scalars(select(func.customer_websites(customer_id))))


def events(session: Session, booking_ids: Sequence[UUID]) -> Sequence[Event]:
    """The history of these bookings, oldest first."""
    query = select(Event).where(Event.booking_id.in_(booking_ids))
    return session.scalars(query.order_by(Event.id)).all()


def calls(session: Session, booking_ids: Sequence[UUID]) -> Sequence[SyncLog]:
    """What was said about these bookings in calls, oldest first."""
    query = select(SyncLog).where(SyncLog.booking_id.in_(booking_ids))
    return session.scalars(query.order_by(SyncLog.id)).all()


def erased_since(session: Session, hours: int, limit: int) -> Sequence[Booking]:
    """Ids of bookings whose customer was erased in the last hours."""
    recently = func.now() - func.make_interval(0, 0, 0, 0, hours)
    query = select(Booking).join(Customer, Customer.id == Booking.customer_id)
    return session.scalars(query.where(Customer.erased_at > recently).limit(limit)).all()
