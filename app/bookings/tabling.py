"""What a website does with the table bookings of its guests: finds them, and the tables they mean.

They go by their reference. A website sees its own, not those of partners; anything else does not
exist for it.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.errors import Fault, InvalidPayload, NotFound
from app.menus.queries import REGULAR
from app.venues.availability import slots
from app.venues.models import Kind
from app.venues.plan import Offer, Plan

MOST_REFERENCE = 100


def get(session: Session, website_id: str, reference: str) -> Booking:
    """A table booking by its reference. Raises NotFound."""
    return _found(session.scalars(_of(website_id, reference)).first())


def lock(session: Session, website_id: str, reference: str) -> Booking:
    """The same, locked until the transaction ends."""
    query = _of(website_id, reference).with_for_update()
    return _found(session.scalars(query.execution_options(populate_existing=True)).first())


def _of(website_id: str, reference: str) -> Select[Booking]:
    return (
        select(Booking)
        .where(
            Booking.booking_ref == reference[:MOST_REFERENCE].upper(),
            Booking.website_id == website_id,
            Booking.kind == Kind.TABLE,
            Booking.partner_id.is_(None),
        )
        .order_by(Booking.id.desc())
        .limit(1)
    )


def _found(booking: Booking | None) -> Booking:
    if booking is None:
        raise NotFound("There is no such table booking.")
    return booking


def tables(plan: Plan, booking_type: str | None = None) -> list[Offer]:
    """The tables that a venue offers; only those for one type of booking."""
    return [
        offer
        for offer in plan.offers
        if offer.activity.is_active
        and offer.activity.kind == Kind.TABLE
        and booking_type in (None, offer.activity.booking_type or REGULAR)
    ]


def offer_for(
    plan: Plan,
    day: date,
    slot: str,
    party: int,
    now: datetime,
    *,
    booking_type: str = REGULAR,
    activity_id: UUID | None = None,
) -> Offer:
    """Which of a venue's tables are meant: those with room at that time, else those that have it.

    Raises InvalidPayload where there are none of that type, NotFound for an activity that is none.
    """
    if activity_id is not None:
        offers = [each for each in tables(plan) if each.activity.id == activity_id]
        if not offers:
            raise NotFound("There are no such tables at this venue.")
    else:
        offers = tables(plan, booking_type)
    if not offers:
        fault = Fault("booking_type", "This venue has no tables of this kind.")
        raise InvalidPayload("This cannot be booked here.", [fault])
    found = {each.activity.id: slots(plan, each, day, now) for each in offers}
    at_that_time = [
        (offer, each)
        for offer in offers
        for each in found[offer.activity.id]
        if each.is_meant(slot)
    ]
    fitting = [offer for offer, each in at_that_time if each.fits(party)]
    return next(iter(fitting or [offer for offer, _ in at_that_time] or offers))
