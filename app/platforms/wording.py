"""Connections in words: how one stands, what happened to it, what was said with its platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.events.models import Event
from app.platforms import registry
from app.platforms.models import PlatformConnection

SAID = {
    "platform.connected": "connected the venue",
    "platform.changed": "changed the connection",
    "platform.enabled": "switched the connection on",
    "platform.disabled": "switched the connection off",
    "platform.moved": "changed its place in the order",
    "platform.words_changed": "explained words for a status",
    "platform.checked": "tested the account",
    "platform.pull_asked": "asked for a pull",
    "platform.webhook_secret_replaced": "replaced the webhook secret",
    "platform.removed": "removed the connection",
}
"""Names of the events of connections, and what people read."""
LABELS = {
    "is_enabled": "Switched on",
    "priority": "Place in the order",
    "activity_id": "Reservations are",
    "statuses": "Words for a status",
}
CALLS = {
    "check": ("Test of the account", ("platform.check",)),
    "availability": ("Free tables", ("platform.availability",)),
    "pull": ("Pull", ("platform.pull",)),
    "booking": ("Bookings", ("booking",)),
}
"""Kinds of calls by which the log of exchanges is narrowed: label, and event types."""
UNTOLD = ("platform.connected", "platform.enabled", "platform.disabled")
"""Their words say it all."""
_KINDS = {"user": "staff"}


@dataclass(frozen=True)
class State:
    """How a connection stands: a word, its colour, and why in a sentence."""

    label: str
    tone: str
    why: str = ""


def state_of(connection: PlatformConnection, now: datetime) -> State:
    """Off, on, or failing; where several things fail, what hurts most."""
    if connection.platform_type not in registry.KINDS:
        return State("Unknown", "red", "This installation does not have this platform.")
    if not connection.is_enabled:
        return State("Off", "grey", connection.check_error or "")
    if connection.check_error:
        return State("Failing", "red", connection.check_error)
    if connection.quiet_until is not None and connection.quiet_until > now:
        times = "time" if connection.failures == 1 else "times in a row"
        why = f"Free tables could not be asked, {connection.failures} {times}."
        return State("Failing", "amber", why)
    if connection.sync_error:
        return State("Failing", "amber", connection.sync_error)
    return State("On", "green")


def call_word(event_type: str) -> str:
    """What a call was made for."""
    for label, types in CALLS.values():
        if event_type in types:
            return label
    return {
        "booking.created": "New booking",
        "booking.updated": "Change",
        "booking.status_changed": "Status",
        "booking.cancelled": "Cancellation",
    }.get(event_type, event_type.partition(".")[2].replace("_", " ").capitalize() or event_type)


def lines(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events as the timeline shows them."""
    return [
        {
            "at": event.occurred_at,
            "actor": event.actor_label,
            "kind": _KINDS.get(event.actor_kind, event.actor_kind),
            "door": "",
            "summary": SAID.get(event.name, event.name.partition(".")[2].replace("_", " ")),
            "changes": _changes(event),
            "note": _note(event),
            "deliveries": [],
        }
        for event in events
    ]


def _note(event: Event) -> str | None:
    """What the platform said of an account that it does not take."""
    return None if event.meta.get("works", True) else str(event.meta.get("said", ""))


def _changes(event: Event) -> list[dict[str, Any]]:
    return [
        {"label": LABELS.get(name, name), "old": _text(pair[0]), "new": _text(pair[1])}
        for name, pair in event.changes.items()
        if event.name not in UNTOLD
    ]


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or None if isinstance(value, list) else value
