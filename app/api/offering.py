"""What can be booked, as every JSON door answers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.plain import plain
from app.venues.availability import slots
from app.venues.plan import Offer, Plan, Slot, State

SOLD = (State.OPEN, State.FULL)
"""What is shown: closed times and those that are past are no offer."""


def availability_json(
    plan: Plan, day: date, now: datetime, offers: Sequence[Offer], party: int = 1
) -> dict[str, Any]:
    """A venue's offers on a day. Slots without room for the party are left out."""
    return {
        "success": True,
        "location_id": str(plan.venue.id),
        "date": day.isoformat(),
        "timezone": plan.venue.timezone,
        "activities": [_activity(plan, offer, day, now, party) for offer in offers],
    }


def offers_of(plan: Plan, activity_id: UUID | None = None, kind: str | None = None) -> list[Offer]:
    """The offers that are switched on; only one activity, or one kind, where that is asked."""
    return [
        offer
        for offer in plan.offers
        if offer.activity.is_active
        and activity_id in (None, offer.activity.id)
        and kind in (None, offer.activity.kind)
    ]


def _activity(plan: Plan, offer: Offer, day: date, now: datetime, party: int) -> dict[str, Any]:
    activity = offer.activity
    fits = activity.min_party <= party or party == 1
    fits = fits and (activity.max_party is None or party <= activity.max_party)
    found = slots(plan, offer, day, now) if fits else []
    return {
        "activity_id": str(activity.id),
        "name": activity.name,
        "kind": activity.kind,
        "price": plain(activity.price),
        "currency": plan.currency,
        "slots": [_slot(s) for s in found if s.state in SOLD and (party == 1 or s.fits(party))],
    }


def _slot(slot: Slot) -> dict[str, Any]:
    return {
        "time_slot": "Any time" if slot.is_day else slot.time,
        "departure_id": str(slot.departure_id) if slot.departure_id else None,
        "capacity": slot.most,
        "remaining": slot.remaining,
    }
