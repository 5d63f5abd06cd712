"""Taking a run back: all of it, or nothing where something was built on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.bookings.models import Booking
from app.customers.models import Customer, CustomerMerge
from app.events.actions import record
from app.events.models import Event, NewEvent
from app.extensions import Base, db
from app.ids import new_id
from app.legacy import runs, undoing
from app.legacy.models import ImportedRow, ImportRun
from app.messaging.models import Message
from app.tabular.columns import CannotImport
from app.travelers.models import BookingTraveler, Traveler
from app.venues.models import SlotUsage
from tests.factories import BookingFactory, CustomerFactory
from tests.legacy import generated
from tests.legacy.conftest import Bring, export
from tests.legacy.test_import import ASHA, GOING, TRIP, counts

TO_COME = "8,1,Poon Hill,2099-04-03,confirmed,2,100,,,\n"


def run_of(outcome_id: object) -> ImportRun:
    return db.session.get_one(ImportRun, outcome_id)


def test_everything_goes_but_the_log(bring: Bring, tmp_path: Path) -> None:
    here = CustomerFactory.create(phone="+9779840000002")
    db.session.commit()
    before = counts()
    known = "2,user,Known Example,,9840000002,\n"
    run = bring(export(tmp_path, ASHA + known, TRIP + TO_COME, GOING)).run_id
    events = db.session.scalar(select(func.count()).select_from(Event)) or 0
    assert run is not None
    gone = undoing.undo(db.session(), run)
    db.session.commit()
    assert gone == {"booking": 2, "participant": 2, "user": 1}
    # A slot that was touched keeps its counter, at nothing.
    assert db.session.scalars(select(SlotUsage.used)).all() == [0, 0]
    left = counts()
    assert left.pop("events") == events + 1
    assert left.pop("slot_usage") == 2
    assert left == {name: before[name] for name in left} | {
        "import_runs": 1,
        "booking_days": left["booking_days"],
    }
    assert db.session.get(Customer, here.id) is not None
    assert run_of(run).state == runs.UNDONE
    sums = db.session.execute(text("SELECT sum(bookings), sum(revenue) FROM booking_days")).one()
    assert tuple(map(int, sums)) == (0, 0)
    again = bring(tmp_path).text.splitlines()[4].split()
    assert again == ["bookings.csv", *"2200000"]


def booked(customer: Customer, booking: Booking) -> None:
    BookingFactory.create(customer_id=customer.id, website_id="himalaya-treks")


def changed(customer: Customer, booking: Booking) -> None:
    booking.version = 2


def noted(customer: Customer, booking: Booking) -> None:
    happened = NewEvent("customer.updated", "customer", str(customer.id), customer_id=customer.id)
    record(db.session(), runs.ACTOR, happened)


def conflicted(customer: Customer, booking: Booking) -> None:
    happened = NewEvent("booking.conflict", "booking", str(booking.id), booking_id=booking.id)
    record(db.session(), runs.ACTOR, happened)


def goes_again(customer: Customer, booking: Booking) -> None:
    other = BookingFactory.create(website_id="himalaya-treks")
    profile = db.session.scalars(select(Traveler)).first()
    assert profile is not None
    row = BookingTraveler(website_id="himalaya-treks", booking_id=other.id, name="Asha")
    row.traveler_id = profile.id
    db.session.add(row)


def new_traveler(customer: Customer, booking: Booking) -> None:
    db.session.add(Traveler(customer_id=customer.id, name="New Example"))


def merged(customer: Customer, booking: Booking) -> None:
    gone = CustomerFactory.create()
    db.session.add(CustomerMerge(kept_id=customer.id, gone_id=gone.id))


def signed_in(customer: Customer, booking: Booking) -> None:
    customer.signed_in_at = datetime.now(UTC)


def imported_again(customer: Customer, booking: Booking) -> None:
    other = ImportRun(system="other", website_id="himalaya-treks")
    db.session.add(other)
    db.session.flush()
    kept = {"system": "other", "kind": "user", "legacy_id": "1", "digest": b""}
    db.session.add(ImportedRow(run_id=other.id, our_id=customer.id, is_ours=False, **kept))


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (booked, "1 other bookings of its customers"),
        (changed, "1 of its bookings were changed"),
        (noted, "1 events of its customers"),
        (conflicted, "1 events of its bookings"),
        (goes_again, "1 times its travelers go with other bookings"),
        (new_traveler, "1 other travelers of its customers"),
        (merged, "1 rows of customer merges"),
        (signed_in, "1 of its customers were erased or merged, have signed in"),
        (imported_again, "1 rows of other imports"),
    ],
)
def test_what_was_built_on_stays(
    bring: Bring, tmp_path: Path, build: Callable[[Customer, Booking], None], what: str
) -> None:
    run = bring(export(tmp_path, ASHA, TRIP, GOING)).run_id
    assert run is not None
    customer, booking = (
        db.session.scalars(select(Customer)).one(),
        db.session.scalars(select(Booking)).one(),
    )
    build(customer, booking)
    db.session.commit()
    before = counts()
    with pytest.raises(CannotImport, match="It cannot be undone") as refused:
        undoing.undo(db.session(), run)
    db.session.rollback()
    assert what in str(refused.value)
    assert counts() == before


def test_every_table_that_names_what_was_made_is_looked_at() -> None:
    """One that comes later, too: whoever adds it need not think of imports."""
    said = {what for what, _ in undoing._conditions(new_id())}
    for table in (Message, CustomerMerge):
        assert f"rows of {table.__tablename__.replace('_', ' ')}" in said
    named = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.c
        if any(key.column.table.name in ("bookings", "customers") for key in column.foreign_keys)
    }
    assert {f"rows of {name.replace('_', ' ')}" for name in named - undoing._OURS} <= said | {
        "rows of booking items"
    }


def test_a_large_run_goes_in_a_few_statements(bring: Bring, tmp_path: Path) -> None:
    generated.write(tmp_path, 150)
    run = bring(tmp_path).run_id
    assert run is not None
    undoing.undo(db.session(), run)
    assert db.session.scalar(select(func.count()).select_from(Booking)) == 0
