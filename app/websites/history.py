"""The history of a website in words: its own events, not those of its bookings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.apikeys import rules as apikeys
from app.events.models import Event
from app.websites import rules

_SAID = {
    "website.registered": "added the website",
    "website.updated": "changed the website",
    "website.webhook_secret_rotated": "replaced the webhook secret",
    "website.webhook_tested": "sent a test webhook",
    "website.key_issued": "issued the key {key_name} ({key}…)",
    "website.key_changed": "changed the key {key_name} ({key}…)",
    "website.key_rotated": "replaced the key {key_name} ({key}…)",
    "website.key_revoked": "revoked the key {key_name} ({key}…)",
}
_KINDS = {"user": "staff"}
_LABELS = {**rules.EDITABLE, **apikeys.EDITABLE}


def lines(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events as the timeline shows them."""
    return [line(event, _summary(event), _changes(event)) for event in events]


def line(event: Event, summary: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
    """One entry of the timeline."""
    return {
        "at": event.occurred_at,
        "actor": event.actor_label,
        "kind": _KINDS.get(event.actor_kind, event.actor_kind),
        "door": "",
        "summary": summary,
        "changes": changes,
        "note": _note(event),
        "deliveries": [],
    }


def _summary(event: Event) -> str:
    pair = event.changes.get("is_active")
    if event.name == "website.updated" and pair and len(event.changes) == 1:
        return "switched the website on" if pair[1] else "switched the website off"
    said = _SAID.get(event.name, event.name)
    return said.format_map({"key_name": "", "key": "", **event.meta})


def _changes(event: Event) -> list[dict[str, Any]]:
    if event.name == "website.registered":
        return []
    return changed(event, _LABELS)


def changed(event: Event, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Old and new of the fields that have a label."""
    return [
        {"label": label, "old": _words(pair[0]), "new": _words(pair[1])}
        for name, label in labels.items()
        if (pair := event.changes.get(name))
    ]


def _note(event: Event) -> str | None:
    if event.name.endswith(".webhook_tested") and not event.meta.get("success"):
        return "It did not arrive."
    return None


def _words(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or None
    return value
