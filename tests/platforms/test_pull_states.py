"""Whatever a platform's restaurant does, and wherever pulls break off: here stands what stands
there, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from app.bookings.models import Booking
from app.bookings.status import GONE, Status
from app.events.models import Outbox
from app.extensions import db
from app.platforms import pulling, taking, turns
from app.platforms.base import PlatformError
from app.platforms.models import PlatformConnection, PlatformReservation
from app.platforms.puller import look
from app.venues.models import SlotUsage
from tests.platforms.pub import House, tomorrow

pytestmark = pytest.mark.committed
NAMES = [f"R{number}" for number in range(3)]


class Killed(BaseException):
    """The worker is gone."""


said = st.fixed_dictionaries(
    {},
    optional={
        "time": st.sampled_from(["12:00", "12:30", "13:00"]),
        "day": st.integers(0, 3).map(lambda days: tomorrow() + timedelta(days=days)),
        "party_size": st.integers(1, 6),
        "raw_status": st.sampled_from(["on", "reminded", "off", "seated"]),
        "requests": st.sampled_from(["", "By the window"]),
        "name": st.sampled_from(["Ana", "Bo"]),
    },
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(NAMES), said),
        st.tuples(st.just("remove"), st.sampled_from(NAMES)),
        st.tuples(st.just("pull"), st.integers(1, 3)),
        st.tuples(st.just("fails"), st.integers(1, 3)),
        st.tuples(st.just("dies"), st.integers(1, 4)),
        st.tuples(st.just("half"), st.integers(1, 2)),
    ),
    max_size=14,
)


def a_fresh_start(pub: House) -> None:
    db.session.rollback()
    for table in (Outbox, PlatformReservation, SlotUsage):
        db.session.execute(delete(table))
    away = {"website_id": "theirs", "source_booking_id": func.gen_random_uuid()}
    db.session.execute(update(Booking).where(Booking.website_id == "ours").values(away))
    db.session.execute(update(PlatformConnection).values(sync_state={}, sync_lease_until=None))
    db.session.commit()
    pub.shelf.rows.clear()
    pub.shelf.faults.clear()


def pull(pub: House) -> None:
    """The machine has told everybody, and whoever died before has lost its turn."""
    db.session.rollback()
    db.session.execute(delete(Outbox))
    free = {"sync_lease_until": None, "sync_due_at": None}
    db.session.execute(update(PlatformConnection).values(free))
    db.session.commit()
    assert look(pub.engine, lambda seconds: False)


def dying_after(count: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """It dies with so many taken in, the last of them not committed."""
    done = 0

    def take(*given: Any) -> Any:
        nonlocal done
        done += 1
        outcome = real(*given)
        if done == count:
            raise Killed
        return outcome

    return take


def do(pub: House, step: Any) -> None:
    what, *more = step
    if what == "put":
        pub.shelf.put(more[0], **more[1])
    elif what == "remove":
        pub.shelf.rows.pop(more[0], None)
    elif what == "fails":
        pub.shelf.page_size = more[0]
        pub.shelf.faults.append(PlatformError("Away."))
        pull(pub)
    elif what == "dies":
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pulling, "take", dying_after(more[0], taking.take))
            with suppress(Killed):
                pull(pub)
    elif what == "half":  # its time is over after the first page
        pub.shelf.page_size = more[0]
        pub.due()
        with pub.engine.begin() as connection:
            connection.execute(update(PlatformConnection).values(sync_lease_until=None))
        look(pub.engine, lambda seconds: True)
    else:
        pub.shelf.page_size = more[0]
        pull(pub)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_any_way_ends_the_same(pub: House, way: list[Any]) -> None:
    a_fresh_start(pub)
    for step in way:
        do(pub, step)
    for _ in range(3):  # what is gone needs two complete pulls, and one may have to be ended first
        pull(pub)
    assert pub.connection.sync_error is None
    expected = {
        (name, row.day, row.time, row.party_size, row.requests or None)
        for name, row in pub.shelf.rows.items()
        if row.raw_status != "off"
    }
    mine = select(Booking).where(Booking.website_id == "ours", Booking.status.not_in(GONE))
    db.session.rollback()
    db.session.expire_all()
    came = [each for each in db.session.scalars(mine) if not _has_left(pub, each)]
    here = [
        (
            *(each.booking_ref, each.activity_date, each.time_slot, each.guest_count),
            each.special_requests,
        )
        for each in came
    ]
    assert len(here) == len(set(here)), "nothing stands twice"
    assert set(here) == expected
    used = db.session.scalar(select(func.sum(SlotUsage.used))) or 0
    assert used == sum(each.guest_count for each in db.session.scalars(mine)), "one stock"


def _has_left(pub: House, booking: Booking) -> bool:
    """Whether it was not taken off the list before its party sat down: who came stays here."""
    return booking.status == Status.CHECKED_IN and booking.booking_ref not in pub.shelf.rows


def test_a_turn_that_nobody_ended_is_taken_over_once(pub: House) -> None:
    pub.due()
    with db.session.begin():
        first = turns.take(db.session())
    with db.session.begin():
        assert turns.take(db.session()) is None
    assert first
    past = datetime.now(UTC) - timedelta(seconds=1)
    db.session.execute(update(PlatformConnection).values(sync_lease_until=past))
    db.session.commit()
    with db.session.begin():
        second = turns.take(db.session())
    assert second
    assert second.state["started_at"] == first.state["started_at"], "it goes on"
    with db.session.begin():
        assert not turns.renew(db.session(), first)
        assert turns.renew(db.session(), second)
