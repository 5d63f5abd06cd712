"""The edit form: it sends what was changed, loses nothing that was typed, overwrites nobody."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.bookings import actions
from app.bookings.fields import EDITABLE, FOR_TABLES
from app.bookings.models import Booking
from app.bookings.status import Status
from app.events.models import Event
from app.extensions import db
from app.staff.scope import EVERYTHING
from tests.bookings.made import MIA, edited, made
from tests.bookings.replies import DRAWER, said
from tests.harness.counting import counted_queries


def filled(page: str) -> dict[str, str]:
    """The edit form as a browser would send it back untouched."""
    form = page[page.index('<form class="edit-form') :]
    form = form[: form.index("</form>")]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        if name and ('type="radio"' not in tag or re.search(r"\schecked", tag)):
            found[name] = value
    for name, text in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = unescape(text).removeprefix("\r\n").removeprefix("\n")
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def open_form(desk: FlaskClient, booking: Booking) -> dict[str, str]:
    return filled(desk.get(f"/bookings/{booking.id}/edit").text)


def send(desk: FlaskClient, booking: Booking, form: dict[str, str], **typed: str) -> TestResponse:
    return desk.post(f"/bookings/{booking.id}/edit", data={**form, **typed}, headers=DRAWER)


def changes_of(booking: Booking) -> set[str]:
    """The fields of the newest event."""
    query = select(Event).where(Event.booking_id == booking.id).order_by(Event.id.desc())
    event = db.session.scalars(query).first()
    assert event
    return set(event.changes)


@pytest.fixture
def booking(desk: FlaskClient) -> Booking:
    return made(hotel_name="Marriott", admin_notes="One\r\ntwo ", special_requests="Late  lunch")


def test_the_form_holds_every_field_that_staff_may_set(desk: FlaskClient, booking: Booking) -> None:
    form = open_form(desk, booking)
    assert EDITABLE - {"addons"} - FOR_TABLES <= form.keys()
    booking.kind = "table"
    assert open_form(desk, booking).keys() >= FOR_TABLES
    assert form["addons-0-name"] == "Photo Package"
    assert (form["package_price"], form["activity_date"]) == ("3490", "2026-11-20")
    assert form["version"] == "1"


def test_an_untouched_form_changes_nothing(desk: FlaskClient, booking: Booking) -> None:
    answer = send(desk, booking, open_form(desk, booking))
    assert (answer.status_code, said(answer)) == (200, "Nothing was changed.")
    assert db.session.get_one(Booking, booking.id).version == 1


def test_only_what_was_changed_is_sent(desk: FlaskClient, booking: Booking) -> None:
    answer = send(desk, booking, open_form(desk, booking), hotel_name="Hilton", guest_count="4")
    assert (answer.status_code, said(answer)) == (200, "Saved.")
    assert 'id="drawer-title"' in answer.text
    assert json.loads(answer.headers["HX-Trigger"])["booking-changed"] == {"id": str(booking.id)}
    fresh = db.session.get_one(Booking, booking.id)
    assert (fresh.hotel_name, fresh.guest_count, fresh.version) == ("Hilton", 4, 2)
    assert changes_of(booking) == {"hotel_name", "guest_count"}


def test_every_kind_of_field_can_be_changed_and_cleared(
    desk: FlaskClient, booking: Booking
) -> None:
    typed = {
        "activity_date": "2026-12-24", "time_slot": " 9:30  AM ", "package_price": "3,490.50",
        "discount_amount": "", "transport_type": "private", "hotel_name": "", "non_players": "",
        "admin_notes": "Line one\r\n\r\nLine two", "customer_name": "  Zoë   Ωmega ",
        "addons-0-name": "", "addons-0-quantity": "", "addons-0-unit_price": "",
        "addons-1-name": "Towel", "addons-1-quantity": "3", "addons-1-unit_price": "1,250",
    }  # fmt: skip
    assert said(send(desk, booking, open_form(desk, booking), **typed)) == "Saved."
    fresh = db.session.get_one(Booking, booking.id)
    assert fresh.activity_date == date(2026, 12, 24)
    assert (fresh.time_slot, fresh.package_price) == ("9:30 AM", Decimal("3490.50"))
    assert (int(fresh.discount_amount), fresh.hotel_name, fresh.non_players) == (0, None, 0)
    assert (fresh.admin_notes, fresh.customer_name) == ("Line one\n\nLine two", "Zoë Ωmega")
    assert fresh.addons == [{"name": "Towel", "quantity": 3, "unit_price": 1250}]
    assert fresh.transport_type == "private"
    assert fresh.starts_at
    assert fresh.starts_at.isoformat() == "2026-12-24T02:30:00+00:00"


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("guest_count", "abc", "Guests: Type a whole number."),
        ("guest_count", "0", "Guests: Must be between 1 and 100,000."),
        ("guest_count", "", "Guests: Guests is needed."),
        ("total_amount", "12,5", "Total: Type an amount"),
        ("total_amount", "-1", "Total: Must be between 0"),
        ("total_amount", "1.234", "Total: Two decimals at most."),
        ("total_amount", "NaN", "Total: Must be between 0"),
        ("total_amount", "99999999999", "Total: Must be between 0"),
        ("activity_date", "", "Date: Date is needed."),
        ("activity_date", "2026-02-30", "Date: Not a valid date"),
        ("activity_date", "1850-01-01", "Date: Must lie between"),
        ("customer_name", "   ", "Name: Name is needed."),
        ("customer_name", "x" * 201, "Name: At most 200 characters."),
        ("customer_email", "nobody", "E-mail: This is not an e-mail address."),
        ("admin_notes", "x" * 5001, "Staff notes: At most 5000 characters."),
        ("addons-0-name", "", "Add-ons: Name it, or clear the line."),
        ("addons-0-quantity", "many", "Add-ons: Type a whole number."),
        ("addons-0-unit_price", "cheap", "Add-ons: Type an amount"),
    ],
)
def test_what_cannot_be_saved_is_said_beside_the_field_and_nothing_typed_is_lost(
    desk: FlaskClient, booking: Booking, field: str, typed: str, message: str
) -> None:
    form = open_form(desk, booking)
    answer = send(desk, booking, form, venue="Typed venue", **{field: typed})
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert message in page
    assert "error-summary" in page
    assert 'aria-invalid="true"' in page
    again = filled(answer.text)
    assert again["venue"] == "Typed venue"
    assert again["originals"] == form["originals"]
    assert again[field].strip() == typed.strip()
    assert db.session.get_one(Booking, booking.id).version == 1
    fixed = {field: form[field]}
    assert said(send(desk, booking, again, **fixed)) == "Saved."


def test_what_nobody_touched_is_not_judged(desk: FlaskClient) -> None:
    odd = made(customer_email="odd", guest_count=0, package_name="p" * 400, transport_type="yak")
    assert said(send(desk, odd, open_form(desk, odd), hotel_name="Hilton")) == "Saved."
    assert changes_of(odd) == {"hotel_name"}
    assert db.session.get_one(Booking, odd.id).transport_type == "yak"


def test_changes_of_others_to_other_fields_stay_and_are_named(
    desk: FlaskClient, booking: Booking
) -> None:
    form = open_form(desk, booking)
    edited(booking, time_slot="16:00", venue="South gate")
    answer = send(desk, booking, form, hotel_name="Hilton")
    assert said(answer) == "Saved. Meanwhile Mia Manager changed venue and time."
    fresh = db.session.get_one(Booking, booking.id)
    assert (fresh.time_slot, fresh.venue, fresh.hotel_name) == ("16:00", "South gate", "Hilton")
    assert changes_of(booking) == {"hotel_name"}


def test_the_same_change_by_two_people_is_no_conflict(desk: FlaskClient, booking: Booking) -> None:
    form = open_form(desk, booking)
    edited(booking, time_slot="16:00")
    assert said(send(desk, booking, form, time_slot="16:00")) == "Saved."
    assert db.session.get_one(Booking, booking.id).version == 2


def clash(desk: FlaskClient, booking: Booking) -> TestResponse:
    """Both change the time and the add-ons; this person the hotel as well, the other the venue."""
    form = open_form(desk, booking)
    towel = [{"name": "Towel", "quantity": 1, "unit_price": 50}]
    edited(booking, time_slot="16:00", addons=towel, venue="South gate")
    typed = {"time_slot": "17:00", "hotel_name": "Hilton", "addons-0-quantity": "9"}
    return send(desk, booking, form, **typed)


def test_a_clash_shows_both_and_keeps_what_was_typed(desk: FlaskClient, booking: Booking) -> None:
    answer = clash(desk, booking)
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert re.search(r"Mia Manager, \d\d:\d\d<", page)
    assert "Meanwhile Mia Manager changed venue." in page
    assert re.findall(r'type="radio" name="time_slot" value="([^"]+)"', page) == ["17:00", "16:00"]
    assert "9 × Photo Package at 500 THB" in page
    assert "1 × Towel at 50 THB" in page
    again = filled(answer.text)
    assert (again["hotel_name"], again["venue"], again["version"]) == ("Hilton", "South gate", "2")
    assert db.session.get_one(Booking, booking.id).version == 2


@pytest.mark.parametrize(
    ("choice", "slot", "addon"),
    [(0, "17:00", ("Photo Package", 9)), (1, "16:00", ("Towel", 1))],
    ids=["mine", "theirs"],
)
def test_the_choice_is_saved_against_the_newer_version(
    desk: FlaskClient, booking: Booking, choice: int, slot: str, addon: tuple[str, int]
) -> None:
    page = clash(desk, booking).text
    picked = {
        name: unescape(re.findall(rf'type="radio" name="{name}" value="([^"]+)"', page)[choice])
        for name in ("time_slot", "addons")
    }
    assert said(send(desk, booking, filled(page), **picked)) == "Saved."
    fresh = db.session.get_one(Booking, booking.id)
    assert (fresh.time_slot, fresh.hotel_name, fresh.venue) == (slot, "Hilton", "South gate")
    assert [(item["name"], item["quantity"]) for item in fresh.addons] == [addon]
    assert fresh.version == 3


def test_a_second_clash_while_choosing_is_shown_again(desk: FlaskClient, booking: Booking) -> None:
    page = clash(desk, booking).text
    edited(db.session.get_one(Booking, booking.id), time_slot="18:00")
    answer = send(desk, booking, filled(page))
    assert answer.status_code == 422
    assert 'value="18:00"' in answer.text
    assert db.session.get_one(Booking, booking.id).version == 3


@pytest.mark.parametrize(
    "spoiled",
    [{"originals": "nonsense"}, {"originals": "[1]"}, {"version": "x"}, {"addons": "{]"}],
)
def test_a_form_that_was_tampered_with_breaks_nothing(
    desk: FlaskClient, booking: Booking, spoiled: dict[str, str]
) -> None:
    form = open_form(desk, booking)
    answer = send(desk, booking, form, hotel_name="Hilton", **spoiled)
    assert said(answer) == "Saved."
    assert changes_of(booking) == {"hotel_name"}


def test_a_newer_version_than_there_is_cannot_overwrite(
    desk: FlaskClient, booking: Booking
) -> None:
    form = open_form(desk, booking)
    edited(booking, time_slot="16:00")
    answer = send(desk, booking, form, time_slot="17:00", version="99")
    assert answer.status_code == 422
    assert "Somebody else changed this booking meanwhile." in answer.text
    assert db.session.get_one(Booking, booking.id).time_slot == "16:00"


def test_without_script_the_form_is_a_page(desk: FlaskClient, booking: Booking) -> None:
    form = open_form(desk, booking)
    answer = desk.post(f"/bookings/{booking.id}/edit", data={**form, "venue": "Gate 7"})
    assert (answer.status_code, answer.location) == (303, f"/bookings/{booking.id}")
    page = desk.get(answer.location).text
    assert "Gate 7" in page
    assert 'toast-text">Saved.' in page
    wrong = desk.post(f"/bookings/{booking.id}/edit", data={**form, "guest_count": "x"})
    assert wrong.status_code == 422
    assert "<html" in wrong.text


def test_a_booking_that_is_over_takes_notes_only(desk: FlaskClient, booking: Booking) -> None:
    over = made(status="refunded")
    assert desk.get(f"/bookings/{over.id}/edit").location == f"/bookings/{over.id}"
    form = {**open_form(desk, booking), "originals": "", "version": "1", "venue": "X"}
    answer = send(desk, over, form)
    assert answer.status_code == 422
    assert "takes only staff notes" in answer.text


def test_an_edit_takes_few_queries(desk: FlaskClient, booking: Booking) -> None:
    actions.move(db.session(), MIA, EVERYTHING, booking.id, Status.CHECKED_IN)
    with counted_queries(desk.application) as statements:
        desk.get(f"/bookings/{booking.id}/edit")
    assert len(statements) <= 6
