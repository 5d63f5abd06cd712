"""What the sources themselves hold of their bookings, so that the demo site can begin with it."""

from __future__ import annotations

import uuid
from typing import Any

from demo.lives import WEBSITE, Act, Step, Story
from demo.source_site.orders import keep, note
from demo.source_site.store import State, empty_state
from demo.source_site.wire import FIELDS, Booking, body, instant

EVENTS = {
    Act.CREATE: "booking.created",
    Act.UPDATE: "booking.updated",
    Act.CLASH: "booking.updated",
    Act.CANCEL: "booking.cancelled",
    Act.REFUND: "booking.refunded",
}
"""The acts that a source tells the hub of."""


class Memory:
    """Every source's bookings as it knows them: by what it said, not by what staff changed."""

    def __init__(self) -> None:
        self._known: dict[uuid.UUID, tuple[Story, Booking]] = {}

    def say(self, step: Step) -> dict[str, Any]:
        """Note what the source does, and return the call with which it tells the hub."""
        story, event = step.story, EVENTS[step.act]
        known = self._begin(story) if step.act is Act.CREATE else self._known[story.source_id][1]
        own = {name: value for name, value in step.changes.items() if name in FIELDS}
        more = {name: value for name, value in step.changes.items() if name not in FIELDS}
        known |= own | {"updated_at": instant(step.at)}
        names = FIELDS if step.act is Act.CREATE else own
        event_id = str(uuid.uuid5(story.source_id, f"{event} {instant(step.at)}"))
        content = body(known, event, event_id, names) | more
        if step.act is Act.CLASH:
            del content["updated_at"]  # then the time of arrival counts, which is now
        _note_end(known, step)
        note(known, f"Told OneBooking: {event}")
        known["story"][0]["at"] = instant(step.at)
        known["sync"] = {"state": "synced", "event": event, "attempts": 1, "error": None}
        return content

    def heard(self, step: Step, booking_id: uuid.UUID) -> None:
        """The hub's answer."""
        self._known[step.story.source_id][1]["onebooking_id"] = str(booking_id)

    def site_state(self, website_id: str) -> State:
        """The state of a site that made these bookings itself."""
        state = empty_state()
        for story, known in self._known.values():
            if story.brand.id == website_id:
                number = int(known["booking_ref"].rpartition("-")[2])
                state["next_ref"] = max(state["next_ref"], number + 1)
                if story.source == WEBSITE:
                    keep(state, known)
        return state

    def _begin(self, story: Story) -> Booking:
        known: Booking = {"source_booking_id": str(story.source_id), "story": [], **story.fields}
        self._known[story.source_id] = story, known
        return known


def _note_end(known: Booking, step: Step) -> None:
    """What the event itself says about the status."""
    if step.act is Act.CANCEL:
        known |= {"status": "cancelled", "cancellation_reason": step.changes.get("reason")}
    elif step.act is Act.REFUND and known["status"] == "cancelled":
        known["status"] = "refunded"
