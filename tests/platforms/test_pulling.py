"""What stands at a platform becomes bookings, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import monotonic, sleep
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, insert, select, update

from app.bookings.models import Booking
from app.customers.models import Customer
from app.events.models import Event, Outbox
from app.extensions import db
from app.platforms import registry, taking, vanishing
from app.platforms.base import PlatformError
from app.platforms.models import PlatformConnection, PlatformReservation
from app.platforms.puller import Puller, look
from tests.desk import build_house
from tests.platforms.pub import House, Shelf, a_house, kind_of, tomorrow
from tests.venues.made import an_activity

pytestmark = pytest.mark.committed


@pytest.fixture
def pub(app: Flask) -> Iterator[House]:
    shelf = Shelf()
    registry.KINDS["pub"] = kind_of(shelf)
    with app.app_context():
        build_house(app)
        yield a_house(shelf)
        db.session.remove()
    registry.KINDS.pop("pub")


def heard_at(pub: House) -> None:
    """All that was to be dispatched has been: nothing is on its way."""
    db.session.rollback()
    db.session.execute(delete(Outbox))
    db.session.commit()


def test_reservations_become_bookings_of_the_service(pub: House) -> None:
    pub.shelf.put("P1", name="Ana Test", phone="+35699111222", email="ana@example.com")
    pub.shelf.put("P2", time="19:30", party_size=4, requests="By the window")
    state = pub.pull()
    assert (state["seen"], state["created"], state["unread"]) == (2, 2, [])
    assert state["finished_at"]
    one, two = pub.bookings()["P1"], pub.bookings()["P2"]
    assert (one.source, one.kind, one.status) == ("platform", "table", "confirmed")
    assert (one.activity_id, one.venue_id) == (pub.service.id, pub.venue.id)
    assert (one.booking_ref, one.time_slot, one.activity_date) == ("P1", "20:00", tomorrow())
    assert one.total_amount == Decimal(0)
    assert one.starts_at is not None
    assert (two.customer_name, two.customer_email) == ("Guest of Pub", "")
    assert (two.guest_count, two.special_requests) == (4, "By the window")
    customer = db.session.get_one(Customer, two.customer_id)
    assert (customer.email, customer.phone) == (None, None)
    [made] = db.session.scalars(select(Event).where(Event.booking_id == one.id)).all()
    assert (made.actor_kind, made.door) == ("platform", f"platform:{pub.connection_id}")
    assert not pub.row("P1").is_ours


def test_each_is_a_booking_of_the_service_that_seats_guests_then(pub: House) -> None:
    table = {"kind": "table", "slot_rule": "times"}
    early = an_activity(pub.venue, **table, name="Early", times="18:00")
    late = an_activity(pub.venue, **table, name="Late", times="18:00, 20:00")
    db.session.commit()
    for external_id, time in (("P1", "18:00"), ("P2", "20:00"), ("P3", "03:15")):
        pub.shelf.put(external_id, time=time)
    assert pub.pull()["created"] == 3
    found = {name: booking.activity_id for name, booking in pub.bookings().items()}
    assert found == {"P1": early.id, "P2": late.id, "P3": early.id}

    chosen = update(PlatformConnection).values(activity_id=pub.service.id)
    db.session.execute(chosen)
    db.session.commit()
    pub.shelf.put("P4", time="18:00")
    pub.pull()
    assert pub.bookings()["P4"].activity_id == pub.service.id


def test_the_same_again_writes_nothing(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()
    before = pub.bookings()["P1"].version, pub.row("P1").updated_at, pub.connection.updated_at
    state = pub.pull()
    assert (state["created"], state["changed"]) == (0, 0)
    row = pub.row("P1")
    assert (pub.bookings()["P1"].version, row.updated_at, pub.connection.updated_at) == before
    assert row.seen_at
    assert row.seen_at > row.created_at


def test_what_changed_there_changes_here_and_no_more(pub: House) -> None:
    pub.shelf.put("P1", name="Ana Test", requests="Quiet")
    pub.pull()
    heard_at(pub)
    booking = pub.bookings()["P1"]
    booking.customer_name = "Ana Corrected"
    db.session.commit()
    pub.shelf.put("P1", time="21:00", raw_status="reminded")
    assert pub.pull()["changed"] == 1
    booking = pub.bookings()["P1"]
    assert (booking.time_slot, booking.customer_name) == ("21:00", "Ana Corrected")
    assert pub.row("P1").raw_status == "reminded"
    pub.shelf.put("P1", raw_status="seated")
    pub.pull()
    assert pub.bookings()["P1"].status == "checked_in"
    pub.shelf.put("P1", raw_status="nobody-knows")
    state = pub.pull()
    assert state["unknown"] == {"nobody-knows": 1}
    assert pub.bookings()["P1"].status == "checked_in"
    pub.shelf.put("P1", raw_status="off")
    pub.pull()
    assert (pub.bookings()["P1"].status, pub.row("P1").state) == ("cancelled", "cancelled")
    pub.shelf.put("P1", party_size=3)
    pub.pull()
    pub.shelf.put("P1", raw_status="on")
    pub.pull()
    booking = pub.bookings()["P1"]
    assert (booking.status, booking.guest_count) == ("confirmed", 3)
    assert pub.row("P1").state == "live"


def test_nothing_is_merged_while_a_change_of_ours_is_on_its_way(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()
    pub.pull()  # news from now on
    booking = pub.bookings()["P1"]
    staff = {"name": "booking.updated", "subject_type": "booking", "subject_id": str(booking.id)}
    who = {"actor_kind": "user", "actor_id": "1", "actor_label": "Mia", "door": "staff"}
    made = Event(
        **staff, **who, booking_id=booking.id, website_id="ours", version=2, request_id="", ip="",
        changes={"time_slot": ["20:00", "21:30"]},
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    db.session.add(Outbox(event_id=made.id, booking_id=booking.id, version=2))
    db.session.commit()
    pub.shelf.put("P1", time="19:00")
    assert pub.pull()["waiting"] == 1
    assert pub.bookings()["P1"].time_slot == "20:00"
    heard_at(pub)
    assert pub.pull()["changed"] == 1
    assert pub.bookings()["P1"].time_slot == "19:00"


def test_what_was_settled_since_the_call_began_waits(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()

    def settled() -> None:
        with pub.engine.begin() as connection:
            connection.execute(update(PlatformReservation).values(version=7))

    pub.shelf.put("P1", time="19:00")
    pub.shelf.meanwhile = settled
    assert pub.pull()["waiting"] == 1
    assert pub.bookings()["P1"].time_slot == "20:00"


def ours(pub: House, **row: object) -> Booking:
    """A booking of the desk, and its reservation there."""
    pub.shelf.put("X0", name="Model")
    pub.pull()
    heard_at(pub)
    booking = pub.bookings()["X0"]
    pub.shelf.rows.clear()
    values = {"is_ours": True, "external_id": "O1", **row}
    db.session.execute(update(PlatformReservation).values(**values))
    db.session.execute(
        update(Booking).values(source="phone", source_booking_id=uuid4(), booking_ref="TB-OURS")
    )
    db.session.commit()
    return booking


def count_bookings() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Booking)) or 0


def test_ours_is_known_by_its_id_and_echoes_nothing(pub: House) -> None:
    booking = ours(pub, told=None)
    pub.shelf.put("O1", name="ANA IN CAPITALS", requests="their own words", time="20:00")
    state = pub.pull()
    assert (state["created"], state["changed"], count_bookings()) == (0, 0, 1)
    assert pub.bookings()["O1"].customer_name == booking.customer_name
    pub.shelf.put("O1", requests="a note of theirs", party_size=3)
    pub.pull()
    after = pub.bookings()["O1"]
    assert (after.special_requests, after.guest_count) == ("a note of theirs", 3)
    assert after.source == "phone"


def test_ours_that_is_being_made_is_no_second_booking(pub: House) -> None:
    booking = ours(pub, external_id=None, state="making")
    pub.shelf.put("O9", reference=str(booking.id))
    assert pub.pull()["waiting"] == 1
    pub.shelf.put("O9", reference="")  # where the platform does not tell it
    assert pub.pull()["waiting"] == 1
    assert count_bookings() == 1


def test_ours_is_known_by_reference_when_the_connection_was_made_anew(pub: House) -> None:
    booking = ours(pub)
    theirs = pub.shelf.put("P5", name="Theirs")
    pub.pull()
    db.session.execute(delete(PlatformReservation))
    db.session.commit()
    pub.shelf.put("O1", reference=str(booking.id))
    state = pub.pull()
    assert (state["created"], count_bookings()) == (0, 2)
    assert pub.row("O1").is_ours
    assert not pub.row(theirs.external_id).is_ours


def test_an_erased_guest_does_not_come_back(pub: House) -> None:
    pub.shelf.put("P1", name="Ana Test", phone="+35699111222")
    pub.pull()
    heard_at(pub)
    db.session.execute(update(Customer).values(data_key=None, phone=None, erased_at=func.now()))
    db.session.execute(update(Booking).values(customer_name="Erased guest", customer_phone=None))
    db.session.commit()
    pub.shelf.put("P1", name="Ana Testova", phone="+35699111333", party_size=3)
    pub.pull()
    booking = pub.bookings()["P1"]
    assert (booking.customer_name, booking.customer_phone, booking.guest_count) == (
        *("Erased guest", None),
        3,
    )
    assert "Ana" not in str(pub.row("P1").told)


def test_one_that_cannot_be_read_holds_up_nobody(pub: House) -> None:
    pub.shelf.put("BAD1", day=None)
    pub.shelf.put("BAD2", party_size=0)
    pub.shelf.put("GOOD", name="x\x00y" + "z" * 500)
    state = pub.pull()
    assert (state["unread"], state["created"]) == (["BAD1", "BAD2"], 1)
    assert len(pub.bookings()["GOOD"].customer_name) == 200


def test_one_that_was_off_before_we_saw_it_is_no_booking(pub: House) -> None:
    pub.shelf.put("P1", raw_status="off")
    assert pub.pull()["created"] == 0
    assert count_bookings() == 0


def test_what_vanished_is_called_off_by_the_second_complete_pull(pub: House) -> None:
    for number in range(4):
        pub.shelf.put(f"P{number}")
    pub.pull()
    heard_at(pub)
    pub.shelf.rows.pop("P1")
    assert pub.pull()["gone"] == 0
    pub.shelf.faults.append(PlatformError("It is away."))
    pub.pull()
    assert pub.bookings()["P1"].status == "confirmed", "never on a failed pull"
    assert pub.pull()["gone"] == 1
    booking = pub.bookings()["P1"]
    assert (booking.status, pub.row("P1").state) == ("cancelled", "cancelled")
    assert booking.cancellation_reason == "Pub does not list it any more."
    pub.shelf.put("P1")
    pub.pull()
    assert pub.bookings()["P1"].status == "confirmed", "it is there again"


def test_what_was_moved_far_away_is_not_gone(pub: House) -> None:
    pub.shelf.put("P1")
    pub.pull()
    heard_at(pub)
    far = tomorrow() + timedelta(days=90)
    pub.shelf.put("P1", day=far)
    pub.pull()
    pub.pull()
    booking = pub.bookings()["P1"]
    assert (booking.status, booking.activity_date) == ("confirmed", far)


def test_many_at_once_are_not_called_off(pub: House) -> None:
    for number in range(vanishing.FEW + 2):
        pub.shelf.put(f"P{number}")
    pub.pull()
    heard_at(pub)
    pub.shelf.rows.clear()
    for _ in range(3):
        state = pub.pull()
    assert state["gone"] == 0
    assert {booking.status for booking in pub.bookings().values()} == {"confirmed"}
    connection = pub.connection
    assert "5 of 5" in (connection.sync_error or "")
    assert connection.sync_failing_since


def test_a_failure_is_told_and_the_pull_goes_on_where_it_stopped(pub: House) -> None:
    pub.shelf.page_size = 2
    for number in range(5):
        pub.shelf.put(f"P{number}")
    calls = 0

    def second_page() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise PlatformError("Pub answered 503.")

    pub.shelf.meanwhile = second_page
    pub.pull()
    connection = pub.connection
    assert (connection.sync_error, connection.sync_state["page"]) == ("Pub answered 503.", 1)
    assert (connection.last_synced_at, connection.sync_lease_until) == (None, None)
    assert connection.sync_failing_since
    state = pub.pull()
    assert [page for *_, page in pub.shelf.asked] == [None, 1, 1, 2]
    assert (state["seen"], state["pages"], len(pub.bookings())) == (5, 3, 5)
    connection = pub.connection
    assert (connection.sync_error, connection.sync_failing_since) == (None, None)
    assert connection.last_synced_at


def test_a_worker_that_dies_leaves_its_turn_to_the_next(
    pub: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        pub.shelf.put(f"P{number}")
    taken = 0
    take = taking._bring

    def dying(*given: object) -> object:
        nonlocal taken
        taken += 1
        if taken == 4:
            raise KeyboardInterrupt  # as a kill: nobody catches it
        return take(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(taking, "_bring", dying)
    with pytest.raises(KeyboardInterrupt):
        pub.pull()
    assert len(pub.bookings()) == 3
    assert not look(pub.engine, lambda _: False), "nobody takes it while its lease lasts"
    past = datetime.now(UTC) - timedelta(seconds=1)
    db.session.execute(update(PlatformConnection).values(sync_lease_until=past))
    db.session.commit()
    assert look(pub.engine, lambda _: False)
    assert len(pub.bookings()) == count_bookings() == 6


def test_one_that_was_taken_over_writes_nothing_more(pub: House) -> None:
    pub.shelf.put("P1")

    def taken_over() -> None:
        with pub.engine.begin() as connection:
            state = func.jsonb_set(PlatformConnection.sync_state, ["run"], '"x"')
            connection.execute(update(PlatformConnection).values(sync_state=state))

    pub.shelf.page_size = 1
    pub.shelf.put("P2")
    pub.shelf.meanwhile = taken_over
    pub.pull()
    assert len(pub.shelf.asked) == 1
    assert pub.connection.last_synced_at is None


def test_a_worker_sees_a_wish_within_seconds(pub: House) -> None:
    pub.pull()
    puller = Puller(pub.engine)
    puller.start()
    pub.shelf.put("P1")
    db.session.execute(update(PlatformConnection).values(sync_wanted_at=func.now()))
    db.session.commit()
    until = monotonic() + 20
    while not count_bookings() and monotonic() < until:
        sleep(0.1)
    puller.stop()
    puller.join(10)
    assert (count_bookings(), puller.is_alive()) == (1, False)


def test_a_wish_during_a_pull_makes_another(pub: House) -> None:
    def wish() -> None:
        with pub.engine.begin() as connection:
            connection.execute(update(PlatformConnection).values(sync_wanted_at=func.now()))

    pub.shelf.meanwhile = wish
    pub.pull()
    pub.shelf.meanwhile = lambda: None
    assert look(pub.engine, lambda _: False), "wanted"
    assert not look(pub.engine, lambda _: False), "neither wanted nor due"
    assert pub.connection.sync_wanted_at is None


def test_what_is_off_or_lists_nothing_is_not_pulled(pub: House) -> None:
    db.session.execute(update(PlatformConnection).values(is_enabled=False))
    db.session.commit()
    assert not look(pub.engine, lambda _: False)


def test_a_list_without_an_end_is_left(pub: House) -> None:
    pub.shelf.put("P1")
    pub.shelf.endless = True
    assert pub.pull()["pages"] == 3
    assert len(pub.bookings()) == 1


def test_a_venue_without_tables_says_so(pub: House) -> None:
    db.session.execute(update(type(pub.service)).values(kind="activity"))
    db.session.commit()
    pub.pull()
    assert "no table service" in (pub.connection.sync_error or "")


def test_what_stood_there_before_the_first_pull_is_no_news(pub: House) -> None:
    def told() -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(Outbox)) or 0

    pub.shelf.put("P1")
    pub.pull()
    assert told() == 0
    pub.shelf.put("P2")
    pub.pull()
    assert told() == 1


def copies(pub: House, model: str, names: list[str]) -> None:
    """More reservations like this one, known already."""
    booking, row = pub.bookings()[model], pub.row(model)
    own = {"source_bit", "search", "booked_day", "began_pending"}  # the database sets these
    columns = [each.name for each in Booking.__table__.columns if each.name not in own]
    like = {name: getattr(booking, name) for name in columns}
    ids = {name: uuid4() for name in names}
    for name, made in ids.items():
        pub.shelf.put(name)
        like_it = {**like, "id": made, "source_booking_id": uuid4(), "booking_ref": name}
        db.session.execute(insert(Booking), like_it)
    there = [each.name for each in PlatformReservation.__table__.columns if each.name != "id"]
    said = {name: getattr(row, name) for name in there}
    rows = [{**said, "booking_id": made, "external_id": name} for name, made in ids.items()]
    db.session.execute(insert(PlatformReservation), rows)
    db.session.commit()


def test_1200_are_pulled_in_pages_and_asked_of_the_database_at_once(pub: House) -> None:
    pub.shelf.put("P0000")
    pub.pull()
    copies(pub, "P0000", [f"P{number:04d}" for number in range(1, 1195)])
    for number in range(1195, 1200):
        pub.shelf.put(f"P{number}")
    pub.shelf.page_size = 500
    state = pub.pull()
    assert (state["seen"], state["created"], state["pages"]) == (1200, 5, 3)
    counts = []
    for size in (1200, 100):
        pub.shelf.rows = dict(list(pub.shelf.rows.items())[:size])
        pub.shelf.page_size = size
        statements: list[str] = []

        def note(_c: object, _k: object, statement: str, *_a: object) -> None:
            statements.append(statement)  # noqa: B023

        event.listen(pub.engine, "before_cursor_execute", note)
        assert pub.pull()["changed"] == 0
        event.remove(pub.engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1] < 30
    assert count_bookings() == 1200
