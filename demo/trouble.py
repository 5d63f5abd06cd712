"""What does not work, so that the Sync page has something to show.

Calls of websites that the hub refused or answered with a remark, and two websites whose webhook
endpoints fail: one is always down, one refuses what it is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from demo.lives import WEBSITE, Act, Step, Story
from demo.memory import Memory
from demo.source_site.neighbours import DOWN, PICKY
from demo.source_site.wire import instant

Call = dict[str, Any]
FAILING = {"himalaya-treks": DOWN, "hanuman-luge": PICKY}
"""Website to the path of its webhook, on the demo site's port."""
LATE_EDITS = 2
"""So many bookings of each are changed at the desk and cannot be told."""


def refused_calls(stories: Sequence[Story], now: datetime) -> list[tuple[datetime, Story, Call]]:
    """Some of the last hour: not valid, unknown, sent twice, too late, with a field of its own."""
    own = {story.brand.id: story for story in stories if story.source == WEBSITE}
    makers = {
        "flying-hanuman": _broken,
        "hanuman-world": _unknown,
        "coral-divers": _twice,
        "the-anchor": _late,
        "test-website": _chatty,
    }
    calls = []
    for number, (website_id, make) in enumerate(makers.items()):
        at, story = now - timedelta(minutes=50 - 9 * number), own[website_id]
        calls.append((at, story, {"updated_at": instant(at), **make(story)}))
    return calls


def failing_edits(stories: Sequence[Story], now: datetime) -> list[Step]:
    """Changes at the desk of bookings to come, of the websites that cannot be told."""
    changes = {"admin_notes": "Arrives a little later, the driver knows."}
    edits = []
    for website_id in FAILING:
        ahead = [s for s in stories if s.brand.id == website_id and s.starts > now]
        edits += [Step(now, Act.EDIT, story, changes) for story in ahead[:LATE_EDITS]]
    return edits


def _full(story: Story) -> Call:
    return Memory().say(next(step for step in story.steps if step.act is Act.CREATE))


def _broken(story: Story) -> Call:
    """A new booking with impossible values."""
    other = _full(story) | {"source_booking_id": str(uuid.uuid5(story.source_id, "broken"))}
    return other | {"guest_count": -2, "activity_date": "31/02/2026", "event_id": "broken-1"}


def _unknown(story: Story) -> Call:
    """A change of a booking that never arrived."""
    return {
        "event": "booking.updated",
        "event_id": "unknown-1",
        "source_booking_id": str(uuid.uuid5(story.source_id, "unknown")),
        "time_slot": "13:00",
    }


def _twice(story: Story) -> Call:
    """The same booking again, with another price."""
    return _full(story) | {"total_amount": 1, "event_id": "twice-1"}


def _late(story: Story) -> Call:
    """Something that was overtaken long ago."""
    return {
        "event": "booking.updated",
        "event_id": "late-1",
        "source_booking_id": str(story.source_id),
        "guest_count": 9,
        "updated_at": instant(story.booked - timedelta(days=2)),
    }


def _chatty(story: Story) -> Call:
    """A field that nobody here knows."""
    return {
        "event": "booking.updated",
        "event_id": "chatty-1",
        "source_booking_id": str(story.source_id),
        "loyalty_points": 120,
        "special_requests": "See the loyalty points.",
    }
