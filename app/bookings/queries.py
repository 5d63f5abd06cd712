"""Reading single bookings. Every read for people takes their scope. Lists are in `listing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, select, union_all
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.bookings.status import Status, permission_to_move
from app.crypto import DataKey
from app.customers.models import Customer
from app.deliveries.models import OPEN_STATES, Delivery, Destination, State
from app.errors import NotFound
from app.events.models import Event, Outbox
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.models import Activity, Venue
from app.websites.models import Website

VIEW = Permission.BOOKINGS_VIEW
_LOCK_BY_SOURCE = (
    select(Booking, Customer.data_key)
    .join(Customer, Customer.id == Booking.customer_id)
    .where(
        Booking.website_id == bindparam("website_id", type_=Text),
        Booking.source_booking_id == bindparam("source_id", type_=Uuid),
    )
    .with_for_update(of=Booking)
    .execution_options(populate_existing=True)
)


def get(session: Session, scope: Scope, booking_id: UUID, permission: Permission = VIEW) -> Booking:
    """One booking in full. Raises NotFound when it is not visible, Forbidden when only that."""
    query = select(Booking).where(Booking.id == booking_id)
    return _checked(session.scalars(query).one_or_none(), scope, permission)


def lock(session: Session, scope: Scope, booking_id: UUID, permission: Permission) -> Booking:
    """The same, with the row locked until the transaction ends."""
    query = select(Booking).where(Booking.id == booking_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    return _checked(found, scope, permission)


def lock_to_move(session: Session, scope: Scope, booking_id: UUID, status: Status) -> Booking:
    """Lock a booking for a status move; what that needs depends on where it stands."""
    booking = lock(session, scope, booking_id, VIEW)
    needed = permission_to_move(Status(booking.status), status)
    scope.demand(needed, booking.website_id, seen_with=VIEW)
    return booking


def _checked(booking: Booking | None, scope: Scope, permission: Permission) -> Booking:
    if booking is None or not scope.can(VIEW, booking.website_id):
        raise NotFound("This booking does not exist.")
    scope.demand(permission, booking.website_id, seen_with=VIEW)
    return booking


@dataclass(frozen=True)
class Locked:
    """A booking with its row locked, and the key of its customer (None once erased)."""

    booking: Booking
    key: DataKey | None


def lock_by_source(session: Session, website_id: str, source_id: UUID) -> Locked | None:
    """The booking that a source means. For the source's own door."""
    which = {"website_id": website_id, "source_id": source_id}
    row = session.execute(_LOCK_BY_SOURCE, which).one_or_none()
    if row is None:
        return None
    return Locked(row[0], DataKey.from_text(row[1]) if row[1] else None)


def website_of(session: Session, booking: Booking) -> Website:
    """The website a booking belongs to."""
    return session.get_one(Website, booking.website_id)


@dataclass(frozen=True)
class Around:
    """What stands around a booking. Whoever asks the session for one of them finds it there."""

    website: Website
    venue: Venue | None
    activity: Activity | None


def around(session: Session, booking: Booking) -> Around:
    """Its website, venue and activity, in one query."""
    query = (
        select(Website, Venue, Activity)
        .select_from(Website)
        .outerjoin(Venue, Venue.id == booking.venue_id)
        .outerjoin(Activity, Activity.id == booking.activity_id)
        .where(Website.id == booking.website_id)
    )
    row = session.execute(query).one()
    return Around(row[0], row[1], row[2])


def held_fields(session: Session, booking_id: UUID, door: str) -> set[str]:
    """Registers that somebody changed here and the source at this door has not acknowledged yet.

    What is sent once more on demand was acknowledged before. What was given up (refused twice, or
    passed by at the desk) holds nothing any more: else the source could never change that field
    again. The refund is nobody's here: where it changed, it followed from the total.
    """
    undelivered = (
        select(Event.changes)
        .join(Delivery, Delivery.event_id == Event.id)
        .join(Destination, Destination.id == Delivery.destination_id)
        .where(Delivery.booking_id == booking_id, Delivery.state.in_(OPEN_STATES))
        .where(Delivery.fallback.is_distinct_from(State.DELIVERED))
        .where(Destination.key == door)
    )
    undispatched = (
        select(Event.changes)
        .join(Outbox, Outbox.event_id == Event.id)
        .where(Outbox.booking_id == booking_id, Event.door != door)
    )
    names: set[str] = set()
    for changes in session.scalars(union_all(undelivered, undispatched)):
        names |= changes.keys()
    names.discard("refunded_amount")
    return {"stated_status" if name == "status" else name for name in names}


def last_event(session: Session, booking_id: UUID) -> Event | None:
    """The newest event of a booking."""
    query = select(Event).where(Event.booking_id == booking_id).order_by(Event.id.desc())
    return session.scalars(query.limit(1)).first()


def undispatched(session: Session, booking_id: UUID) -> set[int]:
    """Ids of the events of a booking that nobody has looked at for sending yet."""
    query = select(Outbox.event_id).where(Outbox.booking_id == booking_id)
    return set(session.scalars(query))


@dataclass(frozen=True)
class Since:
    """Who changed a field last, and when."""

    by: str
    at: datetime


def changed_since(session: Session, booking: Booking, version: int) -> dict[str, Since]:
    """The fields that changed after `version`, up to the version that `booking` was read at."""
    query = select(Event.changes, Event.actor_label, Event.occurred_at).where(
        Event.booking_id == booking.id, Event.version > version, Event.version <= booking.version
    )
    found: dict[str, Since] = {}
    for row in session.execute(query.order_by(Event.id)):
        found.update(dict.fromkeys(row.changes, Since(row.actor_label, row.occurred_at)))
    return found
