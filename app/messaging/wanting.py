"""Asking for scheduled messages: a row that says it was decided, and an event that channels hear.

Both in one transaction, and the row only once: whoever comes second writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.messaging.models import Kind, MessageSettings, Notice
from app.websites.models import Website

BATCH = 100
"""Bookings of one step."""
OFF = "off"


class Visit(NamedTuple):
    """Whose message is due."""

    booking_id: UUID
    website_id: str
    customer_id: UUID
    visit_at: datetime


def want(session: Session, kind: Kind, visits: Sequence[Visit]) -> int:
    """Ask for a message to each of these guests. Returns for how many nobody had yet."""
    if not visits:
        return 0
    rows = [
        {"booking_id": v.booking_id, "kind": kind.value, "visit_at": v.visit_at} for v in visits
    ]
    once = insert(Notice).values(rows).on_conflict_do_nothing().returning(Notice.booking_id)
    fresh = set(session.scalars(once))
    for visit in visits:
        if visit.booking_id in fresh:
            record(session, SYSTEM, _event(kind, visit))
    return len(fresh)


def _event(kind: Kind, visit: Visit) -> NewEvent:
    return NewEvent(
        name="message.wanted",
        subject_type="booking",
        subject_id=str(visit.booking_id),
        website_id=visit.website_id,
        booking_id=visit.booking_id,
        customer_id=visit.customer_id,
        changes={"kind": [None, kind.value]},
        dispatch=True,
    )


def websites_that_write() -> Select[Any]:
    """Ids of the websites that send messages to their guests."""
    return (
        select(Website.id)
        .join(MessageSettings, MessageSettings.website_id == Website.id)
        .where(
            Website.is_active, or_(MessageSettings.sms_by != OFF, MessageSettings.email_by != OFF)
        )
    )
