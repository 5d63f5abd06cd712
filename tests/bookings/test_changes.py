"""The news of an open list: nothing is missed, nothing is told that is not one's own."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.bookings import actions, news
from app.bookings.models import Booking
from app.bookings.status import Status
from app.extensions import db
from app.staff.models import UserSession
from app.staff.scope import EVERYTHING
from app.web import encode_cursor
from tests.bookings.made import MIA, NOON, TODAY, edited, made
from tests.desk import House
from tests.harness.counting import counted_queries

pytestmark = pytest.mark.committed  # a cursor counts transactions: they must be real


def poll_of(page: str) -> str:
    """The address that the page asks for news."""
    found = re.search(r'data-poll="([^"]+)"', page)
    assert found
    return unescape(found[1])


def rows(answer: TestResponse) -> list[str]:
    """Ids of the rows that an answer holds."""
    return re.findall(r'data-row="([^"]+)"', answer.text)


def arrived(answer: TestResponse) -> list[str]:
    """Ids that it announces."""
    told: dict[str, Any] = json.loads(answer.headers.get("HX-Trigger", "{}"))
    return list(told.get("arrivals", {}).get("ids", []))


def news_of(desk: FlaskClient, page: str) -> TestResponse:
    return desk.get(poll_of(page), headers={"HX-Request": "true"})


def page_of(desk: FlaskClient, address: str) -> str:
    """A list whose cursor is past all that was made.

    A transaction of another test's database that ended just while the cursor was made holds it
    back: then a little is told twice, which is right, but not what these tests are about.
    """
    for _ in range(50):
        page = desk.get(address).text
        if news_of(desk, page).status_code == 204:
            break
    return page


def test_nothing_new_is_204_and_cheap(house: House, desk: FlaskClient) -> None:
    made()
    page = page_of(desk, "/bookings")
    with counted_queries(house.app) as statements:
        answer = news_of(desk, page)
    assert answer.status_code == 204
    assert len(statements) <= 5


def test_a_new_booking_is_told_once(desk: FlaskClient) -> None:
    page = page_of(desk, "/bookings")
    booking = made(customer_name="Nora New")
    answer = news_of(desk, page)
    assert answer.status_code == 200
    assert rows(answer) == arrived(answer) == [str(booking.id)]
    assert "Nora New" in answer.text
    assert news_of(desk, answer.text).status_code == 204


def test_a_change_is_a_row_and_no_arrival(desk: FlaskClient) -> None:
    booking = made()
    page = page_of(desk, "/bookings")
    edited(booking, guest_count=7)
    answer = news_of(desk, page)
    assert rows(answer) == [str(booking.id)]
    assert 'data-version="2"' in answer.text
    assert arrived(answer) == []


def test_only_what_fits_the_filters_arrives(desk: FlaskClient) -> None:
    page = page_of(desk, "/bookings?q=nora&status=confirmed")
    nora = made(customer_name="Nora New")
    made(customer_name="Otto Other")
    made(customer_name="Nora Next", status="pending")
    answer = news_of(desk, page)
    assert arrived(answer) == [str(nora.id)]
    assert len(rows(answer)) == 3


def test_what_moves_into_the_list_arrives(desk: FlaskClient) -> None:
    moved = made(activity_date=TODAY.replace(year=2027))
    checked_in, still = made(), made()
    page = page_of(desk, "/bookings?when=today")
    inside = page_of(desk, "/bookings?status=checked_in")
    edited(moved, activity_date=TODAY)
    edited(still, guest_count=5)
    actions.move(db.session(), MIA, EVERYTHING, checked_in.id, Status.CHECKED_IN)
    assert arrived(news_of(desk, page)) == [str(moved.id)]
    assert arrived(news_of(desk, inside)) == [str(checked_in.id)]


def test_others_websites_make_no_news(house: House, desk: FlaskClient) -> None:
    page = page_of(desk, "/bookings")
    made(website_id="theirs", customer_name="Their Guest")
    answer = news_of(desk, page)
    assert answer.status_code == 204
    outside = house.browser("outsider")
    cursor = re.search(r"after=([\w-]+)", page)
    assert cursor
    assert "Their Guest" in outside.get(f"/bookings/changes?after={cursor[1]}").text


def test_a_row_can_be_asked_for_by_id(house: House, desk: FlaskClient) -> None:
    ours, theirs = made(), made(website_id="theirs")
    answer = desk.get(f"/bookings/changes?id={ours.id}&id={theirs.id}&id=rubbish")
    assert rows(answer) == [str(ours.id)]
    assert 'id="bookings-tabs"' in answer.text
    assert "data-poll" not in answer.text


def test_an_event_that_commits_late_is_not_missed(house: House, desk: FlaskClient) -> None:
    slow, fast = made(customer_name="Slow Sue"), made(customer_name="Fast Fred")
    page = page_of(desk, "/bookings")
    with house.app.app_context(), Session(db.engine) as other:
        # Writes first, commits last: its event has the lower number and shows later.
        actions.edit(other, MIA, EVERYTHING, slow.id, {"guest_count": 9}, slow.version)
        edited(fast, guest_count=8)
        first = news_of(desk, page)
        other.commit()
    poll = first.text if first.status_code == 200 else page
    second = news_of(desk, poll)
    told = rows(first) + rows(second)
    assert sorted(told) == sorted([str(slow.id), str(fast.id)])
    assert news_of(desk, second.text).status_code == 204


def test_a_quiet_reader_is_moved_on(
    house: House, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_of(desk, "/bookings")
    monkeypatch.setattr(news, "FAR_BEHIND", 3)
    for _ in range(5):
        made(website_id="theirs")
        db.session.commit()
    answer = news_of(desk, page)
    assert answer.status_code == 200
    assert rows(answer) == []
    assert poll_of(answer.text) != poll_of(page)
    booking = made()
    assert arrived(news_of(desk, answer.text)) == [str(booking.id)]


def test_a_flood_is_told_in_stretches(desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "LIMIT", 4)
    page = page_of(desk, "/bookings")
    expected = [str(made().id) for _ in range(10)]
    told: list[str] = []
    for _ in range(3):
        answer = news_of(desk, page)
        told += arrived(answer)
        page = answer.text
    assert sorted(told) == sorted(expected)
    assert news_of(desk, page).status_code == 204


@pytest.mark.parametrize("values", [["a", "b"], [-1, 0], [0, -1], [2**63, 0], [1], [1, 2, 3]])
def test_a_cursor_that_is_not_ours_is_refused(desk: FlaskClient, values: list[Any]) -> None:
    assert desk.get(f"/bookings/changes?after={encode_cursor(values)}").status_code == 400


def test_after_midnight_the_open_list_is_drawn_anew(
    desk: FlaskClient, noon: time_machine.Traveller
) -> None:
    noon.move_to(NOON + timedelta(hours=11))
    poll = poll_of(desk.get("/bookings").text)
    assert desk.get(poll).status_code == 204
    noon.move_to(NOON + timedelta(hours=13))
    answer = desk.get(poll)
    assert answer.status_code == 204
    assert json.loads(answer.headers["HX-Trigger"])["arrivals"]["anew"] is True


def test_looking_for_news_does_not_keep_the_session_alive(house: House, desk: FlaskClient) -> None:
    page = page_of(desk, "/bookings")
    stale = UserSession.last_seen_at - timedelta(hours=2)
    db.session.execute(update(UserSession).values(last_seen_at=stale))
    db.session.commit()
    before = db.session.scalars(db.select(UserSession.last_seen_at)).all()
    news_of(desk, page)
    assert db.session.scalars(db.select(UserSession.last_seen_at)).all() == before
    desk.get("/bookings")
    assert db.session.scalars(db.select(UserSession.last_seen_at)).all() != before


def test_what_came_in_is_pinned_where_it_lies_further_down(desk: FlaskClient) -> None:
    for _ in range(55):
        made()
    late = made(customer_name="Far Away", activity_date=TODAY.replace(year=2027))
    other = made(customer_name="Not Mine", website_id="theirs")
    page = page_of(desk, f"/bookings?new={late.id},{other.id},rubbish&rows=50")
    assert page.index("Just in") < page.index("Far Away") < page.index("In order")
    assert "Not Mine" not in page
    near = db.session.scalars(db.select(Booking).where(Booking.website_id == "ours")).first()
    assert near
    inside = page_of(desk, f"/bookings?new={near.id}")
    assert "Just in" not in inside
    assert "row-new" in inside
