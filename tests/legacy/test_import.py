"""What an import makes of the rows, twice, and without writing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app.bookings.models import Booking
from app.customers.models import Customer
from app.events.models import Event, Outbox
from app.extensions import Base, db
from app.legacy import running, runs
from app.legacy.models import ImportRun
from app.privacy.actions import erase
from app.staff.scope import EVERYTHING
from app.tabular.columns import CannotImport
from app.travelers.models import Traveler
from app.venues.models import SlotUsage, Venue
from tests.factories import CustomerFactory
from tests.legacy import generated
from tests.legacy.conftest import Bring, export

ASHA = "1,user,Asha Example,asha@example.com,9840000001,2023-05-01T10:00:00Z\n"
TRIP = "7,1,Poon Hill,2025-04-03,completed,2,24000.00,,,2025-01-02T03:04:05Z\n"
GOING = "1,7,Little Example,9,,\n2,7,Asha Example,34,+9779840000001,\n"


def counts() -> dict[str, int]:
    """Rows of every table."""
    tables = Base.metadata.sorted_tables
    return {t.name: db.session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def only_booking() -> Booking:
    return db.session.scalars(select(Booking)).one()


def test_history_is_kept(bring: Bring, tmp_path: Path) -> None:
    outcome = bring(export(tmp_path, ASHA, TRIP, GOING))
    booking, asha = only_booking(), db.session.scalars(select(Customer)).one()
    assert outcome.rejected == 0
    assert (asha.name, asha.phone, asha.source) == (
        "Asha Example",
        "+9779840000001",
        "customer_app",
    )
    assert asha.created_at == datetime(2023, 5, 1, 10, tzinfo=UTC)
    assert (booking.customer_id, booking.customer_name) == (asha.id, "Asha Example")
    assert (booking.source, booking.status, booking.kind) == ("customer_app", "completed", "trek")
    assert (
        booking.source_created_at == booking.created_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    )
    assert (booking.activity_date, booking.booked_day) == (date(2025, 4, 3), date(2025, 1, 2))
    assert (booking.total_amount, booking.currency, booking.version) == (Decimal(24000), "NPR", 1)
    assert booking.activity_id is not None
    child, adult = booking.travelers
    assert (child["name"], child["age"], child["is_primary"]) == ("Little Example", 9, False)
    assert (adult["name"], adult["is_primary"]) == ("Asha Example", True)  # the first adult
    assert booking.arrived_count == booking.traveler_count == 2
    (made,) = db.session.scalars(select(Event).where(Event.booking_id == booking.id))
    assert made.name == "booking.created"
    assert {"customer_name", "travelers"} <= made.sealed_fields()
    assert made.opened(asha.key)["travelers"][1][1]["name"] == "Asha Example"
    assert db.session.scalar(select(func.count()).select_from(Outbox)) == 0


def test_nothing_is_written_by_a_dry_run_and_nothing_twice(bring: Bring, tmp_path: Path) -> None:
    generated.write(tmp_path, 120)
    users = tmp_path / "users.csv"
    users.write_text(users.read_text() + "9001,user,,nobody,,\n")
    before = counts()
    dry = bring(tmp_path, dry_run=True, batch=17)
    assert counts() == before
    foreseen = [path.read_text() for path in sorted(tmp_path.glob("rejected_*"))]
    first = bring(tmp_path, batch=23)
    assert first.text.split("\n", 1)[1] == dry.text.split("\n", 1)[1]
    assert [path.read_text() for path in sorted(tmp_path.glob("rejected_*"))] == foreseen != []
    after = counts()
    assert (after["bookings"], after["customers"]) == (120, 40)
    again = bring(tmp_path, batch=40)
    assert counts() == {**after, "import_runs": 2, "events": after["events"] + 2}
    assert again.run_id != first.run_id
    line = again.text.splitlines()[4].split()
    assert line == ["bookings.csv", "120", "0", "0", "120", "0", "0", "0"]


def test_a_person_is_one_traveler(bring: Bring, tmp_path: Path) -> None:
    trips = TRIP + TRIP.replace("7,1", "8,1").replace("2025-04-03", "2026-04-03")
    same = "3,8,asha  EXAMPLE,35,9840000001,1\n4,8,Little Example,20,,\n5,8,Little Example,,,\n"
    bring(export(tmp_path, ASHA, trips, GOING + same))
    found = db.session.scalars(select(Traveler).order_by(Traveler.name, Traveler.age)).all()
    # Nine in 2025 is not twenty in 2026; who says no age may be the child.
    assert [(one.name, one.age) for one in found] == [
        ("Asha Example", 34), ("Little Example", 9), ("Little Example", 20)
    ]  # fmt: skip
    assert {one.customer_id for one in found} == {only_customer().id}


def only_customer() -> Customer:
    return db.session.scalars(select(Customer)).one()


def test_places_to_come_are_counted_whether_or_not_there_is_room(
    bring: Bring, tmp_path: Path
) -> None:
    trips = [f"{n},1,poon hill,2099-04-03,{status},2,100,,,\n"
             for n, status in ((1, "confirmed"), (2, "cancelled"), (3, "pending"))]  # fmt: skip
    bring(export(tmp_path, ASHA, "".join(trips)))
    found = db.session.scalars(select(Booking).order_by(Booking.booking_ref)).all()
    assert [one.overbooked for one in found] == [False, False, True]
    assert {one.time_slot for one in found} == {"06:30"}
    assert found[0].departure_id is not None
    assert db.session.scalars(select(SlotUsage.used)).one() == 4


LINKS = (
    ("7,1,", "", "", "by id"),
    ("7,,", "98-4000 0001", "", "by phone"),
    ("7,,", "", "ASHA@example.com", "by e-mail"),
    ("7,,", "9840000001", "boss@example.com", "the phone before the e-mail"),
    ("7,1,", "9840000009", "", "the id before the phone"),
    ("7,2,", "00977 9840000001", "", "who works there booked for somebody"),
)


@pytest.mark.parametrize(("who", "phone", "email", "how"), LINKS, ids=str)
def test_a_booking_finds_its_customer(
    bring: Bring, tmp_path: Path, who: str, phone: str, email: str, how: str
) -> None:
    boss = "2,vendor,The Boss,boss@example.com,,\n"
    other = "3,user,Other Example,boss@example.com,9840000009,\n"
    trip = f"{who}Poon Hill,2025-04-03,completed,1,10,{phone},{email},\n"
    bring(export(tmp_path, ASHA + boss + other, trip))
    owner = db.session.get_one(Customer, only_booking().customer_id)
    assert owner.name == "Asha Example", how


REJECTED = (
    ("7,2,Poon Hill,2025-04-03,completed,1,10,,,", "has the role vendor and is no customer"),
    ("7,5,Poon Hill,2025-04-03,completed,1,10,,,", "User 5 is not in users.csv"),
    ("7,3,Poon Hill,2025-04-03,completed,1,10,,,", "User 3 was rejected (email is no e-mail"),
    ("7,,Poon Hill,2025-04-03,completed,1,10,1,,", "It names no user"),
    (",1,Poon Hill,2025-04-03,completed,1,10,,,", "id is empty."),
    ("7,1,,2025-04-03,completed,1,10,,,", "which trek it is"),
    ("7,1,Poon Hill,03/04/2025,completed,1,10,,,", "must be written as 2025-04-03"),
    ("7,1,Poon Hill,2025-02-30,completed,1,10,,,", "must be written as 2025-04-03"),
    ("7,1,Poon Hill,0025-04-03,completed,1,10,,,", "cannot be in the year 25"),
    ("7,1,Poon Hill,2025-04-03,sideways,1,10,,,", "Nobody knows the status 'sideways'"),
    ("7,1,Poon Hill,2025-04-03,completed,1.5,10,,,", "must be a whole number"),
    ("6,1,Poon Hill,2025-04-03,completed,0,10,,,", "Nobody goes along."),
    ('7,1,Poon Hill,2025-04-03,completed,1,"1,000",,,', "must be a plain number"),
    ("7,1,Poon Hill,2025-04-03,completed,1,-5,,,", "must be a plain number"),
    ("7,1,Poon Hill,2025-04-03,completed,1,,,,", "total_amount is empty"),
    ("7,1,Poon Hill,2025-04-03,completed,1,10,,,2999-01-01", "created_at is in the future"),
    ("7,1,Poon Hill,2025-04-03,completed,1,10,,", "The row has 9 values"),
    (f"7,1,{'P' * 301},2025-04-03,completed,1,10,,,", "longer than 300"),
)


@pytest.mark.parametrize(("row", "reason"), REJECTED, ids=lambda value: str(value)[:40])
def test_a_rejected_row_is_in_a_file_with_its_reason(
    bring: Bring, tmp_path: Path, row: str, reason: str
) -> None:
    others = "2,vendor,The Boss,boss@example.com,,\n3,user,Odd Example,no address,,\n"
    folder = export(tmp_path, ASHA + others, f"{row}\n{TRIP.replace('7,', '70,', 1)}", GOING)
    bring(folder)
    head, rejected, *more = (tmp_path / "rejected_bookings.csv").read_text().splitlines()
    assert head.startswith("line,reason,id,user_id")
    assert rejected.startswith("2,")
    assert reason in rejected
    assert not more
    assert only_booking().booking_ref == "LEGACY-70"
    lost = (tmp_path / "rejected_booking_participants.csv").read_text()
    assert lost.count("Its booking 7 was rejected.") + lost.count("There is no booking 7") == 2


def test_rows_that_name_nothing_or_come_twice(bring: Bring, tmp_path: Path) -> None:
    users = ASHA + ASHA.replace("Asha", "Another") + ASHA.replace("1,", "2,", 1)
    going = GOING + "2,7,Twice Example,30,,\n3,99,Lost Example,30,,\n4,7,Old Example,130,,\n"
    bring(export(tmp_path, users, TRIP + TRIP.replace("completed", "cancelled"), going))
    assert "The id 1 is in line 2 already." in (tmp_path / "rejected_users.csv").read_text()
    assert "The id 7 is in line 2 already." in (tmp_path / "rejected_bookings.csv").read_text()
    lost = (tmp_path / "rejected_booking_participants.csv").read_text()
    for line, why in ((4, "in line 3 already"), (5, "no booking 99"), (6, "up to 120")):
        assert any(each.startswith(f"{line},") and why in each for each in lost.splitlines())
    assert only_customer().name == "Asha Example"  # the second account is the same person
    assert only_booking().status == "completed"


def test_who_is_here_is_used_and_left_as_they_are(bring: Bring, tmp_path: Path) -> None:
    here = CustomerFactory.create(first_name="Our", last_name="Asha", phone="+9779840000001")
    bring(export(tmp_path, ASHA, TRIP, GOING))
    assert only_booking().customer_id == here.id
    assert (only_customer().name, only_customer().source) == ("Our Asha", "website")


def test_what_has_changed_since_is_told_and_left(bring: Bring, tmp_path: Path) -> None:
    bring(export(tmp_path, ASHA, TRIP, GOING))
    going = GOING.replace("34", "35") + "3,7,Late Example,30,,\n"
    outcome = bring(export(tmp_path, ASHA, TRIP.replace("24000", "1"), going))
    assert outcome.text.splitlines()[4].split() == ["bookings.csv", "1", *"000100"]
    assert only_booking().total_amount == 24000
    assert "2,Was brought in before" in (tmp_path / "changed_bookings.csv").read_text()
    late = (tmp_path / "rejected_booking_participants.csv").read_text()
    assert "add the traveler to the booking" in late


def test_nobody_who_was_erased_comes_back(bring: Bring, tmp_path: Path) -> None:
    bring(export(tmp_path, ASHA, TRIP, GOING))
    now = datetime.now(UTC)
    erase(db.session(), runs.ACTOR, EVERYTHING, only_customer().id, "Asha Example", now)
    db.session.commit()
    bring(export(tmp_path, ASHA, TRIP + TRIP.replace("7,", "8,", 1), GOING))
    assert only_customer().erased_at is not None
    assert only_booking().customer_name == "Erased guest"
    assert "was erased here" in (tmp_path / "rejected_bookings.csv").read_text()


def test_the_record_that_was_kept_gets_the_bookings(bring: Bring, tmp_path: Path) -> None:
    bring(export(tmp_path, ASHA))
    kept = CustomerFactory.create()
    gone = db.session.scalars(select(Customer).where(Customer.id != kept.id)).one()
    gone.merged_into_id = kept.id
    db.session.commit()
    bring(export(tmp_path, ASHA, TRIP))
    assert only_booking().customer_id == kept.id


def test_treks_and_batches_may_have_files_of_their_own(bring: Bring, tmp_path: Path) -> None:
    head = "id,user_id,batch_id,status,total_amount,total_participants,source,paymentStatus\n"
    rows = "7,1,5,cancelled,10,1,admin,refunded\n8,1,6,confirmed,10,1,,\n"
    export(tmp_path, ASHA, head + rows)
    with pytest.raises(CannotImport, match=r"then treks\.csv is needed"):
        bring(tmp_path)
    (tmp_path / "treks.csv").write_text("id,title\n3,Poon Hill\n")
    with pytest.raises(CannotImport, match=r"then batches\.csv is needed"):
        bring(tmp_path)
    (tmp_path / "batches.csv").write_text("id,trek_id,start_date\n5,3,2099-04-03\n6,4,2099-04-03\n")
    bring(tmp_path)
    booking = only_booking()
    assert (booking.package_name, booking.time_slot) == ("Poon Hill", "06:30")
    assert (booking.status, booking.refunded_amount, booking.source) == (
        *("refunded", Decimal(10), "direct"),
    )
    assert booking.admin_notes == "Payment before the import: refunded."
    assert "which trek it is" in (tmp_path / "rejected_bookings.csv").read_text()


def test_a_run_whose_files_changed_stops_where_it_is(
    bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generated.write(tmp_path, 30)
    with monkeypatch.context() as broken:
        broken.setattr(running, "bring_leftovers", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bring(tmp_path, batch=7)
        db.session.rollback()
    generated.write(tmp_path, 40)
    bring(tmp_path)
    states = db.session.scalars(select(ImportRun.state)).all()
    assert sorted(states) == [runs.DONE, runs.STOPPED]
    ids = db.session.scalars(select(Booking.source_booking_id)).all()
    assert len(ids) == len(set(ids)) == 40
    assert counts()["imported_rows"] == 13 + 40 + 100


def test_one_import_at_a_time(bring: Bring, tmp_path: Path, house: Venue) -> None:
    with runs.alone(db.session()), pytest.raises(CannotImport, match="Another import is running"):
        bring(export(tmp_path))


def test_the_command(app: Flask, house: Venue, tmp_path: Path) -> None:
    export(tmp_path, ASHA, TRIP, GOING)
    runner = app.test_cli_runner()
    call: list[Any] = ["import", "legacy", str(tmp_path), "--website", "himalaya-treks"]
    done = runner.invoke(args=[*call, "--report", str(tmp_path / "told")])
    assert done.exit_code == 0, done.output
    assert "bookings.csv" in (tmp_path / "told" / "import_report.txt").read_text()
    run = db.session.scalar(text("SELECT id FROM import_runs"))
    undone = runner.invoke(args=["import", "legacy", "--undo", str(run)])
    assert "Taken back: 1 bookings, 2 travelers, 1 customers." in undone.output
    assert runner.invoke(args=["import", "legacy", "--undo", str(run)]).exit_code == 1
    nowhere = runner.invoke(args=[*call[:3], "--website", "nowhere"])
    assert "There is no website nowhere." in nowhere.output
