"""How guests see treks and their batches."""

from __future__ import annotations

from typing import Any

from app.plain import plain
from app.treks.offers import Trek
from app.venues.models import ActivityPrice
from app.venues.plan import Slot, State


def trek_json(trek: Trek) -> dict[str, Any]:
    """A trek with what it costs and who may come."""
    activity, venue, following = trek.activity, trek.venue, trek.next_batch
    own = ("name", "description", "days", "difficulty", "min_age", "min_party", "max_party")
    rules = ("cancellation_hours", "late_refund_percent")
    return {
        "id": str(activity.id),
        **{name: getattr(activity, name) for name in own},
        "website": trek.website,
        "venue": {
            "id": str(venue.id),
            **{name: getattr(venue, name) for name in ("name", "address", "phone", "timezone")},
        },
        "price": plain(activity.price),
        "currency": trek.plan.currency,
        "prices": [_price(each) for each in trek.prices if each.pax == 1],
        "group_discounts": [
            {"guests": int(rule["guests"]), "percent": float(rule["percent"])}
            for rule in activity.group_discounts
        ],
        "deposit": plain(activity.deposit),
        "deposit_from_party": activity.deposit_from_party,
        **{name: getattr(venue, name) for name in rules},
        "next_batch": batch_json(following) if following else None,
    }


def batch_json(batch: Slot) -> dict[str, Any]:
    """A departure, and what is left of it."""
    can_wait = batch.capacity is not None and batch.state in (State.OPEN, State.FULL)
    return {
        "id": str(batch.departure_id),
        "first_day": batch.day.isoformat(),
        "last_day": (batch.last_day or batch.day).isoformat(),
        "time": batch.time,
        "starts_at": plain(batch.starts_at),
        "capacity": batch.capacity,
        "seats_left": batch.remaining,
        "state": batch.state.value,
        "waiting_list": can_wait,
    }


def _price(price: ActivityPrice) -> dict[str, Any]:
    names = ("category", "label", "min_age", "max_age", "needs_adult")
    return {**{name: getattr(price, name) for name in names}, "price": plain(price.price)}
