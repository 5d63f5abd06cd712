"""The log is sealed as it settles, and whoever changes it behind our back is found out."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit import actions, chain, verifying
from app.audit.models import Seal
from app.audit.verifying import Finding, Kind
from app.crypto import DataKey
from app.events.actions import record
from app.events.models import SYSTEM, Event, NewEvent
from app.extensions import db
from tests.audit.sealing import sealed, settle
from tests.bookings.made import edited, made
from tests.factories import CustomerFactory, WebsiteFactory

pytestmark = pytest.mark.committed


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.remove()


def tell(count: int = 1, session: Session | None = None) -> list[int]:
    """So many events, committed one by one unless they go through a session of the test's own."""
    ids = []
    for number in range(count):
        event = NewEvent("test.told", "test", str(number), {"price": [None, 1.5], "n": [0, number]})
        ids.append(record(session or db.session(), SYSTEM, event))
        if session is None:
            db.session.commit()
    return ids


def first_finding() -> Finding | None:
    db.session.rollback()
    found = [walked.finding for walked in verifying.walk(db.session())]
    return found[-1] if found else None


def behind_our_back(statement: str, table: str = "events") -> None:
    """What somebody does who owns the database."""
    db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    db.session.execute(text(statement))
    db.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
    db.session.commit()


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["audit", *words])


def test_the_chain_covers_every_column_of_an_event() -> None:
    assert set(chain.COVERED) == set(Event.__table__.columns.keys())


def test_what_nobody_touched_is_whole(app: Flask) -> None:
    tell(25)
    assert sealed(limit=10) == 25
    assert sealed() == 0, "sealing again does nothing"
    seals = db.session.scalars(select(Seal).order_by(Seal.number)).all()
    assert [len(one.event_ids) for one in seals] == [10, 10, 5]
    assert first_finding() is None
    answer = run(app, "verify")
    assert answer.exit_code == 0
    assert "25 events in 3 seals" in answer.output
    assert seals[-1].last_hash.hex() in answer.output


OTHER_VALUES = {
    **dict.fromkeys(("uid", "booking_id", "customer_id"), "gen_random_uuid()"),
    "version": "7",
    "transaction": "transaction + 7",
    "changes": """'{"n": [0, 3], "price": [null, 1.50]}'""",
    "meta": """'{"by": "me"}'""",
    "occurred_at": "occurred_at + interval '1 microsecond'",
}


def test_any_altered_column_is_found() -> None:
    ids = tell(6)
    sealed()
    session = db.session()
    session.execute(text("ALTER TABLE events DISABLE TRIGGER USER"))
    for column in set(chain.COVERED) - {"id"}:
        value = OTHER_VALUES.get(column, "'another'")
        with session.begin_nested() as savepoint:
            session.execute(text(f"UPDATE events SET {column} = {value} WHERE id = {ids[3]}"))
            found = [walked.finding for walked in verifying.walk(session)][-1]
            assert found, column
            assert (found.event_id, found.kind) == (ids[3], Kind.ALTERED), column
            savepoint.rollback()
    assert [walked.finding for walked in verifying.walk(session)] == [None], "all is back"


def test_the_command_names_the_event_and_fails(app: Flask) -> None:
    ids = tell(4)
    sealed()
    behind_our_back(f"UPDATE events SET actor_label = 'Nobody' WHERE id = {ids[2]}")
    answer = run(app, "verify")
    assert answer.exit_code == 1
    assert f"event {ids[2]} was altered" in answer.output


def test_the_first_of_several_is_named() -> None:
    ids = tell(30)
    sealed(limit=7)
    behind_our_back(f"UPDATE events SET ip = '10.0.0.1' WHERE id IN ({ids[11]}, {ids[20]})")
    found = first_finding()
    assert found
    assert (found.event_id, found.seal, found.kind) == (ids[11], 2, Kind.ALTERED)


def test_a_removed_event_is_found() -> None:
    ids = tell(9)
    sealed(limit=3)
    behind_our_back(f"DELETE FROM events WHERE id = {ids[5]}")
    found = first_finding()
    assert found
    assert (found.event_id, found.kind) == (ids[5], Kind.REMOVED)


def test_an_event_that_was_slipped_in_is_found() -> None:
    ids = tell(9)
    sealed(limit=3)
    behind_our_back(f"""
        INSERT INTO events (uid, name, subject_type, subject_id, actor_kind, actor_id, actor_label,
            door, request_id, ip, changes, transaction)
        SELECT gen_random_uuid(), name, subject_type, subject_id, actor_kind, actor_id, actor_label,
            door, request_id, ip, changes, transaction FROM events WHERE id = {ids[4]}
    """)
    found = first_finding()
    assert found
    assert (found.event_id, found.kind) == (
        max(db.session.scalars(select(Event.id))),
        Kind.INSERTED,
    )


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM audit_seals WHERE number = 2", Kind.UNSEALED),
        ("UPDATE audit_seals SET hashes = hashes || 'x'::bytea WHERE number = 2", Kind.BROKEN),
        ("UPDATE audit_seals SET day = day + 1 WHERE number = 2", Kind.BROKEN),
        (
            """UPDATE audit_seals SET event_ids = event_ids[1:2],
                hashes = substr(hashes, 1, 64) WHERE number = 2""",
            Kind.ALTERED,  # what follows no longer goes on from there
        ),
    ],
)
def test_a_seal_cannot_be_changed_either(statement: str, kind: Kind) -> None:
    tell(9)
    sealed(limit=3)
    with pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(statement))
    db.session.rollback()
    behind_our_back(statement, "audit_seals")
    found = first_finding()
    assert found
    assert found.kind == kind


def test_who_has_only_the_database_cannot_make_hashes_anew(app: Flask) -> None:
    ids = tell(3)
    sealed()
    head = db.session.scalars(select(Seal)).one().last_hash.hex()
    assert run(app, "verify", "--head", head).exit_code == 0
    behind_our_back(f"DELETE FROM events WHERE id = {ids[2]}")
    behind_our_back("DELETE FROM audit_seals", "audit_seals")
    sealed()
    assert first_finding() is None, "the end was cut off and sealed anew"
    answer = run(app, "verify", "--head", head)
    assert answer.exit_code == 1, "the hash that somebody wrote down tells"


def test_what_commits_late_is_sealed_too() -> None:
    with Session(db.engine) as late:
        (early,) = tell(session=late)
        ids = tell(3)
        assert actions.seal(db.session()) == 0, "nothing is settled while an older one runs"
        db.session.commit()
        late.commit()
    assert sealed() == 4
    assert set(db.session.scalars(select(Seal)).one().event_ids) == {early, *ids}
    assert first_finding() is None


def test_several_workers_seal_once(app: Flask) -> None:
    tell(60)
    settle()

    def work() -> None:
        with app.app_context():
            while True:
                count = actions.seal(db.session(), 5)
                db.session.commit()
                if not count and not actions.unsealed(db.session()):
                    return

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    seals = db.session.scalars(select(Seal).order_by(Seal.number)).all()
    assert [one.number for one in seals] == list(range(1, 13))
    sealed_ids = [event_id for one in seals for event_id in one.event_ids]
    assert len(sealed_ids) == len(set(sealed_ids)) == 60
    assert first_finding() is None


def test_a_day_goes_on_from_the_day_before(app: Flask) -> None:
    ids = tell(6)
    behind_our_back(
        f"UPDATE events SET occurred_at = occurred_at - interval '1 day' WHERE id <= {ids[2]}"
    )
    sealed()
    first, second = db.session.scalars(select(Seal).order_by(Seal.number)).all()
    assert (second.day - first.day).days == 1
    assert run(app, "verify", "--day", str(second.day)).exit_code == 0
    behind_our_back(f"UPDATE events SET ip = 'x' WHERE id = {ids[0]}")
    assert run(app, "verify", "--day", str(second.day)).exit_code == 0, "not of this day"
    answer = run(app, "verify", "--day", str(first.day))
    assert answer.exit_code == 1
    assert f"event {ids[0]} was altered" in answer.output


def test_destroying_a_data_key_breaks_nothing() -> None:
    WebsiteFactory.create(id="ours")
    booking = made("ours")
    edited(booking, customer_name="Another Guest")
    db.session.commit()
    sealed()
    behind_our_back("UPDATE customers SET data_key = NULL", "customers")
    assert first_finding() is None
    key = DataKey.from_text(CustomerFactory.create().data_key)
    event = db.session.scalars(select(Event).where(Event.name == "booking.updated")).one()
    assert event.opened(key)["customer_name"] == [None, None]


def test_the_command_seals(app: Flask) -> None:
    tell(3)
    settle()
    assert "3 events sealed" in run(app, "seal").output
    assert "0 events sealed" in run(app, "seal").output
