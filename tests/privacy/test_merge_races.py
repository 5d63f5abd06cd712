"""Merging while bookings come in, twice at once, and any order of all of it: nothing is lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.bookings import actions as bookings
from app.bookings.models import Booking
from app.bookings.status import Status
from app.customers.actions import Contact, find_or_create
from app.customers.models import Customer, CustomerMerge
from app.customers.snapshots import COLUMNS
from app.errors import Conflict
from app.extensions import db
from app.privacy import merging
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA, made
from tests.factories import WebsiteFactory

ANN = {"customer_email": "ann@example.com", "customer_phone": "0811111111"}
ANNE = {"customer_email": "anne@example.com", "customer_phone": "0822222222"}


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        WebsiteFactory.create(id="ours")
        yield
        db.session.remove()


def both() -> tuple[UUID, UUID]:
    ids = made(booking_ref="A-1", **ANN).customer_id, made(booking_ref="B-1", **ANNE).customer_id
    db.session.commit()
    return ids


def beside(app: Flask, work: Callable[[], object]) -> tuple[threading.Thread, list[str]]:
    """Do it in a thread of its own, and commit. What it ended with is in the list."""
    ended: list[str] = []

    def run() -> None:
        with app.app_context():
            try:
                work()
                db.session.commit()
                ended.append("done")
            except Conflict as error:
                ended.append(error.message)
            finally:
                db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, ended


def merge(kept: UUID, gone: UUID) -> CustomerMerge:
    return merging.merge(db.session(), MIA, EVERYTHING, kept, gone)


def owners() -> dict[str, UUID]:
    return {b.booking_ref: b.customer_id for b in db.session.scalars(select(Booking))}


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_a_booking_that_comes_in_meanwhile_goes_over_too(app: Flask) -> None:
    kept, gone = both()
    made(booking_ref="B-2", **ANNE)  # found and booked, not committed yet
    thread, ended = beside(app, lambda: merge(kept, gone))
    time.sleep(0.3)
    assert not ended, "it waits for whoever is booking"
    db.session.commit()
    thread.join(20)
    assert ended == ["done"]
    db.session.expire_all()
    assert owners() == {"A-1": kept, "B-1": kept, "B-2": kept}


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_whoever_books_during_a_merge_waits_and_is_the_one_that_was_kept(app: Flask) -> None:
    kept, gone = both()
    merge(kept, gone)
    thread, ended = beside(app, lambda: made(booking_ref="B-2", **ANNE))
    time.sleep(0.3)
    assert not ended
    db.session.commit()
    thread.join(20)
    assert ended == ["done"]
    db.session.expire_all()
    assert owners()["B-2"] == kept
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 2


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_of_two_merges_at_once_one_is_told(app: Flask) -> None:
    kept, gone = both()
    started = [beside(app, lambda: merge(kept, gone)), beside(app, lambda: merge(gone, kept))]
    for thread, _ in started:
        thread.join(20)
    ended = sorted(said for _, words in started for said in words)
    assert ended == ["These records were merged already.", "done"]
    assert len(set(owners().values())) == 1


@pytest.mark.committed
@pytest.mark.usefixtures("context")
def test_a_no_show_meanwhile_neither_blocks_nor_is_lost(app: Flask) -> None:
    """Whoever changes a booking holds it first, and its guest then: as merging does."""
    kept, gone = both()
    mine = db.session.scalars(select(Booking).where(Booking.booking_ref == "B-1")).one()
    bookings.move(db.session(), MIA, EVERYTHING, mine.id, Status.NO_SHOW)
    thread, ended = beside(app, lambda: merge(kept, gone))
    time.sleep(0.3)
    db.session.commit()
    thread.join(20)
    assert ended == ["done"]
    db.session.expire_all()
    assert db.session.get_one(Customer, kept).no_show_count == 1
    assert db.session.get_one(Customer, gone).no_show_count == 0


def people() -> dict[UUID, dict[str, object]]:
    db.session.expire_all()
    names = (*COLUMNS, "merged_into_id")
    return {p.id: {n: getattr(p, n) for n in names} for p in db.session.scalars(select(Customer))}


@pytest.mark.parametrize("seed", range(6))
def test_merging_and_undoing_in_any_order_is_as_if_nothing_was(
    app: Flask, db_session: object, seed: int
) -> None:
    """Bookings come in all the time; in the end each is with the record that its guest is found
    by, or where it went while they were one. None is lost, none has two owners."""
    dice = random.Random(seed)
    WebsiteFactory(id="ours")
    phones = ["0811111111", "0822222222", "0833333333"]
    first = [
        made(booking_ref=f"F-{n}", customer_phone=phone, customer_email=f"g{n}@example.com")
        for n, phone in enumerate(phones)
    ]
    ids = [booking.customer_id for booking in first]
    db.session.flush()
    before, expected = people(), owners()
    open_merges: list[CustomerMerge] = []
    for step in range(25):
        what = dice.random()
        alive = [each for each in ids if db.session.get_one(Customer, each).merged_into_id is None]
        if what < 0.3 and len(alive) > 1:
            kept, gone = dice.sample(alive, 2)
            take = [c for c in ("name", "phone", "email", "language") if dice.random() < 0.5]
            open_merges.append(merging.merge(db.session(), MIA, EVERYTHING, kept, gone, take))
        elif what < 0.5 and open_merges:
            _undo(open_merges.pop())
        else:
            ref, phone = f"S-{step}", dice.choice(phones)
            who = find_or_create(db.session(), Contact("Guest", phone=phone)).id
            assert made(booking_ref=ref, customer_phone=phone).customer_id == who
            expected[ref] = who if not open_merges else UUID(int=0)
        db.session.expire_all()
    while open_merges:
        _undo(open_merges.pop())
    assert people() == before
    found = owners()
    assert found.keys() == expected.keys()
    for ref, owner in expected.items():
        assert found[ref] in ids
        assert owner in (found[ref], UUID(int=0)), ref


def _undo(done: CustomerMerge) -> None:
    now = datetime.now(UTC)
    merging.undo(db.session(), MIA, EVERYTHING, done.kept_id, done.id, now)
