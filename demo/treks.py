"""The treks of the demo: families who booked in the app, each with its travelers, and who waits
for a place. Codes and messages go to the stand-in of the SMS provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.actions import Contact, find_or_create
from app.customers.models import Customer
from app.customers.opting import set_sms_opt_in
from app.events.models import SYSTEM
from app.messaging.models import MessageSettings
from app.travelers.going import Wanted
from app.treks import booking, offers
from app.treks.offers import Trek
from app.venues.models import Activity, Venue
from app.venues.plan import Slot, State
from app.waiting import actions as waiting
from app.waiting import queries as lists
from demo.standins import twilio

HIMALAYA = "himalaya-treks"
POON_HILL = "Poon Hill, 5 days"
REGION = "NP"


@dataclass(frozen=True)
class Party:
    """Who books, and who goes: (name, age, gender, what they need, what is to be known)."""

    phone: str
    travelers: tuple[tuple[str, int, str, str, str], ...]


PARTIES = (
    Party("+9779841000001", (
        ("Asha Example", 41, "female", "Vegetarian meals", ""),
        ("Bimal Example", 43, "male", "", "Asthma: carries an inhaler"),
        ("Chandra Example", 12, "female", "Vegetarian meals", ""),
        ("Deepak Example", 9, "male", "", "Allergic to nuts"),
    )),
    Party("+9779841000002", (
        ("Frida Sample", 33, "female", "Needs a single tent", ""),
        ("Gustav Sample", 35, "male", "", ""),
    )),
    Party("+9779841000003", (("Hari Invented", 58, "male", "", "Blood pressure tablets, daily"),)),
    Party("+9779841000004", (
        ("Ines Madeup", 27, "female", "Vegan meals", ""),
        ("Jonas Madeup", 29, "male", "", ""),
        ("Kira Madeup", 24, "female", "", ""),
    )),
)  # fmt: skip
"""For the next departure with room."""
FILLING = Party("+9779841000005", tuple(
    (f"Pupil {number} Example", 16, "other", "", "") for number in range(1, 17)
))  # fmt: skip
"""Takes all places of the one after it."""
WAITING = (("Lena Patient", "+9779841000006", 2), ("Milan Patient", "+9779841000007", 1))


def set_up(session: Session, now: datetime) -> None:
    """Everything, once the past has been dispatched."""
    session.add(messages())
    session.flush()
    trek, batches = _next(session, now)
    for party in PARTIES:
        _book(session, trek, batches[0], party, now)
    full = batches[1]
    _book(session, trek, full, FILLING, now, seats=full.remaining)
    for name, phone, guests in WAITING:
        customer = _customer(session, name, phone)
        place = lists.place(session, _departure(full))
        waiting.join(session, SYSTEM, place, customer.id, guests, now)


def messages() -> MessageSettings:
    """Texts go to the stand-in; letters are kept here."""
    return MessageSettings(
        website_id=HIMALAYA,
        sms_by="twilio",
        sms={
            "account_sid": twilio.ACCOUNT,
            "auth_token": twilio.TOKEN,
            "messaging_service_sid": twilio.SERVICE,
        },
        email_by="capture",
        sender_name="Himalaya Treks",
        contact_phone="+977 1 555 0100",
    )


def _next(session: Session, now: datetime) -> tuple[Trek, Sequence[Slot]]:
    """Poon Hill, and those of its departures that have room for all the parties."""
    query = select(Activity.id).join(Venue, Venue.id == Activity.venue_id)
    mine = query.where(Venue.website_id == HIMALAYA, Activity.name == POON_HILL)
    trek = offers.get(session, session.scalars(mine).one(), now)
    people = sum(len(party.travelers) for party in PARTIES)
    roomy = [each for each in trek.batches if each.state is State.OPEN and each.fits(people)]
    return trek, roomy[:2]


def _departure(slot: Slot) -> Any:
    assert slot.departure_id is not None
    return slot.departure_id


def _customer(session: Session, name: str, phone: str) -> Customer:
    contact = Contact(name, phone=phone, region=REGION, source="customer_app")
    found = find_or_create(session, contact)
    set_sms_opt_in(session, SYSTEM, found.id, True, source="app")
    return session.get_one(Customer, found.id)


def _book(
    session: Session,
    trek: Trek,
    batch: Slot,
    party: Party,
    now: datetime,
    seats: int | None = None,
) -> None:
    people = party.travelers if seats is None else party.travelers[:seats]
    customer = _customer(session, people[0][0], party.phone)
    wanted = [
        Wanted(is_primary=place == 0, said=_said(who, party.phone if place == 0 else None))
        for place, who in enumerate(people)
    ]
    booking.book(session, SYSTEM, customer, booking.Order(trek, batch, wanted), now)


def _said(who: tuple[str, int, str, str, str], phone: str | None) -> dict[str, Any]:
    name, age, gender, needs, health = who
    family = name.rpartition(" ")[2]
    return {
        "name": name,
        "age": age,
        "gender": gender,
        "phone": phone,
        "emergency_contact_name": f"Eve {family}",
        "emergency_contact_phone": "+9779841000099",
        "special_requirements": needs or None,
        "medical_notes": health or None,
    }
