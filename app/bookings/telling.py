"""What the log is told of a booking, and with it all who must hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.bookings.fields import PERSONAL, STATUS_COMPANIONS, difference
from app.bookings.models import Booking
from app.crypto import DataKey
from app.events.actions import record
from app.events.models import Actor, NewEvent

Changes = dict[str, list[Any]]


def created(
    session: Session,
    actor: Actor,
    row: Mapping[str, Any],
    fields: Mapping[str, Any],
    key: DataKey | None,
    *,
    is_news: bool = True,
) -> None:
    """There is a new booking: its columns, and of them the fields."""
    record(session, actor, of_new(row, fields, key, dispatch=is_news))


def of_new(
    row: Mapping[str, Any], fields: Mapping[str, Any], key: DataKey | None, *, dispatch: bool
) -> NewEvent:
    """What the log is told of a new booking. `dispatch`: whether anybody else is."""
    changes = {name: pair for name, pair in difference({}, fields).items() if pair[1] is not None}
    return NewEvent(
        name="booking.created",
        subject_type="booking",
        subject_id=str(row["id"]),
        website_id=row["website_id"],
        booking_id=row["id"],
        customer_id=row["customer_id"],
        version=1,
        changes=changes,
        personal=PERSONAL,
        key=key,
        dispatch=dispatch,
    )


def changed(
    session: Session,
    actor: Actor,
    booking: Booking,
    changes: Changes,
    key: DataKey | None,
    meta: Mapping[str, Any] | None,
) -> None:
    """A booking came to its next version."""
    name = _name(changes)
    more = {"version": booking.version, "meta": dict(meta or {}), "dispatch": True}
    record(session, actor, _about(booking, name, changes, key, **more))


def conflict(
    session: Session, actor: Actor, booking: Booking, changes: Changes, key: DataKey | None
) -> None:
    """A source's values lost: {field: [kept, refused]}. Nobody else is told."""
    record(session, actor, _about(booking, "booking.conflict", changes, key))


def _about(
    booking: Booking, name: str, changes: Changes, key: DataKey | None, **more: Any
) -> NewEvent:
    return NewEvent(
        name=name,
        subject_type="booking",
        subject_id=str(booking.id),
        website_id=booking.website_id,
        booking_id=booking.id,
        customer_id=booking.customer_id,
        changes=changes,
        personal=PERSONAL,
        key=key,
        **more,
    )


def _name(changes: Changes) -> str:
    if "status" in changes and changes.keys() <= STATUS_COMPANIONS:
        return "booking.status_changed"
    return "booking.updated"
