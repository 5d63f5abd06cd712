"""The history of a booking as its partner reads it: what concerns it, and nobody's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.bookings.fields import FIELDS
from app.bookings.wording import shown
from app.crypto import DataKey
from app.events.models import Event
from app.partners.models import Partner
from app.webhooks.receivers import told

CREATED, CONFLICT = "booking.created", "booking.conflict"


def lines(
    events: Sequence[Event], keys: Mapping[UUID, DataKey], currency: str, partner: Partner
) -> list[dict[str, Any]]:
    """The events as the timeline macro takes them; those without a field it is told are left out.

    `keys`: of the customers whom the events are about. `currency`: of the booking.
    """
    found = [_line(event, keys, currency, partner) for event in events if event.name != CONFLICT]
    return [line for line in found if line["changes"] or line["summary"] == "made the booking"]


def _line(
    event: Event, keys: Mapping[UUID, DataKey], currency: str, partner: Partner
) -> dict[str, Any]:
    key = keys.get(event.customer_id) if event.customer_id else None
    made, opened = event.name == CREATED, event.opened(key)
    ours = event.door == partner.door
    fields = [] if made else [name for name in FIELDS if name in told(partner, opened)]
    return {
        "at": event.occurred_at,
        "actor": "You" if ours else "The venue",
        "kind": "partner" if ours else "website",
        "summary": "made the booking" if made else "changed it",
        "changes": [
            {
                "label": FIELDS[name].label,
                "old": shown(name, opened[name][0], currency),
                "new": shown(name, opened[name][1], currency),
            }
            for name in fields
        ],
    }
