"""The demo's partners, as they are documented, with bookings of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.events.models import Event
from app.partners import callers
from app.partners.models import PartnerCustomer
from app.venues.models import Venue


@pytest.mark.parametrize(
    ("short", "name", "rate", "relation", "places"),
    [
        ("reef", "Reef Travel", 15, "commission", {"Coral Divers Kata", "Coral Divers Racha Pier"}),
        ("lagoon", "Lagoon Tours", 20, "net", {"Coral Divers Kata"}),
    ],
)
def test_the_documented_keys_work(
    hub: Session, short: str, name: str, rate: int, relation: str, places: set[str]
) -> None:
    found = callers.find(hub, f"partner_sk_demo_{short}")
    assert found
    assert found.works_at(datetime.now(UTC))
    assert found.key.is_joined_by(f"partner_secret_demo_{short}")
    partner = found.partner
    assert (partner.name, partner.payment_relation) == (name, relation)
    assert partner.commission_rate == Decimal(rate)
    assert found.websites == {"coral-divers"}
    venues = hub.scalars(select(Venue.name).where(Venue.id.in_(list(found.venues))))
    assert set(venues) == places


def test_their_bookings_are_theirs(hub: Session) -> None:
    mine = hub.scalars(select(Booking).where(Booking.source == "partner")).all()
    assert len(mine) >= 15
    allowed = {b.partner_id: callers.venues_of(hub, b.partner_id) for b in mine if b.partner_id}
    assert len(allowed) == 2
    for booking in mine:
        assert booking.partner_id
        assert booking.venue_id in allowed[booking.partner_id]
        assert booking.partner_uuid
        assert booking.commission_rate in (15, 20)
        event = hub.scalars(
            select(Event).where(Event.booking_id == booking.id, Event.name == "booking.created")
        ).one()
        assert event.door == f"partner:{booking.partner_id}"
    assert len(hub.scalars(select(PartnerCustomer.customer_id)).all()) >= 10
    others = select(func.count()).where(
        Booking.partner_id.is_not(None), Booking.source != "partner"
    )
    assert hub.scalar(others) == 0
