"""The staff notes in the drawer: saved alone, never over those of somebody else."""

from __future__ import annotations

from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.bookings.models import Booking
from app.extensions import db
from tests.bookings.made import edited, made
from tests.bookings.replies import DRAWER, said


@pytest.fixture
def booking(desk: FlaskClient) -> Booking:
    return made(admin_notes="One\r\ntwo ")


def note(desk: FlaskClient, booking: Booking, before: str, text: str, version: int) -> TestResponse:
    data = {"version": str(version), "before": before, "admin_notes": text}
    return desk.post(f"/bookings/{booking.id}/notes", data=data, headers=DRAWER)


def test_notes_are_saved_beside_other_changes(desk: FlaskClient, booking: Booking) -> None:
    edited(booking, time_slot="16:00")
    answer = note(desk, booking, "One\r\ntwo", "Three", 1)
    assert said(answer) == "Notes saved."
    assert db.session.get_one(Booking, booking.id).admin_notes == "Three"
    assert said(note(desk, booking, "Three", " Three\r\n", 3)) == "Nothing was changed."


def test_notes_of_two_people_are_both_shown(desk: FlaskClient, booking: Booking) -> None:
    edited(booking, admin_notes="Theirs")
    answer = note(desk, booking, "One\r\ntwo", "Mine", 1)
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert "Mia Manager changed the notes" in page
    assert "“Theirs”" in page
    assert ">\nMine</textarea>" in page
    assert db.session.get_one(Booking, booking.id).admin_notes == "Theirs"
    assert said(note(desk, booking, "Theirs", "Both", 2)) == "Notes saved."


def test_notes_that_are_too_long_stay_in_the_form(desk: FlaskClient, booking: Booking) -> None:
    answer = note(desk, booking, "One\r\ntwo", "x" * 5001, 1)
    assert answer.status_code == 422
    assert "At most 5000 characters." in answer.text
    assert "x" * 5001 in answer.text


def test_a_booking_that_is_over_takes_notes(desk: FlaskClient) -> None:
    over = made(status="refunded")
    assert said(note(desk, over, "", "Called back", 1)) == "Notes saved."
    assert db.session.get_one(Booking, over.id).admin_notes == "Called back"
