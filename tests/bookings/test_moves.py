"""Changes of status: which buttons there are, what they do, how they are taken back."""

from __future__ import annotations

import itertools
import json

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.bookings.models import Booking
from app.bookings.moves import BUTTONS, Move, offered, way_back
from app.bookings.status import MOVES, Status
from app.extensions import db
from app.staff.permissions import BUILT_IN_ROLES
from app.staff.scope import Scope
from tests.bookings.made import made
from tests.bookings.replies import DRAWER, told

STAFF = Scope.of([("ours", BUILT_IN_ROLES["staff"])])


def press(desk: FlaskClient, booking: Booking, to: str, **headers: str) -> TestResponse:
    return desk.post(f"/bookings/{booking.id}/status/{to}", headers={**DRAWER, **headers})


def fresh(booking: Booking) -> Booking:
    return db.session.get_one(Booking, booking.id)


@pytest.mark.parametrize(("old", "new"), itertools.product(Status, Status))
def test_every_move_from_every_status(desk: FlaskClient, old: Status, new: Status) -> None:
    booking = made(status=old.value)
    answer = press(desk, booking, new)
    # Holds that ran out are the business of those with bookings:manage.
    if Status.EXPIRED in (new, old if new is Status.CONFIRMED else None):
        assert answer.status_code == 403
        assert (fresh(booking).status, fresh(booking).version) == (old, 1)
        return
    assert answer.status_code == 200
    if new in MOVES[old]:
        assert (fresh(booking).status, fresh(booking).version) == (new, 2)
        return
    assert (fresh(booking).status, fresh(booking).version) == (old, 1)
    if old != new:
        assert told(answer)["tone"] == "warning"
        assert old.value.replace("_", " ") in told(answer)["text"]


@pytest.mark.parametrize("status", Status)
def test_a_button_is_there_exactly_where_its_move_is_allowed(
    desk: FlaskClient, status: Status
) -> None:
    booking = made(status=status.value)
    page = desk.get(f"/bookings/{booking.id}").text
    for button in BUTTONS:
        allowed = getattr(booking, button.predicate)
        assert not allowed or button.to in MOVES[status], button
    buttons = offered(booking, STAFF)
    assert {button.to for button in buttons} == MOVES[status] - {Status.EXPIRED, Status.REFUNDED}
    for to in Status:
        there = f'action="/bookings/{booking.id}/status/{to}"' in page
        assert there == (to in {button.to for button in buttons})


def test_no_two_buttons_of_a_booking_have_one_key_or_one_name() -> None:
    for status in Status:
        here: list[Move] = [
            b for b in BUTTONS if getattr(Booking(status=status.value), b.predicate)
        ]
        keys = [button.key for button in here if button.key]
        assert len(keys) == len(set(keys))
        assert len({button.label for button in here}) == len(here)


@pytest.mark.parametrize(
    ("old", "new", "undo"),
    [
        (Status.CONFIRMED, Status.CHECKED_IN, Status.CONFIRMED),
        (Status.CONFIRMED, Status.NO_SHOW, Status.CONFIRMED),
        (Status.CONFIRMED, Status.CANCELLED, Status.CONFIRMED),
        (Status.CHECKED_IN, Status.CONFIRMED, Status.CHECKED_IN),
        (Status.CHECKED_IN, Status.COMPLETED, Status.CHECKED_IN),
        (Status.PENDING, Status.CANCELLED, None),
        (Status.PENDING, Status.CONFIRMED, None),
        (Status.NO_SHOW, Status.CHECKED_IN, None),
        (Status.CANCELLED, Status.CONFIRMED, None),
    ],
)
def test_undo_is_offered_where_it_is_exact(
    desk: FlaskClient, old: Status, new: Status, undo: Status | None
) -> None:
    assert way_back(old, new) is undo
    booking = made(status=old.value)
    message = told(press(desk, booking, new))
    assert ("undo" in message) == (undo is not None)
    if undo:
        assert desk.post(message["undo"]["url"], headers=DRAWER).status_code == 200
        assert fresh(booking).status == old


def test_a_double_click_is_harmless(desk: FlaskClient) -> None:
    booking = made()
    first, second = press(desk, booking, "checked_in"), press(desk, booking, "checked_in")
    assert told(first)["text"] == told(second)["text"] == "Demo Guest is checked in."
    assert "undo" not in told(second)
    assert fresh(booking).version == 2


def test_a_cancellation_keeps_its_reason_until_it_is_taken_back(desk: FlaskClient) -> None:
    booking = made()
    address = f"/bookings/{booking.id}/status"
    desk.post(f"{address}/cancelled", data={"reason": " Typhoon\r\nwarning "}, headers=DRAWER)
    assert fresh(booking).cancellation_reason == "Typhoon\nwarning"
    desk.post(f"{address}/confirmed", headers=DRAWER)
    assert fresh(booking).cancellation_reason is None
    answer = desk.post(f"{address}/cancelled", data={"reason": "x" * 2001}, headers=DRAWER)
    assert answer.status_code == 400
    assert fresh(booking).status == Status.CONFIRMED


def test_a_page_without_script_comes_back_with_a_message(desk: FlaskClient) -> None:
    booking = made()
    address = f"/bookings/{booking.id}/status/checked_in"
    answer = desk.post(address)
    assert (answer.status_code, answer.location) == (303, f"/bookings/{booking.id}")
    page = desk.get(answer.location).text
    assert "Demo Guest is checked in." in page
    assert f'data-toast-undo="/bookings/{booking.id}/status/confirmed"' in page
    back = desk.post(f"/bookings/{booking.id}/status/confirmed", data={"next": "/today?q=demo"})
    assert back.location == "/today?q=demo"
    elsewhere = desk.post(address, data={"next": "https://evil.example.com/"})
    assert elsewhere.location == f"/bookings/{booking.id}"


def test_beside_the_drawer_a_move_answers_with_word_of_it_alone(desk: FlaskClient) -> None:
    booking = made()
    answer = press(desk, booking, "checked_in", **{"HX-Target": "today"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert json.loads(answer.headers["HX-Trigger"])["booking-changed"] == {"id": str(booking.id)}


def test_names_of_all_alphabets_reach_the_toast(desk: FlaskClient) -> None:
    booking = made(customer_name="山田 Łucja “Ω” \\ O'Brien")
    assert told(press(desk, booking, "checked_in"))["text"].startswith(booking.customer_name)


def test_without_the_token_of_the_form_nothing_moves(desk: FlaskClient) -> None:
    booking = made()
    desk.environ_base.pop("HTTP_X_CSRFTOKEN")
    assert press(desk, booking, "checked_in").status_code == 400
    assert fresh(booking).version == 1
