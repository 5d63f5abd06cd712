"""The demo's partners: two agencies that book at the dive centre, with keys that are public."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.apikeys import actions as apikeys
from app.bookings.models import Booking
from app.events.models import SYSTEM, Actor
from app.partners import actions
from app.partners.models import Partner, PartnerCustomer, Relation
from app.staff.scope import EVERYTHING
from app.venues.models import Venue
from demo.lives import Story

KATA, RACHA = "Coral Divers Kata", "Coral Divers Racha Pier"


@dataclass(frozen=True)
class Agency:
    """A partner of the demo."""

    name: str
    short: str
    """In its key and its references."""
    places: tuple[str, ...]
    commission: Decimal
    relation: Relation

    @property
    def key(self) -> str:
        return f"partner_sk_demo_{self.short}"

    @property
    def second_half(self) -> str:
        return f"partner_secret_demo_{self.short}"


REEF = Agency("Reef Travel", "reef", (KATA, RACHA), Decimal(15), Relation.COMMISSION)
LAGOON = Agency("Lagoon Tours", "lagoon", (KATA,), Decimal(20), Relation.NET)
AGENCIES = (REEF, LAGOON)


def add_partners(session: Session) -> dict[str, Partner]:
    """Both, with their keys, by their short names. The venues are open already."""
    return {agency.short: _add(session, agency) for agency in AGENCIES}


def _add(session: Session, agency: Agency) -> Partner:
    values = {
        "name": agency.name,
        "company_name": f"{agency.name} (Demo) Co., Ltd.",
        "contact_email": f"desk@{agency.short}.example.com",
        "contact_phone": "+66 76 555 0199",
        "commission_rate": agency.commission,
        "payment_relation": agency.relation.value,
    }
    venues = session.scalars(select(Venue.id).where(Venue.name.in_(agency.places))).all()
    made = actions.add(session, SYSTEM, EVERYTHING, values, venues, https_only=False)
    owner = actions.key_owner(session, made)
    apikeys.issue(session, SYSTEM, owner, "Booking engine", agency.key, agency.second_half)
    return made


def agency_of(story: Story) -> Agency:
    """Who made this booking: Lagoon Tours some of those at its one location."""
    at_kata = story.fields["venue"] == KATA
    return LAGOON if at_kata and story.source_id.int % 3 else REEF


def speaker(partner: Partner) -> Actor:
    """The partner as the log knows it."""
    return Actor("partner", str(partner.id), partner.name, partner.door)


def hand_over(session: Session, booking: Booking, partner: Partner, story: Story) -> None:
    """Make a new booking the partner's, with its terms of that day, and its guest too."""
    booking.partner_id = booking.created_by_partner_id = partner.id
    booking.partner_uuid = story.source_id
    booking.partner_reference = (
        f"{partner.name[:2].upper()}-{story.source_id.int % 90_000 + 10_000}"
    )
    booking.commission_rate = partner.commission_rate
    booking.payment_relation = partner.payment_relation
    booking.hold_expires_at = story.held_until
    session.flush()
    first, _, last = booking.customer_name.partition(" ")
    guest = {
        "partner_id": partner.id,
        "customer_id": booking.customer_id,
        "first_name": first,
        "last_name": last,
        "phone": booking.customer_phone,
        "email": booking.customer_email,
        "created_at": story.booked,
    }
    session.execute(insert(PartnerCustomer).values(guest).on_conflict_do_nothing())
