"""Customers in the reports: new and returning, what they are worth, sizes of parties, no-shows."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import time_machine

from app.bookings.models import Booking
from app.bookings.status import GONE
from app.customers.models import Customer
from app.reports.guests import LARGEST, SIZES
from tests.desk import House, browser_of
from tests.factories import CustomerFactory, person
from tests.reports.test_pages import MARCH, NOW, booked, line, rows


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def told(house: House, who: str = "manager", **args: str) -> list[list[str]]:
    """What the file of this tab says."""
    return rows(house, who, tab="customers", **args)


def test_new_and_returning_customers(house: House) -> None:
    known = booked(at=datetime(2025, 6, 1, 5, tzinfo=UTC))
    booked(customer_id=known.customer_id, source="phone")
    fresh = booked(source="phone")
    booked(day=5, customer_id=fresh.customer_id)  # twice in March: still one new customer
    was_gone = booked(status="cancelled", at=datetime(2025, 7, 1, 5, tzinfo=UTC))
    booked(customer_id=was_gone.customer_id)  # what was cancelled made nobody known
    booked(status="cancelled")
    found = told(house)
    assert [line(found, name)[2] for name in ("Customers", "New", "Returning")] == ["3", "2", "1"]
    assert line(found, "Phone")[1:6] == ["2", "1", "1", "50.0", "2"]
    assert line(found, "Website")[1:6] == ["1", "1", "0", "100.0", "2"]


def test_what_customers_are_worth_counts_all_they_ever_booked(house: House) -> None:
    known = booked(at=datetime(2025, 6, 1, 5, tzinfo=UTC), refunded_amount=Decimal(100))
    booked(customer_id=known.customer_id)
    booked()
    booked(at=datetime(2025, 6, 1, 5, tzinfo=UTC), total_amount=Decimal(9000))  # not of March
    booked(customer_id=known.customer_id, status="pending")
    assert line(told(house), "Lifetime value")[1:3] == ["THB", "1450.00"]
    assert line(told(house), "Bookings per customer")[2] == "2.0"


def test_no_shows_are_a_share_of_visits_that_are_over(house: House) -> None:
    for status in ("no_show", "completed", "checked_in", "completed", "confirmed", "cancelled"):
        booked(status=status, guest_count=2)
    booked(status="no_show", guest_count=12)
    found = told(house)
    assert line(found, "No-shows")[2] == "40.0"
    assert line(found, "2 guests")[1:] == ["5", "25.0"]
    assert line(found, LARGEST)[1:] == ["1", "100.0"]
    assert line(found, "1 guest")[1:] == ["0", ""]


def test_compared_with_the_year_before(house: House) -> None:
    booked(at=datetime(2025, 3, 9, 5, tzinfo=UTC))
    booked()
    booked()
    assert line(told(house, compare="year"), "Customers")[2:5] == ["2", "1", "1"]


def test_another_website_makes_nobody_known_to_who_does_not_see_it(house: House) -> None:
    guest: Customer = CustomerFactory()
    booked("theirs", at=datetime(2025, 6, 1, 5, tzinfo=UTC), customer_id=guest.id)
    booked(customer_id=guest.id)
    assert line(told(house), "New")[2] == "1"
    asked = {**MARCH, "tab": "customers", "format": "csv"}
    everything = browser_of(house.app, person("superadmin")).get(
        "/reports/export?", query_string=asked
    )
    assert "\nNew,,0" in everything.text.replace("\r", "")
    assert line(told(house, "outsider", since="2025-06-01", until="2025-06-30"), "New")[2] == "1"


def test_any_bookings_agree_with_counting_by_hand(house: House) -> None:
    random = Random(11)
    people: list[Customer] = [CustomerFactory() for _ in range(12)]
    made = [
        booked(
            at=datetime(2026, random.choice((1, 2, 3, 3)), random.randint(1, 28), 5, tzinfo=UTC),
            customer_id=random.choice(people).id,
            source=random.choice(("website", "phone", "partner")),
            status=random.choice(("confirmed", "completed", "no_show", "cancelled", "pending")),
            guest_count=random.randint(1, 14),
        )
        for _ in range(80)
    ]
    found = told(house)
    live = [each for each in made if each.status not in GONE]
    march = [each for each in live if each.created_at.month == 3]
    assert line(found, "Customers")[2] == str(len({each.customer_id for each in march}))
    assert line(found, "New")[2] == str(_new(live, march))
    sizes = _sizes(march)
    for name in [*(name for _, name in SIZES), LARGEST]:
        assert line(found, name)[1] == str(sizes[name]), name


def _new(live: list[Booking], march: list[Booking]) -> int:
    first: dict[Any, date] = {}
    for each in live:
        day = each.created_at.date()
        first[each.customer_id] = min(first.get(each.customer_id, day), day)
    return len({each.customer_id for each in march if first[each.customer_id].month == 3})


def _sizes(bookings: list[Booking]) -> dict[str, int]:
    sizes: dict[str, int] = defaultdict(int)
    for each in bookings:
        sizes[next((name for most, name in SIZES if each.guest_count <= most), LARGEST)] += 1
    return sizes
