"""What the Sync page, a timeline and the operator read; never more than one may see."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import update

from app.deliveries import queries, status
from app.deliveries.models import Delivery, Destination, State, SyncLog
from app.deliveries.queries import Filter
from app.errors import InvalidPayload, NotFound
from tests.deliveries.world import World
from tests.harness.counting import counted_queries

MINE, THEIRS = frozenset({"mine"}), frozenset({"theirs"})


@pytest.fixture
def booking(world: World) -> uuid.UUID:
    """Seven lanes of website `mine`: two delivered, two failed, one retried, two due."""
    made = [world.edit() for _ in range(7)]
    world.dispatch()
    world.session.execute(update(Delivery).values(website_id="mine"))
    world.session.execute(update(Destination).values(website_id="mine"))
    for claim, answer in zip(world.claim(total=5), (200, 422, 200, 422, 503), strict=True):
        world.finish(claim, answer)
    world.edit(made[0], "paper:b")
    world.dispatch()
    world.session.execute(
        update(Delivery).where(Delivery.website_id.is_(None)).values(website_id="theirs")
    )
    world.session.execute(
        update(Destination).where(Destination.key == "paper:b").values(website_id="theirs")
    )
    world.session.expire_all()
    return made[0]


def everything(world: World, limit: int, wanted: Filter | None = None) -> list[Delivery]:
    rows: list[Delivery] = []
    after = None
    while True:
        part = queries.deliveries(world.session, MINE, wanted, after, limit)
        assert len(part.rows) <= limit
        rows += part.rows
        if part.next is None:
            return rows
        after = part.next


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_failed_ones_come_first_then_the_newest(
    world: World, booking: uuid.UUID, limit: int
) -> None:
    rows = everything(world, limit)
    assert len({row.id for row in rows}) == len(rows) == 7
    assert [row.state for row in rows[:2]] == ["failed", "failed"]
    for part in (rows[:2], rows[2:]):
        assert [row.id for row in part] == sorted((row.id for row in part), reverse=True)


def test_a_row_has_its_event_and_destination(world: World, booking: uuid.UUID, app: Flask) -> None:
    world.session.expunge_all()
    with counted_queries(app) as statements:
        for row in queries.deliveries(world.session, MINE).rows:
            assert (row.event.name, row.destination.label) == ("booking.updated", "Paper:A")
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(state="failed"), 2),
        (Filter(state="delivered"), 2),
        (Filter(website_id="mine"), 7),
        (Filter(website_id="theirs"), 0),
        (Filter(booking_id=uuid.uuid4()), 0),
    ],
)
def test_filters(world: World, booking: uuid.UUID, wanted: Filter, count: int) -> None:
    assert len(everything(world, 3, wanted)) == count


def test_a_booking_over_all_destinations(world: World, booking: uuid.UUID) -> None:
    found = queries.deliveries(world.session, None, Filter(booking_id=booking))
    assert {row.website_id for row in found.rows} == {"mine", "theirs"}


def test_what_one_may_not_see_does_not_exist(world: World, booking: uuid.UUID) -> None:
    failed = queries.deliveries(world.session, MINE, Filter(state="failed")).rows[0]
    entry = queries.logs(world.session, MINE).rows[0]
    assert queries.delivery(world.session, MINE, failed.id).delivery.id == failed.id
    assert queries.log_entry(world.session, MINE, entry.id).id == entry.id
    for look in (
        lambda: queries.delivery(world.session, THEIRS, failed.id),
        lambda: queries.log_entry(world.session, THEIRS, entry.id),
        lambda: queries.delivery(world.session, frozenset(), failed.id),
        lambda: status.destination(world.session, THEIRS, failed.destination_id),
    ):
        with pytest.raises(NotFound):
            look()


def test_a_detail_tells_all_attempts(world: World, booking: uuid.UUID) -> None:
    failed = queries.deliveries(world.session, MINE, Filter(state="failed")).rows[0]
    detail = queries.delivery(world.session, MINE, failed.id)
    assert [entry.http_status for entry in detail.attempts] == [422]
    assert not detail.overtaken


def test_a_detail_says_when_something_later_arrived(world: World) -> None:
    booking = world.edit()
    world.edit(booking)
    world.drain()
    assert queries.delivery(world.session, None, world.delivery(booking, 1).id).overtaken
    assert not queries.delivery(world.session, None, world.delivery(booking, 2).id).overtaken


def test_the_log_newest_first_and_by_filter(world: World, booking: uuid.UUID) -> None:
    rows = queries.logs(world.session, MINE).rows
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)
    assert len(rows) == 5
    failed = queries.logs(world.session, MINE, Filter(status="failed", direction="outbound"))
    assert {row.http_status for row in failed.rows} == {422, 503}
    assert queries.logs(world.session, MINE, Filter(direction="inbound")).rows == []
    first = queries.logs(world.session, MINE, limit=3, failed_first=True)
    assert [row.status for row in first.rows] == ["failed"] * 3
    second = queries.logs(world.session, MINE, after=first.next, limit=3, failed_first=True)
    assert [row.status for row in second.rows] == ["success"] * 2


def test_a_list_of_the_log_does_not_decrypt_bodies(world: World, booking: uuid.UUID) -> None:
    world.session.expunge_all()
    row = queries.logs(world.session, MINE).rows[0]
    assert "request_body" not in row.__dict__
    assert "response_body" not in row.__dict__
    assert isinstance(row, SyncLog)


def test_a_cursor_of_somebody_else_is_refused(world: World) -> None:
    with pytest.raises(InvalidPayload):
        queries.deliveries(world.session, None, after="bm9uc2Vuc2U")


def test_numbers_for_menus(world: World, booking: uuid.UUID) -> None:
    found = status.badges(world.session, MINE)
    assert (found.failed, found.parked, found.retrying) == (2, 0, 1)
    nothing = status.badges(world.session, frozenset())
    assert (nothing.failed, nothing.parked, nothing.retrying) == (0, 0, 0)


def test_numbers_stop_at_a_limit(
    world: World, booking: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "COUNT_LIMIT", 1)
    assert status.badges(world.session, MINE).failed == 1


def test_a_timeline_knows_where_each_event_went(
    world: World, booking: uuid.UUID, app: Flask
) -> None:
    ids = [row.event_id for row in everything(world, 50)]
    with counted_queries(app) as statements:
        trips = status.trips(world.session, ids)
    assert len(statements) == 1
    assert set(trips) == set(ids)
    states = sorted(trip.state for found in trips.values() for trip in found)
    assert states == [
        State.DELIVERED, State.DELIVERED, State.FAILED, State.FAILED,
        State.READY, State.READY, State.READY,
    ]  # fmt: skip
    assert {trip.destination for found in trips.values() for trip in found} == {"Paper:A"}


def test_destinations_with_trouble_come_first(world: World, booking: uuid.UUID) -> None:
    found = status.destinations(world.session, None)
    assert [(d.destination.key, d.counts) for d in found] == [
        ("paper:a", {"failed": 2, "ready": 3}),
        ("paper:b", {"ready": 1}),
    ]
    assert [d.destination.key for d in status.destinations(world.session, THEIRS)] == ["paper:b"]


def test_how_far_behind_it_is(world: World) -> None:
    assert status.backlog(world.session) == status.Backlog(None, None)
    world.edit()
    assert (status.backlog(world.session).oldest_undispatched or 0) >= 0
    world.dispatch()
    world.pass_time(100)
    behind = status.backlog(world.session)
    assert behind.oldest_undispatched is None
    assert 99 < (behind.oldest_due or 0) < 130


def test_what_waits_for_its_destination_is_not_behind(world: World) -> None:
    world.edit()
    world.dispatch()
    world.destination().is_on = False
    world.session.flush()
    world.keep_house()
    world.pass_time(10_000)
    assert status.backlog(world.session).oldest_due is None
