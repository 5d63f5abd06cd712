"""The history of one message, as the timeline shows it: from its row, and what was told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.events.models import Event
from app.messaging.models import Message, MessageState

_ENDS = {
    MessageState.UNDELIVERED: "could not deliver it",
    MessageState.FAILED: "refused it",
    MessageState.HELD_BACK: "held it back",
}
_TOLD = {"message.failed": "told staff that it failed", "message.unclear": "told staff to look"}
US, PROVIDER = "OneBooking", "The provider"


def lines(message: Message, told: Sequence[Event]) -> list[dict[str, Any]]:
    """Newest first."""
    state = MessageState(message.state)
    found = [_line(message.created_at, US, "wrote it down")]
    if message.sending_since:
        found.append(_line(message.sending_since, US, "called the provider"))
    if message.sent_at:
        found.append(_line(message.sent_at, PROVIDER, "took it"))
    if message.delivered_at:
        found.append(_line(message.delivered_at, PROVIDER, "delivered it"))
    if state in _ENDS:
        who = US if state is MessageState.HELD_BACK else PROVIDER
        found.append(_line(message.updated_at, who, _ENDS[state], message.reason))
    for event in told:
        said = _TOLD.get(event.name, event.name.partition(".")[2].replace("_", " "))
        found.append(_line(event.occurred_at, event.actor_label, said))
    return sorted(found, key=lambda line: line["at"], reverse=True)


def _line(at: datetime, actor: str, summary: str, note: str | None = None) -> dict[str, Any]:
    return {
        "at": at,
        "actor": actor,
        "kind": "system",
        "door": "",
        "summary": summary,
        "changes": [],
        "note": note,
        "deliveries": [],
    }
