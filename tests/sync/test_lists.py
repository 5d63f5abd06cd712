"""The lists of Sync: problems first, every filter, every row once, few queries."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app.bookings.models import Booking
from app.deliveries.models import State, SyncLog
from app.deliveries.periods import first_id_since
from app.extensions import db
from app.web import encode_cursor
from tests.desk import House
from tests.harness.counting import counted_queries
from tests.sync.traffic import answered, called, change, changed, delivery_of, listens, many

HTMX = {"HX-Request": "true"}


def rows(page: str) -> list[str]:
    """The ids of the rows, in order."""
    return re.findall(r'data-row="([dc]\d+)"', page)


def get(browser: FlaskClient, path: str, **headers: str) -> str:
    answer = browser.get(path, headers={n.replace("_", "-"): v for n, v in headers.items()})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_all_is_well(manager: FlaskClient) -> None:
    changed()
    answered(200)
    page = get(manager, "/sync")
    assert "No problems" in page
    assert "Everything has arrived" in page


def test_problems_are_what_failed_is_retried_or_was_refused(manager: FlaskClient) -> None:
    called(status="failed", created_at=datetime.now(UTC) - timedelta(days=8))
    failed = changed(reference="FAILED-1")
    answered(422)
    retried = changed(reference="RETRIED-1")
    answered(503)
    fine = changed(reference="FINE-1")
    delivery = delivery_of(fine)
    delivery.state = State.DELIVERED.value
    refused = called(status="failed", http_status=400, code="INVALID_PAYLOAD")
    called(status="success")
    expected = [f"d{delivery_of(failed).id}", f"d{delivery_of(retried).id}", f"c{refused}"]
    assert rows(get(manager, "/sync")) == expected


def test_failed_ones_come_first_then_the_newest(manager: FlaskClient) -> None:
    first, second = changed(reference="A-1"), changed(reference="A-2")
    answered(422)
    third, fourth = changed(reference="A-3"), changed(reference="A-4")
    answered(200)
    ids = [f"d{delivery_of(booking).id}" for booking in (second, first, fourth, third)]
    assert rows(get(manager, "/sync?tab=outbound")) == ids


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("failed", "FAILED"),
        ("retrying", "RETRIED"),
        ("delivered", "DELIVERED"),
        ("ready", "QUEUED"),
        ("waiting", "FAILED"),
        ("skipped", None),
        ("nonsense", "any"),
    ],
)
def test_deliveries_by_state(manager: FlaskClient, state: str, expected: str | None) -> None:
    bookings = {"DELIVERED": changed(reference="DELIVERED")}
    answered(200)
    bookings["FAILED"] = changed(reference="FAILED")
    answered(422)
    bookings["RETRIED"] = changed(reference="RETRIED")
    answered(None)
    bookings["QUEUED"] = changed(reference="QUEUED")
    behind = delivery_of(bookings["FAILED"])
    behind.state = State.FAILED.value
    change_behind = edited_behind(bookings["FAILED"])
    page = get(manager, f"/sync?tab=outbound&state={state}")
    if expected == "any":
        assert len(rows(page)) == 5
    elif state == "waiting":
        assert rows(page) == [change_behind]
    else:
        wanted = [f"d{delivery_of(bookings[expected], 2).id}"] if expected else []
        assert rows(page) == wanted


def edited_behind(booking: Booking) -> str:
    """A later change that waits behind a dead one (which stays dead)."""
    change(booking, guest_count=4)
    head = delivery_of(booking, 2)
    head.state, head.tries = State.FAILED.value, 0
    db.session.flush()
    return f"d{delivery_of(booking).id}"


def test_search_by_reference_and_by_both_ids(manager: FlaskClient) -> None:
    wanted, _ = changed(reference="HW-000007"), changed(reference="HW-000008")
    call = called(booking=wanted)
    called()
    for q in ("HW-000007", "hw-000007", str(wanted.id), str(wanted.source_booking_id)):
        assert rows(get(manager, f"/sync?tab=outbound&q={q}")) == [f"d{delivery_of(wanted).id}"]
        assert rows(get(manager, f"/sync?tab=inbound&q={q}")) == [f"c{call}"]
    assert "No deliveries match" in get(manager, "/sync?tab=outbound&q=HW-000009")


def test_search_never_finds_bookings_of_others(house: House) -> None:
    theirs = changed("theirs", "SECRET-1")
    for q in ("SECRET-1", str(theirs.id), str(theirs.source_booking_id)):
        assert rows(get(house.browser("manager"), f"/sync?tab=outbound&q={q}")) == []
        assert len(rows(get(house.browser("outsider"), f"/sync?tab=outbound&q={q}"))) == 1


def test_calls_by_answer_and_period(manager: FlaskClient) -> None:
    old = called(status="failed", created_at=datetime.now(UTC) - timedelta(hours=30))
    recent = called(created_at=datetime.now(UTC) - timedelta(hours=2))
    new = called(status="failed", created_at=datetime.now(UTC) - timedelta(minutes=1))
    assert rows(get(manager, "/sync?tab=inbound")) == [f"c{new}", f"c{recent}", f"c{old}"]
    assert rows(get(manager, "/sync?tab=inbound&answer=failed")) == [f"c{new}", f"c{old}"]
    assert rows(get(manager, "/sync?tab=inbound&period=hour")) == [f"c{new}"]
    assert rows(get(manager, "/sync?tab=inbound&period=day")) == [f"c{new}", f"c{recent}"]


def test_a_destination_narrows_the_list(house: House) -> None:
    delivery = delivery_of(changed())
    listens("theirs")
    other = delivery_of(changed("theirs", "T-1"))
    page = get(
        house.browser("manager"), f"/sync?tab=outbound&destination={delivery.destination_id}"
    )
    assert rows(page) == [f"d{delivery.id}"]
    assert "To Our park" in page
    assert other.destination_id != delivery.destination_id


@pytest.mark.parametrize("tab", ["outbound", "inbound"])
def test_every_row_comes_once_over_all_pages(manager: FlaskClient, tab: str) -> None:
    changed()
    answered(200)
    many("ours", 70, "failed")
    many("ours", 60)
    for number in range(130):
        called(status="failed" if number % 3 else "success")
    seen: list[str] = []
    page = get(manager, f"/sync?tab={tab}")
    while True:
        seen += rows(page)
        following = re.search(r'hx-get="([^"]+after=[^"]+)"', page)
        if following is None:
            break
        page = get(manager, following[1].replace("&amp;", "&"), HX_Request="true", HX_Target="more")
        assert "<html" not in page
    assert len(seen) == len(set(seen)) == (131 if tab == "outbound" else 130)


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        encode_cursor(["rest"]),
        encode_cursor(["rest", "x"]),
        encode_cursor(["rest", "9" * 30]),
        encode_cursor(["elsewhere", 5]),
    ],
)
@pytest.mark.parametrize("tab", ["", "outbound", "inbound"])
def test_a_cursor_that_is_not_ours_is_refused(manager: FlaskClient, tab: str, cursor: str) -> None:
    assert manager.get(f"/sync?tab={tab}&after={cursor}").status_code == 400


def test_for_htmx_the_list_comes_alone(manager: FlaskClient) -> None:
    page = get(manager, "/sync?tab=outbound", HX_Request="true", HX_Target="sync-list")
    assert page.lstrip().startswith('<div id="sync-list"')


@pytest.mark.parametrize("tab", ["", "outbound", "inbound", "destinations"])
def test_few_queries_however_many_rows(house: House, manager: FlaskClient, tab: str) -> None:
    changed()
    answered(422)
    called(status="failed")
    path = f"/sync?tab={tab}&q={changed().id}&period=week"
    get(manager, path)
    with counted_queries(house.app) as one:
        get(manager, path)
    many("ours", 30, "failed")
    for _ in range(30):
        called(status="failed")
    with counted_queries(house.app) as more:
        get(manager, path)
    assert len(more) == len(one) <= 12, more


def test_few_queries_for_one_thing(house: House, manager: FlaskClient) -> None:
    booking = changed()
    answered(503)
    change(booking, guest_count=5)
    call = called(booking=booking)
    for path in (f"/sync/deliveries/{delivery_of(booking, 2).id}", f"/sync/calls/{call}"):
        get(manager, path)
        with counted_queries(house.app) as queries:
            get(manager, path)
        assert len(queries) <= 12, queries


def test_the_pulse_is_silent_until_something_happens(manager: FlaskClient) -> None:
    changed()
    page = get(manager, "/sync")
    pulse = re.search(r'data-poll="([^"]+)"', page)
    assert pulse
    url = pulse[1].replace("&amp;", "&")
    assert manager.get(url).status_code == 204
    answered(503)
    answer = manager.get(url)
    assert answer.status_code == 200
    assert "sync-changed" in answer.headers["HX-Trigger"]


def test_a_list_that_somebody_reads_only_says_that_there_is_news(manager: FlaskClient) -> None:
    answer = manager.get("/sync/pulse?tab=outbound&seen=old")
    assert "Show what is new" in answer.get_data(as_text=True)
    assert "HX-Trigger" not in answer.headers


@pytest.mark.parametrize("seed", range(5))
def test_a_period_begins_at_its_first_row(house: House, seed: int) -> None:
    random = Random(seed)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    times = sorted(begin + timedelta(minutes=random.randint(0, 600)) for _ in range(40))
    ids = []
    for at in times:
        if random.random() < 0.5:  # gaps, as rolled-back calls leave them
            db.session.execute(text("SELECT nextval(pg_get_serial_sequence('sync_logs', 'id'))"))
        ids.append(called(created_at=at))
    for _ in range(20):
        since = begin + timedelta(minutes=random.randint(-10, 610))
        first = db.session.scalar(select(first_id_since("sync_logs", since)))
        expected = {i for i, at in zip(ids, times, strict=True) if at >= since}
        assert {i for i in ids if first is not None and i >= first} == expected
    assert db.session.query(SyncLog).count() == 40
