"""The list: what it finds, how it is narrowed, how it goes on."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient

from app.bookings import counting
from app.bookings.filters import Filters
from app.bookings.listview import TABS
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from tests.bookings.made import TODAY, made
from tests.desk import House
from tests.harness.counting import counted_queries

DAY = timedelta(days=1)


def names(page: str) -> list[str]:
    """Who is in the list, in its order."""
    rows = re.findall(r'<a href="[^"]+" data-row-link data-drawer>([^<]+)</a>', page)
    return [unescape(name) for name in rows]


def tab(page: str, label: str) -> str:
    """The number on a tab."""
    found = re.search(rf'class="tab"[^>]*>{label}<span class="count[^>]*>([^<]+)<', page)
    assert found, label
    return found[1]


@pytest.fixture
def week(house: House) -> None:
    """Somebody on every day from the day before yesterday to ten days on."""
    for offset in range(-2, 11):
        made(customer_name=f"Day {offset}", activity_date=TODAY + offset * DAY)


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", range(11)),
        ("?when=today", [0]),
        ("?when=tomorrow", [1]),
        ("?when=week", range(7)),
        ("?when=past", [-1, -2]),
        ("?when=all", range(10, -3, -1)),
        ("?when=all&sort=date", range(-2, 11)),
        ("?sort=-date", range(10, -1, -1)),
        ("?from=2026-11-22&to=2026-11-23", [2, 3]),
        ("?from=2026-11-29", [9, 10]),
        ("?to=2026-11-18&when=today", [-2]),
        ("?from=rubbish&when=nonsense&status=odd&sort=no&only=x", range(11)),
    ],
)
def test_ranges_and_their_order(desk: FlaskClient, query: str, days: list[int]) -> None:
    assert names(desk.get(f"/bookings{query}").text) == [f"Day {day}" for day in days]


@pytest.mark.parametrize(
    ("zone", "hour", "first"),
    [
        ("Asia/Bangkok", 17, "Day 1"),
        ("Asia/Bangkok", 16, "Day 0"),
        ("America/Los_Angeles", 7, "Day -1"),
        ("Pacific/Kiritimati", 10, "Day 1"),
    ],
)
@pytest.mark.usefixtures("week")
def test_today_is_today_at_the_website(
    house: House, noon: time_machine.Traveller, zone: str, hour: int, first: str
) -> None:
    db.session.get_one(Website, "ours").timezone = zone
    noon.move_to(f"2026-11-20T{hour:02}:00:00+00:00")
    assert names(house.browser("colleague").get("/bookings").text)[0] == first


@pytest.mark.parametrize(
    "typed",
    [
        *("marie", "DUB", "marie dub", "Dubois Marie", "hw-000777", "HW000777", "mariott"),
        *("0812345678", "+66812345678", "81234", "marie.dubois@example.com", "Márie"),
    ],
)
def test_search_finds_by_name_reference_phone_hotel_and_e_mail(
    desk: FlaskClient, typed: str
) -> None:
    made(
        customer_name="Marié Dubois",
        customer_email="Marie.Dubois@example.com",
        booking_ref="HW-000777",
        hotel_name="Mariott Phuket",
    )
    made(customer_name="Ann Other", customer_phone="0899999999", customer_email="ann@example.com")
    assert names(desk.get("/bookings", query_string={"q": typed}).text) == ["Marié Dubois"]


@pytest.mark.parametrize("typed", ["marie.dubois@example", "'", "\\", "%", "zzz", "a:b & !c | <->"])
def test_search_that_finds_nothing_is_no_error(desk: FlaskClient, typed: str) -> None:
    made(customer_name="Marie Dubois", customer_email="marie.dubois@example.com")
    answer = desk.get("/bookings", query_string={"q": typed})
    assert answer.status_code == 200
    assert names(answer.text) == []
    assert "Clear filters" in answer.text


def test_a_search_without_a_coming_visit_looks_at_all_dates(desk: FlaskClient) -> None:
    made(customer_name="Marie Past", activity_date=TODAY - 30 * DAY)
    made(customer_name="Ann Future", activity_date=TODAY + DAY)
    page = desk.get("/bookings?q=marie").text
    assert names(page) == ["Marie Past"]
    assert "Nothing to come matches" in page
    assert tab(page, "All") == "1"
    assert names(desk.get("/bookings?q=marie&when=today").text) == []


def test_filters_by_status_source_and_marks(desk: FlaskClient) -> None:
    made(customer_name="Late Larry", time_slot="09:00", source="partner")
    made(customer_name="Early Eve", time_slot="15:00", transport_type="hotel_pickup")
    made(customer_name="Noted Ned", time_slot="16:00", admin_notes="VIP", status="pending")
    made(customer_name="Gone Gus", time_slot="09:00", status="cancelled", special_requests="")

    def find(query: str) -> list[str]:
        return names(desk.get(f"/bookings?{query}").text)

    assert find("source=partner") == ["Late Larry"]
    assert find("only=late") == ["Late Larry"]
    assert find("only=pickup") == ["Early Eve"]
    assert find("only=notes") == ["Noted Ned"]
    assert find("status=pending") == ["Noted Ned"]
    assert find("status=gone") == ["Gone Gus"]
    assert find("status=arriving") == ["Late Larry", "Early Eve", "Noted Ned"]
    assert find("status=active") == ["Late Larry", "Early Eve", "Noted Ned"]
    assert find("status=arrived") == []


def test_active_filters_are_shown_and_can_be_taken_away(desk: FlaskClient) -> None:
    made(source="partner")
    page = desk.get("/bookings?q=demo&source=partner&when=today&website=ours").text
    chips = re.findall(
        r'<a class="chip" href="([^"]+)"><span[^>]*>Remove filter </span>(.*?)<', page
    )
    taken = {unescape(text): unescape(href) for href, text in chips}
    assert taken == {
        "“demo”": "/bookings?website=ours&source=partner&when=today",
        "Today": "/bookings?website=ours&q=demo&source=partner",
        "Partners": "/bookings?website=ours&q=demo&when=today",
    }
    assert 'class="chip-clear" href="/bookings?website=ours"' in page


def test_tabs_count_what_they_would_show(desk: FlaskClient) -> None:
    for status in ("pending", "confirmed", "confirmed", "cancelled", "refunded"):
        made(status=status)
    made(activity_date=TODAY - DAY)
    page = desk.get("/bookings").text
    counts = [tab(page, label) for label in ("All", "Pending", "Confirmed", "Cancelled", "No-show")]
    assert counts == ["5", "1", "2", "2", "0"]


def test_counts_stop_at_a_thousand(desk: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        made()
    assert tab(desk.get("/bookings").text, "All") == "5"
    monkeypatch.setattr(counting, "MOST", 3)
    assert counting.count_up_to(db.session(), EVERYTHING, Filters()) == 4
    monkeypatch.setattr(counting, "counts_up_to", lambda *_: [1001] * len(TABS))
    assert tab(desk.get("/bookings").text, "All") == "1,000+"


def test_paging_shows_everybody_once(desk: FlaskClient) -> None:
    for number in range(120):
        made(customer_name=f"Guest {number}", activity_date=TODAY + (number % 7) * DAY)
    seen: list[str] = []
    address: str | None = "/bookings?source=website"
    while address:
        page = desk.get(unescape(address)).text
        seen += names(page)
        found = re.search(r'class="btn" href="([^"]+after=[^"]+)"', page)
        address = found[1] if found else None
        assert address is None or "source=website" in address
    assert len(seen) == len(set(seen)) == 120


def test_load_more_answers_with_rows_alone(desk: FlaskClient) -> None:
    for _ in range(60):
        made()
    page = desk.get("/bookings").text
    found = re.search(r'hx-get="([^"]+after=[^"]+)"', page)
    assert found
    headers = {"HX-Request": "true", "HX-Target": "more"}
    rows = desk.get(unescape(found[1]), headers=headers)
    assert rows.text.count("data-row-link") == 10
    assert "<table" not in rows.text
    assert rows.headers["Vary"] == "HX-Request, Cookie"
    fragment = desk.get("/bookings", headers={"HX-Request": "true", "HX-Target": "bookings-list"})
    assert fragment.text.lstrip().startswith('<div id="bookings-list"')
    assert "<html" not in fragment.text


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "bm8", "IiI", "W10", "AAAA" * 50, "é"])
def test_a_cursor_that_is_not_ours_is_refused(desk: FlaskClient, cursor: str) -> None:
    assert desk.get("/bookings", query_string={"after": cursor}).status_code == 400


def test_a_cursor_opens_no_other_website(house: House, noon: object) -> None:
    for _ in range(60):
        made(website_id="theirs", customer_name="Their Guest")
    page = house.browser("outsider").get("/bookings").text
    found = re.search(r"after=([\w-]+)", page)
    assert found
    answer = house.browser("colleague").get(f"/bookings?after={found[1]}")
    assert names(answer.text) == []


def test_empty_lists_say_what_to_do(desk: FlaskClient) -> None:
    assert "Show all dates" in desk.get("/bookings").text
    assert "appear here by themselves" in desk.get("/bookings?when=all").text
    made(customer_name="Past Pat", activity_date=TODAY - DAY)
    assert "none for today" in desk.get("/bookings?when=today").text


@pytest.mark.parametrize("query", ["", "?q=demo", "?status=pending&when=all&website=ours"])
def test_the_list_takes_few_queries_however_long_it_is(
    house: House, desk: FlaskClient, query: str
) -> None:
    counts = []
    for rows in (5, 195):
        for _ in range(rows):
            made(status="pending")
        with counted_queries(house.app) as statements:
            assert desk.get(f"/bookings{query}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12
