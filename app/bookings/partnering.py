"""What a partner does with its own bookings: finds, changes, confirms and cancels them.

A partner sees what it made, at venues where it may book; anything else does not exist for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.bookings import dining, standing, travelling
from app.bookings.claims import Terms, shown_time
from app.bookings.holds import free_up, is_lapsed
from app.bookings.making import priced
from app.bookings.models import Booking
from app.bookings.stamps import load, set_by_staff
from app.bookings.status import Status
from app.bookings.writing import STATED, write
from app.customers import queries as customers
from app.customers.actions import Contact, find_or_create
from app.errors import Conflict, Forbidden, NotFound
from app.events.models import Actor
from app.menus.choosing import Selection
from app.partners.callers import PartnerCaller
from app.travelers.going import Going
from app.venues import finding
from app.venues.models import Venue
from app.websites.models import Website

OPEN_TO_CHANGE = (Status.PENDING, Status.CONFIRMED)


@dataclass(frozen=True)
class Change:
    """What is to be different. What is None stays."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields that decide no price and no place."""
    contact: Contact | None = None
    """Who it is for now: the booking becomes that person's."""
    activity_id: UUID | None = None
    day: date | None = None
    slot: str | None = None
    """Key of the slot; without one on another day: the same time, else the first with room."""
    guests: int | None = None
    units: Mapping[UUID, int] | None = None
    """Of the price categories; given with the guests that they come to."""
    choices: Sequence[Selection] | None = None
    """Of a table: the dishes that are wanted now."""
    travelers: Sequence[Going] | None = None
    """All who go now, given with their number as `guests`. Priced anew only where others go, or
    somebody is of another age, or something else is booked."""
    everybody_chooses: bool = False
    """Whoever asks can say the dishes: they must fit the day and the party."""

    @property
    def rebooks(self) -> bool:
        """Whether the place is settled anew."""
        asked = (self.activity_id, self.day, self.slot, self.guests, self.units)
        return any(each is not None for each in asked)


def own(caller: PartnerCaller) -> Select[Any]:
    """The bookings that a partner sees."""
    return select(Booking).where(
        Booking.partner_id == caller.partner.id, Booking.venue_id.in_(list(caller.venues))
    )


def get(session: Session, caller: PartnerCaller, booking_id: UUID) -> Booking:
    """One of the partner's bookings, by the hub's id. Raises NotFound."""
    return _found(session.scalar(own(caller).where(Booking.id == booking_id)))


def lock(session: Session, caller: PartnerCaller, booking_id: UUID) -> Booking:
    """The same, locked until the transaction ends."""
    return _found(session.scalar(_locked(own(caller).where(Booking.id == booking_id))))


def by_uuid(
    session: Session, caller: PartnerCaller, uuid: UUID, *, locked: bool = False
) -> Booking | None:
    """One of the partner's bookings, by the partner's own id."""
    query = own(caller).where(Booking.partner_uuid == uuid)
    found: Booking | None = session.scalar(_locked(query) if locked else query)
    return found


def _locked(query: Select[Any]) -> Select[Any]:
    return query.with_for_update(of=Booking).execution_options(populate_existing=True)


def _found(booking: Booking | None) -> Booking:
    if booking is None:
        raise NotFound("There is no such booking.")
    return booking


def deadline(session: Session, booking: Booking) -> datetime | None:
    """Until when the partner may change or cancel it; None where no venue says so.

    Where guests come at any time, the hours are counted back from the end of the day.
    """
    if booking.venue_id is None:
        return None
    venue = session.get_one(Venue, booking.venue_id)
    begins = booking.starts_at
    if begins is None:
        after = booking.activity_date + timedelta(days=1)
        begins = datetime.combine(after, time(), ZoneInfo(venue.timezone))
    return begins - timedelta(hours=venue.cancellation_hours)


def is_open(session: Session, booking: Booking, now: datetime) -> bool:
    """Whether the partner may change or cancel it now. A running hold can always be given up."""
    if is_lapsed(booking, now) or booking.status not in OPEN_TO_CHANGE:
        return False
    if booking.status == Status.PENDING and booking.hold_expires_at is not None:
        return True
    until = deadline(session, booking)
    return until is None or now <= until


def demand_open(session: Session, booking: Booking, now: datetime) -> None:
    """Raises Conflict with the reason why the partner may not change it (any more)."""
    if is_open(session, booking, now):
        return
    if is_lapsed(booking, now) or booking.status not in OPEN_TO_CHANGE:
        word = "expired" if is_lapsed(booking, now) else booking.status.replace("_", " ")
        raise Conflict(f"The booking is {word}: it cannot be changed.")
    venue = session.get_one(Venue, booking.venue_id)
    raise Conflict(
        f"It is too late: {venue.name} takes changes and cancellations until "
        f"{venue.cancellation_hours} hours before the start. Call them."
    )


def demand_may_change(caller: PartnerCaller) -> None:
    """Raises Forbidden for a partner that may only book and cancel."""
    if not caller.partner.may_change:
        raise Forbidden("Your agreement does not include changes: cancel it and book anew.")


def change(
    session: Session,
    actor: Actor,
    booking: Booking,
    wanted: Change,
    now: datetime,
    *,
    status: Status | None = None,
) -> bool:
    """Bring a locked booking to what is wanted, place and price included. All or nothing.

    Returns whether anything changed. Raises SlotUnavailable, InvalidPayload, NotFound, and Conflict
    for another number of guests where each has a ticket and no tickets are given.
    """
    columns = dict(wanted.fields)
    other_party = wanted.guests not in (None, booking.guest_count)
    if other_party and booking.tickets and "tickets" not in columns:
        raise Conflict("Each guest of this booking has a ticket: change the tickets, through OCTO.")
    before = standing.of(booking)
    if wanted.contact is not None and (wanted.contact.phone or wanted.contact.email):
        booking.customer_id = find_or_create(session, wanted.contact).id
    if wanted.rebooks:
        columns |= _rebooked(session, booking, wanted, now)
    if wanted.choices is not None or (wanted.everybody_chooses and wanted.rebooks):
        columns |= dining.rechosen(session, booking, columns, wanted.choices)
    if wanted.travelers is not None:
        columns |= travelling.changed(session, booking, columns, wanted.travelers)
    if status is not None:
        columns[STATED] = status.value
    changed = _write(session, actor, booking, columns, now, Terms.DOOR)
    standing.follow(session, before, standing.of(booking))
    return changed


def cancel(
    session: Session, actor: Actor, booking: Booking, reason: str | None, now: datetime
) -> bool:
    """Cancel a locked booking; a cancelled one stays as it is."""
    if booking.status in (Status.CANCELLED, Status.REFUNDED):
        return False
    demand_open(session, booking, now)
    columns = {STATED: Status.CANCELLED.value, "cancellation_reason": reason}
    return _write(session, actor, booking, columns, now, Terms.DOOR)


def _rebooked(session: Session, booking: Booking, wanted: Change, now: datetime) -> dict[str, Any]:
    activity_id = wanted.activity_id or booking.activity_id
    if activity_id is None:
        raise Conflict("This booking is of no activity that can be booked here any more.")
    day = wanted.day or booking.activity_date
    moves = any((wanted.activity_id, wanted.day, wanted.slot))
    slot = wanted.slot if moves else booking.slot_key
    guests = wanted.guests or booking.guest_count
    found = finding.slot_on(
        session, activity_id, day, now, key=slot, party=guests, rather=booking.time_slot
    )
    if slot is not None:
        free_up(session, activity_id, day, found.slot.key, now, found.slot.sits)
    place: dict[str, Any] = {
        **dining.of_activity(found.offer.activity),
        "activity_id": activity_id,
        "venue_id": found.plan.venue.id,
        "venue": found.plan.venue.name,
        "package_name": found.offer.activity.name,
        "activity_date": day,
        "time_slot": shown_time(found.slot),
        "departure_id": found.slot.departure_id,
        "guest_count": guests,
    }
    # The price was agreed: another time alone does not change it, nor what staff made of it.
    same = activity_id == booking.activity_id and guests == booking.guest_count
    if same and wanted.units is None:
        return place
    sums = priced(found.offer, guests, wanted.units or {}, booking.menu_choices)
    return place | dining.amounts_of(sums)


def _write(
    session: Session,
    actor: Actor,
    booking: Booking,
    columns: dict[str, Any],
    now: datetime,
    terms: Terms,
) -> bool:
    changed = {name for name, value in columns.items() if getattr(booking, name) != value}
    if not changed:
        return False
    stamps = set_by_staff(load(booking.field_times), changed, now)
    website = session.get_one(Website, booking.website_id)
    key = customers.data_key(session, booking.customer_id)
    values = {name: columns[name] for name in changed}
    if "activity_id" in columns:
        values["activity_id"] = columns["activity_id"]  # said by who knows: no guess by the name
    return write(session, actor, website, booking, values, stamps, key=key, now=now, terms=terms)
