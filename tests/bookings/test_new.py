"""The desk's own bookings: what is offered, what is booked, by whom, and beyond what there is."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.bookings.models import Booking
from app.customers.models import Customer
from app.events.models import Event
from app.extensions import db
from app.staff.permissions import Permission
from app.staff.scope import EVERYTHING
from app.venues import closing
from app.venues.models import Activity, ActivityPrice, SlotUsage, Venue
from tests.bookings.made import MIA, NOON, TODAY, made
from tests.desk import House, browser_of
from tests.factories import holder
from tests.venues.made import OPEN, a_venue, an_activity

CREATE, VIEW = str(Permission.BOOKINGS_CREATE), str(Permission.BOOKINGS_VIEW)
OVERBOOK = str(Permission.BOOKINGS_OVERBOOK)
VISIT = {"HX-Request": "true", "HX-Target": "visit"}


@pytest.fixture
def venue(house: House) -> Venue:
    return a_venue("ours", "Our pier")


@pytest.fixture
def trip(venue: Venue) -> Activity:
    """Four places at 10:00 and at 14:00."""
    return an_activity(venue, capacity="4")


def form(trip: Activity, **typed: str) -> dict[str, str]:
    """What a browser sends for a walk-in at 14:00 today."""
    chosen = {"venue": str(trip.venue_id), "activity": str(trip.id), "day": str(TODAY)}
    usual = {"guests": "2", "slot": "14:00", "source": "walk_in", "customer_name": "Wanda Walkin"}
    return {**chosen, **usual, **typed}


def book(browser: FlaskClient, trip: Activity, **typed: str) -> TestResponse:
    return browser.post("/bookings/new", data=form(trip, **typed))


def bookings() -> list[Booking]:
    return list(db.session.scalars(select(Booking).order_by(Booking.created_at, Booking.id)))


def only() -> Booking:
    return db.session.scalars(select(Booking)).one()


def used(trip: Activity) -> dict[str, int]:
    rows = db.session.scalars(select(SlotUsage).where(SlotUsage.activity_id == trip.id))
    return {row.slot: row.used for row in rows if row.used}


def test_a_walk_in_needs_no_more_than_a_name(desk: FlaskClient, trip: Activity) -> None:
    answer = book(desk, trip)
    booking = only()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/bookings/{booking.id}")
    assert (booking.source, booking.status, booking.guest_count) == ("walk_in", "confirmed", 2)
    assert (booking.activity_date, booking.time_slot) == (TODAY, "14:00")
    assert (booking.venue, booking.package_name) == ("Our pier", "Snorkel trip")
    assert booking.total_amount == 3800
    assert used(trip) == {"14:00": 2}
    page = desk.get(answer.headers["Location"]).text
    assert "Booked: Wanda Walkin, Fri 20 Nov 2026, 14:00." in page
    assert "mailto:" not in page
    event = db.session.scalars(select(Event).where(Event.name == "booking.created")).one()
    assert (event.actor_label, event.door) == ("Cole Colleague", "staff")


def test_who_calls_leaves_a_number(desk: FlaskClient, trip: Activity) -> None:
    answer = book(desk, trip, source="phone")
    assert answer.status_code == 422
    assert "Ask for a phone number or an e-mail address." in answer.text
    assert book(desk, trip, source="phone", customer_phone="081 234 5678").status_code == 303
    assert only().customer_phone == "081 234 5678"


def test_nothing_typed_is_lost(desk: FlaskClient, trip: Activity) -> None:
    typed = {"customer_name": "", "customer_email": "no address", "admin_notes": "Tall <boy>"}
    answer = book(desk, trip, guests="3", special_requests="Window", **typed)
    assert (answer.status_code, bookings()) == (422, [])
    for kept in ('value="no address"', "Tall &lt;boy&gt;", "Window", 'value="3"', "data-dirty"):
        assert kept in answer.text
    assert "Name is needed." in answer.text
    assert chosen_slot(answer) == "14:00"


def chosen_slot(answer: TestResponse) -> str:
    """The key of the time that is marked."""
    found = re.search(r'name="slot" value="([^"]+)" checked', answer.text)
    return found[1] if found else ""


def test_it_opens_with_what_is_usual(desk: FlaskClient, trip: Activity) -> None:
    page = desk.get("/bookings/new")
    assert chosen_slot(page) == "14:00"  # the next one: it is noon
    assert 'name="guests" value="2"' in page.text
    assert f'value="{TODAY}"' in page.text
    assert "4 left, began" in page.text
    assert "3,800" in page.text


def test_the_last_venue_comes_first_the_next_time(desk: FlaskClient, trip: Activity) -> None:
    other = a_venue("ours", "Zebra quay")
    there = an_activity(other, name="Night dive")
    assert f'value="{trip.venue_id}" selected' in desk.get("/bookings/new").text
    book(desk, there)
    assert f'value="{other.id}" selected' in desk.get("/bookings/new").text


def test_another_choice_brings_its_times(desk: FlaskClient, trip: Activity) -> None:
    made(package_name="Snorkel trip", time_slot="14:00", guest_count=3)
    chosen = {"venue": str(trip.venue_id), "activity": str(trip.id), "slot": "14:00"}
    told = desk.get("/bookings/new", query_string={**chosen, "guests": "1"}, headers=VISIT)
    assert told.text.lstrip().startswith("<section")
    assert chosen_slot(told) == "14:00"
    told = desk.get("/bookings/new", query_string={**chosen, "guests": "2"}, headers=VISIT)
    assert "Only 1 left" in told.text
    assert chosen_slot(told) == ""
    tomorrow = {**chosen, "guests": "2", "day": str(TODAY), "go": "2026-11-21"}
    told = desk.get("/bookings/new", query_string=tomorrow, headers=VISIT)
    assert chosen_slot(told) == "14:00"
    assert "Sat 21 Nov 2026" in told.text


def test_a_slot_that_filled_meanwhile_is_said(desk: FlaskClient, trip: Activity) -> None:
    made(package_name="Snorkel trip", time_slot="14:00", guest_count=3)
    answer = book(desk, trip)
    assert answer.status_code == 422
    assert "There is not enough room left at that time." in answer.text
    assert "Only 1 left" in answer.text
    assert 'value="Wanda Walkin"' in answer.text
    assert chosen_slot(answer) == ""
    assert len(bookings()) == 1
    assert book(desk, trip, guests="1").status_code == 303


def test_the_desk_takes_somebody_after_the_time(desk: FlaskClient, trip: Activity) -> None:
    assert book(desk, trip, slot="10:00").status_code == 303


def test_a_closed_time_says_why(desk: FlaskClient, trip: Activity) -> None:
    shut = {"day": str(TODAY), "slot": "14:00", "activity_id": str(trip.id), "reason": "Waves"}
    closing.close(db.session(), MIA, EVERYTHING, trip.venue_id, shut, NOON)
    assert "Closed: Waves" in desk.get("/bookings/new").text
    answer = book(desk, trip)
    assert (answer.status_code, bookings()) == (422, [])
    assert "This time is closed: Waves." in answer.text


def test_overbooking_is_deliberate_and_marked(house: House, trip: Activity, noon: object) -> None:
    made(package_name="Snorkel trip", time_slot="14:00", guest_count=4)
    manager = house.browser("manager")
    assert 'id="overbook"' in manager.get("/bookings/new").text
    refused = book(manager, trip)
    assert (refused.status_code, chosen_slot(refused)) == (422, "14:00")
    answer = book(manager, trip, overbook="1")
    assert answer.status_code == 303
    assert used(trip) == {"14:00": 6}
    [booking] = [one for one in bookings() if one.overbooked]
    assert booking.customer_name == "Wanda Walkin"
    for page in (f"/bookings/{booking.id}", "/bookings", "/today"):
        assert "Overbooked" in manager.get(page).text
    events = db.session.scalars(select(Event).where(Event.booking_id == booking.id)).one()
    assert events.changes["overbooked"] == [None, True]


def test_nobody_overbooks_without_the_permission(desk: FlaskClient, trip: Activity) -> None:
    made(package_name="Snorkel trip", time_slot="14:00", guest_count=4)
    page = desk.get("/bookings/new").text
    assert 'id="overbook"' not in page
    assert "disabled" in page
    assert book(desk, trip, overbook="1").status_code == 403
    assert used(trip) == {"14:00": 4}


def test_price_categories_are_counted(desk: FlaskClient, trip: Activity) -> None:
    adult = ActivityPrice(activity_id=trip.id, category="adult", label="Adult", price=1900)
    child = ActivityPrice(
        activity_id=trip.id, category="child", label="Child", price=900, position=1
    )
    db.session.add_all([adult, child])
    db.session.flush()
    page = desk.get("/bookings/new").text
    assert f'name="unit-{adult.id}" value="2"' in page
    assert f'name="unit-{child.id}" value="0"' in page
    units = {f"unit-{adult.id}": "1", f"unit-{child.id}": "2"}
    assert book(desk, trip, **units).status_code == 303
    assert (only().guest_count, int(only().total_amount)) == (3, 3700)
    nobody = dict.fromkeys(units, "0")
    assert "How many guests are there?" in book(desk, trip, **nobody).text


@pytest.mark.parametrize("guests", ["0", "-1", "two", "1e3", "9999999", "٣x"])
def test_a_party_is_a_number_of_guests(desk: FlaskClient, trip: Activity, guests: str) -> None:
    answer = book(desk, trip, guests=guests)
    assert (answer.status_code, bookings()) == (422, [])
    assert "Type how many guests come." in answer.text


def test_the_usual_size_of_a_party_is_a_hint(desk: FlaskClient, venue: Venue) -> None:
    pairs = an_activity(venue, name="Tandem", min_party="2", max_party="2")
    told = desk.get("/bookings/new", query_string=form(pairs, guests="3"), headers=VISIT)
    assert "This is usually for 2 to 2 guests." in told.text
    assert book(desk, pairs, guests="3").status_code == 303


def test_amounts_are_for_who_may_see_them(house: House, trip: Activity, noon: object) -> None:
    assert "THB" not in house.browser("colleague").get("/bookings/new").text
    assert "THB" in house.browser("manager").get("/bookings/new").text


# ---------- whose it is ----------


def test_what_is_not_ours_does_not_exist(desk: FlaskClient, trip: Activity) -> None:
    foreign = an_activity(a_venue("theirs", "Their pier"), name="Secret trip")
    for typed in (
        {"activity": str(foreign.id)},
        {"activity": str(foreign.id), "venue": str(foreign.venue_id)},
        {"venue": str(foreign.venue_id)},
        {"activity": str(uuid4())},
        {"activity": "no id"},
    ):
        assert book(desk, trip, **typed).status_code == 404
        there = desk.get("/bookings/new", query_string=form(trip, **typed))
        assert there.status_code == 404
    assert "Secret trip" not in desk.get("/bookings/new").text
    assert bookings() == []


def test_what_another_venue_sells_is_asked_again(desk: FlaskClient, trip: Activity) -> None:
    other = a_venue("ours", "Zebra quay")
    an_activity(other, name="Night dive")
    answer = book(desk, trip, venue=str(other.id))
    assert (answer.status_code, bookings()) == (422, [])
    assert "This venue does not offer that" in answer.text


def test_what_is_switched_off_is_not_sold(desk: FlaskClient, trip: Activity) -> None:
    trip.is_active = False
    assert book(desk, trip).status_code == 422
    assert bookings() == []


def test_each_for_their_own_website(house: House, trip: Activity, noon: object) -> None:
    a_venue("theirs", "Their pier")
    outsider = house.browser("outsider")
    page = outsider.get("/bookings/new")
    assert (page.status_code, "Our pier" in page.text) == (200, False)
    assert book(outsider, trip).status_code == 404
    viewer = browser_of(house.app, holder("ours", VIEW))
    assert viewer.get("/bookings/new").status_code == 403
    assert book(viewer, trip).status_code == 403
    assert house.browser("nobody").get("/bookings/new").status_code == 303


def test_who_sees_no_bookings_goes_on_with_the_next(
    house: House, trip: Activity, noon: object
) -> None:
    seller = browser_of(house.app, holder("ours", CREATE))
    assert book(seller, trip).headers["Location"] == "/bookings/new"
    assert len(bookings()) == 1


def test_without_a_venue_there_is_a_word_of_what_to_do(desk: FlaskClient) -> None:
    for page in (desk.get("/bookings/new"), desk.post("/bookings/new", data={})):
        assert "There is no venue to book at" in page.text


# ---------- the guest ----------


def look_up(browser: FlaskClient, trip: Activity, phone: str) -> str:
    typed = {"customer_phone": phone, "venue": str(trip.venue_id)}
    return browser.post("/bookings/new/guest", data=typed).text


def test_a_known_guest_is_found_by_phone(desk: FlaskClient, trip: Activity) -> None:
    made(customer_name="Amelia Hart", customer_phone="0811112222", customer_email="a@example.com")
    told = look_up(desk, trip, "081 111 2222")
    assert 'data-name="Amelia Hart" data-email="a@example.com"' in told
    assert "1 booking" in told
    assert "World A+" in told
    assert "Amelia" not in look_up(desk, trip, "081 111 222")
    assert "Amelia" not in look_up(desk, trip, "")


def test_guests_of_other_websites_stay_unknown(desk: FlaskClient, trip: Activity) -> None:
    made("theirs", customer_name="Thea Theirs", customer_phone="0811112222")
    told = look_up(desk, trip, "0811112222")
    assert "Thea" not in told
    assert "known" not in told.replace('id="known"', "").replace('class="known"', "")


def test_without_customers_view_there_is_one_word(
    house: House, trip: Activity, noon: object
) -> None:
    made(customer_name="Amelia Hart", customer_phone="0811112222")
    told = look_up(browser_of(house.app, holder("ours", CREATE, VIEW)), trip, "0811112222")
    assert "A known guest." in told
    assert "Amelia" not in told
    nothing = look_up(browser_of(house.app, holder("ours", CREATE)), trip, "0811112222")
    assert "A known guest." not in nothing


def test_one_person_over_all_websites(desk: FlaskClient, trip: Activity) -> None:
    """Also whom the colleague cannot see: behind the second wall the number would be taken."""
    theirs = made("theirs", customer_name="Thea Theirs", customer_phone="0811112222")
    assert book(desk, trip, customer_phone="0811112222").status_code == 303
    [ours] = [one for one in bookings() if one.website_id == "ours"]
    assert ours.customer_id == theirs.customer_id
    assert ours.customer_name == "Wanda Walkin"
    assert len(db.session.scalars(select(Customer)).all()) == 1


# ---------- without script ----------


def test_without_script_buttons_fill_in_more(desk: FlaskClient, trip: Activity) -> None:
    made(customer_name="Amelia Hart", customer_phone="0811112222", customer_email="a@example.com")
    shown = book(desk, trip, show="1", customer_name="", admin_notes="Keep me")
    assert (shown.status_code, "Keep me" in shown.text) == (200, True)
    assert "needed" not in shown.text
    turned = book(desk, trip, go="2026-11-22", admin_notes="Keep me")
    assert "Sun 22 Nov 2026" in turned.text
    assert "Keep me" in turned.text
    looked = book(desk, trip, look="1", customer_name="", customer_phone="0811112222")
    assert 'value="Amelia Hart"' in looked.text
    assert len(bookings()) == 1


def test_a_day_without_hours_says_so(desk: FlaskClient, house: House) -> None:
    venue = a_venue("ours", "Night pier", OPEN)
    an_activity(venue, name="Moon dive", times="22:00")
    told = desk.get("/bookings/new", query_string={"day": str(date(2026, 11, 23))}, headers=VISIT)
    assert "Nothing happens on this day" in told.text
