"""Several workers and many guests at once, and a worker that dies half-way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.bookings.holds import expire_lapsed
from app.bookings.models import Booking
from app.bookings.status import GONE
from app.events.models import Event
from app.extensions import db
from app.venues.models import Departure, SlotUsage
from app.waiting import offering
from app.waiting.models import WaitingEntry
from app.waiting.offering import look_after
from tests.factories import WebsiteFactory
from tests.waiting.made import Trek, a_departure, a_trek

pytestmark = pytest.mark.committed
WORKERS, PARTIES = 4, 6


@pytest.fixture
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


def fill(app: Flask, departures: int = 3) -> list[Trek]:
    """Full departures with six parties of two each on their lists; then there is room for four."""
    with app.app_context():
        WebsiteFactory.create(id="ours")
        first = a_trek()
        ids = (first.website_id, first.venue_id, first.activity_id)
        days = [first.day + timedelta(days=n) for n in range(1, departures + 1)]
        treks = [Trek(*ids, a_departure(*ids[1:], day), day) for day in days]
        for trek in treks:
            trek.book(8)
            for _ in range(PARTIES):
                trek.join(2)
            db.session.get_one(Departure, trek.departure_id).capacity = 12
        db.session.commit()
        return treks


def at_once(count: int, do: Callable[[], object]) -> None:
    """The same in so many threads; a fault in one of them is raised here."""
    begin, errors = threading.Barrier(count), []

    def run() -> None:
        begin.wait()
        try:
            do()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def work(engine: Engine) -> None:
    """A worker's tick: until nothing is left to do."""
    moved = 1
    while moved:
        with Session(engine) as session, session.begin():
            moved = look_after(session)


def used(session: Session, trek: Trek) -> int:
    held = select(func.coalesce(func.sum(Booking.guest_count), 0)).where(
        Booking.departure_id == trek.departure_id, Booking.status.not_in(GONE)
    )
    counted = select(SlotUsage.used).where(SlotUsage.slot == str(trek.departure_id))
    assert session.scalar(held) == session.scalar(counted)
    return int(session.scalar(held) or 0)


def states(session: Session, trek: Trek) -> list[str]:
    query = select(WaitingEntry.state).where(WaitingEntry.departure_id == trek.departure_id)
    return list(session.scalars(query.order_by(WaitingEntry.created_at)))


def test_several_workers_offer_each_place_once_and_in_turn(app: Flask, engine: Engine) -> None:
    treks = fill(app)
    at_once(WORKERS, lambda: work(engine))
    work(engine)
    with Session(engine) as session:
        for trek in treks:
            assert states(session, trek) == ["offered"] * 2 + ["waiting"] * 4
            assert used(session, trek) == 12
        told = select(Event.booking_id).where(Event.name == "message.wanted")
        assert Counter(session.scalars(told)).most_common(1)[0][1] == 1


def test_guests_book_while_places_are_offered(app: Flask, engine: Engine) -> None:
    """Who comes first gets the place, at a door or on the list: never more than there are."""
    (trek,) = fill(app, 1)
    booked: list[int] = []

    def buy() -> None:
        with app.app_context():
            try:
                trek.book(1)
                db.session.commit()
                booked.append(1)
            except Exception:
                db.session.rollback()

    threads = [threading.Thread(target=work, args=(engine,)) for _ in range(2)]
    threads += [threading.Thread(target=buy) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work(engine)
    with Session(engine) as session:
        offers = states(session, trek).count("offered")
        assert used(session, trek) == 8 + len(booked) + 2 * offers <= 12


def test_whoever_gives_places_back_and_a_worker_meet(app: Flask, engine: Engine) -> None:
    """Offers run out while workers look: the next ones are offered what they had, once."""
    (trek,) = fill(app, 1)
    work(engine)
    with Session(engine) as session, session.begin():
        for booking in session.scalars(select(Booking).where(Booking.status == "pending")):
            booking.hold_expires_at = datetime.now(UTC) - timedelta(seconds=1)

    def tick() -> None:
        with Session(engine) as session, session.begin():
            expire_lapsed(session)
        work(engine)

    at_once(WORKERS, tick)
    tick()
    with Session(engine) as session:
        assert states(session, trek) == ["lapsed"] * 2 + ["offered"] * 2 + ["waiting"] * 2
        assert used(session, trek) == 12


def test_a_worker_that_dies_half_way_leaves_nothing_behind(
    app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Booked and not yet told: all of it is undone, and the next look does it."""
    (trek,) = fill(app, 1)

    class Died(BaseException):
        """As if the process were gone."""

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(offering, "ask_message", die)
        with pytest.raises(Died):
            work(engine)
    with Session(engine) as session:
        assert states(session, trek) == ["waiting"] * PARTIES
        assert used(session, trek) == 8
    work(engine)
    with Session(engine) as session:
        assert states(session, trek).count("offered") == 2


def test_a_list_with_a_fault_holds_up_no_other(
    app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = fill(app, 2)
    follow = offering.follow

    def fail(session: Session, departure_id: object, now: datetime) -> int:
        if departure_id == bad.departure_id:
            session.execute(select(func.nothing_of_this_name()))
        return follow(session, departure_id, now)  # type: ignore[arg-type]

    monkeypatch.setattr(offering, "follow", fail)
    work(engine)
    with Session(engine) as session:
        assert states(session, bad).count("offered") == 0
        assert states(session, good).count("offered") == 2
