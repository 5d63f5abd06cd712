"""What a partner brought: the numbers, and for whom."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.bookings.models import Booking
from app.extensions import db
from app.ids import new_id
from app.partners.models import Partner
from app.staff.scope import EVERYTHING, Scope
from app.statements.statistics import Statistics, months_until, statistics
from app.venues.models import Venue
from tests.desk import House, browser_of
from tests.factories import BookingFactory, holder, partner_at
from tests.harness.counting import counted_queries

TODAY = date(2026, 3, 15)
MADE = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)


def made(partner: Partner, **fields: Any) -> Booking:
    values = {
        "website_id": "ours",
        "source": "partner",
        "partner_id": partner.id,
        "partner_uuid": new_id(),
        "commission_rate": Decimal(10),
        "payment_relation": "commission",
        "created_at": MADE,
        "activity_date": date(2026, 3, 20),
        "total_amount": Decimal(1000),
        "guest_count": 2,
    }
    booking: Booking = BookingFactory.create(**values | fields)
    return booking


def of(partner: Partner, by: str = "booked", scope: Scope = EVERYTHING) -> Statistics:
    db.session.flush()
    return statistics(db.session(), scope, partner.id, by, 12, TODAY)


def test_the_numbers(partner: Partner, pier: Venue) -> None:
    made(partner)
    made(partner, refunded_amount=Decimal(100), activity_date=date(2026, 3, 12))
    made(partner, status="cancelled")
    made(partner, created_at=MADE - timedelta(days=40), activity_date=date(2026, 2, 1))
    made(partner_at(pier))
    found = of(partner)
    assert len(found.months) == 12
    assert found.months[-1].first == date(2026, 3, 1)
    march, whole = found.months[-1], found.whole
    assert (march.sums["bookings"], march.sums["guests"], march.sums["cancelled"]) == (2, 4, 1)
    assert march.sums.lead == 6.0
    assert march.revenue == {"THB": Decimal(1900)}
    assert march.commission == {"THB": Decimal(190)}
    assert whole.sums["bookings"] == 3
    assert found.cancelled_rate == 25.0
    assert found.months[-3].sums["bookings"] == 1
    assert of(partner, "visit").months[-2].sums["bookings"] == 1


def test_conversion_is_of_what_began_as_holds(partner: Partner) -> None:
    hold = {"status": "pending", "hold_expires_at": MADE + timedelta(minutes=15)}
    kept, lost, _ = (made(partner, **hold) for _ in range(3))
    made(partner)
    kept.status, lost.status = "confirmed", "expired"
    assert of(partner).conversion == pytest.approx(33.3, abs=0.1)
    assert of(partner).whole.sums["expired"] == 1


def test_without_holds_there_is_no_conversion(partner: Partner) -> None:
    made(partner)
    assert of(partner).conversion is None


@pytest.mark.parametrize(
    ("today", "span", "first", "last"),
    [
        (date(2026, 3, 15), 3, date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 1, 31), 12, date(2025, 2, 1), date(2026, 1, 31)),
        (date(2028, 2, 29), 24, date(2026, 3, 1), date(2028, 2, 29)),
        (date(2026, 12, 1), 3, date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_spans_are_whole_months(today: date, span: int, first: date, last: date) -> None:
    period = months_until(today, span)
    assert (period.first, period.last) == (first, last)


def test_only_what_one_sees(house: House, pier: Venue, their_pier: Venue) -> None:
    both = partner_at(pier, their_pier)
    now = datetime.now(UTC)
    made(both, created_at=now)
    made(both, created_at=now, website_id="theirs")
    looks = browser_of(house.app, holder("ours", "partners:view"))
    text = looks.get(f"/partners/{both.id}/statistics").text
    assert re.search(r'Bookings<[^€]*?tile-value">1<', text)
    assert "Revenue" not in text
    assert "Statement" not in text
    manager = house.browser("manager").get(f"/partners/{both.id}/statistics").text
    assert "Revenue" in manager
    assert "1,000" in manager
    assert "2,000" not in manager


def test_few_queries_however_much_there_is(
    house: House, partner: Partner, owner: FlaskClient
) -> None:
    counts = []
    for rows in (1, 20):
        for _ in range(rows):
            made(partner, created_at=datetime.now(UTC))
        db.session.expire_all()
        with counted_queries(house.app) as statements:
            answer = owner.get(f"/partners/{partner.id}/statistics?months=24&by=visit")
            assert answer.status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 9
