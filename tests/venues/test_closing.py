"""Closing slots and days, and opening them again, as the calculator sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import InvalidPayload
from app.extensions import db
from app.staff.scope import EVERYTHING
from app.venues import closing
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.models import Activity, SlotClosure, Venue
from app.venues.plan import State
from tests.bookings.made import MIA
from tests.venues.made import an_activity, told

DAY = "2026-12-01"


@pytest.fixture
def trip(venue: Venue) -> Activity:
    return an_activity(venue)


def close(venue: Venue, **values: Any) -> SlotClosure:
    given = {"day": DAY, "reason": "Storm", **values}
    return closing.close(db.session(), MIA, EVERYTHING, venue.id, given, datetime.now(UTC))


def states(venue: Venue) -> dict[str, list[State]]:
    """By activity, the states of its slots on the day."""
    day = datetime.fromisoformat(DAY).date()
    plan = load(db.session(), [venue.id], day, day)[0]
    return {
        offer.activity.name: [slot.state for slot in slots(plan, offer, day, datetime.now(UTC))]
        for offer in plan.activities
    }


def test_one_slot(venue: Venue, trip: Activity) -> None:
    closed = close(venue, activity_id=str(trip.id), slot="10:00")
    assert states(venue) == {"Snorkel trip": [State.CLOSED, State.OPEN]}
    event = told("slot.closed")[0]
    assert event.changes == {"closed": [None, "2026-12-01, 10:00"], "reason": [None, "Storm"]}
    assert event.meta["activity"] == "Snorkel trip"
    assert close(venue, activity_id=str(trip.id), slot="10:00").id == closed.id
    assert len(told("slot.closed")) == 1
    closing.reopen(db.session(), MIA, EVERYTHING, venue.id, closed.id)
    assert states(venue) == {"Snorkel trip": [State.OPEN, State.OPEN]}
    assert told("slot.opened")[0].changes == {"closed": ["2026-12-01, 10:00", None]}


def test_a_day_of_one_activity_or_of_all(venue: Venue, trip: Activity) -> None:
    an_activity(venue, name="Walk")
    one = close(venue, activity_id=str(trip.id))
    both = [State.CLOSED, State.CLOSED]
    assert states(venue) == {"Snorkel trip": both, "Walk": [State.OPEN, State.OPEN]}
    close(venue)
    assert states(venue) == {"Snorkel trip": both, "Walk": both}
    closing.reopen(db.session(), MIA, EVERYTHING, venue.id, one.id)
    assert states(venue)["Snorkel trip"] == both


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"day": ""}, "day"),
        ({"slot": "10:00"}, "slot"),
        ({"activity_id": "nonsense"}, "activity_id"),
        ({"own": True, "slot": "11:00"}, "slot"),
        ({"reason": "x" * 201}, "reason"),
    ],
)
def test_only_what_exists_is_closed(
    venue: Venue, trip: Activity, values: dict[str, Any], field: str
) -> None:
    if values.get("own"):
        values = {**values, "activity_id": str(trip.id)}
    with pytest.raises(InvalidPayload) as caught:
        close(venue, **values)
    assert [fault.field for fault in caught.value.details] == [field]
