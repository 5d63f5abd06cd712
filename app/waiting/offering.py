"""Offering places to who waits for them, and what becomes of the offers.

An offer is a pending booking that holds its places until a deadline, made like every other. One
transaction writes the booking, the entry and the message: none of them exists without the others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, bindparam, cast, func, or_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.status import Status
from app.customers.actions import Contact
from app.customers.models import Customer
from app.errors import HubError, InvalidPayload, NotFound, SlotUnavailable
from app.events.models import SYSTEM, Actor
from app.logs import get_logger
from app.venues.models import Activity, Departure, SlotUsage, Venue
from app.venues.plan import State
from app.waiting import queries
from app.waiting.models import WaitingEntry, WaitingState
from app.waiting.queries import Place
from app.waiting.rules import OPEN, held_until, next_ones, state_after
from app.waiting.telling import ask_message, tell
from app.websites.models import Website

MOST = 100
"""Lists that one look goes through."""

log = get_logger()


def look_after(session: Session) -> int:
    """Chore: bring one list up to date on which something may be done. Returns how many entries
    moved; 0: nothing is to be done, or others are doing it.

    One list for each transaction: places of several are never waited for.
    """
    now = datetime.now(UTC)
    for departure_id in _to_look_at(session, now):
        try:
            with session.begin_nested():
                moved = follow(session, departure_id, now)
        except (SQLAlchemyError, HubError) as error:  # the other lists go on
            log.error("waiting list", departure_id=str(departure_id), exc_info=error)
            continue
        if moved:
            return moved
    return 0


def at_once(session: Session, departure_ids: Collection[UUID]) -> None:
    """Places of these became free in this very transaction: who waits is offered them in it."""
    query = select(WaitingEntry.departure_id).where(
        WaitingEntry.departure_id.in_(departure_ids), WaitingEntry.state.in_(OPEN)
    )
    now = datetime.now(UTC)
    for departure_id in sorted(session.scalars(query.distinct())):
        follow(session, departure_id, now)


def follow(session: Session, departure_id: UUID, now: datetime) -> int:
    """Bring a list up to date: what became of offers, who lapses, who is offered what is free.

    Returns how many entries moved; 0 as well where somebody else has the list just now.
    """
    if not queries.lock_list(session, departure_id, wait=False):
        return 0
    place = queries.place(session, departure_id)
    moved = settle(session, place, now)
    queue = queries.queue(session, departure_id)
    if not queue:
        return moved
    slot = place.slot(session, now)
    if slot is None or slot.state in (State.CLOSED, State.PAST) or slot.last_call <= now:
        return moved + _lapse(session, place, queue)
    least, most = place.activity.min_party, place.activity.max_party
    fitting = [e for e in queue if least <= e.guests and (most is None or e.guests <= most)]
    for entry in next_ones(fitting, slot.remaining):
        if not offer(session, SYSTEM, place, entry, slot.last_call, now):
            break  # what was left was booked in between
        moved += 1
    return moved


def settle(session: Session, place: Place, now: datetime) -> int:
    """Write down what became of the offers of a locked list. Returns of how many."""
    query = (
        select(WaitingEntry, Booking.status)
        .join(Booking, Booking.id == WaitingEntry.booking_id)
        .where(
            WaitingEntry.departure_id == place.departure.id,
            WaitingEntry.state == WaitingState.OFFERED,
            Booking.status != Status.PENDING,
        )
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).all()
    for entry, status in found:
        _end(session, place, entry, state_after(status))
    return len(found)


def offer(
    session: Session,
    actor: Actor,
    place: Place,
    entry: WaitingEntry,
    last_call: datetime,
    now: datetime,
) -> bool:
    """Hold places for a party of a locked list and have it told. False where it cannot be."""
    until = held_until(now, place.venue.offer_hours, last_call)
    website = session.get_one(Website, place.website_id)
    customer = session.get_one(Customer, entry.customer_id)
    try:
        with session.begin_nested():
            booking = make(session, actor, website, _wish(place, entry, customer, until))
    except NotFound:  # erased, or the activity is gone
        _end(session, place, entry, WaitingState.LAPSED)
        return True
    except (SlotUnavailable, InvalidPayload):
        return False
    entry.state, entry.booking_id, entry.offered_at = WaitingState.OFFERED, booking.id, now
    session.flush()
    changes = {"state": [WaitingState.WAITING.value, WaitingState.OFFERED.value]}
    said = {"booking": booking.booking_ref, "held_until": until.isoformat()}
    tell(session, actor, "waiting.offered", entry, place, changes, **said)
    ask_message(session, booking)
    return True


def _wish(place: Place, entry: WaitingEntry, customer: Customer, until: datetime) -> Wish:
    phone = customer.phone or customer.phone_raw
    return Wish(
        activity_id=place.activity.id,
        day=place.departure.day,
        guests=entry.guests,
        contact=Contact(customer.name, customer.email, phone, source="customer_app"),
        source="customer_app",
        slot=str(place.departure.id),
        status=Status.PENDING,
        hold_expires_at=until,
        customer_id=customer.id,
    )


def _lapse(session: Session, place: Place, queue: Sequence[WaitingEntry]) -> int:
    for entry in queue:
        _end(session, place, entry, WaitingState.LAPSED)
    return len(queue)


def _end(session: Session, place: Place, entry: WaitingEntry, state: WaitingState) -> None:
    was, entry.state = entry.state, state
    session.flush()
    tell(session, SYSTEM, f"waiting.{state}", entry, place, {"state": [was, state.value]})


def _to_look_at(session: Session, now: datetime) -> Sequence[UUID]:
    """The lists on which something may be done; whether it is, `follow` decides."""
    usage = (
        (SlotUsage.activity_id == Departure.activity_id)
        & (SlotUsage.day == Departure.day)
        & (SlotUsage.slot == cast(Departure.id, Text))
    )
    answered = (WaitingEntry.state == WaitingState.OFFERED) & (Booking.status != Status.PENDING)
    waits = WaitingEntry.state == WaitingState.WAITING
    query = (
        select(WaitingEntry.departure_id)
        .join(Departure, Departure.id == WaitingEntry.departure_id)
        .join(Activity, Activity.id == Departure.activity_id)
        .join(Venue, Venue.id == Activity.venue_id)
        .outerjoin(SlotUsage, usage)
        .outerjoin(Booking, Booking.id == WaitingEntry.booking_id)
        .where(WaitingEntry.state.in_(OPEN), answered | (waits & or_(_over(now), _fits())))
        .group_by(WaitingEntry.departure_id)
        .order_by(func.min(WaitingEntry.created_at))
        .limit(MOST)
    )
    return session.scalars(query).all()


def _over(now: datetime) -> ColumnElement[bool]:
    """Nobody can be offered anything there any more."""
    begins = func.timezone(Venue.timezone, Departure.day + Departure.time)
    lead = Activity.lead_minutes * text("interval '1 minute'")
    shut = Departure.is_closed | ~Activity.is_active | ~Venue.is_active
    return shut | (begins - lead <= bindparam("now", now))


def _fits() -> ColumnElement[bool]:
    capacity = func.coalesce(Departure.capacity, Activity.capacity)
    left = capacity - func.coalesce(SlotUsage.used, 0)
    most = Activity.max_party
    party = (WaitingEntry.guests >= Activity.min_party) & (
        most.is_(None) | (WaitingEntry.guests <= most)
    )
    return party & (capacity.is_(None) | (WaitingEntry.guests <= left))
