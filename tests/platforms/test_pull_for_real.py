"""Pulled over real HTTP from CoverManager's stand-in, whichever way its pages are counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.bookings.models import Booking
from app.deliveries.models import SyncLog
from app.extensions import db
from app.platforms.base import Platform, Reservation, Wanted
from app.platforms.models import PlatformConnection
from app.platforms.puller import look
from app.platforms.pulling import Pull
from tests.desk import build_house
from tests.platforms.contract import There
from tests.platforms.linked import KEY, a_connection, a_restaurant, covermanager
from tests.platforms.pub import tomorrow
from tests.platforms.test_contract import ANA

pytestmark = pytest.mark.committed


@pytest.fixture
def place(app: Flask) -> Iterator[There]:
    with app.app_context(), covermanager() as found:
        build_house(app)
        yield found
        db.session.remove()


def pull() -> PlatformConnection:
    db.session.execute(update(PlatformConnection).values(sync_due_at=None, sync_lease_until=None))
    db.session.commit()
    assert look(db.engine, lambda seconds: False)
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(PlatformConnection)).one()


async def book(guest: Wanted, platform: Platform) -> Reservation:
    return await platform.create_reservation(guest)


def bookings() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Booking)) or 0


def test_what_stands_there_stands_here(place: There) -> None:
    a_connection(a_restaurant())
    db.session.commit()
    guests = [
        replace(ANA, day=tomorrow(), reference="", phone=f"+3460011122{n}", time=f"2{n}:00")
        for n in range(3)
    ]
    made = [place.do(partial(book, guest)) for guest in guests]
    place.set(page_size=2)
    for way in ({"before_first": "empty"}, {"before_first": "same", "first_page": 1}):
        place.set(**way)
        connection = pull()
        assert connection.sync_error is None
        assert (bookings(), connection.sync_state["seen"] >= 3) == (3, True)
    booked = db.session.scalars(select(Booking).order_by(Booking.time_slot)).all()
    assert [each.booking_ref for each in booked] == [each.external_id for each in made]
    assert {each.customer_phone for each in booked} == {each.phone for each in guests}
    assert {each.special_requests for each in booked} == {"By the window"}
    logged = db.session.scalars(select(SyncLog)).all()
    assert {each.event_type for each in logged} == {"platform.pull"}
    assert {each.door for each in logged} == {connection.key}
    text = "".join(f"{each.url}{each.response_body}" for each in logged)
    assert KEY not in text
    assert "60011122" not in text
    assert "covermanager:restaurant/get_reservs" in text


def test_a_platform_that_is_away_is_told_of(place: There, monkeypatch: pytest.MonkeyPatch) -> None:
    a_connection(a_restaurant())
    db.session.commit()
    place.fail(mode="busy", retry_after=40)
    connection = pull()
    assert "it is called too often" in (connection.sync_error or "")
    assert connection.sync_due_at
    assert connection.sync_failing_since
    assert (connection.sync_due_at - connection.sync_failing_since).total_seconds() >= 40
    gaps: list[float] = []
    whole = Pull.go

    def noting(self: Pull) -> None:
        whole(self)
        gaps.append(self.gap)

    monkeypatch.setattr(Pull, "go", noting)
    assert pull().sync_error is None
    assert gaps == [2.4], "half of 50 a minute"
