"""Reading who goes on departures: the departures of some days, and the parties of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, load_only

from app.bookings.listing import LIST_COLUMNS
from app.bookings.models import Booking
from app.bookings.status import ARRIVED, GONE
from app.errors import NotFound
from app.extensions import Base
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.travelers.models import BookingTraveler
from app.venues.lasting import LAST_DAY, MOST_DAYS
from app.venues.models import Activity, Departure, SlotRule, SlotUsage, Venue
from app.venues.queries import Sailing

VIEW = Permission.BOOKINGS_VIEW
MOST = 300
"""Departures of one page."""
LONGEST = timedelta(days=MOST_DAYS)
_OF_PARTY = (
    *LIST_COLUMNS,
    Booking.departure_id,
    Booking.customer_country_code,
)
_OF_TRAVELER = (
    BookingTraveler.booking_id,
    BookingTraveler.is_primary,
    BookingTraveler.name,
    BookingTraveler.age,
    BookingTraveler.gender,
    BookingTraveler.phone,
    BookingTraveler.emergency_contact_name,
    BookingTraveler.emergency_contact_phone,
    BookingTraveler.special_requirements,
    BookingTraveler.checked_in_at,
)
Travelers = dict[UUID, list[BookingTraveler]]


@dataclass(frozen=True)
class Trip(Sailing):
    """A departure as it stands: where it leaves from, who goes, who waits."""

    venue: Venue
    guests: int = 0
    """Who goes, named or not."""
    here: int = 0
    waiting: int = 0
    """Parties that wait for a place."""

    @property
    def days(self) -> int:
        return (self.last_day - self.departure.day).days + 1


def any_departures(scope: Scope) -> ColumnElement[bool]:
    """Whether anything departs from a venue of theirs: a part of every page's frame."""
    query = select(Activity.id).join(Venue, Venue.id == Activity.venue_id)
    mine = scope.clause(Venue.website_id, VIEW)
    return query.where(Activity.slot_rule == SlotRule.DEPARTURES, mine).exists()


def departures(
    session: Session, scope: Scope, first: date, last: date, q: str = "", website_id: str = ""
) -> list[Trip]:
    """The departures that begin on these days, and before them those still under way, by time.

    `q` looks for the activity, the venue, and for whoever booked or goes.
    """
    guests = _guests().lateral()
    waiting = _waiting().lateral()
    query = (
        _trips()
        .add_columns(guests.c.guests, guests.c.here, waiting.c.waiting)
        .join(guests, true())
        .join(waiting, true())
        .where(Departure.day.between(first - LONGEST, last), first <= LAST_DAY)
        .where(scope.clause(Venue.website_id, VIEW))
        .order_by(Departure.day, Departure.time, Activity.name, Departure.id)
    )
    if website_id:
        query = query.where(Venue.website_id == website_id)
    if q:
        query = query.where(_matches(q))
    return [_trip(row) for row in session.execute(query.limit(MOST))]


def departure(session: Session, scope: Scope, departure_id: UUID) -> Trip:
    """One departure of a website whose bookings they see. Raises NotFound."""
    waiting = _waiting().lateral()
    query = _trips().add_columns(waiting.c.waiting).join(waiting, true())
    row = session.execute(query.where(Departure.id == departure_id)).one_or_none()
    if row is None or not scope.can(VIEW, row.Venue.website_id):
        raise NotFound("This departure does not exist.")
    return _trip(row)


def parties(session: Session, trip: Trip) -> Sequence[Booking]:
    """The bookings of a departure, cancelled ones too, by the name of who booked."""
    query = select(Booking).where(_of_departure(), Departure.id == trip.departure.id)
    ordered = query.order_by(func.lower(Booking.customer_name), Booking.id)
    return session.scalars(ordered.options(load_only(*_OF_PARTY))).all()


def travelers(session: Session, bookings: Sequence[Booking], *, health: bool) -> Travelers:
    """Who goes with these bookings, in their order. `health`: with their medical notes, which are
    neither read nor decrypted otherwise."""
    wanted = [booking.id for booking in bookings if booking.traveler_count]
    columns: tuple[Any, ...] = _OF_TRAVELER
    if health:
        columns += (BookingTraveler.medical_notes,)
    query = select(BookingTraveler).where(BookingTraveler.booking_id.in_(wanted))
    ordered = query.order_by(BookingTraveler.position, BookingTraveler.id)
    found: defaultdict[UUID, list[BookingTraveler]] = defaultdict(list)
    rows = session.scalars(ordered.options(load_only(*columns))) if wanted else ()
    for row in rows:
        found[row.booking_id].append(row)
    return found


def _trips() -> Select[Departure, Activity, Venue, int]:
    same = and_(
        SlotUsage.activity_id == Departure.activity_id,
        SlotUsage.day == Departure.day,
        SlotUsage.slot == cast(Departure.id, Text),
    )
    return (
        select(Departure, Activity, Venue, SlotUsage.used)
        .join(Activity, Activity.id == Departure.activity_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .outerjoin(SlotUsage, same)
    )


def _trip(row: Any) -> Trip:
    departure, activity, venue, used, *counts = row
    names = ("guests", "here", "waiting")[-len(counts) :]
    named = dict(zip(names, counts, strict=True))
    return Trip(departure, activity, used or 0, venue, **named)


def _of_departure() -> ColumnElement[bool]:
    """Bookings of a departure, found by the index over activity and day."""
    return and_(
        Booking.activity_id == Departure.activity_id,
        Booking.activity_date == Departure.day,
        Booking.departure_id == Departure.id,
    )


def _guests() -> Select[Any]:
    """Who goes on a departure, and who of them is here."""
    people = func.greatest(Booking.guest_count, Booking.traveler_count)
    here = case((Booking.status.in_(ARRIVED), people), else_=Booking.arrived_count)
    query = select(
        func.coalesce(func.sum(people), 0).label("guests"),
        func.coalesce(func.sum(here), 0).label("here"),
    )
    return query.where(_of_departure(), Booking.status.not_in(GONE)).correlate(Departure)


def _waiting() -> Select[Any]:
    """Parties that wait. That room stands beside this one: only its table is looked at."""
    entries = Base.metadata.tables["waiting_entries"].c
    query = select(func.count().label("waiting"))
    return query.where(entries.departure_id == Departure.id, entries.state == "waiting").correlate(
        Departure
    )


def _matches(q: str) -> ColumnElement[bool]:
    goes = select(BookingTraveler.id).where(
        BookingTraveler.booking_id == Booking.id, BookingTraveler.name.icontains(q, autoescape=True)
    )
    booked = select(Booking.id).where(
        _of_departure(),
        Booking.status.not_in(GONE),
        or_(
            Booking.customer_name.icontains(q, autoescape=True),
            Booking.booking_ref.icontains(q, autoescape=True),
            goes.exists(),
        ),
    )
    return or_(
        Activity.name.icontains(q, autoescape=True),
        Venue.name.icontains(q, autoescape=True),
        booked.correlate(Departure).exists(),
    )
