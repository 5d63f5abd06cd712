"""The edit form of a booking with an activity: real times, no room, and back from cancelled."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.bookings.models import Booking
from app.bookings.status import Status
from app.events.models import Event
from app.extensions import db
from app.venues.models import Activity
from tests.bookings.made import TODAY, made
from tests.bookings.replies import DRAWER, said
from tests.bookings.test_edit import open_form, send
from tests.desk import House
from tests.venues.made import a_venue, an_activity


@pytest.fixture
def trip(house: House) -> Activity:
    """Four places at 10:00 and at 14:00, today and every day."""
    return an_activity(a_venue("ours", "Our pier"), name="World A+", capacity="4")


@pytest.fixture
def booking(trip: Activity) -> Booking:
    return made(time_slot="10:00", guest_count=2, customer_name="Amelia Hart")


@pytest.fixture
def manager(house: House, noon: object) -> FlaskClient:
    return house.browser("manager")


def fill_up() -> Booking:
    """Nobody else gets in at 14:00."""
    return made(time_slot="14:00", guest_count=4, customer_name="Group Leader")


def choices(page: str) -> list[tuple[str, bool, bool]]:
    """The times of the form: (words, chosen, disabled)."""
    select_ = re.search(r'<select[^>]* name="time_slot"[^>]*>(.*?)</select>', page, re.S)
    found = re.findall(r"<option([^>]*)>([^<]*)</option>", select_[1]) if select_ else []
    return [(words, " selected" in tag, " disabled" in tag) for tag, words in found]


def times(desk: FlaskClient, booking: Booking, **typed: str) -> str:
    """What the form shows for the time after other choices."""
    form = {
        "activity_date": str(booking.activity_date),
        "package_name": booking.package_name,
        "venue": booking.venue or "",
        "guest_count": str(booking.guest_count),
        "time_slot": booking.time_slot,
    }
    answer = desk.get(f"/bookings/{booking.id}/edit/times", query_string={**form, **typed})
    assert answer.status_code == 200
    return answer.text


def edit_page(desk: FlaskClient, booking: Booking) -> str:
    return desk.get(f"/bookings/{booking.id}/edit").text


def test_the_times_are_those_that_are_offered(desk: FlaskClient, booking: Booking) -> None:
    fill_up()
    offered = choices(edit_page(desk, booking))
    # Its own places count as free for it.
    assert offered == [("10:00 (4 left, began)", True, False), ("14:00 (Full)", False, True)]


def test_who_may_overbook_can_choose_them_all(manager: FlaskClient, booking: Booking) -> None:
    fill_up()
    assert not any(off for _, _, off in choices(edit_page(manager, booking)))


def test_another_day_brings_its_times(desk: FlaskClient, booking: Booking) -> None:
    fill_up()
    tomorrow = choices(times(desk, booking, activity_date="2026-11-21"))
    assert tomorrow == [("10:00 (4 left)", True, False), ("14:00 (4 left)", False, False)]
    more = choices(times(desk, booking, guest_count="5"))
    assert more[0] == ("10:00 (Only 4 left, began)", True, False)
    odd = choices(times(desk, booking, time_slot="11:11"))
    assert odd[0] == ("11:11 (not offered on this day)", True, False)


def test_another_package_brings_its_times(
    desk: FlaskClient, booking: Booking, trip: Activity
) -> None:
    night = an_activity(a_venue("ours", "Dark pier"), name="Night dive", times="16:00")
    told = choices(times(desk, booking, package_name=night.name))
    assert ("16:00 (12 left)", False, False) in told
    unknown = times(desk, booking, package_name="Something else")
    assert choices(unknown) == []
    assert '<input class="form-control" id="time_slot"' in unknown


def test_a_source_s_own_words_stay(desk: FlaskClient, trip: Activity) -> None:
    booking = made(time_slot="2:00 PM")
    assert choices(edit_page(desk, booking))[1] == ("2:00 PM (4 left)", True, False)
    form = {**open_form(desk, booking), "time_slot": "2:00 PM"}
    assert said(send(desk, booking, form)) == "Nothing was changed."


def test_without_an_activity_any_words_do(desk: FlaskClient) -> None:
    booking = made(time_slot="Morning")
    page = edit_page(desk, booking)
    assert (choices(page), 'value="Morning" list="time-slots"' in page) == ([], True)


def test_a_full_time_is_said_at_the_field(desk: FlaskClient, booking: Booking) -> None:
    fill_up()
    answer = send(desk, booking, open_form(desk, booking), time_slot="14:00", admin_notes="Keep me")
    assert answer.status_code == 422
    assert 'href="#time_slot">Time: There is not enough room left' in answer.text
    assert 'id="time_slot-error"' in answer.text
    assert "Keep me" in answer.text
    assert 'name="overbook"' not in answer.text
    db.session.refresh(booking)
    assert (booking.time_slot, booking.version) == ("10:00", 1)
    forged = send(desk, booking, open_form(desk, booking), time_slot="14:00", overbook="y")
    assert forged.status_code == 403


def test_with_the_permission_there_is_a_tick(manager: FlaskClient, booking: Booking) -> None:
    fill_up()
    form = {**open_form(manager, booking), "time_slot": "14:00"}
    refused = send(manager, booking, form)
    assert (refused.status_code, 'name="overbook"' in refused.text) == (422, True)
    assert send(manager, booking, form, overbook="y").status_code == 200
    db.session.refresh(booking)
    assert (booking.time_slot, booking.overbooked) == ("14:00", True)


def cancelled() -> Booking:
    """Its place at 14:00 is sold to somebody else."""
    booking = made(time_slot="14:00", customer_name="Amelia Hart", status="cancelled")
    fill_up()
    return booking


def test_a_place_that_is_gone_is_said_with_what_to_do(desk: FlaskClient, trip: Activity) -> None:
    booking = cancelled()
    url = f"/bookings/{booking.id}/status/confirmed"
    for headers in (DRAWER, {}):
        answer = desk.post(url, headers=headers)
        assert answer.status_code == 422
        assert "There is not enough room left" in answer.text
        assert "choose another time" in answer.text
        assert "Overbook" not in answer.text
    elsewhere = desk.post(url, headers={"HX-Request": "true", "HX-Target": "row-1"})
    assert elsewhere.status_code == 204
    assert "choose another time" in said(elsewhere)
    assert desk.post(url, data={"overbook": "1"}).status_code == 403
    db.session.refresh(booking)
    assert booking.status == Status.CANCELLED


def test_who_may_takes_it_all_the_same(manager: FlaskClient, trip: Activity) -> None:
    booking = cancelled()
    url = f"/bookings/{booking.id}/status/confirmed"
    assert "Overbook: take it all the same" in manager.post(url, headers=DRAWER).text
    assert manager.post(url, data={"overbook": "1"}, headers=DRAWER).status_code == 200
    db.session.refresh(booking)
    assert (booking.status, booking.overbooked) == ("confirmed", True)
    newest = select(Event).where(Event.booking_id == booking.id).order_by(Event.id.desc())
    event = db.session.scalars(newest).first()
    assert event
    assert event.changes["overbooked"] == [False, True]
    assert event.actor_label == "Mara Manager"


def test_programs_are_told_and_may_overbook(house: House, booking: Booking, noon: object) -> None:
    fill_up()
    url, moved = f"/api/bookings/{booking.id}", {"version": 1, "time_slot": "14:00"}
    colleague, manager = house.browser("colleague"), house.browser("manager")
    refused = colleague.put(url, json=moved)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "SLOT_UNAVAILABLE")
    assert colleague.put(url, json={**moved, "overbook": True}).status_code == 403
    assert manager.put(url, json={**moved, "overbook": "yes"}).status_code == 400
    gone = {"version": 1, "status": "cancelled", "guest_count": 4}
    assert manager.put(url, json=gone).status_code == 200
    back = {**moved, "version": 2, "status": "confirmed"}
    assert manager.put(url, json=back).status_code == 409
    taken = manager.put(url, json={**back, "overbook": True})
    assert taken.status_code == 200
    assert taken.get_json()["booking"]["time_slot"] == "14:00"
    db.session.refresh(booking)
    assert (booking.overbooked, booking.activity_date) == (True, TODAY)
