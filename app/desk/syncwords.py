"""Deliveries and calls in words, for the Sync pages."""

from __future__ import annotations

import json

from app.bookings.fields import FIELDS, STATUS_COMPANIONS
from app.bookings.status import Status
from app.bookings.wording import labels
from app.deliveries.models import Delivery, State
from app.deliveries.queries import RETRYING
from app.events.models import Event

_SHORT = {
    "booking.created": "New booking",
    "reservation.wanted": "Sent again",
    "reservation.found": "Found at the platform",
}


def shown_state(delivery: Delivery) -> str:
    """The state as people know it: between two tries it is retrying."""
    is_retrying = delivery.state == State.READY and delivery.tries > 0
    return RETRYING if is_retrying else delivery.state


def what_changed(event: Event) -> str:
    """An event in a few words: what became of the booking, or which fields changed."""
    if event.name in _SHORT:
        return _SHORT[event.name]
    status_pair = event.changes.get("status")
    follows = STATUS_COMPANIONS - {"admin_notes"} if status_pair else frozenset()
    others = [name for name in FIELDS if name in event.changes and name not in follows]
    if status_pair is None:
        return labels(others).capitalize()
    moved = Status(status_pair[1]).label
    return f"{moved}, {labels(others)}" if others else moved


def pretty(body: str | None) -> str:
    """JSON with line breaks; anything else as it is."""
    try:
        return json.dumps(json.loads(body or ""), indent=2, ensure_ascii=False)
    except ValueError:
        return body or ""
