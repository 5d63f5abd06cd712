"""The pages of the reports: who sees what, what they say, and the same as files."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from app.bookings.models import Booking
from app.extensions import db
from app.ids import new_id
from app.partners.models import Partner
from app.reports.view import TABS
from app.staff.models import Membership, Role
from tests.desk import House, at_the_till, browser_of
from tests.factories import BookingFactory, CustomerFactory, WebsiteFactory, holder
from tests.harness.counting import counted_queries

NOW = datetime(2026, 3, 15, 5, 0, tzinfo=UTC)
VIEW = "reports:view"
MARCH = {"period": "", "since": "2026-03-01", "until": "2026-03-31"}


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def booked(website: str = "ours", day: int = 3, **fields: Any) -> Booking:
    """A booking made on this day of March; amounts are 1,000 unless said."""
    at = fields.pop("at", datetime(2026, 3, day, 5, tzinfo=UTC))
    values = {"total_amount": Decimal(1000), "activity_date": date(2026, 3, 20), **fields}
    made: Booking = BookingFactory(website_id=website, created_at=at, **values)
    return made


def partner(name: str = "Reef Travel") -> Partner:
    row = Partner(name=name, company_name=name, contact_email=f"{new_id()}@example.com")
    db.session.add(row)
    db.session.flush()
    return row


def rows(house: House, who: str = "manager", **args: str) -> list[list[str]]:
    """What the CSV says, without empty lines."""
    asked = {**MARCH, "format": "csv", **args}
    answer = house.browser(who).get("/reports/export", query_string=asked)
    assert answer.status_code == 200, answer.status
    return [row for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))) if row]


def line(found: list[list[str]], name: str) -> list[str]:
    """The first line of this name."""
    return next(row for row in found if row[0] == name)


def has(found: list[list[str]], name: str, number: str) -> bool:
    """Whether a line of this name begins with this number."""
    return any(row[:2] == [name, number] for row in found)


def test_what_counts_as_booking_and_revenue(house: House) -> None:
    booked(guest_count=2, refunded_amount=Decimal(100))
    booked(status="no_show", guest_count=3, source="phone")
    booked(status="pending")
    booked(status="cancelled", refunded_amount=Decimal(1000))
    booked(status="expired")
    head, website, phone, total = (
        line(rows(house), name) for name in ("Source", "Website", "Phone", "Total")
    )
    assert head[1:4] == ["Bookings", "Guests", "Revenue (THB)"]
    assert website[1:] == ["1", "2", "900.00", "1100.00", "1", "1", "1"]
    assert phone[1:] == ["1", "3", "1000.00", "0", "0", "0", "0"]
    assert total[1:4] == ["2", "5", "1900.00"]


def test_currencies_are_never_added_up(house: House) -> None:
    booked()
    booked(currency="EUR", total_amount=Decimal(50))
    found = rows(house)
    lines = [row for row in found if row[0] == "Website" and len(row) > 4]
    assert {(row[1], row[4]) for row in lines if row[1] in ("THB", "EUR")} == {
        ("THB", "1000.00"),
        ("EUR", "50.00"),
    }
    totals = {(row[1], row[4]) for row in found if row[0] == "Total"}
    assert totals == {("THB", "1000.00"), ("EUR", "50.00")}


def test_the_day_is_the_one_that_was_asked_for_in_the_websites_zone(house: House) -> None:
    late = datetime(2026, 2, 28, 20, tzinfo=UTC)  # the first of March in Bangkok
    booked(at=late, activity_date=date(2026, 4, 2))
    assert line(rows(house), "Website")[1] == "1"
    assert not has(rows(house, by="visit"), "Website", "1")
    april = {"since": "2026-04-01", "until": "2026-04-30", "by": "visit"}
    assert line(rows(house, **april), "Website")[1] == "1"


def test_compared_with_the_period_before_and_with_last_year(house: House) -> None:
    for day in (1, 2, 3):
        booked(day=day)
    for at in (datetime(2026, 2, 3, tzinfo=UTC), datetime(2025, 3, 3, tzinfo=UTC)):
        booked(at=at)
    booked(at=datetime(2025, 3, 4, tzinfo=UTC))
    before = line(rows(house, compare="previous"), "Website")
    assert before[1:5] == ["3", "1", "2", "200.0"]
    year = line(rows(house, compare="year"), "Website")
    assert year[1:5] == ["3", "2", "1", "50.0"]
    page = house.browser("manager").get("/reports", query_string={**MARCH, "compare": "year"})
    assert "+1 (+50.0%)" in page.text


def test_partners_with_commission_lead_time_and_cancellations(house: House) -> None:
    reef = partner()
    of: dict[str, Any] = {
        "partner_id": reef.id,
        "source": "partner",
        "commission_rate": Decimal("12.5"),
    }
    booked(day=10, guest_count=4, **of)
    booked(day=18, total_amount=Decimal("0.20"), **of)
    booked(status="cancelled", **of)
    booked()
    found = line(rows(house, tab="partners"), "Reef Travel")
    assert found[1:] == ["2", "6", "1000.20", "125.03", "1", "33.3", "6.0"]


def test_overlap_counts_people(house: House) -> None:
    both, one = CustomerFactory(), CustomerFactory()
    booked(customer_id=both.id)
    booked(customer_id=both.id, source="phone")
    booked(customer_id=both.id, source="phone", status="checked_in")
    booked(customer_id=one.id)
    booked(customer_id=one.id, source="walk_in", status="cancelled")
    found = rows(house, tab="overlap")
    assert line(found, "Guests")[2] == "2"
    assert line(found, "Over more than one source")[2] == "1"
    assert line(found, "Source") == ["Source", "Website", "Phone"]
    assert line(found, "Website") == ["Website", "2", "1"]
    assert line(found, "Phone") == ["Phone", "1", "1"]
    page = house.browser("manager").get("/reports", query_string={**MARCH, "tab": "overlap"})
    assert "1 of 2 guests booked over more than one source" in page.text


def test_conversion_of_enquiries_and_holds(house: House) -> None:
    hold: dict[str, Any] = {"status": "pending", "hold_expires_at": NOW, "source": "partner"}
    won, lost, cancelled = booked(**hold), booked(**hold), booked(**hold)
    won.status, lost.status = "confirmed", "expired"
    cancelled.status, cancelled.confirmed_at = "cancelled", NOW
    enquiry = booked(status="pending")
    booked(status="pending")
    enquiry.status = "confirmed"
    booked()  # began confirmed: neither
    db.session.flush()
    found = rows(house, tab="conversion")
    assert line(found, "Partner")[1:] == ["0", "0", "", "3", "2", "66.7", "0"]
    assert line(found, "Website")[1:] == ["2", "1", "50.0", "0", "0", "", "1"]


def test_amounts_are_for_who_may_see_payments(house: House) -> None:
    booked(refunded_amount=Decimal(100))
    plain = holder("ours", VIEW)
    client = browser_of(house.app, plain)
    for tab in TABS:
        for address in ("/reports", "/reports/export"):
            said = client.get(address, query_string={**MARCH, "tab": tab}).text
            assert "Revenue" not in said, (tab, address)
            assert "Lifetime" not in said, (tab, address)
            assert "900" not in said, (tab, address)
    at_the_till(plain)
    asked = {**MARCH, "tab": "customers"}
    for filters in (MARCH, asked):
        assert "900" in browser_of(house.app, plain).get("/reports", query_string=filters).text


def test_amounts_of_a_website_without_payments_stay_out_of_the_sum(house: House) -> None:
    booked()
    booked("theirs")
    both = holder("ours", VIEW)
    at_the_till(both)
    role = Role(name="theirs only", permissions=[VIEW])
    db.session.add(role)
    db.session.flush()
    db.session.add(Membership(user_id=both.id, role_id=role.id, website_id="theirs"))
    said = browser_of(house.app, both).get("/reports", query_string=MARCH).text
    assert "1,000" in said
    assert "2,000" not in said
    assert "Amounts are of Our park only" in said


def test_another_website_stays_unseen(house: House) -> None:
    booked("theirs")
    assert not has(rows(house), "Website", "1")
    theirs = house.browser("manager").get("/reports?website=theirs")
    assert theirs.status_code == 404
    assert house.browser("colleague").get("/reports").status_code == 403
    assert line(rows(house, "outsider"), "Their park")[1] == "1"


def test_cells_are_no_formulas(house: House) -> None:
    reef = partner("=HYPERLINK(1)")
    booked(partner_id=reef.id, source="partner")
    assert "'=HYPERLINK(1)" in {row[0] for row in rows(house, tab="partners")}
    asked = {**MARCH, "tab": "partners", "format": "xlsx"}
    answer = house.browser("manager").get("/reports/export", query_string=asked)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheets = [book.read(n).decode() for n in book.namelist() if "worksheets/" in n]
    assert len(sheets) == 2
    assert "=HYPERLINK(1)" in "".join(sheets)
    assert "<f>" not in "".join(sheets)


def test_the_address_says_everything(house: House) -> None:
    booked()
    client = house.browser("manager")
    htmx = {"HX-Request": "true", "HX-Target": "reports"}
    changed = {"was": "30d", "period": "30d", "since": "2026-03-01", "until": "2026-03-31"}
    answer = client.get("/reports", query_string=changed, headers=htmx)
    there = "/reports?since=2026-03-01&until=2026-03-31"
    assert answer.headers["HX-Replace-Url"] == there
    assert not answer.text.lstrip().startswith("<!doctype")
    back = {**changed, "was": "", "period": "last_month"}
    answer = client.get("/reports", query_string=back, headers=htmx)
    assert answer.headers["HX-Replace-Url"] == "/reports?period=last_month"
    assert "Nothing in this period" in answer.text


@pytest.mark.parametrize("odd", ["9999-99-99", "1-1-1", "2026-02-30"])
def test_odd_addresses_are_answered(house: House, odd: str) -> None:
    asked = dict.fromkeys(("tab", "period", "since", "until", "by", "compare", "was"), odd)
    assert house.browser("manager").get("/reports", query_string=asked).status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_queries_do_not_grow_with_what_is_there(house: House, tab: str) -> None:
    client = house.browser("manager")
    asked = {**MARCH, "tab": tab, "compare": "year"}
    booked(partner_id=partner().id, source="partner")
    counts = []
    for _ in range(2):
        with counted_queries(house.app) as counted:
            client.get("/reports", query_string=asked)
        counts.append(len(counted))
        for number in range(5):
            WebsiteFactory(id=f"more-{len(counts)}-{number}")
            booked(partner_id=partner(f"P{number} {len(counts)}").id, source="partner")
    assert counts[0] == counts[1] <= 12
