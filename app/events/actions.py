"""Writing the log: the only function that makes an event."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Uuid, insert, literal, select
from sqlalchemy.orm import Session

from app.events.models import SEALED, Actor, Event, NewEvent, Outbox
from app.ids import new_id


def record(session: Session, actor: Actor, event: NewEvent) -> int:
    """Append one event, and its outbox row when channels must hear of it. Returns the event's id.

    Runs in the caller's transaction, so a change and its consequences commit together. Event and
    outbox row are one statement: neither can exist without the other.
    """
    statement = insert(Event).values(_row(actor, event)).returning(Event.id)
    if not event.dispatch:
        return session.execute(statement).scalar_one()
    session.info["to_dispatch"] = True
    written = statement.cte("written")
    row = select(written.c.id, literal(event.booking_id, Uuid), literal(event.version, BigInteger))
    columns = ["event_id", "booking_id", "version"]
    both = insert(Outbox).from_select(columns, row).returning(Outbox.event_id)
    return session.execute(both).scalar_one()


def _row(actor: Actor, event: NewEvent) -> dict[str, Any]:
    return {
        "uid": new_id(),
        "name": event.name,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "website_id": event.website_id,
        "booking_id": event.booking_id,
        "customer_id": event.customer_id,
        "version": event.version,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_label": actor.label,
        "door": actor.door,
        "request_id": actor.request_id,
        "ip": actor.ip,
        "changes": _sealed(event),
        "meta": event.meta,
    }


def _sealed(event: NewEvent) -> dict[str, Any]:
    hidden = event.personal & event.changes.keys()
    return {
        name: {SEALED: event.key.seal(pair) if event.key else None} if name in hidden else pair
        for name, pair in event.changes.items()
    }
