"""Tables at the desk: booked, edited, their dishes written down, what must not be missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings import actions
from app.bookings.erasing import forget
from app.bookings.models import Booking
from app.bookings.status import Status
from app.events.models import Event
from app.extensions import db
from app.menus.models import BookingItem, MenuItem, MenuSection
from app.staff.context import now
from app.staff.scope import EVERYTHING
from app.venues.models import Activity, Venue
from tests.bookings.made import MIA, NOON
from tests.desk import House, at_the_till
from tests.venues.made import a_venue, an_activity

SUNDAY = date(2026, 11, 22)
KITCHEN = {
    "opens": "11:00",
    "closes": "22:00",
    "kitchen_opens": "12:00",
    "kitchen_closes": "16:00",
}


@pytest.fixture
def noon() -> Iterator[Any]:
    """Friday, two days before."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def venue(house: House) -> Venue:
    return a_venue("ours", "The Anchor", KITCHEN)


@pytest.fixture
def lunch(venue: Venue) -> Activity:
    """Eight at a time, ten at once, for an hour and a half; everybody chooses."""
    rule = {"slot_rule": "interval", "every_minutes": "30", "times": "", "in_kitchen_hours": "1"}
    table = {"kind": "table", "booking_type": "sunday_lunch", "seats": "10", "needs_choices": "1"}
    size = {"capacity": "8", "duration_minutes": "90", "price": "25"}
    return an_activity(venue, **{"name": "Sunday lunch", **rule, **table, **size})


@pytest.fixture
def beef(venue: Venue) -> MenuItem:
    section = MenuSection(venue_id=venue.id, name="Roasts")
    db.session.add(section)
    db.session.flush()
    item = MenuItem(section_id=section.id, name="Roast beef", price=Decimal("19.50"))
    db.session.add(item)
    db.session.flush()
    return item


def form(lunch: Activity, **typed: str) -> dict[str, str]:
    chosen = {"venue": str(lunch.venue_id), "activity": str(lunch.id), "day": str(SUNDAY)}
    usual = {"guests": "6", "slot": "12:00", "source": "walk_in", "customer_name": "Wanda Walkin"}
    return {**chosen, **usual, **typed}


def only() -> Booking:
    return db.session.scalars(select(Booking).execution_options(populate_existing=True)).one()


def booked(desk: FlaskClient, lunch: Activity, **typed: str) -> Booking:
    assert desk.post("/bookings/new", data=form(lunch, **typed)).status_code == 303
    return only()


def test_the_desk_books_a_table_with_what_it_needs(desk: FlaskClient, lunch: Activity) -> None:
    needs = {"allergies": "nuts, milk; nuts", "celebration": "A birthday", "high_chairs": "2"}
    booking = booked(desk, lunch, **needs)
    assert (booking.kind, booking.booking_type) == ("table", "sunday_lunch")
    assert booking.booking_ref.startswith("TB-")
    assert booking.allergies == ["nuts", "milk"]
    assert (booking.celebration, booking.high_chairs) == ("A birthday", 2)
    shown = desk.get(f"/bookings/{booking.id}").text
    assert "Allergies: nuts, milk" in shown
    assert "6 guests have not chosen a main dish yet" in shown
    assert "Allergies: nuts, milk" in desk.get("/bookings").text
    assert "nuts, milk" in desk.get(f"/today?date={SUNDAY}").text


def test_who_sits_there_leaves_no_room(desk: FlaskClient, lunch: Activity) -> None:
    booked(desk, lunch)
    there = desk.get("/bookings/new", query_string=form(lunch, guests="5", slot="13:00"))
    assert "Only 4 left" in there.text
    refused = desk.post("/bookings/new", data=form(lunch, guests="5", slot="13:00"))
    assert refused.status_code == 422
    fine = desk.post("/bookings/new", data=form(lunch, guests="5", slot="13:30"))
    assert fine.status_code == 303


def test_what_is_no_table_keeps_no_allergies(desk: FlaskClient, venue: Venue) -> None:
    trip = an_activity(venue, name="Boat")
    sent = form(trip, slot="14:00", allergies="nuts", guests="1")
    assert desk.post("/bookings/new", data=sent).status_code == 303
    assert only().allergies == []


def test_an_edit_of_allergies_is_told_and_sealed(desk: FlaskClient, lunch: Activity) -> None:
    booking = booked(desk, lunch, allergies="nuts")
    page = desk.get(f"/bookings/{booking.id}/edit").text
    assert 'value="nuts"' in page
    change = {"allergies": ["nuts", "eggs"], "high_chairs": 1}
    actions.edit(db.session(), MIA, EVERYTHING, booking.id, change, booking.version)
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert event.sealed_fields() == {"allergies"}
    assert event.changes["high_chairs"] == [0, 1]
    assert "nuts, eggs" in desk.get(f"/bookings/{booking.id}").text


def dishes(booking: Booking, *lines: tuple[str, str, str]) -> dict[str, str]:
    sent = {"version": str(booking.version)}
    for number, (item, quantity, who) in enumerate(lines):
        parts = {"menu_item_id": item, "quantity": quantity, "guest_name": who}
        sent |= {f"choice-{number}-{part}": value for part, value in parts.items()}
        sent[f"choice-{number}-special_requests"] = ""
    return sent


def test_staff_write_down_what_a_party_eats(
    desk: FlaskClient, lunch: Activity, beef: MenuItem
) -> None:
    booking = booked(desk, lunch)
    url = f"/bookings/{booking.id}/choices"
    assert "Roast beef" in desk.get(url).text
    assert desk.post(url, data=dishes(booking, (str(beef.id), "4", "Mia"))).status_code == 303
    booking = only()
    assert (booking.version, booking.total_amount) == (2, Decimal(78))
    assert [(i.name, i.quantity, i.guest_name) for i in booking.items] == [("Roast beef", 4, "Mia")]
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert {"menu_choices", "total_amount", "package_price"} == event.changes.keys()
    shown = desk.get(f"/bookings/{booking.id}").text
    assert "4 × Roast beef" in shown
    assert "for Mia" in shown
    again = desk.post(url, data=dishes(booking, (str(beef.id), "4", "Mia")))
    assert (again.status_code, only().version) == (303, 2)
    assert desk.post(url, data=dishes(booking)).status_code == 303
    assert (only().menu_choices, only().total_amount) == ([], Decimal(150))


def test_faulty_and_stale_choices_change_nothing(
    desk: FlaskClient, lunch: Activity, beef: MenuItem
) -> None:
    booking = booked(desk, lunch)
    url = f"/bookings/{booking.id}/choices"
    for line in (("", "1", "Mia"), (str(beef.id), "many", ""), (str(lunch.id), "1", "")):
        assert desk.post(url, data=dishes(booking, line)).status_code == 422
    stale = dishes(booking, (str(beef.id), "1", ""))
    actions.edit(db.session(), MIA, EVERYTHING, booking.id, {"admin_notes": "x"}, booking.version)
    answer = desk.post(url, data=stale)
    assert (answer.status_code, only().menu_choices) == (422, [])
    assert "meanwhile" in answer.text


def test_who_may_write_choices_down(house: House, desk: FlaskClient, lunch: Activity) -> None:
    booking = booked(desk, lunch)
    url = f"/bookings/{booking.id}/choices"
    asked = [house.browser(who).get(url).status_code for who in ("manager", "outsider")]
    assert asked == [200, 404]


def test_an_erased_guest_leaves_the_dishes_without_names(
    desk: FlaskClient, lunch: Activity, beef: MenuItem
) -> None:
    booking = booked(desk, lunch, allergies="nuts", celebration="Mia is 40")
    url = f"/bookings/{booking.id}/choices"
    desk.post(url, data=dishes(booking, (str(beef.id), "4", "Mia")))
    forget(db.session(), booking.customer_id, now())
    booking = only()
    assert (booking.allergies, booking.celebration) == ([], None)
    (item,) = db.session.scalars(select(BookingItem)).all()
    assert (item.name, item.quantity, item.guest_name) == ("Roast beef", 4, None)


def test_amounts_of_dishes_are_for_who_may_see_payments(
    house: House, lunch: Activity, beef: MenuItem
) -> None:
    with time_machine.travel(NOON, tick=False):
        colleague = house.browser("colleague")
        booking = booked(colleague, lunch)
        url = f"/bookings/{booking.id}/choices"
        colleague.post(url, data=dishes(booking, (str(beef.id), "4", "")))
        assert "19.5" not in colleague.get(f"/api/bookings/{booking.id}").text
        assert "19.50" not in colleague.get(f"/bookings/{booking.id}").text
        at_the_till(house.colleague)
        paid = house.browser("colleague").get(f"/api/bookings/{booking.id}").get_json()
        assert paid["booking"]["menu_choices"][0]["price"] == 19.5


def test_a_cancelled_table_keeps_its_dishes(
    desk: FlaskClient, lunch: Activity, beef: MenuItem
) -> None:
    booking = booked(desk, lunch)
    url = f"/bookings/{booking.id}/choices"
    desk.post(url, data=dishes(booking, (str(beef.id), "4", "")))
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CANCELLED)
    assert len(only().menu_choices) == 1
