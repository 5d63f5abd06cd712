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
from app.partners.models import Partner, PartnerCustomer
from app.staff import queries as people
from app.staff.passwords import verify_password
from app.staff.scope import NOTHING
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


def test_a_year_of_theirs_every_month(hub: Session) -> None:
    """So that statements, statistics and reports have a shape."""
    months = func.to_char(Booking.activity_date, "YYYY-MM")
    mine = Booking.source == "partner"
    found = hub.execute(select(months, func.count()).where(mine).group_by(months)).all()
    by_month = {row[0]: row[1] for row in found}
    today = datetime.now(UTC).date()
    number = today.year * 12 + today.month - 1
    last = [f"{n // 12}-{n % 12 + 1:02}" for n in range(number - 12, number + 1)]
    assert all(by_month.get(month, 0) >= 2 for month in last)


def test_holds_that_were_confirmed_ran_out_and_run(hub: Session) -> None:
    holds = hub.scalars(select(Booking).where(Booking.hold_expires_at.is_not(None))).all()
    assert all(booking.began_pending and booking.partner_id for booking in holds)
    firm = [(b.confirmed_at, b.hold_expires_at) for b in holds if b.confirmed_at]
    assert len(firm) >= 10
    assert all(until and at <= until for at, until in firm)
    (lost,) = (booking for booking in holds if booking.status == "expired")
    assert lost.confirmed_at is None
    (running,) = (booking for booking in holds if booking.status == "pending")
    assert running.hold_expires_at
    assert running.hold_expires_at > datetime.now(UTC)


def test_somebody_of_reef_travel_opens_its_portal_and_nothing_else(hub: Session) -> None:
    user = people.by_email(hub, "reef@onebooking.test")
    assert user
    assert verify_password(user.password_hash, "demo-onebooking")
    partner = hub.get_one(Partner, user.partner_id)
    assert (partner.name, user.scope) == ("Reef Travel", NOTHING)
