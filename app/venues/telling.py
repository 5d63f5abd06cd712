"""What happens at a venue, told to the log. The subject is always the venue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.venues.following import followers
from app.venues.models import Venue


def tell(
    session: Session,
    actor: Actor,
    venue: Venue,
    name: str,
    changes: Mapping[str, list[Any]],
    **meta: Any,
) -> None:
    """Record one event of the venue; `meta` names the activity, the departure, the day."""
    pairs = {field: [plain(old), plain(new)] for field, (old, new) in changes.items()}
    known = {key: plain(value) for key, value in meta.items() if value is not None}
    told = {"venue": venue.name, **known}
    event = NewEvent(name, "venue", str(venue.id), pairs, told, website_id=venue.website_id)
    record(session, actor, event)
    followers.tell(session, venue, name)


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, Decimal):
        return f"{value:f}".removesuffix(".00")
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return value


def apply(row: Any, cleaned: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Write the values that differ into the row; returns {field: [old, new]} of those."""
    difference = {
        name: [getattr(row, name), value]
        for name, value in cleaned.items()
        if getattr(row, name) != value
    }
    for name, (_, value) in difference.items():
        setattr(row, name, value)
    return difference


def made(cleaned: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field: [None, value]} of something new, without what is empty."""
    return {
        name: [None, value] for name, value in cleaned.items() if value not in (None, [], False)
    }
