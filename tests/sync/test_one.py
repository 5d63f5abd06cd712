"""One delivery and one call: the whole exchange, the place in line, sending again and skipping."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.deliveries.models import Breaker, Destination, State
from app.events.models import Event
from app.extensions import db
from tests.desk import House
from tests.sync.traffic import answered, called, change, changed, delivery_of

HTMX = {"HX-Request": "true", "HX-Target": "drawer-content"}


def destination() -> Destination:
    query = select(Destination).where(Destination.key == "website:ours")
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def events_named(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.name == name)))


def test_a_delivery_shows_what_went_and_what_came_back(manager: FlaskClient) -> None:
    booking = changed(time_slot="16:30", admin_notes="By phone")
    answered(503, b'{"success": false, "error": "Down for repair"}')
    delivery = delivery_of(booking)
    page = manager.get(f"/sync/deliveries/{delivery.id}").get_data(as_text=True)
    for text in (
        "Mia Manager",
        "16:30",
        "By phone",
        "booking.updated",
        "https://ours.example.com/hook",
        "webhook-id",
        "Down for repair",
        "Answered with status 503.",
        "Next try",
        "Retrying",
    ):
        assert text in page


def test_the_secret_half_of_a_signature_is_not_shown(manager: FlaskClient) -> None:
    booking = changed()
    answered(200)
    page = manager.get(f"/sync/deliveries/{delivery_of(booking).id}").get_data(as_text=True)
    shown = re.findall(r"(?:sha256=|v1,)([^<]*)", page)
    assert len(shown) == 2
    assert all(len(text) <= 12 and text.endswith("…") for text in shown)


def test_every_try_is_there_and_what_waits_behind(manager: FlaskClient) -> None:
    booking = changed()
    answered(None)
    change(booking, guest_count=4)
    change(booking, guest_count=5)
    delivery = delivery_of(booking, 2)
    page = manager.get(f"/sync/deliveries/{delivery.id}").get_data(as_text=True)
    assert "No answer" in page
    assert "In line for this booking" in page
    assert [f"Version {n}" in page for n in (2, 3, 4)] == [True] * 3
    waiting = manager.get(f"/sync/deliveries/{delivery_of(booking, 4).id}").get_data(as_text=True)
    assert "Send again" not in waiting, "an earlier one must arrive first"
    assert "Not tried yet." in waiting


def test_a_call_shows_body_answer_and_remarks(manager: FlaskClient) -> None:
    call = called(
        http_status=400,
        status="failed",
        code="INVALID_PAYLOAD",
        error_message="The booking data is not valid.",
        notes=["Ignored unknown fields: colour"],
        response_body=json.dumps({"details": [{"field": "guest_count"}]}),
        ip="192.0.2.7",
        request_id="req-1",
    )
    page = manager.get(f"/sync/calls/{call}").get_data(as_text=True)
    for text in ("Demo Guest", "guest_count", "Ignored unknown fields: colour", "ours_sk_test…"):
        assert text in page
    for text in ("192.0.2.7", "req-1", "7&nbsp;ms", "not valid"):
        assert text in page


def test_a_body_is_shown_as_text(manager: FlaskClient) -> None:
    call = called(request_body='{"x":"<script>alert(1)</script>"}', response_body="<b>no json")
    page = manager.get(f"/sync/calls/{call}").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;b&gt;no json" in page


def test_in_the_drawer_comes_the_inside_alone(manager: FlaskClient) -> None:
    paths = (f"/sync/deliveries/{delivery_of(changed()).id}", f"/sync/calls/{called()}")
    for path in paths:
        page = manager.get(path, headers=HTMX).get_data(as_text=True)
        assert page.lstrip().startswith('<header class="drawer-head">')


def test_a_dead_one_is_sent_again_and_the_log_says_who(manager: FlaskClient) -> None:
    booking = changed()
    answered(422)
    path = f"/sync/deliveries/{delivery_of(booking).id}"
    answer = manager.post(f"{path}/again")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert delivery_of(booking).state == State.READY
    (event,) = events_named("delivery.replayed")
    assert event.actor_label == "Mara Manager"
    assert answered(200) == 1
    assert delivery_of(booking).state == State.DELIVERED
    assert "It is on its way again." in manager.get(path).get_data(as_text=True)


def test_in_the_drawer_the_answer_is_the_drawer_anew(manager: FlaskClient) -> None:
    booking = changed()
    answered(422)
    path = f"/sync/deliveries/{delivery_of(booking).id}"
    answer = manager.post(f"{path}/again", headers=HTMX)
    said = json.loads(answer.headers["HX-Trigger"])
    assert said["toast"]["text"] == "It is on its way again."
    assert "sync-changed" in said
    assert "Queued" in answer.get_data(as_text=True)


def test_what_must_wait_says_why(manager: FlaskClient) -> None:
    booking = changed()
    change(booking, guest_count=4)
    waiting = delivery_of(booking, 3)
    answer = manager.post(f"/sync/deliveries/{waiting.id}/again", headers=HTMX)
    said = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert said == {
        "text": "An earlier change of this booking must arrive first.",
        "tone": "warning",
    }
    assert delivery_of(booking, 3).state == State.WAITING


def test_going_backwards_needs_a_clear_word(manager: FlaskClient) -> None:
    booking = changed()
    answered(200)
    change(booking, guest_count=4)
    answered(200)
    path = f"/sync/deliveries/{delivery_of(booking, 2).id}"
    assert 'name="out_of_order" value="1"' in manager.get(path).get_data(as_text=True)
    manager.post(f"{path}/again")
    assert delivery_of(booking, 2).state == State.DELIVERED
    manager.post(f"{path}/again", data={"out_of_order": "1"})
    assert delivery_of(booking, 2).state == State.READY


def test_skipping_lets_the_next_one_go(manager: FlaskClient) -> None:
    booking = changed()
    answered(503)
    change(booking, guest_count=4)
    manager.post(f"/sync/deliveries/{delivery_of(booking, 2).id}/skip")
    assert delivery_of(booking, 2).state == State.SKIPPED
    assert delivery_of(booking, 3).state == State.READY
    assert events_named("delivery.skipped")


def test_all_failed_ones_of_ones_own_websites_are_sent_again(house: House) -> None:
    ours = [changed(reference=f"O-{n}") for n in range(3)]
    theirs = changed("theirs", "T-1")
    answered(422)
    answer = house.browser("manager").post("/sync/again", data={"tab": "outbound"})
    assert answer.headers["Location"] == "/sync?tab=outbound"
    assert {delivery_of(booking).state for booking in ours}.isdisjoint({State.FAILED})
    assert delivery_of(theirs).state == State.FAILED
    (event,) = events_named("destination.replayed")
    assert event.meta["count"] == 3


@pytest.mark.parametrize("sent", [{"website": "theirs"}, {"destination": "of theirs"}])
def test_nobody_sends_for_others(house: House, sent: dict[str, str]) -> None:
    theirs = changed("theirs", "T-1")
    answered(422)
    if "destination" in sent:
        sent = {"destination": str(delivery_of(theirs).destination_id)}
    answer = house.browser("manager").post("/sync/again", data=sent)
    assert answer.status_code in (303, 404)
    assert delivery_of(theirs).state == State.FAILED


def test_a_destination_is_switched_off_and_on(manager: FlaskClient) -> None:
    booking = changed()
    path = f"/sync/destinations/{delivery_of(booking).destination_id}/switch"
    manager.post(path, data={"on": "0"})
    assert destination().is_on is False
    page = manager.get("/sync").get_data(as_text=True)
    assert "Switched off at the desk." in page
    manager.post(path, data={"on": "1"})
    assert destination().flows
    names = {"destination.switched_off", "destination.switched_on"}
    assert all(events_named(name) for name in names)


def test_an_open_breaker_can_be_tried_now(manager: FlaskClient) -> None:
    for number in range(6):
        changed(reference=f"B-{number}")
    answered(503)
    assert destination().breaker == Breaker.OPEN
    page = manager.get("/sync?tab=destinations").get_data(as_text=True)
    assert "Not reachable" in page
    manager.post(f"/sync/destinations/{destination().id}/switch", data={"on": "1"})
    assert destination().breaker == Breaker.CLOSED
