"""Making a booking here: for the desk, partners, resellers and the app, all through one door.

What sources tell of their own bookings is in `receiving`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings import dining
from app.bookings.claims import Terms, demand_party, shown_time
from app.bookings.holds import free_up
from app.bookings.models import Booking
from app.bookings.stamps import Stamp
from app.bookings.status import Status
from app.bookings.writing import STATED, insert_new
from app.customers.actions import Contact, Known, find_or_create, known
from app.errors import Conflict, InvalidPayload
from app.events.models import Actor
from app.ids import new_id
from app.menus.choosing import Choice, Occasion, Selection, choose, cost
from app.travelers import rows
from app.travelers.going import Going
from app.venues import finding, prices
from app.venues.finding import Found
from app.venues.models import Kind
from app.venues.plan import Offer
from app.venues.prices import Sum
from app.websites.models import Website

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are mistaken for others on the telephone."""


@dataclass(frozen=True)
class ForPartner:
    """The partner whose booking it is, with its terms of today."""

    partner_id: UUID
    uuid: UUID
    """The partner's own id for the booking: unique among its bookings."""
    commission_rate: Decimal
    payment_relation: str
    reference: str | None = None


@dataclass(frozen=True)
class Wish:
    """What somebody wants to book."""

    activity_id: UUID
    day: date
    guests: int
    contact: Contact
    source: str
    slot: str | None = None
    """Key of the slot; without one the first of the day with room."""
    units: Mapping[UUID, int] = field(default_factory=dict)
    """Of the activity's price categories, where the party is counted in them."""
    status: Status = Status.CONFIRMED
    hold_expires_at: datetime | None = None
    terms: Terms = Terms.DOOR
    partner: ForPartner | None = None
    tickets: Sequence[Mapping[str, Any]] = ()
    choices: Sequence[Selection] | None = None
    """Of a table: the dishes that are wanted. None: whoever asks cannot say; then nobody must."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other fields: requests, notes, transport, allergies."""
    travelers: Sequence[Going] = ()
    """Who goes, as many as guests: then each pays by their age."""
    customer_id: UUID | None = None
    """Whose it is, where that is known already: then nobody is looked for by the contact."""


def make(session: Session, actor: Actor, website: Website, wish: Wish) -> Booking:
    """Book. The caller has seen to it that the activity is one of this website, for this actor.

    Raises SlotUnavailable, InvalidPayload (a party of the wrong size), NotFound, and Conflict for
    a partner's id that is used already.
    """
    now = datetime.now(UTC)
    found = _place(session, wish, now)
    if wish.slot is not None:
        slot = found.slot
        free_up(session, slot.activity_id, slot.day, slot.key, now, slot.sits)
    activity = found.offer.activity
    if wish.terms is Terms.DOOR:
        demand_party(activity.min_party, activity.max_party, wish.guests)
    choices = _choices(session, wish, found)
    customer = _customer(session, wish)
    values = _values(wish, found, choices)
    kind = values.pop("kind")
    source_id = new_id()
    made = insert_new(
        session,
        actor,
        website,
        values,
        dict.fromkeys(values, Stamp(now, staff=True)),
        customer=customer,
        source=wish.source,
        source_booking_id=source_id,
        terms=wish.terms,
        more={"kind": kind, **_partner(wish.partner)},
    )
    if made is None:
        raise Conflict("This id is used for another booking.")
    return session.get_one(Booking, made)


def priced(
    offer: Offer, guests: int, units: Mapping[UUID, int], choices: Sequence[Choice] = ()
) -> Sum:
    """What a party pays: its dishes, or by price categories where it is counted in them."""
    if choices:
        return prices.of_choices(offer.activity, cost(choices), guests)
    if units:
        return prices.of_units(offer.activity, offer.prices, units)
    return prices.of_party(offer.activity, guests)


def new_reference(kind: str = "") -> str:
    """A booking reference that can be said on the telephone: `OB-7KQ2MX9`; of tables `TB-…`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(7))
    return f"{'TB' if kind == Kind.TABLE else 'OB'}-{letters}"


def _customer(session: Session, wish: Wish) -> Known:
    """Raises NotFound for who was erased."""
    if wish.customer_id is not None:
        return known(session, wish.customer_id)
    return find_or_create(session, wish.contact)


def _choices(session: Session, wish: Wish, found: Found) -> list[Choice]:
    """The dishes, checked. Raises InvalidPayload."""
    if wish.choices is None:
        return []
    occasion = Occasion(found.offer.activity, found.slot.day, wish.guests)
    return choose(session, occasion, wish.choices)


def _place(session: Session, wish: Wish, now: datetime) -> Found:
    if wish.slot is not None and wish.terms is Terms.OVERBOOK:
        return _somewhere(session, wish, wish.slot, now)
    return finding.slot_on(
        session, wish.activity_id, wish.day, now, key=wish.slot, party=wish.guests
    )


def _somewhere(session: Session, wish: Wish, slot: str, now: datetime) -> Found:
    """The slot that is meant, closed or not. Raises InvalidPayload for a time that never was."""
    found = finding.slots_on(session, wish.activity_id, wish.day, now)
    wanted = next((each for each in found if each.slot.is_meant(slot)), None)
    if wanted is None:
        raise InvalidPayload("Nothing ever happens at that time: choose one of the times shown.")
    return wanted


def _values(wish: Wish, found: Found, choices: list[Choice]) -> dict[str, Any]:
    activity, slot, venue = found.offer.activity, found.slot, found.plan.venue
    going, sums = _priced_party(wish, found.offer, choices)
    return {
        "travelers": rows.kept((), going),
        **dining.of_activity(activity),
        "menu_choices": choices,
        "booking_ref": new_reference(activity.kind),
        "package_name": activity.name,
        "package_price": sums.per_guest,
        "venue": venue.name,
        "activity_date": slot.day,
        "time_slot": shown_time(slot),
        "guest_count": wish.guests,
        "total_amount": sums.total,
        "discount_amount": sums.discount,
        "currency": found.plan.currency,
        STATED: wish.status.value,
        "customer_name": wish.contact.name,
        "customer_email": wish.contact.email or "",
        "customer_phone": wish.contact.phone,
        "customer_country_code": wish.contact.country_code,
        "venue_id": venue.id,
        "activity_id": activity.id,
        "departure_id": slot.departure_id,
        "hold_expires_at": wish.hold_expires_at,
        "partner_reference": wish.partner.reference if wish.partner else None,
        "tickets": [dict(ticket) for ticket in wish.tickets],
        **wish.more,
    }


def _priced_party(wish: Wish, offer: Offer, choices: Sequence[Choice]) -> tuple[list[Going], Sum]:
    """Who goes, each with what they pay, and what all come to."""
    if wish.travelers:
        return by_age(offer, wish.travelers)
    if wish.source == "customer_app" and not wish.units and not choices:
        # Who has not said yet who goes is told the most that it can come to.
        return [], prices.of_travelers(offer.activity, offer.prices, [None] * wish.guests)[1]
    return [], priced(offer, wish.guests, wish.units, choices)


def by_age(offer: Offer, going: Sequence[Going]) -> tuple[list[Going], Sum]:
    """Travelers, each with what they pay by their age, and what all come to."""
    each, sums = prices.of_travelers(offer.activity, offer.prices, [one.age for one in going])
    return [replace(one, price=price) for one, price in zip(going, each, strict=True)], sums


def _partner(partner: ForPartner | None) -> dict[str, Any]:
    if partner is None:
        return {}
    return {
        "partner_id": partner.partner_id,
        "created_by_partner_id": partner.partner_id,
        "partner_uuid": partner.uuid,
        "commission_rate": partner.commission_rate,
        "payment_relation": partner.payment_relation,
    }
