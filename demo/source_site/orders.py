"""What guests and the site's own people do: book, change, cancel. Each leaves a sync call to send.

All of it works on the state inside `Store.change`, so that a booking and its call are kept
together or not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from demo.source_site.store import State
from demo.source_site.wire import FIELDS, Booking, body, instant

PENDING, REFUSED = "pending", "refused"


def place(state: State, prefix: str, fields: Mapping[str, Any]) -> Booking:
    """A new, paid booking. `fields` are those of `wire.FIELDS` that the form knows."""
    now = instant()
    booking: Booking = {
        "source_booking_id": str(uuid.uuid4()),
        "booking_ref": f"{prefix}-{state['next_ref']:06d}",
        "status": "confirmed",
        "stripe_payment_intent_id": f"pi_demo_{uuid.uuid4().hex[:16]}",
        "source_created_at": now,
        "updated_at": now,
        **fields,
    }
    state["next_ref"] += 1
    keep(state, booking)
    tell(state, booking, "booking.created", FIELDS)
    return booking


def keep(state: State, booking: Booking) -> None:
    """Take a booking into the books."""
    booking.setdefault("versions", {})
    booking.setdefault("story", [])
    state["bookings"][booking["source_booking_id"]] = booking


def change(state: State, booking: Booking, changes: Mapping[str, Any]) -> bool:
    """Set fields here and tell the hub. False when nothing differs."""
    different = {name: value for name, value in changes.items() if booking.get(name) != value}
    if not different:
        return False
    booking.update(different, updated_at=instant())
    note(booking, "Changed here: " + ", ".join(words(different)))
    tell(state, booking, "booking.updated", different)
    return True


def cancel(state: State, booking: Booking, reason: str) -> None:
    """Cancel here and tell the hub. A cancelled one stays as it is."""
    if booking["status"] == "cancelled":
        return
    booking.update(status="cancelled", cancellation_reason=reason or None, updated_at=instant())
    note(booking, "Cancelled here" + (f": {reason}" if reason else ""))
    tell(state, booking, "booking.cancelled", ["status"], {"reason": reason} if reason else {})


def tell(
    state: State,
    booking: Booking,
    event: str,
    names: Iterable[str],
    more: Mapping[str, Any] | None = None,
) -> None:
    """Queue a sync call."""
    event_id = str(uuid.uuid4())
    state["outbox"].append(
        {
            "event_id": event_id,
            "source_booking_id": booking["source_booking_id"],
            "event": event,
            "fields": list(names),
            "body": body(booking, event, event_id, names) | dict(more or {}),
            "state": PENDING,
            "attempts": 0,
            "next_at": 0.0,
        }
    )
    booking["sync"] = {"state": "waiting", "event": event, "attempts": 0, "error": None}


def retry(state: State, booking: Booking) -> int:
    """Send again at once what waits or was refused. Returns how many calls that is."""
    calls = [c for c in state["outbox"] if c["source_booking_id"] == booking["source_booking_id"]]
    for call in calls:
        call.update(state=PENDING, attempts=0, next_at=0.0)
    return len(calls)


def hurry(state: State) -> None:
    """Send at once what waits for its next try."""
    for call in state["outbox"]:
        call["next_at"] = 0.0


def note(booking: Booking, text: str) -> None:
    """Add a line to the booking's story, newest first."""
    booking["story"].insert(0, {"at": instant(), "text": text})
    del booking["story"][20:]


def words(names: Iterable[str]) -> list[str]:
    """Names of fields for people."""
    return [name.replace("_", " ") for name in names]
