"""`POST /api/webhooks/onebooking`: what the hub changed reaches the site."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from demo.source_site import signatures, switches
from demo.source_site.orders import PENDING, keep, note, words
from demo.source_site.site import site
from demo.source_site.store import State
from demo.source_site.wire import FIELDS, HUB_ONLY, Booking, instant, moment

receiving = Blueprint("receiving", __name__)

KNOWN = frozenset(FIELDS) | frozenset(HUB_ONLY)


@receiving.post("/api/webhooks/onebooking")
def webhook() -> Response:
    """Verify on the raw bytes, apply once, answer as the specification says."""
    raw = request.get_data(cache=False)
    answer = switches.pretend(site().store.read()["switches"]) or refusal(raw)
    with site().store.change() as state:
        if answer is None:
            answer = 200, take(state, _json(raw))
        state["webhooks"].insert(0, _line(raw, *answer))
    status, message = answer
    good = status == 200 and message != switches.REFUSAL
    content = {"success": good, "message" if good else "error": message}
    return make_response(jsonify(content), status)


def refusal(raw: bytes) -> tuple[int, str] | None:
    """(status, message) for a webhook that cannot be taken; None when it can."""
    secret = site().credentials.webhook_secret
    if secret is None:
        return 500, "This site has not been told its webhook secret."
    wrong = signatures.fault(request.headers, raw, secret, time.time())
    if wrong:
        return 401, wrong
    return None if is_webhook(_json(raw)) else (400, "This is not a webhook of OneBooking.")


def is_webhook(content: Mapping[str, Any]) -> bool:
    """Whether a body has the shape of a webhook."""
    try:
        uuid.UUID(content["source_booking_id"])
        return (
            isinstance(content["event_id"], str)
            and isinstance(content["data"], dict)
            and isinstance(content["version"], int)
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        return False


def take(state: State, content: Mapping[str, Any]) -> str:
    """Apply a webhook to the books, each event once; returns the message of the answer.

    Every field keeps the newest version it was told, so that a late or repeated webhook never
    takes a newer value back.
    """
    if content["event_id"] in state["seen"]:
        return "Already applied"
    if content.get("test"):
        return "Test received, nothing changed"
    state["seen"].append(content["event_id"])
    booking = state["bookings"].get(content["source_booking_id"])
    if booking is None:
        booking = _learn(state, content)
    applied = _apply(state, booking, content)
    newest = max(content["version"], booking.get("version") or 0)
    booking["version"] = newest
    booking["onebooking_id"] = content.get("booking_id") or booking.get("onebooking_id")
    by = content.get("updated_by") or "OneBooking"
    if not applied:
        note(booking, f"{content['event']} v{content['version']} held nothing newer")
        return "Nothing newer"
    made = content["event"] == "booking.created"
    what = "booked it" if made else f"changed {', '.join(words(applied))}"
    note(booking, f"{by} {what} (v{content['version']})")
    booking["last_webhook"] = {
        "event": content["event"],
        "version": content["version"],
        "by": by,
        "at": instant(),
    }
    return "Booking updated"


def _learn(state: State, content: Mapping[str, Any]) -> Booking:
    """A booking that was made elsewhere, known so far by what the hub says of it."""
    booking: Booking = {
        "source_booking_id": content["source_booking_id"],
        "booking_ref": "(made at OneBooking)",
        "status": "confirmed",
        "updated_at": instant(),
        "partial": content["event"] != "booking.created",
    }
    keep(state, booking)
    booking["sync"] = {"state": "synced", "event": "", "attempts": 0, "error": None}
    return booking


def _apply(state: State, booking: Booking, content: Mapping[str, Any]) -> list[str]:
    """Set what is newer. A newer change of our own, still on its way to the hub, stays."""
    version = content["version"]
    ours = _unsent(state, content)
    applied = []
    for name, value in content["data"].items():
        is_newer = version > booking["versions"].get(name, 0)
        if name not in KNOWN or name in ours or not is_newer:
            continue
        booking[name] = value
        booking["versions"][name] = version
        applied.append(name)
    return applied


def _unsent(state: State, content: Mapping[str, Any]) -> set[str]:
    """Fields that were changed here later than in the hub, which has not heard of it yet.

    A booking that the hub speaks of has arrived there: its `created` is not newer, only unanswered.
    """
    changed_at = moment(content.get("updated_at"))
    return {
        name
        for call in state["outbox"]
        if call["source_booking_id"] == content["source_booking_id"]
        and call["state"] == PENDING
        and call["event"] != "booking.created"
        and moment(call["body"]["updated_at"]) > changed_at
        for name in call["fields"]
    }


def _line(raw: bytes, status: int, message: str) -> dict[str, Any]:
    """A line of the page's log of webhooks."""
    content = _json(raw)
    names = ("event", "event_id", "source_booking_id", "version", "updated_fields", "updated_by")
    said = {name: content.get(name) for name in names}
    return {"at": instant(), "status": status, "message": message, **said}


def _json(raw: bytes) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
