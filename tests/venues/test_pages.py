"""The pages of the venues, for a manager, a colleague and an outsider."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.venues import queries
from app.venues.models import (
    Activity,
    Departure,
    DiveSite,
    OpeningHours,
    SlotClosure,
    SlotUsage,
    SpecialHours,
    Venue,
)
from tests.desk import House, browser_of
from tests.factories import BookingFactory, holder
from tests.harness.counting import counted_queries
from tests.venues.made import (
    SNORKEL,
    TREK,
    VENUE,
    a_venue,
    an_activity,
    one_of_each,
    told,
    typed_week,
)

READ = (
    *("", "/hours", "/activities", "/activities/{activity_id}", "/departures", "/preview"),
    *(
        "/departures/{departure_id}",
        "/dive-sites",
        "/dive-sites/{site_id}",
        "/preview?day=2026-12-01",
    ),
)
WRITE = (
    *("/edit", "/switch", "/hours", "/special", "/special/{special_id}/delete", "/activities/new"),
    *("/activities/{activity_id}", "/activities/{activity_id}/switch", "/departures"),
    *("/departures/series", "/departures/copy", "/departures/{departure_id}", "/closures"),
    *("/departures/{departure_id}/close", "/departures/{departure_id}/delete"),
    *("/closures/{closure_id}/open", "/dive-sites", "/dive-sites/{site_id}"),
)


@pytest.fixture
def things(venue: Venue) -> dict[str, UUID]:
    """One of everything at the venue."""
    return one_of_each(venue)


def at(venue: Venue, path: str = "", ids: Mapping[str, UUID] | None = None) -> str:
    return f"/venues/{venue.id}{path.format_map(ids or {})}"


def told_of(venue: Venue) -> int:
    """How many events tell of the venue."""
    return len(db.session.scalars(select(Event.id).where(Event.subject_id == str(venue.id))).all())


@pytest.mark.parametrize(
    ("who", "answer"), [("manager", 200), ("colleague", 200), ("outsider", 404), ("nobody", 303)]
)
@pytest.mark.parametrize("path", READ)
def test_who_sees_it(
    house: House, venue: Venue, things: dict[str, UUID], path: str, who: str, answer: int
) -> None:
    assert house.browser(who).get(at(venue, path, things)).status_code == answer


@pytest.mark.parametrize(
    ("who", "answer"), [("colleague", 403), ("outsider", 404), ("nobody", 303)]
)
@pytest.mark.parametrize("path", WRITE)
def test_who_may_not_change_it(
    house: House, venue: Venue, things: dict[str, UUID], path: str, who: str, answer: int
) -> None:
    before = told_of(venue)
    got = house.browser(who).post(at(venue, path, things), data={"name": "X", "on": "0"})
    assert got.status_code == answer
    assert told_of(venue) == before


@pytest.mark.parametrize("path", [path for path in (*READ, *WRITE) if "{" in path])
def test_things_of_another_venue_are_not_there(
    house: House, venue: Venue, things: dict[str, UUID], path: str
) -> None:
    """Not even for somebody who manages both."""
    other = a_venue("ours", "Other pier")
    method = "GET" if path in READ else "POST"
    got = house.browser("manager").open(at(other, path, things), method=method)
    assert got.status_code == 404


def test_who_sees_but_does_not_manage_is_told_so(house: House, venue: Venue) -> None:
    """Managing another website's venues does not help."""
    user = holder("ours", "venues:view")
    theirs = a_venue("theirs", "Their pier")
    person = browser_of(house.app, user)
    assert person.get(at(venue)).status_code == 200
    assert person.post(at(venue, "/switch"), data={"on": "0"}).status_code == 403
    assert person.get(at(theirs)).status_code == 404
    page = person.get(at(venue, "/hours")).text
    assert "Save the week" not in page


def test_the_list_shows_only_one_s_own(house: House, venue: Venue, manager: FlaskClient) -> None:
    a_venue("theirs", "Their pier")
    page = manager.get("/venues").text
    assert ("Our pier" in page, "Their pier" in page) == (True, False)
    assert "09:00–17:00" in page
    assert "Add a venue" not in house.browser("colleague").get("/venues").text
    assert "Their pier" not in manager.get("/venues?website=theirs").text


def test_an_empty_list_says_what_to_do(house: House, manager: FlaskClient) -> None:
    assert "Add the first one" in manager.get("/venues").text
    assert "A manager can." in house.browser("colleague").get("/venues").text


def test_the_list_does_not_ask_more_for_more_venues(
    house: House, manager: FlaskClient, venue: Venue
) -> None:
    manager.get("/venues")
    with counted_queries(house.app) as one:
        manager.get("/venues")
    for number in range(5):
        an_activity(a_venue("ours", f"Pier {number}"))
    with counted_queries(house.app) as many:
        manager.get("/venues")
    assert len(many) == len(one) <= 12


def test_adding_a_venue(house: House, manager: FlaskClient) -> None:
    assert "Our park" in manager.get("/venues/new").text
    wrong = manager.post("/venues/new", data={**VENUE, "website_id": "ours", "timezone": "Mars"})
    assert wrong.status_code == 422
    assert "Time zone: this is not a time zone such as Asia/Bangkok." in wrong.text
    theirs = manager.post("/venues/new", data={**VENUE, "website_id": "theirs"})
    assert theirs.status_code == 404
    answer = manager.post("/venues/new", data={**VENUE, "website_id": "ours", "address": "Pier 1"})
    venue = db.session.scalars(select(Venue)).one()
    assert answer.location == at(venue, "/hours")
    assert (venue.address, venue.hold_minutes, venue.cancellation_hours) == ("Pier 1", 15, 24)
    assert told("venue.added")[0].website_id == "ours"
    again = manager.post("/venues/new", data={**VENUE, "website_id": "ours"})
    assert again.status_code == 422
    assert "Another venue of this website has this name." in again.text


def test_editing_and_switching(venue: Venue, manager: FlaskClient) -> None:
    form = {**VENUE, "name": "New pier", "hold_minutes": "30", "cancellation_hours": "0"}
    form |= {"late_refund_percent": "50", "quiet_from": "22:30", "quiet_until": "08:00"}
    assert manager.post(at(venue, "/edit"), data={**form, "name": ""}).status_code == 422
    assert manager.post(at(venue, "/edit"), data=form).status_code == 303
    assert told("venue.updated")[0].changes == {
        "name": ["Our pier", "New pier"],
        "hold_minutes": [15, 30],
        "cancellation_hours": [24, 0],
        "late_refund_percent": [0, 50],
        "quiet_from": ["21:00", "22:30"],
    }
    assert manager.post(at(venue, "/edit"), data={**form, "quiet_until": ""}).status_code == 422
    assert "22:30 to 08:00" in manager.get(at(venue)).text
    never = {**form, "quiet_from": "", "quiet_until": ""}
    assert manager.post(at(venue, "/edit"), data=never).status_code == 303
    assert "Never" in manager.get(at(venue)).text
    manager.post(at(venue, "/switch"), data={"on": "0"})
    db.session.refresh(venue)
    assert not venue.is_active
    assert "switched the venue off" in manager.get(at(venue)).text


def stretches(venue: Venue) -> list[tuple[int, str]]:
    rows = queries.week(db.session(), venue.id)
    return [(row.weekday, f"{row.opens:%H:%M}-{row.closes:%H:%M}") for row in rows]


def test_the_week_is_saved_as_one_form(venue: Venue, manager: FlaskClient) -> None:
    form = typed_week(**{"d0-closed": "1", "d5-1-opens": "18:00", "d5-1-closes": "02:00"})
    assert manager.post(at(venue, "/hours"), data=form).status_code == 303
    found = stretches(venue)
    assert (0, "09:00-17:00") not in found
    assert found.count((5, "18:00-02:00")) == 1
    assert len(found) == 7
    assert "ends on the next day" in manager.get(at(venue, "/hours")).text


def test_a_wrong_week_keeps_what_was_typed(venue: Venue, manager: FlaskClient) -> None:
    answer = manager.post(at(venue, "/hours"), data=typed_week(**{"d3-0-closes": ""}))
    assert answer.status_code == 422
    assert "Thursday, closes: is required." in answer.text
    assert len(stretches(venue)) == 7


def test_a_stretch_and_monday_s_hours_are_added_to_the_form_only(
    venue: Venue, manager: FlaskClient
) -> None:
    more = manager.post(at(venue, "/hours"), data={**typed_week(), "add": "2"}).text
    assert ('name="d2-1-opens"' in more, 'name="d3-1-opens"' in more) == (True, False)
    monday = typed_week(**{"d0-0-opens": "07:45", "copy": "1"})
    copied = manager.post(at(venue, "/hours"), data=monday).text
    assert copied.count('value="07:45"') == 7
    assert "Save to keep them." in copied
    assert set(stretches(venue)) == {(n, "09:00-17:00") for n in range(7)}
    part = manager.post(
        at(venue, "/hours"),
        data={**typed_week(), "add": "2"},
        headers={"HX-Request": "true", "HX-Target": "week"},
    ).text
    assert part.lstrip().startswith("<form")


def test_special_days(venue: Venue, manager: FlaskClient) -> None:
    form = {"day": "2026-12-25", "is_closed": "1", "note": "Christmas"}
    assert manager.post(at(venue, "/special"), data={**form, "day": ""}).status_code == 422
    manager.post(at(venue, "/special"), data=form)
    (special,) = db.session.scalars(select(SpecialHours)).all()
    assert "Christmas" in manager.get(at(venue, "/hours")).text
    assert "Christmas" in manager.get(at(venue)).text
    manager.post(at(venue, f"/special/{special.id}/delete"))
    assert db.session.scalars(select(SpecialHours)).all() == []


def test_an_activity_from_the_form_and_back(venue: Venue, manager: FlaskClient) -> None:
    form = {
        **SNORKEL,
        "price-0-label": "Adult",
        "price-0-category": "adult",
        "price-0-price": "1900",
        "price-1-label": "",
        "price-1-category": "child",
        "price-1-price": "",
        "discount-0-guests": "6",
        "discount-0-percent": "10",
        "source_names": "Snorkelling",
    }
    wrong = manager.post(at(venue, "/activities/new"), data={**form, "price-0-price": "x"})
    assert wrong.status_code == 422
    assert 'href="#price-0-price"' in wrong.text
    assert manager.post(at(venue, "/activities/new"), data=form).status_code == 303
    activity = db.session.scalars(select(Activity)).one()
    assert activity.is_active
    assert activity.group_discounts == [{"guests": 6, "percent": "10"}]
    (price,) = queries.prices(db.session(), activity.id)
    page = manager.get(at(venue, f"/activities/{activity.id}")).text
    assert f'value="{price.id}"' in page
    assert "Snorkelling</textarea>" in page
    form = {**form, "price-0-id": str(price.id), "name": "Snorkel trip two"}
    manager.post(at(venue, f"/activities/{activity.id}"), data=form)
    assert told("activity.updated")[0].changes == {"name": ["Snorkel trip", "Snorkel trip two"]}
    assert queries.prices(db.session(), activity.id)[0].id == price.id


def test_times_that_nobody_can_book_are_told(venue: Venue, manager: FlaskClient) -> None:
    manager.post(at(venue, "/hours"), data=typed_week())
    path = at(venue, "/activities/new")
    told = manager.post(path, data={**SNORKEL, "times": "09:00, 03:30"}, follow_redirects=True)
    assert "Nobody can book 03:30" in told.text
    quiet = manager.post(path, data={**SNORKEL, "times": "09:00"}, follow_redirects=True)
    assert "Nobody can book" not in quiet.text


def test_more_lines_change_nothing_yet(venue: Venue, manager: FlaskClient) -> None:
    activity = an_activity(venue)
    path = at(venue, f"/activities/{activity.id}")
    page = manager.post(path, data={**SNORKEL, "name": "Typed", "more": "prices"})
    assert page.status_code == 200
    assert 'value="Typed"' in page.text
    assert 'name="price-3-label"' in page.text
    assert told("activity.updated") == []


def test_an_activity_is_switched_off_and_stays_off_when_edited(
    venue: Venue, manager: FlaskClient
) -> None:
    activity = an_activity(venue)
    path = at(venue, f"/activities/{activity.id}")
    manager.post(f"{path}/switch", data={"on": "0"})
    manager.post(path, data={**SNORKEL, "price": "5"})
    db.session.refresh(activity)
    assert (activity.is_active, int(activity.price)) == (False, 5)
    assert f'id="a-{activity.id}"' not in manager.get(at(venue, "/preview")).text


def test_dive_sites_are_there_for_who_dives(venue: Venue, manager: FlaskClient) -> None:
    assert "Dive sites" not in manager.get(at(venue)).text
    an_activity(venue, kind="dive")
    assert "Dive sites" in manager.get(at(venue)).text
    path = at(venue, "/dive-sites")
    assert manager.post(path, data={"name": "", "max_depth": "deep"}).status_code == 422
    manager.post(path, data={"name": "Shark Point", "max_depth": "24", "level": "Advanced"})
    site = db.session.scalars(select(DiveSite)).one()
    assert "24 m" in manager.get(path).text
    manager.post(f"{path}/{site.id}", data={"name": "Shark Point"})
    db.session.refresh(site)
    assert (site.is_active, site.max_depth) == (False, None)


@pytest.fixture
def trek(venue: Venue) -> Activity:
    return an_activity(venue, **TREK)


def test_departures_on_their_calendar(venue: Venue, trek: Activity, manager: FlaskClient) -> None:
    path = at(venue, "/departures")
    one = {"activity_id": str(trek.id), "day": "2026-12-17", "time": "06:30", "capacity": "4"}
    assert manager.post(path, data={**one, "time": ""}).status_code == 422
    assert manager.post(path, data=one).location.endswith("month=2026-12")
    departure = db.session.scalars(select(Departure)).one()
    usage = SlotUsage(activity_id=trek.id, day=departure.day, slot=str(departure.id), used=4)
    db.session.add(usage)
    db.session.flush()
    page = manager.get(f"{path}?month=2026-12").text
    assert "Summit trek" in page
    assert "Full" in page
    assert 'class="sailing' not in manager.get(f"{path}?month=2026-11").text
    for odd in ("month=nonsense", "month=9999-12", "day=x"):
        assert manager.get(f"{path}?{odd}").status_code == 200


def test_a_series_and_a_copied_week(venue: Venue, trek: Activity, manager: FlaskClient) -> None:
    path = at(venue, "/departures")
    form = {
        "activity_id": str(trek.id),
        "weekdays": ["1", "3"],
        "first": "2026-11-23",
        "last": "2026-11-29",
        "times": "06:30",
    }
    assert manager.post(f"{path}/series", data={**form, "weekdays": []}).status_code == 422
    manager.post(f"{path}/series", data=form)
    manager.post(f"{path}/copy", data={"week": "2026-11-30"})
    days = sorted(str(each) for each in db.session.scalars(select(Departure.day)))
    assert days == ["2026-11-24", "2026-11-26", "2026-12-01", "2026-12-03"]
    assert manager.get(f"{path}?month=2026-11").text.count("2 departures are added.") == 2


def test_a_booked_departure_is_closed_and_not_deleted(
    venue: Venue, trek: Activity, manager: FlaskClient
) -> None:
    departure = Departure(activity_id=trek.id, day=date(2026, 12, 3), time=time(6, 30))
    db.session.add(departure)
    db.session.flush()
    BookingFactory(website_id="ours", departure_id=departure.id)
    path = at(venue, f"/departures/{departure.id}")
    manager.post(f"{path}/delete")
    assert "cannot be deleted. Close it." in manager.get(path).text
    manager.post(f"{path}/close", data={"closed": "1"})
    assert manager.post(path, data={"capacity": "x"}).status_code == 422
    manager.post(path, data={"capacity": "3", "note": "Full moon"})
    db.session.refresh(departure)
    assert (departure.is_closed, departure.capacity) == (True, 3)
    closed = manager.get(at(venue, "/preview?day=2026-12-03")).text
    assert "Closed" in closed
    assert "Full moon" in closed


def test_the_preview_closes_and_opens(venue: Venue, manager: FlaskClient) -> None:
    activity = an_activity(venue)
    preview = at(venue, "/preview?day=2026-12-01")
    page = manager.get(preview).text
    assert page.count('class="pill tone-green"') == 2
    form = {"day": "2026-12-01", "activity_id": str(activity.id), "slot": "10:00"}
    manager.post(at(venue, "/closures"), data={**form, "reason": "Storm"})
    page = manager.get(preview).text
    assert page.count('class="pill tone-green"') == 1
    assert "Storm" in page
    closure = db.session.scalars(select(SlotClosure)).one()
    manager.post(at(venue, f"/closures/{closure.id}/open"))
    assert manager.get(preview).text.count('class="pill tone-green"') == 2
    bad = manager.post(at(venue, "/closures"), data={**form, "slot": "11:00"})
    assert bad.status_code == 303
    assert "There is no such slot" in manager.get(preview).text


def test_the_preview_says_why_not(venue: Venue, manager: FlaskClient) -> None:
    an_activity(venue)
    an_activity(venue, **TREK)
    db.session.query(OpeningHours).delete()
    page = manager.get(at(venue, "/preview")).text
    assert "The venue is closed at these times on this day." in page
    assert "No departure on this day." in page


def test_the_preview_asks_little(house: House, venue: Venue, manager: FlaskClient) -> None:
    for number in range(12):
        an_activity(venue, name=f"Trip {number}")
    manager.get(at(venue, "/preview"))
    with counted_queries(house.app) as asked:
        manager.get(at(venue, "/preview"))
    assert len(asked) <= 12
