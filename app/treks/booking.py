"""What customers do with treks: book, change and accept what is held for them.

Everything ends in the shared actions of the bookings; calling off is `bookings.calling_off`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import accepting, depositing, partnering
from app.bookings.claims import demand_party
from app.bookings.holds import is_lapsed
from app.bookings.making import Wish, make
from app.bookings.models import Booking
from app.bookings.partnering import Change
from app.bookings.status import Status
from app.bookings.wording import money
from app.customers.actions import Contact
from app.customers.models import Customer
from app.errors import Conflict, Fault, InvalidPayload
from app.events.models import Actor
from app.payments import deposits
from app.payments.deposits import Hold
from app.travelers.going import Going, Wanted, choose
from app.travelers.moving import Row, on_day
from app.treks import offers
from app.treks.offers import Trek
from app.treks.owning import SOURCE
from app.venues import prices
from app.venues.models import Activity
from app.venues.plan import Slot
from app.websites.models import Website


@dataclass(frozen=True)
class Order:
    """What a customer wants to book."""

    trek: Trek
    batch: Slot
    wanted: Sequence[Wanted]
    requests: str | None = None
    expected: Decimal | None = None
    """What they were shown that it costs."""


@dataclass(frozen=True)
class Changed:
    """What is to be different. What is None stays."""

    batch_id: UUID | None = None
    """Another departure of the same trek."""
    wanted: Sequence[Wanted] | None = None
    """All who go now."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields that decide no price and no place."""


def book(
    session: Session, actor: Actor, customer: Customer, order: Order, now: datetime
) -> Booking:
    """Book a party, and ask for the deposit where one is due: then it waits for it.

    Raises SlotUnavailable where there is no room for all, InvalidPayload (travelers who cannot go
    like this, a party of the wrong size), and Conflict where the price is another one by now.
    """
    trek, batch = order.trek, order.batch
    going = _going(session, trek, batch, customer.id, order.wanted)
    _demand_price(trek, going, order.expected)
    website = session.get_one(Website, trek.venue.website_id)
    hold = deposits.hold_of(session, website.id, trek.activity, len(going), now)
    made = make(session, actor, website, _wish(customer, order, going, hold))
    if hold is not None:
        depositing.ask_deposit(session, actor, made, now)
    return made


def change(
    session: Session, actor: Actor, booking: Booking, wanted: Changed, now: datetime
) -> bool:
    """Bring a locked booking to what is wanted, place and price included; all or nothing.

    Returns whether anything changed. Raises what `book` raises, and Conflict when it is too late.
    """
    partnering.demand_open(session, booking, now)
    if wanted.wanted is not None and booking.status == Status.CONFIRMED:
        _demand_no_deposit(session, booking, len(wanted.wanted))
    return _bring(session, actor, booking, wanted, now)


def _demand_no_deposit(session: Session, booking: Booking, party: int) -> None:
    """Raises Conflict where a party grows to a size of which a deposit is asked for first."""
    activity = session.get(Activity, booking.activity_id) if booking.activity_id else None
    if activity is None or not deposits.takes_money(session, booking.website_id):
        return
    if deposits.due(activity, party) and not deposits.due(activity, booking.guest_count):
        say = f"From {activity.deposit_from_party} travelers on a deposit is paid first"
        raise Conflict(f"{say}: book the others on their own, or call us.")


def confirm(
    session: Session,
    actor: Actor,
    booking: Booking,
    wanted: Sequence[Wanted] | None,
    now: datetime,
) -> bool:
    """Accept the places that are held by a locked booking; a confirmed one stays as it is. Where a
    deposit is due it is asked for, and the booking waits for it. Returns whether anything changed.

    Raises Conflict for what ran out or is over, and what `book` raises.
    """
    if wanted is None or booking.status != Status.PENDING or is_lapsed(booking, now):
        return accepting.accept(session, actor, booking, now)
    changed = _bring(session, actor, booking, Changed(wanted=wanted), now)
    return accepting.accept(session, actor, booking, now) or changed


def _bring(
    session: Session, actor: Actor, booking: Booking, wanted: Changed, now: datetime
) -> bool:
    if wanted.batch_id is None and wanted.wanted is None:
        return partnering.change(session, actor, booking, Change(wanted.fields), now)
    trek, batch = _meant(session, booking, wanted.batch_id, now)
    going, fields = None, wanted.fields
    moves = batch.departure_id != booking.departure_id
    if wanted.wanted is not None:
        going = _going(session, trek, batch, booking.customer_id, wanted.wanted)
    elif moves and booking.travelers:
        fields = {**fields, "travelers": _same_people(session, trek, batch, booking)}
    asked = Change(
        fields=fields,
        day=batch.day if moves else None,
        slot=str(batch.departure_id) if moves else None,
        guests=len(going) if going is not None else None,
        travelers=going,
    )
    return partnering.change(session, actor, booking, asked, now)


def _meant(
    session: Session, booking: Booking, batch_id: UUID | None, now: datetime
) -> tuple[Trek, Slot]:
    """The departure that it is or comes to be of. Raises NotFound, and Conflict for a booking of
    no departure."""
    wanted = batch_id or booking.departure_id
    if booking.activity_id is None or wanted is None:
        raise Conflict("This booking is of no trek that can be booked here any more.")
    return offers.batch(session, booking.activity_id, wanted, now)


def _going(
    session: Session, trek: Trek, batch: Slot, customer_id: UUID, wanted: Sequence[Wanted]
) -> list[Going]:
    """Who goes, checked. Raises InvalidPayload."""
    activity = trek.activity
    demand_party(activity.min_party, activity.max_party, len(wanted), "travelers")
    going = choose(session, customer_id, wanted, batch.day, min_age=activity.min_age)
    _demand_company(trek, [each.age for each in going])
    return going


def _same_people(session: Session, trek: Trek, batch: Slot, booking: Booking) -> list[Row]:
    """Who goes, on another day; each keeps their price. Raises InvalidPayload."""
    before, was = booking.travelers, booking.activity_date
    going = on_day(session, before, was, batch.day, booking.created_at.date())
    least = trek.activity.min_age or 0
    faults = [
        Fault(f"travelers.{n}.age", f"Must be at least {least} on the first day.")
        for n, row in enumerate(going)
        if row["age"] is not None and row["age"] < least
    ]
    if faults:
        raise InvalidPayload("These travelers cannot go on that day.", faults)
    _demand_company(trek, [row["age"] for row in going])
    return going


def _demand_company(trek: Trek, ages: Sequence[int | None]) -> None:
    """Raises InvalidPayload where only travelers go who may not go without an adult."""
    found = [prices.category_at(trek.prices, age) for age in ages]
    if any(category is None or not category.needs_adult for category in found):
        return
    faults = [Fault(f"travelers.{n}.age", "Needs an adult who goes too.") for n in range(len(ages))]
    raise InvalidPayload("Children go with an adult.", faults)


def _demand_price(trek: Trek, going: Sequence[Going], expected: Decimal | None) -> None:
    """Raises Conflict where it costs something else than the customer was shown."""
    _, sums = prices.of_travelers(trek.activity, trek.prices, [each.age for each in going])
    if expected is not None and expected != sums.total:
        now = Fault("expected_total", f"It costs {money(sums.total, trek.plan.currency)} now.")
        raise Conflict("The price has changed since it was shown.", [now])


def _wish(customer: Customer, order: Order, going: Sequence[Going], hold: Hold | None) -> Wish:
    activity, batch = order.trek.activity, order.batch
    primary = next(each for each in going if each.is_primary)
    name = f"{customer.first_name} {customer.last_name}".strip()
    return Wish(
        activity_id=activity.id,
        day=batch.day,
        guests=len(going),
        contact=Contact(name or primary.name, customer.email, customer.phone),
        customer_id=customer.id,
        source=SOURCE,
        slot=str(batch.departure_id),
        status=Status.PENDING if hold else Status.CONFIRMED,
        hold_expires_at=hold.until if hold else None,
        travelers=going,
        more={
            "special_requests": order.requests or None,
            "deposit_amount": hold.deposit if hold else None,
        },
    )
