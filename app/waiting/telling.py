"""What the log is told of waiting lists. Nothing personal: who it is follows from the customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.events.actions import record
from app.events.models import SYSTEM, Actor, NewEvent
from app.waiting.models import WaitingEntry
from app.waiting.queries import Place


def tell(
    session: Session,
    actor: Actor,
    name: str,
    entry: WaitingEntry,
    place: Place,
    changes: dict[str, list[Any]] | None = None,
    **meta: Any,
) -> None:
    """Something happened to an entry: `waiting.joined`, …"""
    departure = place.departure
    named = f"{place.activity.name}, {departure.day} {departure.time:%H:%M}"
    event = NewEvent(
        name=name,
        subject_type="waiting",
        subject_id=str(entry.id),
        website_id=entry.website_id,
        customer_id=entry.customer_id,
        changes=changes or {},
        meta={"departure": named, "departure_id": str(departure.id), **meta},
    )
    record(session, actor, event)


def ask_message(session: Session, booking: Booking) -> None:
    """The guest is to hear that a place is held for them."""
    event = NewEvent(
        name="message.wanted",
        subject_type="booking",
        subject_id=str(booking.id),
        website_id=booking.website_id,
        booking_id=booking.id,
        customer_id=booking.customer_id,
        changes={"kind": [None, "place_offered"]},
        dispatch=True,
    )
    record(session, SYSTEM, event)
