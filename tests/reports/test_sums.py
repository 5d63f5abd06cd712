"""The sums behind the reports are those of the bookings, whatever happened and in what order."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel.numbers import get_currency_precision, list_currencies
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, literal, select, text, update
from sqlalchemy.orm import Session

from app.bookings.models import SOURCES, Booking
from app.bookings.status import GONE
from app.extensions import db
from app.partners.commission import WHOLE, digits_of, net, owed, owed_sql
from app.partners.models import Partner
from app.reports.actions import merge
from app.reports.models import AMOUNTS, KEY, MEASURES, BookingDay
from app.reports.periods import Period
from app.reports.queries import Wanted, overlap
from app.staff.scope import EVERYTHING
from tests.factories import BookingFactory, CustomerFactory, WebsiteFactory

STATUSES = (
    *("pending", "confirmed", "checked_in", "completed"),
    *("cancelled", "refunded", "no_show", "expired"),
)
LIVE = ("confirmed", "checked_in", "completed", "no_show")
amount = st.decimals(0, 9999, places=2)
days = st.dates(date(2026, 1, 1), date(2026, 1, 4))
values = st.fixed_dictionaries(
    {
        "status": st.sampled_from(STATUSES),
        "guest_count": st.integers(1, 9),
        "total_amount": amount,
        "refunded_amount": st.none() | amount,
        "commission_rate": st.none() | st.decimals(0, 100, places=2),
        "activity_date": days,
        "source": st.sampled_from(["website", "partner", "direct", "somewhere"]),
        "currency": st.sampled_from(["THB", "JPY", "EUR"]),
        "with_partner": st.booleans(),
        "guest": st.integers(0, 2),
        "confirmed_at": st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC)),
        "hold_expires_at": st.none() | st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    }
)
born = st.integers(0, 72).map(lambda h: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=h))
act = st.one_of(
    st.tuples(st.just("add"), values, born, st.sampled_from(["west", "east"])),
    st.tuples(st.just("change"), st.integers(0, 9), values),
    st.tuples(st.just("change all"), st.sampled_from(STATUSES)),
    st.tuples(st.just("remove"), st.integers(0, 9)),
    st.tuples(st.just("merge"), st.integers(1, 5)),
)


def plain() -> dict[Any, dict[str, Any]]:
    """What the sums must be, counted one booking at a time."""
    found: dict[Any, dict[str, Any]] = {}
    for b in db.session.scalars(select(Booking).execution_options(populate_existing=True)):
        for basis, day in (("booked", b.booked_day), ("visit", b.activity_date)):
            key = (basis, day, b.website_id, b.source, b.partner_id, b.currency)
            sums = found.setdefault(key, dict.fromkeys(MEASURES, 0))
            for name, worth in worth_of(b).items():
                sums[name] += worth
    return {key: sums for key, sums in found.items() if any(sums.values())}


def worth_of(b: Booking) -> dict[str, Any]:
    live, held = b.status in LIVE, b.hold_expires_at is not None
    won = live or b.confirmed_at is not None
    gone = b.status in ("cancelled", "refunded")
    enquiry = b.began_pending and not held
    return {
        "bookings": int(live),
        "guests": b.guest_count if live else 0,
        "lead_days": max((b.activity_date - b.booked_day).days, 0) if live else 0,
        "revenue": net(b.total_amount, b.refunded_amount) if live else 0,
        "commission": owed(
            *(b.status, b.total_amount, b.refunded_amount, b.commission_rate),
            digits=digits_of(b.currency),
        ),
        "waiting": int(b.status == "pending"),
        "cancelled": int(gone),
        "cancelled_total": b.total_amount if gone else 0,
        "expired": int(b.status == "expired"),
        "refunded": b.refunded_amount or 0,
        "enquiries": int(enquiry),
        "enquiries_won": int(enquiry and won),
        "holds": int(held),
        "holds_won": int(held and won),
    }


def kept(session: Session) -> dict[Any, dict[str, Any]]:
    """The sums as the reports read them."""
    found: dict[Any, dict[str, Any]] = {}
    for row in session.execute(select(BookingDay.__table__)).mappings():
        sums = found.setdefault(tuple(row[name] for name in KEY), dict.fromkeys(MEASURES, 0))
        for name in MEASURES:
            sums[name] += row[name]
    return {key: sums for key, sums in found.items() if any(sums.values())}


def overlap_counted(wanted: Wanted) -> dict[int, int]:
    """Guests by the sources they came over, counted one booking at a time."""
    seen: dict[Any, int] = {}
    for b in db.session.scalars(select(Booking)):
        day = b.booked_day if wanted.basis == "booked" else b.activity_date
        inside = wanted.period.first <= day <= wanted.period.last
        if inside and b.status not in GONE and wanted.website_id in (None, b.website_id):
            bit = 1 << SOURCES.index(b.source) if b.source in SOURCES else 1 << len(SOURCES)
            seen[b.customer_id] = seen.get(b.customer_id, 0) | bit
    return dict(Counter(seen.values()))


def check_overlap(website_id: str | None, basis: str, cut: date, gap: int) -> None:
    """Of a period, and of the one before it that ends so many days earlier."""
    first, last = date(2025, 12, 30), date(2026, 1, 6)
    now = Wanted(Period(cut, last), basis, website_id)
    before = Wanted(Period(first - timedelta(gap), cut - timedelta(gap)), basis, website_id)
    found = overlap(db.session(), EVERYTHING, now, before)
    assert found == (overlap_counted(now), overlap_counted(before))
    assert overlap(db.session(), EVERYTHING, now) == (overlap_counted(now), None)


class Cast:
    """Whose bookings they are: a partner, and three guests."""

    def __init__(self) -> None:
        self.partner = Partner(name="Reef", company_name="Reef", contact_email="r@example.com")
        db.session.add(self.partner)
        self.guests = [CustomerFactory().id for _ in range(3)]
        db.session.flush()

    def columns(self, said: dict[str, Any]) -> dict[str, Any]:
        rest = {k: value for k, value in said.items() if k not in ("with_partner", "guest")}
        partner_id = self.partner.id if said["with_partner"] else None
        return {**rest, "partner_id": partner_id, "customer_id": self.guests[said["guest"]]}


def do(step: tuple[Any, ...], ids: list[Any], cast: Cast) -> None:
    """One thing that happens to the bookings."""
    kind, *about = step
    if kind == "merge":
        merge(db.session(), about[0])
    elif kind == "add":
        columns, at, website = about
        made = BookingFactory(website_id=website, created_at=at, **cast.columns(columns))
        ids.append(made.id)
    elif kind == "change all":
        db.session.execute(update(Booking).values(status=about[0]))
    elif ids and kind == "change":
        columns = cast.columns(about[1])
        one = Booking.id == ids[about[0] % len(ids)]
        db.session.execute(update(Booking).where(one).values(**columns))
    elif ids:
        db.session.execute(delete(Booking).where(Booking.id == ids.pop(about[0] % len(ids))))


views = st.tuples(
    *(st.sampled_from([None, "west"]), st.sampled_from(["booked", "visit"])),
    *(st.dates(date(2025, 12, 31), date(2026, 1, 5)), st.sampled_from([1, 30])),
)


@given(st.lists(act, max_size=12), views)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_sums_follow_every_history(
    app: Flask, db_session: Any, history: list[tuple[Any, ...]], view: tuple[Any, ...]
) -> None:
    before = db.session().begin_nested()
    WebsiteFactory(id="west", timezone="America/Los_Angeles")
    WebsiteFactory(id="east", timezone="Asia/Bangkok")
    cast, ids = Cast(), list[Any]()
    for step in history:
        do(step, ids, cast)
    db.session.expire_all()
    assert kept(db.session()) == plain()
    check_overlap(*view)
    while merge(db.session()):
        pass
    assert kept(db.session()) == plain()
    rows = db.session.execute(select(BookingDay.__table__)).all()
    assert len(rows) == len(plain()), "merged: one row for each key"
    before.rollback()
    db.session.expunge_all()


@given(
    *(st.sampled_from(STATUSES), amount, st.none() | amount),
    *(st.none() | st.decimals(0, 100, places=2), st.sampled_from(["THB", "JPY", "EUR"])),
)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_commission_is_the_same_in_python_and_sql(
    app: Flask,
    db_session: Any,
    status: str,
    total: Decimal,
    back: Decimal | None,
    rate: Decimal | None,
    currency: str,
) -> None:
    numeric = Booking.total_amount.type
    asked = owed_sql(
        *(literal(status), literal(total, numeric), literal(back, numeric)),
        *(literal(rate, numeric), literal(currency)),
    )
    said = owed(status, total, back, rate, digits=digits_of(currency))
    assert db.session.scalar(select(asked)) == said


def test_currencies_without_digits_are_the_known_ones() -> None:
    known = {each for each in list_currencies() if get_currency_precision(each) == 0}
    assert set(WHOLE) == known


def test_commission_rounds_half_up() -> None:
    assert owed("confirmed", Decimal("0.10"), None, Decimal(5)) == Decimal("0.01")
    assert owed("confirmed", Decimal(100), Decimal(150), Decimal(10)) == 0
    assert owed("pending", Decimal(100), None, Decimal(10)) == 0


def test_the_day_of_booking_is_the_websites_and_stays(app: Flask, db_session: Any) -> None:
    late = datetime(2026, 1, 1, 20, 0, tzinfo=UTC)
    website = WebsiteFactory(id="east", timezone="Asia/Bangkok")
    booking = BookingFactory(website_id="east", created_at=late)
    assert booking.booked_day == date(2026, 1, 2)
    website.timezone = "America/Los_Angeles"
    booking.guest_count = 3
    db.session.flush()
    db.session.refresh(booking)
    assert booking.booked_day == date(2026, 1, 2)
    assert kept(db.session()) == plain()


def test_a_zone_that_postgresql_does_not_know_fails_no_booking(app: Flask, db_session: Any) -> None:
    WebsiteFactory(id="mars", timezone="Mars/Olympus")
    booking = BookingFactory(website_id="mars", created_at=datetime(2026, 1, 1, 23, tzinfo=UTC))
    assert booking.booked_day == date(2026, 1, 1)


def test_what_a_source_says_of_when_it_was_booked_counts(app: Flask, db_session: Any) -> None:
    WebsiteFactory(id="east", timezone="Asia/Bangkok")
    long_ago = datetime(2025, 5, 5, tzinfo=UTC)
    assert BookingFactory(website_id="east", source_created_at=long_ago).booked_day.year == 2025


@pytest.mark.committed
def test_many_at_once_while_a_worker_merges(app: Flask) -> None:
    """Writers of the same day do not wait for one another, and nothing is lost or doubled."""
    with app.app_context():
        WebsiteFactory(id="east")
        template = BookingFactory(website_id="east", activity_date=date(2026, 3, 1))
        db.session.commit()
        ids = [template.id]
        engine, done = db.engine, threading.Event()
        columns = {
            c.name: getattr(template, c.name)
            for c in Booking.__table__.columns
            if c.name not in {"id", "source_booking_id", "search", "source_bit", "partner_uuid"}
        }

    def write(number: int) -> None:
        for turn in range(15):
            with Session(engine) as session, session.begin():
                made = session.execute(insert(Booking).values(**columns).returning(Booking.id))
                mine = made.scalar_one()
                change = update(Booking).where(Booking.id.in_([mine, *ids]))
                session.execute(change.values(guest_count=number + turn))
                if turn % 5 == 4:
                    session.rollback()

    def tidy() -> None:
        while not done.is_set():
            with Session(engine) as session, session.begin():
                merge(session, 7)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    tidiers = [threading.Thread(target=tidy) for _ in range(2)]
    for thread in (*writers, *tidiers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in tidiers:
        thread.join()
    with app.app_context():
        assert kept(db.session()) == plain()
        assert db.session.scalar(text("SELECT count(*) FROM bookings")) == 1 + 4 * 12


def test_nothing_of_it_is_guests_data() -> None:
    columns = {column.name for column in BookingDay.__table__.columns}
    assert columns == {"id", "is_new", *KEY, *MEASURES}
    assert set(AMOUNTS) < set(MEASURES)


def test_a_change_that_counts_nowhere_adds_no_row(app: Flask, db_session: Any) -> None:
    booking = BookingFactory()
    before = len(db.session.execute(select(BookingDay.id)).all())
    booking.admin_notes = "Window seat"
    booking.updated_at = datetime.now(UTC) + timedelta(minutes=1)
    db.session.flush()
    assert len(db.session.execute(select(BookingDay.id)).all()) == before == 2
