"""Whose turn it is to be pulled, and what becomes of it when it fails or its worker dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pytest
from sqlalchemy import func, update

from app.extensions import db
from app.platforms import taking
from app.platforms.base import PlatformError
from app.platforms.models import PlatformConnection
from app.platforms.puller import Puller, look
from tests.platforms.pub import (
    House,
    count_bookings,
)

pytestmark = pytest.mark.committed


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
