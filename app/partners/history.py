"""The history of a partner in words: its own events, not those of its bookings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.apikeys import rules as apikeys
from app.events import queries as events
from app.events.models import Event
from app.partners import rules
from app.partners.models import Partner
from app.wall import lifted
from app.websites.history import changed, line

_SAID = {
    "partner.added": "added the partner",
    "partner.updated": "changed the partner",
    "partner.venues_changed": "changed where it may book",
    "partner.webhook_secret_rotated": "replaced the webhook secret",
    "partner.webhook_tested": "sent a test webhook",
    "partner.key_issued": "issued the key {key_name} ({key}…)",
    "partner.key_changed": "changed the key {key_name} ({key}…)",
    "partner.key_rotated": "replaced the key {key_name} ({key}…)",
    "partner.key_revoked": "revoked the key {key_name} ({key}…)",
    "partner.person_invited": "invited {person} to its portal",
    "partner.invitation_revoked": "took the invitation of {person} back",
    "partner.person_joined": "joined its portal",
    "partner.person_switched_on": "let {person} in again",
    "partner.person_switched_off": "switched {person} off",
}
_LABELS = {**rules.EDITABLE, **apikeys.EDITABLE, "venues": "Venues"}


def of_partner(session: Session, partner: Partner, *, whole: bool) -> list[dict[str, Any]]:
    """What was done to a partner, newest first, as the timeline shows it.

    `whole`: for somebody who sees all the websites where it books; others are told no venues.
    """
    # Events of a partner at several websites belong to none: whoever sees it sees its history.
    with lifted(session):
        found = events.of_subject(session, "partner", str(partner.id))
    labels = _LABELS if whole else {n: label for n, label in _LABELS.items() if n != "venues"}
    return [line(event, _summary(event), _changes(event, labels)) for event in found]


def _summary(event: Event) -> str:
    pair = event.changes.get("is_active")
    if event.name == "partner.updated" and pair and len(event.changes) == 1:
        return "switched the partner on" if pair[1] else "switched the partner off"
    said = _SAID.get(event.name, event.name)
    return said.format_map({"key_name": "", "key": "", "person": "", **event.meta})


def _changes(event: Event, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    return [] if event.name == "partner.added" else changed(event, labels)
