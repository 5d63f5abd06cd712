"""Today: who comes when, who is here, who is late, whom we fetch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient

from app.bookings import actions
from app.bookings.status import Status
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.websites.models import Website
from tests.bookings.made import MIA, NOON, TODAY, edited, made
from tests.desk import House, browser_of
from tests.factories import WebsiteFactory, person
from tests.harness.counting import counted_queries
from tests.venues.made import a_venue, an_activity

DAY = timedelta(days=1)


def words(page: str) -> str:
    """The text of what is inside `main`."""
    page = page[page.index("<main") : page.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def tiles(page: str) -> dict[str, tuple[str, str]]:
    """Value and address of each tile."""
    found = re.findall(
        r'class="tile[^"]*" href="([^"]+)".*?tile-label">([\w -]+).*?tile-value">(\d+)<', page, re.S
    )
    return {label: (value, unescape(href)) for href, label, value in found}


def groups(page: str) -> list[str]:
    """The times, in their order."""
    return [unescape(time) for time in re.findall(r'group-time">([^<]+)<', page)]


def guests(page: str) -> list[str]:
    """Who is listed, in order."""
    found = re.findall(r"data-row-link data-drawer>([^<]+)<", page)
    return [unescape(name) for name in found]


def buttons(page: str, name: str) -> list[str]:
    """What can be pressed in the row of a guest."""
    row = next(r for r in re.findall(r"<tr data-row.*?</tr>", page, re.S) if name in r)
    return re.findall(r"</svg>([\w -]+)</button>", row)


@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 200), ("colleague", 200), ("outsider", 200), ("nobody", 303)]
)
def test_who_sees_today(house: House, noon: object, who: str, answer: int) -> None:
    made(customer_name="Our Guest")
    reply = house.browser(who).get("/today")
    assert reply.status_code == answer
    assert ("Our Guest" in reply.text) == (who in ("manager", "colleague"))
    if who == "outsider":
        assert house.browser(who).get("/today?website=ours").status_code == 404


def test_today_is_where_one_starts(house: House, desk: FlaskClient) -> None:
    assert desk.get("/").location == "/today"
    assert browser_of(house.app, person()).get("/").location == "/profile"
    assert browser_of(house.app, person()).get("/today").status_code == 403
    assert house.browser("nobody").get("/").location.startswith("/login")


def test_arrivals_stand_under_their_time(desk: FlaskClient) -> None:
    made(customer_name="Zoe", time_slot="9:30 AM")
    made(customer_name="Adam", time_slot="09:30", guest_count=3, status="checked_in")
    made(customer_name="Ben", time_slot="14:00")
    made(customer_name="Mo", time_slot="Morning")
    made(customer_name="Gone", time_slot="14:00", status="cancelled")
    made(customer_name="Tomorrow", activity_date=TODAY + DAY)
    page = desk.get("/today").text
    assert groups(page) == ["Morning", "09:30", "14:00"]
    assert guests(page) == ["Mo", "Adam", "Zoe", "Ben"]
    assert "09:30 1 of 2 in 5 guests" in words(page)
    assert "Friday 20 November 2026" in words(page)


def test_tiles_count_and_lead_to_their_list(desk: FlaskClient) -> None:
    made(time_slot="11:00", customer_name="Late Lou")
    made(time_slot="11:50", status="checked_in", guest_count=4, transport_type="hotel_pickup")
    made(time_slot="15:00", transport_type="private")
    made(time_slot="15:00", transport_type="self_arrange", status="completed")
    made(time_slot="09:00", status="no_show")
    made(time_slot="09:00", status="cancelled", transport_type="hotel_pickup")
    page = desk.get("/today").text
    found = tiles(page)
    assert {label: value for label, (value, _) in found.items()} == {
        "Arrivals": "5", "Guests": "12", "Checked in": "1", "Late": "1",
        "No-shows": "1", "Cancelled": "1", "Pick-ups": "2",
    }  # fmt: skip
    assert "2 to come" in words(page)
    assert "6 here" in words(page)
    for label, (value, href) in found.items():
        shown = re.findall("data-row-link", desk.get(href).text)
        if label != "Guests":
            assert len(shown) == int(value), label


@pytest.mark.parametrize(
    ("slot", "late"), [("11:44", True), ("11:45", False), ("12:00", False), ("Morning", False)]
)
def test_late_is_more_than_a_quarter_of_an_hour(desk: FlaskClient, slot: str, late: bool) -> None:
    made(time_slot=slot, customer_name="Lou")
    made(time_slot=slot, customer_name="Pending Pia", status="pending")
    page = desk.get("/today").text
    assert page.count("row-danger") == int(late)
    assert tiles(page)["Late"][0] == str(int(late))


def test_on_days_gone_by_nobody_is_late_any_more(desk: FlaskClient) -> None:
    made(activity_date=TODAY - DAY, customer_name="Forgotten")
    page = desk.get("/today?date=2026-11-19").text
    assert tiles(page)["Unresolved"][0] == "1"
    assert page.count("row-danger") == 1
    assert "row-danger" not in desk.get("/bookings?when=past").text


def test_what_can_be_done_with_one_tap(desk: FlaskClient) -> None:
    made(customer_name="Came", time_slot="11:00")
    made(customer_name="Comes", time_slot="15:00")
    made(customer_name="Here", time_slot="11:00", status="checked_in")
    made(customer_name="Missed", time_slot="09:00", status="no_show")
    made(customer_name="Unsure", time_slot="16:00", status="pending")
    page = desk.get("/today").text
    assert buttons(page, "Came") == ["No-show", "Check in"]
    assert buttons(page, "Comes") == ["Check in"]
    assert buttons(page, "Here") == ["Undo"]
    assert buttons(page, "Missed") == ["Undo", "Check in"]
    assert buttons(page, "Unsure") == ["Confirm"]


def test_on_days_to_come_nobody_is_checked_in_by_a_slip(desk: FlaskClient) -> None:
    made(customer_name="Comes", activity_date=TODAY + DAY)
    made(customer_name="Was due", activity_date=TODAY - DAY)
    assert buttons(desk.get("/today?date=2026-11-21").text, "Comes") == []
    assert buttons(desk.get("/today?date=2026-11-19").text, "Was due") == ["No-show", "Check in"]


def test_requests_and_notes_are_read_without_a_click(desk: FlaskClient) -> None:
    made(special_requests="Wheelchair <please>", admin_notes="Call first\nthen wait")
    text = words(desk.get("/today").text)
    assert "Wheelchair <please>" in text
    assert "Call first then wait" in text


def test_pick_ups_by_time_and_hotel(desk: FlaskClient) -> None:
    pickup = {"transport_type": "hotel_pickup"}
    made(customer_name="C", time_slot="10:00", hotel_name="zeta", **pickup)
    made(customer_name="B", time_slot="10:00", hotel_name="Alpha", non_players=2, **pickup)
    made(customer_name="A", time_slot="9:00", hotel_name="Zulu", room_number="7", **pickup)
    made(customer_name="D", time_slot="10:00", hotel_name="Alpha", status="no_show", **pickup)
    made(customer_name="E", time_slot="08:00", transport_type="self_arrange")
    page = desk.get("/today?show=pickups").text
    assert guests(page) == ["A", "B", "C"]
    assert "09:00 2 people" in words(page)
    assert "10:00 6 people" in words(page)
    assert re.findall(r'data-label="People">(\d+)', page) == ["2", "4", "2"]


def test_who_is_still_to_come(desk: FlaskClient) -> None:
    made(customer_name="Here", status="checked_in")
    made(customer_name="Missed", status="no_show")
    assert "Everybody is here" in words(desk.get("/today?show=expected").text)
    made(customer_name="Comes")
    made(customer_name="Unsure", status="pending")
    assert guests(desk.get("/today?show=expected").text) == ["Comes", "Unsure"]


def test_days_follow_each_other(desk: FlaskClient) -> None:
    page = desk.get("/today?website=ours").text
    assert 'href="/today?website=ours&amp;date=2026-11-19"' in page
    assert 'href="/today?website=ours&amp;date=2026-11-21"' in page
    tomorrow = desk.get("/today?website=ours&date=2026-11-21").text
    assert "Saturday 21 November 2026 Tomorrow" in words(tomorrow)
    assert 'href="/today?website=ours"' in tomorrow
    assert "Thursday 24 December" in words(desk.get("/today?date=2026-12-24").text)


@pytest.mark.parametrize("date", ["x", "2026-13-01", "1850-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_refused(desk: FlaskClient, date: str) -> None:
    assert desk.get(f"/today?date={date}").status_code == 400


def test_an_empty_day_says_so(desk: FlaskClient) -> None:
    assert "Nobody is expected" in words(desk.get("/today").text)
    made(status="cancelled")
    assert "All bookings of this day are cancelled." in words(desk.get("/today").text)
    made()
    missing = words(desk.get("/today?q=nobody").text)
    assert "Nobody of this day matches" in missing
    assert "Search everywhere" in missing
    assert "Nobody to fetch" in words(desk.get("/today?show=pickups").text)


def test_a_guest_is_found_by_typing(desk: FlaskClient) -> None:
    made(customer_name="Marie Dubois")
    made(
        customer_name="Tom O'Reilly", customer_email="tom@example.com", customer_phone="0899999999"
    )
    headers = {"HX-Request": "true", "HX-Target": "today"}
    answer = desk.get("/today?q=mar", headers=headers)
    assert guests(answer.text) == ["Marie Dubois"]
    assert answer.text.lstrip().startswith('<div id="today"')


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("Asia/Bangkok", "2026-11-20T16:59:00+00:00", "20 November"),
        ("Asia/Bangkok", "2026-11-20T17:00:00+00:00", "21 November"),
        ("America/Los_Angeles", "2026-11-20T07:59:00+00:00", "19 November"),
    ],
)
def test_today_is_today_at_the_website(
    house: House, noon: time_machine.Traveller, zone: str, instant: str, day: str
) -> None:
    db.session.get_one(Website, "ours").timezone = zone
    noon.move_to(instant)
    assert day in words(house.browser("colleague").get("/today").text)


def test_several_zones_are_ordered_by_instant_and_named(house: House, noon: object) -> None:
    db.session.get_one(Website, "theirs").timezone = "Asia/Kathmandu"
    WebsiteFactory(id="third", name="Third park")
    made(customer_name="Bangkok nine", time_slot="09:00")
    made(customer_name="Kathmandu eight", time_slot="08:00", website_id="theirs")
    page = browser_of(house.app, person("superadmin")).get("/today").text
    assert groups(page) == ["09:00 Bangkok", "08:00 Kathmandu"]
    assert tiles(page)["Arrivals"][0] == "2"


def test_a_venue_may_have_a_clock_of_its_own(house: House, noon: object) -> None:
    camp = a_venue("ours", "Base camp")
    camp.timezone = "Asia/Kathmandu"
    an_activity(camp, name="Short trek")
    trek = made(package_name="Short trek", time_slot="14:00", customer_name="Trekker")
    made(customer_name="Islander", time_slot="15:00")
    assert trek.starts_at == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
    desk = house.browser("colleague")
    assert groups(desk.get("/today").text) == ["15:00 Bangkok", "14:00 Kathmandu"]
    assert "14:00 Kathmandu time" in words(desk.get(f"/bookings/{trek.id}").text)


@pytest.mark.parametrize("query", ["", "?show=pickups", "?q=demo"])
def test_today_takes_few_queries_however_busy_it_is(
    house: House, desk: FlaskClient, query: str
) -> None:
    counts = []
    for rows in (5, 195):
        for _ in range(rows):
            made(transport_type="hotel_pickup", hotel_name="Hilton")
        with counted_queries(house.app) as statements:
            assert desk.get(f"/today{query}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


def poll_of(page: str) -> str:
    found = re.search(r'data-poll="([^"]+)"', page)
    assert found
    return unescape(found[1])


@pytest.mark.committed
def test_a_poll_answers_when_something_changed(desk: FlaskClient) -> None:
    booking = made()
    page = desk.get("/today").text
    assert desk.get(poll_of(page)).status_code == 204
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CHECKED_IN)
    answer = desk.get(poll_of(page), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "1 of 1 in" in words(f"<main>{answer.text}</main>")
    assert desk.get(poll_of(answer.text)).status_code == 204
    edited(made(website_id="theirs"), guest_count=5)
    assert desk.get(poll_of(answer.text)).status_code == 204


@pytest.mark.committed
def test_a_poll_answers_when_somebody_becomes_late(
    desk: FlaskClient, noon: time_machine.Traveller
) -> None:
    made(time_slot="12:00")
    poll = poll_of(desk.get("/today").text)
    noon.move_to(NOON + timedelta(minutes=15))
    assert desk.get(poll).status_code == 204
    noon.move_to(NOON + timedelta(minutes=15, seconds=1))
    answer = desk.get(poll)
    assert answer.status_code == 200
    assert "row-danger" in answer.text
    assert desk.get(poll_of(answer.text)).status_code == 204


def test_after_midnight_the_open_page_starts_anew(
    desk: FlaskClient, noon: time_machine.Traveller
) -> None:
    noon.move_to(NOON + timedelta(hours=11))
    poll = poll_of(desk.get("/today").text)
    noon.move_to(NOON + timedelta(hours=13))
    answer = desk.get(poll)
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_a_cursor_that_is_not_ours_is_refused(desk: FlaskClient) -> None:
    assert desk.get("/today?after=x&seen=2026-11-20").status_code == 400
