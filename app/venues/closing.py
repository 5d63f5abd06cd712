"""Close a slot, a day of an activity or a day of the venue, and open it again.

Closing sells nothing more; bookings that are there stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload
from app.events.models import Actor
from app.staff.scope import Scope
from app.venues import queries, rules
from app.venues.availability import slots
from app.venues.loading import load
from app.venues.models import Activity, SlotClosure, Venue
from app.venues.telling import tell

WHOLE_DAY = "the whole day"
WHOLE_VENUE = "the whole venue"


def close(
    session: Session,
    actor: Actor,
    scope: Scope,
    venue_id: UUID,
    values: Mapping[str, Any],
    now: datetime,
) -> SlotClosure:
    """Close `day`: all of it, or with `activity_id` of that activity, with `slot` that slot alone.

    What is closed already stays as it is. Raises NotFound, Forbidden and InvalidPayload.
    """
    venue = queries.lock(session, scope, venue_id)
    cleaned = rules.clean_closure(values)
    activity = _activity(session, venue, values.get("activity_id"))
    if cleaned["slot"] is not None:
        _demand_slot(session, venue, activity, cleaned, now)
    own = activity.id if activity else None
    closure = _there(session, venue, own, cleaned)
    if closure is None:
        closure = SlotClosure(venue_id=venue.id, activity_id=own, **cleaned)
        session.add(closure)
        session.flush()
        said = {"closed": [None, _what(session, venue, closure)]}
        if closure.reason:
            said["reason"] = [None, closure.reason]
        tell(session, actor, venue, "slot.closed", said, **_about(closure, activity))
    return closure


def reopen(
    session: Session, actor: Actor, scope: Scope, venue_id: UUID, closure_id: UUID
) -> SlotClosure:
    """Sell again what was closed. Raises NotFound and Forbidden."""
    venue = queries.lock(session, scope, venue_id)
    closure = queries.part(session, venue, SlotClosure, closure_id)
    activity = session.get(Activity, closure.activity_id) if closure.activity_id else None
    said = {"closed": [_what(session, venue, closure), None]}
    session.delete(closure)
    session.flush()
    tell(session, actor, venue, "slot.opened", said, **_about(closure, activity))
    return closure


def _activity(session: Session, venue: Venue, given: Any) -> Activity | None:
    """The activity that is meant; None: all of the venue."""
    if not given:
        return None
    for activity in queries.activities(session, [venue.id]):
        if str(activity.id) == str(given):
            return activity
    fault = Fault("activity_id", "This venue has no such activity.")
    raise InvalidPayload("Choose the activity.", [fault])


def _demand_slot(
    session: Session,
    venue: Venue,
    activity: Activity | None,
    cleaned: Mapping[str, Any],
    now: datetime,
) -> None:
    """Only what exists can be closed."""
    plan = load(session, [venue.id], cleaned["day"], cleaned["day"])[0]
    for offer in plan.activities:
        if activity is not None and offer.activity.id == activity.id:
            known = {slot.key for slot in slots(plan, offer, cleaned["day"], now)}
            if cleaned["slot"] in known:
                return
    fault = Fault("slot", "There is no such slot on that day.")
    raise InvalidPayload("This cannot be closed.", [fault])


def _there(
    session: Session, venue: Venue, activity_id: UUID | None, cleaned: Mapping[str, Any]
) -> SlotClosure | None:
    query = select(SlotClosure).where(
        SlotClosure.venue_id == venue.id,
        SlotClosure.day == cleaned["day"],
        SlotClosure.activity_id.is_not_distinct_from(activity_id),
        SlotClosure.slot.is_not_distinct_from(cleaned["slot"]),
    )
    return session.scalars(query).first()


def _what(session: Session, venue: Venue, closure: SlotClosure) -> str:
    """`2026-11-21, 10:00`; a departure by its time."""
    slot = closure.slot
    if slot is None or slot == "day":
        return f"{closure.day}, {WHOLE_DAY}"
    if ":" not in slot:
        departure = queries.departure(session, venue, UUID(slot)).departure
        slot = f"departure {departure.time:%H:%M}"
    return f"{closure.day}, {slot}"


def _about(closure: SlotClosure, activity: Activity | None) -> dict[str, Any]:
    return {"day": closure.day, "activity": activity.name if activity else WHOLE_VENUE}
