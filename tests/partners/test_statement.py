"""Statements: what counts, to the last digit; the same on the page, in CSV and in PDF."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from app.bookings.models import Booking
from app.extensions import db
from app.ids import new_id
from app.partners.models import Partner, Relation
from app.reports.models import BookingDay
from app.staff.scope import EVERYTHING
from app.statements.papers import ROW_HEAD, paper, plain, sayable, sheet
from app.statements.statement import Reader, Row, Statement, statement, totals
from app.venues.models import Venue
from tests.desk import House, at_the_till, browser_of
from tests.factories import BookingFactory, holder, partner_at
from tests.harness.counting import counted_queries

MARCH = date(2026, 3, 1)
STATUSES = ("pending", "confirmed", "checked_in", "completed", "no_show", "cancelled", "refunded",
            "expired")  # fmt: skip
COUNTING = {"confirmed", "checked_in", "completed", "no_show"}


def made(partner: Partner, **fields: Any) -> Booking:
    values = {
        "website_id": "ours",
        "source": "partner",
        "partner_id": partner.id,
        "partner_uuid": new_id(),
        "commission_rate": partner.commission_rate,
        "payment_relation": partner.payment_relation,
        "created_at": datetime(2026, 3, 10, tzinfo=UTC),
        "activity_date": date(2026, 3, 20),
        "total_amount": Decimal(1000),
    }
    booking: Booking = BookingFactory.create(**values | fields)
    return booking


def of(partner: Partner, month: date = MARCH, by: str = "booked") -> Statement:
    db.session.flush()
    return statement(db.session(), EVERYTHING, partner, month, by)


@pytest.mark.parametrize("status", STATUSES)
def test_what_counts(partner: Partner, status: str) -> None:
    made(partner, status=status)
    assert len(of(partner).rows) == (status in COUNTING)


def test_refunds_reduce_and_halves_go_up(partner: Partner) -> None:
    made(partner, total_amount=Decimal("100.10"), commission_rate=Decimal("12.5"))
    made(partner, refunded_amount=Decimal(400))
    made(partner, refunded_amount=Decimal(4000))
    amounts = sorted(row.commission for row in of(partner).rows)
    assert amounts == [Decimal("0.00"), Decimal("12.51"), Decimal("90.00")]


def test_a_currency_without_decimals(house: House, partner: Partner) -> None:
    made(partner, currency="JPY", total_amount=Decimal(1003), commission_rate=Decimal(15))
    (row,) = of(partner).rows
    assert row.commission == Decimal(150)


def test_the_terms_of_the_day_of_booking_decide(partner: Partner) -> None:
    made(partner, commission_rate=Decimal(10), payment_relation="net")
    partner.commission_rate, partner.payment_relation = Decimal(50), "referral"
    (row,) = of(partner).rows
    assert (row.rate, row.relation) == (Decimal(10), Relation.NET)
    assert (row.commission, row.due) == (Decimal(100), Decimal(900))
    (total,) = of(partner).totals
    assert (total.due, total.owes(Reader.DESK)) == (Decimal(900), "The partner owes you")
    assert total.owes(Reader.PARTNER) == "You owe"


def test_months_are_those_of_the_website_s_zone(partner: Partner) -> None:
    """Half past six in the evening of UTC is the next day in Bangkok."""
    made(partner, created_at=datetime(2026, 3, 31, 18, 30, tzinfo=UTC))
    made(partner, created_at=datetime(2026, 2, 28, 18, 30, tzinfo=UTC))
    assert [row.booked for row in of(partner).rows] == [date(2026, 3, 1)]
    assert [row.booked for row in of(partner, date(2026, 4, 15)).rows] == [date(2026, 4, 1)]


def test_by_visit_it_is_the_day_of_the_visit(partner: Partner) -> None:
    made(partner, activity_date=date(2026, 5, 1))
    made(partner, activity_date=date(2026, 3, 31))
    assert len(of(partner).rows) == 2
    assert [row.visit for row in of(partner, by="visit").rows] == [date(2026, 3, 31)]


def test_other_partners_stay_out(partner: Partner, pier: Venue) -> None:
    made(partner_at(pier))
    BookingFactory.create(website_id="ours", created_at=datetime(2026, 3, 10, tzinfo=UTC))
    assert of(partner).rows == []


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "website": st.sampled_from(["ours", "theirs"]),
            "currency": st.sampled_from(["THB", "JPY", "EUR"]),
            "status": st.sampled_from(STATUSES),
            "total": st.decimals(0, 99999, places=2),
            "refunded": st.none() | st.decimals(0, 99999, places=2),
            "rate": st.decimals(0, 100, places=2),
            "relation": st.sampled_from([each.value for each in Relation]),
            "activity": st.sampled_from(["Reef dive", "=1+1", "+66", "-x", "@home", "Café 潜水"]),
        }
    ),
    max_size=12,
)


@given(rows=ROWS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_totals_files_and_rows_say_the_same(partner: Partner, rows: list[dict[str, Any]]) -> None:
    db.session.execute(delete(Booking))
    for each in rows:
        made(partner, website_id=each["website"], status=each["status"], total_amount=each["total"],
             refunded_amount=each["refunded"], commission_rate=each["rate"],
             payment_relation=each["relation"], package_name=each["activity"],
             currency=each["currency"])  # fmt: skip
    found = of(partner)
    check_against_naive(found, rows)
    check_totals(found)
    check_csv(found)
    check_reports(found)
    assert paper(found).startswith(b"%PDF-")


def check_against_naive(found: Statement, rows: list[dict[str, Any]]) -> None:
    counting = [each for each in rows if each["status"] in COUNTING]
    expected = []
    for each in counting:
        left = max(each["total"] - (each["refunded"] or 0), Decimal(0))
        digits = Decimal(1) if each["currency"] == "JPY" else Decimal("0.01")
        share = (left * each["rate"] / 100).quantize(digits, ROUND_HALF_UP)
        expected.append((share, left - share if each["relation"] == "net" else share))
    assert sorted((row.commission, row.due) for row in found.rows) == sorted(expected)


def check_totals(found: Statement) -> None:
    sums: defaultdict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in found.rows:
        sums[row.website, row.currency, row.relation].append(row)
    assert len(found.totals) == len(sums)
    for total in found.totals:
        mine = sums[total.website, total.currency, total.relation]
        assert total.bookings == len(mine)
        for name in ("guests", "total", "refunded", "commission", "due"):
            assert getattr(total, name) == sum(getattr(row, name) for row in mine)


def check_reports(found: Statement) -> None:
    """What SQL adds up for the reports, to the digits of each currency."""
    mine = (BookingDay.partner_id == found.partner.id) & (BookingDay.basis == found.by)
    query = select(BookingDay.currency, func.sum(BookingDay.commission)).where(mine)
    said = {row[0]: row[1] for row in db.session.execute(query.group_by(BookingDay.currency))}
    for currency in ("THB", "JPY", "EUR"):
        rows = [row.commission for row in found.rows if row.currency == currency]
        assert said.get(currency, 0) == sum(rows)


def check_csv(found: Statement) -> None:
    lines = list(csv.reader(io.StringIO(sheet(found).decode("utf-8-sig"))))
    start = lines.index(list(ROW_HEAD))
    read = [dict(zip(ROW_HEAD, line, strict=True)) for line in lines[start + 1 :]]
    assert len(read) == len(found.rows)
    for line, row in zip(read, found.rows, strict=True):
        assert line["Reference"] == row.reference
        assert Decimal(line["Commission"]) == row.commission
        assert Decimal(line["Due"]) == row.due
        assert not line["Activity"].startswith(("=", "+", "-", "@"))
        assert line["Activity"].lstrip("'") == row.activity


def test_amounts_on_paper_have_the_digits_of_their_currency() -> None:
    assert plain(Decimal("3490.00"), "THB") == "3,490.00"
    assert plain(Decimal("3490.00"), "JPY") == "3,490"
    assert plain(Decimal("3490.50"), "JPY") == "3,490.50"  # as it was said, never rounded here


def test_nothing_adds_up_to_no_totals() -> None:
    assert totals([]) == []


def test_the_page_says_what_the_csv_says(house: House, partner: Partner) -> None:
    made(partner, package_name="Reef dive", partner_reference="RT-1")
    made(partner, refunded_amount=Decimal("250.50"))
    browser = house.browser("manager")
    there = f"/partners/{partner.id}/statement?month=2026-03"
    text = re.sub(r"<[^>]+>|&nbsp;", " ", browser.get(there).text)
    answer = browser.get(f"{there}&as=csv")
    assert answer.mimetype == "text/csv"
    assert "statement-reef-travel-2026-03.csv" in answer.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    for line in lines[lines.index(list(ROW_HEAD)) + 1 :]:
        row = dict(zip(ROW_HEAD, line, strict=True))
        assert row["Reference"] in text
        assert shown(Decimal(row["Commission"])) in text
    due = sum(row.due for row in of(partner).rows)
    assert shown(due) in text
    assert "You owe the partner" in text


def shown(amount: Decimal | int) -> str:
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.2f}"


def test_the_pdf_is_a_pdf(house: House, partner: Partner) -> None:
    for number in range(60):
        made(partner, package_name=f"Dive “{number}” 潜水")
    answer = house.browser("manager").get(f"/partners/{partner.id}/statement?month=2026-03&as=pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", answer.data)) >= 2
    assert sayable("Dive “1” – 潜水") == 'Dive "1" - ??'


@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 200), ("colleague", 403), ("outsider", 404), ("nobody", 303)]
)
@pytest.mark.parametrize("address", ["statement", "statement?as=csv", "statement?as=pdf",
                                     "statistics"])  # fmt: skip
def test_who_sees_it(house: House, partner: Partner, who: str, answer: int, address: str) -> None:
    assert house.browser(who).get(f"/partners/{partner.id}/{address}").status_code == answer


def test_only_websites_where_payments_are_seen(
    house: House, pier: Venue, their_pier: Venue
) -> None:
    """A manager here who may look at partners there: their bookings and amounts stay away."""
    both = partner_at(pier, their_pier)
    made(both, booking_ref="OURS-1")
    made(both, booking_ref="THEIRS-1", website_id="theirs")
    text = house.browser("manager").get(f"/partners/{both.id}/statement?month=2026-03").text
    assert "OURS-1" in text
    assert "THEIRS-1" not in text
    looks = holder("ours", "partners:view")
    at_the_till(looks, "theirs")
    answer = browser_of(house.app, looks).get(f"/partners/{both.id}/statement?month=2026-03")
    assert answer.status_code == 200
    assert "OURS-1" not in answer.text
    assert "THEIRS-1" not in answer.text


def test_few_queries(house: House, partner: Partner, owner: FlaskClient) -> None:
    counts = []
    for rows in (2, 30):
        for _ in range(rows):
            made(partner)
        db.session.expire_all()
        with counted_queries(house.app) as statements:
            owner.get(f"/partners/{partner.id}/statement?month=2026-03")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12
