"""Joining a waiting list and leaving it: for customers in the app, and for staff who help them.

Lists are locked first, then bookings (`queries.lock_list`).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from app.bookings import partnering
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.status import Status
from app.customers.actions import Contact, find_or_create, known
from app.customers.opting import set_sms_opt_in
from app.errors import Conflict, Fault, InvalidPayload, NotFound
from app.events.models import Actor
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues.plan import State
from app.waiting import queries
from app.waiting.models import WaitingEntry, WaitingState
from app.waiting.offering import offer, settle
from app.waiting.queries import Place
from app.waiting.rules import OPEN, demand_fitting, keeps_its_turn
from app.waiting.telling import tell

EDIT, CREATE = Permission.BOOKINGS_EDIT, Permission.BOOKINGS_CREATE


def join(
    session: Session,
    actor: Actor,
    place: Place,
    customer_id: UUID,
    guests: int,
    now: datetime,
) -> WaitingEntry:
    """Wait for places on a departure that the caller has seen to be visible.

    Who waits there already waits with another number of guests: with as many or fewer they keep
    their turn, with more they go to the end. Raises Conflict where there is room, where it cannot
    be booked any more and where they have an offer, InvalidPayload for a party that never fits.
    """
    customer = known(session, customer_id)
    queries.lock_list(session, place.departure.id)
    settle(session, place, now)
    _demand_full(session, place, guests, now)
    there = queries.open_entry(session, place.departure.id, customer.id)
    if there is None:
        return _added(session, actor, place, customer.id, guests)
    if there.state == WaitingState.OFFERED:
        raise Conflict("A place is held for you already: take it, or leave the list.")
    if there.guests != guests:
        _change_party(session, actor, place, there, guests)
    return there


def join_for(
    session: Session,
    actor: Actor,
    scope: Scope,
    departure_id: UUID,
    contact: Contact,
    guests: int,
    now: datetime,
    *,
    sms: bool = False,
) -> WaitingEntry:
    """Put somebody on a list who called. `sms`: they said yes to text messages.

    Raises as `join`, NotFound, Forbidden, and InvalidPayload for a phone that nobody can be
    reached at.
    """
    place = queries.visible(session, scope, departure_id, CREATE)
    if contact.e164 is None:
        fault = Fault("phone", "Type a phone number that can be called, with its country code.")
        raise InvalidPayload("We must be able to tell them.", [fault])
    entry = join(session, actor, place, find_or_create(session, contact).id, guests, now)
    if sms:
        set_sms_opt_in(session, actor, entry.customer_id, True, "desk", website_id=entry.website_id)
    return entry


def leave(
    session: Session, actor: Actor, customer_id: UUID, entry_id: UUID, now: datetime
) -> WaitingEntry:
    """A customer gives up; what was held for them is free again. Twice: nothing happens.

    Raises NotFound for another's entry, and Conflict when the place is theirs already.
    """
    entry = queries.entry(session, entry_id)
    if entry.customer_id != customer_id:
        raise NotFound("There is no such entry.")
    return _leave(session, actor, entry, now)


def take_out(
    session: Session, actor: Actor, scope: Scope, entry_id: UUID, now: datetime
) -> WaitingEntry:
    """The same by staff. Raises NotFound, Forbidden and Conflict."""
    return _leave(session, actor, _for_staff(session, scope, entry_id), now)


def offer_now(
    session: Session, actor: Actor, scope: Scope, entry_id: UUID, now: datetime
) -> WaitingEntry:
    """Offer out of turn, where there is room. Raises NotFound, Forbidden, and Conflict where there
    is none, or where they wait no more."""
    entry = _for_staff(session, scope, entry_id)
    place = queries.place(session, entry.departure_id)
    if entry.state != WaitingState.WAITING:
        raise Conflict("They do not wait any more.")
    slot = place.slot(session, now)
    if slot is None or not slot.fits(entry.guests):
        raise Conflict("There are not enough places left for this party.")
    if not offer(session, actor, place, entry, slot.last_call, now):
        raise Conflict("Somebody else was faster: there is no room any more.")
    return entry


def _for_staff(session: Session, scope: Scope, entry_id: UUID) -> WaitingEntry:
    entry = queries.entry(session, entry_id)
    scope.demand(EDIT, entry.website_id, seen_with=queries.VIEW)
    return entry


def _demand_full(session: Session, place: Place, guests: int, now: datetime) -> None:
    slot = place.slot(session, now)
    if slot is None or slot.state is State.PAST:
        raise Conflict("It is too late for this departure.")
    if slot.state is State.CLOSED:
        raise Conflict("This departure is closed.")
    demand_fitting(place.activity, slot.capacity, guests)
    if slot.fits(guests):
        raise Conflict("There is room for this party: book it.")


def _added(
    session: Session, actor: Actor, place: Place, customer_id: UUID, guests: int
) -> WaitingEntry:
    made = WaitingEntry(
        website_id=place.website_id,
        departure_id=place.departure.id,
        customer_id=customer_id,
        guests=guests,
        created_at=func.clock_timestamp(),
    )
    session.add(made)
    session.flush()
    session.refresh(made)
    tell(session, actor, "waiting.joined", made, place, {"guests": [None, guests]})
    return made


def _change_party(
    session: Session, actor: Actor, place: Place, entry: WaitingEntry, guests: int
) -> None:
    before, entry.guests = entry.guests, guests
    if not keeps_its_turn(before, guests):
        entry.created_at = func.clock_timestamp()
    session.flush()
    session.refresh(entry)
    tell(session, actor, "waiting.changed", entry, place, {"guests": [before, guests]})


def _leave(session: Session, actor: Actor, entry: WaitingEntry, now: datetime) -> WaitingEntry:
    place = queries.place(session, entry.departure_id)
    settle(session, place, now)
    if entry.state == WaitingState.TAKEN:
        raise Conflict("The place is taken: cancel the booking.")
    if entry.state not in OPEN:
        return entry
    if entry.booking_id is not None and entry.state == WaitingState.OFFERED:
        _give_back(session, actor, entry.booking_id, now)
    was, entry.state = entry.state, WaitingState.LEFT
    session.flush()
    tell(session, actor, "waiting.left", entry, place, {"state": [was, WaitingState.LEFT.value]})
    return entry


def _give_back(session: Session, actor: Actor, booking_id: UUID, now: datetime) -> None:
    """Cancel what is held. Raises Conflict when it was confirmed a moment ago."""
    booking = session.get_one(Booking, booking_id, with_for_update=True, populate_existing=True)
    if booking.status != Status.PENDING:
        raise Conflict("The place is taken: cancel the booking.")
    gone = Change({"cancellation_reason": "Left the waiting list"})
    partnering.change(session, actor, booking, gone, now, status=Status.CANCELLED)
