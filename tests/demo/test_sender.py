"""The demo site tells the hub: at once, again when it is away, in order, and never forgets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from demo.source_site import create_site
from demo.source_site.sender import RETRY_DELAYS, Sender
from demo.source_site.site import Site
from tests.standins.receiver import Receiver, Reply, receiving

Book = Callable[..., dict[str, Any]]
TAKEN = Reply(201, json.dumps({"success": True, "booking_id": "b-1", "message": "ok"}).encode())


@pytest.fixture
def hub() -> Iterator[Receiver]:
    """Something that answers as the hub; by default it takes everything."""
    with receiving() as receiver:
        receiver.answer(TAKEN)
        yield receiver


@pytest.fixture
def sender(site: Site, hub: Receiver) -> Sender:
    """The queue without its thread."""
    return Sender(site.store, site.credentials, hub.url)


def bodies(hub: Receiver) -> list[Any]:
    return [call.json for call in hub.calls]


def pass_time(site: Site) -> None:
    """Let the next try of every call be due."""
    with site.store.change() as state:
        for call in state["outbox"]:
            call["next_at"] = 0.0


def sync_of(site: Site, booking: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = site.store.read()["bookings"][booking["source_booking_id"]]["sync"]
    return found


def test_a_booking_reaches_the_hub_in_the_words_of_the_specification(
    site: Site, hub: Receiver, sender: Sender, booked: Book
) -> None:
    booking = booked()
    assert sender.flush() is None
    (call,) = hub.calls
    assert (call.path, call.headers["X-API-Key"]) == ("/api/bookings/sync", "hanuman-world_sk_demo")
    body = call.json
    assert body["event"] == "booking.created"
    assert body["customer"]["country_code"] == "+1"
    assert body["transport"] == {
        "type": "hotel_pickup",
        "hotel_name": "Palm Example Resort",
        "room_number": "7",
        "non_players": 0,
        "private_passengers": 0,
        "cost": 0,
    }
    assert body["addons"] == [{"name": "Photo Package", "quantity": 1, "unit_price": 500}]
    assert body["total_amount"] == 2 * 3490 + 500
    after = site.store.read()
    assert after["outbox"] == []
    assert after["bookings"][booking["source_booking_id"]]["onebooking_id"] == "b-1"
    assert sync_of(site, booking)["state"] == "synced"


def test_while_the_hub_is_away_calls_wait_longer_and_longer(
    site: Site, hub: Receiver, sender: Sender, booked: Book
) -> None:
    hub.answer(Reply(503, b"{}"))
    booking = booked()
    waits = []
    for _ in range(len(RETRY_DELAYS) + 1):
        sender.flush()
        waits.append(round(site.store.read()["outbox"][0]["next_at"] - time.time()))
        pass_time(site)
    assert waits == [1, 5, 30, 300, 300]
    assert sync_of(site, booking)["state"] == "retrying"
    hub.answer(TAKEN)
    sender.flush()
    assert sync_of(site, booking)["state"] == "synced"
    assert len({body["event_id"] for body in bodies(hub)}) == 1, "every try is the same event"


def test_nothing_is_lost_when_nobody_listens_and_the_site_restarts(
    site: Site, hub: Receiver, booked: Book
) -> None:
    deaf = Sender(site.store, site.credentials, "http://127.0.0.1:9")
    booking = booked()
    pause = deaf.flush()
    assert pause is not None
    assert "does not answer" in sync_of(site, booking)["error"]
    pass_time(site)
    again: Site = create_site(site.settings).extensions["site"]
    Sender(again.store, again.credentials, hub.url).flush()
    assert [body["source_booking_id"] for body in bodies(hub)] == [booking["source_booking_id"]]


def test_the_calls_of_one_booking_leave_in_order(
    site: Site, visitor: FlaskClient, hub: Receiver, sender: Sender, booked: Book
) -> None:
    hub.answer(Reply(500, b"{}"))
    booking, other = booked(), booked()
    visitor.post(f"/bookings/{booking['source_booking_id']}/change", data={"guest_count": "3"})
    visitor.post(f"/bookings/{booking['source_booking_id']}/cancel", data={"reason": "Ill"})
    sender.flush()
    assert len(hub.calls) == 2, "one of each booking: what follows waits behind it"
    hub.answer(TAKEN)
    pass_time(site)
    hub.calls.clear()
    sender.flush()
    own = [b for b in bodies(hub) if b["source_booking_id"] == booking["source_booking_id"]]
    assert [body["event"] for body in own] == [
        "booking.created",
        "booking.updated",
        "booking.cancelled",
    ]
    assert own[1].keys() >= {"guest_count", "total_amount", "event_id", "updated_at"}
    assert "time_slot" not in own[1], "only what changed is sent"
    assert own[2]["reason"] == "Ill"
    assert len(hub.calls) == 4
    assert other["source_booking_id"] in {b["source_booking_id"] for b in bodies(hub)}


def test_a_refusal_is_shown_and_can_be_sent_again(
    site: Site, visitor: FlaskClient, hub: Receiver, sender: Sender, booked: Book
) -> None:
    hub.answer(Reply(400, b'{"success": false, "error": "No such currency"}'))
    booking = booked()
    assert sender.flush() is None, "the same would be refused again: it is not tried by itself"
    assert sync_of(site, booking)["error"] == "400: No such currency"
    hub.answer(TAKEN)
    visitor.post(f"/bookings/{booking['source_booking_id']}/retry")
    sender.flush()
    assert sync_of(site, booking)["state"] == "synced"


def test_a_wrong_key_is_worth_another_try_with_the_right_one(
    site: Site, hub: Receiver, sender: Sender, visitor: FlaskClient, booked: Book
) -> None:
    hub.answer(Reply(401, b'{"success": false, "error": "Invalid API key"}'), TAKEN)
    booked()
    assert sender.flush() is not None
    site.credentials.keep(api_key="hanuman-world_sk_new")
    pass_time(site)
    sender.flush()
    assert [call.headers["X-API-Key"] for call in hub.calls] == [
        "hanuman-world_sk_demo",
        "hanuman-world_sk_new",
    ]


def test_a_hub_that_does_not_know_the_booking_gets_all_of_it(
    site: Site, visitor: FlaskClient, hub: Receiver, sender: Sender, booked: Book
) -> None:
    booking = booked()
    sender.flush()
    hub.calls.clear()
    hub.answer(Reply(404, b'{"success": false, "code": "NOT_FOUND"}'), TAKEN)
    visitor.post(f"/bookings/{booking['source_booking_id']}/change", data={"time_slot": "13:00"})
    sender.flush()
    first, second = bodies(hub)
    assert "customer" not in first
    assert second["customer"]["email"] == "ada@example.com"
    assert (second["event"], second["time_slot"]) == ("booking.updated", "13:00")


def test_retry_after_is_honoured(site: Site, hub: Receiver, sender: Sender, booked: Book) -> None:
    hub.answer(Reply(429, b"{}", {"Retry-After": "40"}))
    booked()
    pause = sender.flush()
    assert pause is not None
    assert 35 < pause <= 40
