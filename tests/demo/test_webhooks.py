"""The demo site takes webhooks: verified, each once, never backwards."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from app.webhooks.signing import signature_headers
from demo.settings import SiteSettings
from demo.source_site import create_site
from demo.source_site.site import Site
from tests.demo.conftest import SECRET

Book = Callable[..., dict[str, Any]]
PATH = "/api/webhooks/onebooking"


def hook(booking_id: str, version: int, **data: Any) -> dict[str, Any]:
    """The body of a webhook about these fields."""
    return {
        "event_id": str(uuid.uuid4()),
        "event": "booking.updated",
        "source_booking_id": booking_id,
        "booking_id": str(uuid.uuid4()),
        "version": version,
        "updated_fields": sorted(data),
        "data": data,
        "updated_at": "2020-01-01T00:00:00Z",
        "updated_by": "desk@onebooking.test",
    }


def send(
    visitor: FlaskClient,
    content: Any,
    secrets: tuple[str, ...] = (SECRET,),
    age: int = 0,
    **changes: str,
) -> TestResponse:
    """Sign and send as the hub does; `changes` replaces headers afterwards."""
    raw = json.dumps(content).encode()
    event_id = content.get("event_id", "") if isinstance(content, dict) else ""
    headers = signature_headers(secrets, event_id, int(time.time()) - age, raw)
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    return visitor.post(PATH, data=raw, headers=headers, content_type="application/json")


def held(site: Site, booking: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = site.store.read()["bookings"][booking["source_booking_id"]]
    return found


def test_a_good_webhook_changes_only_its_fields(
    visitor: FlaskClient, site: Site, booked: Book
) -> None:
    booking = booked()
    content = hook(booking["source_booking_id"], 2, status="cancelled", admin_notes="Called")
    answer = send(visitor, content)
    assert (answer.status_code, answer.json) == (
        200,
        {"success": True, "message": "Booking updated"},
    )
    after = held(site, booking)
    assert (after["status"], after["admin_notes"], after["version"]) == ("cancelled", "Called", 2)
    unchanged = ("time_slot", "customer_name", "total_amount", "hotel_name")
    assert {name: after[name] for name in unchanged} == {n: booking[n] for n in unchanged}


@pytest.mark.parametrize(
    "damage",
    [
        {"secrets": ("whsec_b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5IGVsc2UgaGVyZQ==",)},
        {"age": 301},
        {"age": -301},
        {"X_Webhook_Signature": "sha256=" + "0" * 64},
        {"X_Webhook_Signature": ""},
        {"X_Webhook_Timestamp": "now"},
        {"webhook_signature": "v1,AAAA"},
        {"webhook_id": "another"},
    ],
)
def test_a_bad_signature_or_an_old_one_is_refused_and_changes_nothing(
    visitor: FlaskClient, site: Site, booked: Book, damage: dict[str, Any]
) -> None:
    booking = booked()
    answer = send(visitor, hook(booking["source_booking_id"], 2, status="cancelled"), **damage)
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["success"] is False
    assert held(site, booking)["status"] == "confirmed"
    assert site.store.read()["webhooks"][0]["status"] == 401


def test_the_signature_covers_every_byte(visitor: FlaskClient, booked: Book) -> None:
    content = hook(booked()["source_booking_id"], 2, status="cancelled")
    raw = json.dumps(content).encode()
    headers = signature_headers((SECRET,), content["event_id"], int(time.time()), raw)
    forged = raw.replace(b"cancelled", b"completed")
    assert visitor.post(PATH, data=forged, headers=headers).status_code == 401


def test_while_a_secret_is_rotated_the_old_one_is_still_good(
    visitor: FlaskClient, booked: Book
) -> None:
    content = hook(booked()["source_booking_id"], 2, status="cancelled")
    assert send(visitor, content, secrets=("whsec_bmV3", SECRET)).status_code == 200


def test_a_repeated_webhook_is_taken_once(visitor: FlaskClient, site: Site, booked: Book) -> None:
    booking = booked()
    content = hook(booking["source_booking_id"], 2, time_slot="13:00")
    send(visitor, content)
    send(visitor, hook(booking["source_booking_id"], 3, time_slot="15:00"))
    again = send(visitor, content)
    assert (again.status_code, again.json) == (200, {"success": True, "message": "Already applied"})
    assert held(site, booking)["time_slot"] == "15:00"


def test_a_late_webhook_never_takes_a_newer_value_back(
    visitor: FlaskClient, site: Site, booked: Book
) -> None:
    booking = booked()
    own = booking["source_booking_id"]
    send(visitor, hook(own, 3, time_slot="15:00"))
    late = send(visitor, hook(own, 2, time_slot="13:00", room_number="12"))
    assert late.status_code == 200
    after = held(site, booking)
    assert (after["time_slot"], after["room_number"], after["version"]) == ("15:00", "12", 3)


def test_a_newer_change_that_is_not_sent_yet_stays(
    visitor: FlaskClient, site: Site, booked: Book
) -> None:
    booking = booked()
    own = booking["source_booking_id"]
    visitor.post(f"/bookings/{own}/change", data={"time_slot": "15:00"})
    send(visitor, hook(own, 2, time_slot="13:00", room_number="12"))
    after = held(site, booking)
    assert (after["time_slot"], after["room_number"]) == ("15:00", "12")


def test_a_booking_made_elsewhere_is_learned(visitor: FlaskClient, site: Site) -> None:
    own = str(uuid.uuid4())
    content = hook(own, 1, booking_ref="HW-000777", customer_name="Ben Sample", status="confirmed")
    send(visitor, content | {"event": "booking.created"})
    booking = site.store.read()["bookings"][own]
    assert (booking["booking_ref"], booking["partial"]) == ("HW-000777", False)
    assert not site.store.read()["outbox"], "what the hub says is never told back to it"


def test_a_test_webhook_changes_nothing(visitor: FlaskClient, site: Site) -> None:
    answer = send(visitor, hook(str(uuid.uuid4()), 0, status="confirmed") | {"test": True})
    assert answer.status_code == 200
    assert not site.store.read()["bookings"]


@pytest.mark.parametrize("content", [[], {"event_id": 1}, {"event": "booking.updated"}, "text"])
def test_what_is_no_webhook_is_refused(visitor: FlaskClient, content: Any) -> None:
    assert send(visitor, content).status_code == 400


@pytest.mark.parametrize(("mode", "status"), [("down", 503), ("refuse", 200), ("gone", 410)])
def test_the_switches_pretend(
    visitor: FlaskClient, site: Site, booked: Book, mode: str, status: int
) -> None:
    booking = booked()
    visitor.post("/switches", data={"mode": mode, "seconds": "1"})
    content = hook(booking["source_booking_id"], 2, status="cancelled")
    answer = send(visitor, content)
    assert answer.json is not None
    assert (answer.status_code, answer.json["success"]) == (status, False)
    assert held(site, booking)["status"] == "confirmed"
    visitor.post("/switches", data={"mode": "ok", "seconds": "1"})
    send(visitor, content)
    assert held(site, booking)["status"] == "cancelled", "what was refused can come again"


def test_slow_is_slow_and_then_right(visitor: FlaskClient, site: Site, booked: Book) -> None:
    booking = booked()
    visitor.post("/switches", data={"mode": "slow", "seconds": "1"})
    begin = time.monotonic()
    send(visitor, hook(booking["source_booking_id"], 2, status="cancelled"))
    assert time.monotonic() - begin >= 1
    assert held(site, booking)["status"] == "cancelled"


def test_the_secret_can_be_told_and_replaced_on_the_page(demo_settings: SiteSettings) -> None:
    untold = demo_settings.model_copy(update={"onebooking_webhook_secret": SecretStr("")})
    visitor = create_site(untold).test_client()
    content = hook(str(uuid.uuid4()), 1, status="confirmed")
    assert send(visitor, content).status_code == 500
    visitor.post("/credentials", data={"webhook_secret": SECRET})
    assert send(visitor, content).status_code == 200
    visitor.post("/credentials", data={"webhook_secret": "whsec_bmV3"})
    assert send(visitor, content).status_code == 401
    assert (untold.home / "webhook-secret").stat().st_mode & 0o077 == 0
