"""Writing the log: the only function that makes an event."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select
from sqlalchemy.orm import Session

from app.events.models import SEALED, Actor, Event, NewEvent, Outbox
from app.ids import new_id
from app.rows import insert_rows
from app.wall import is_open, lifted

_EVENTS = cast(Table, Event.__table__)
_OUTBOX = cast(Table, Outbox.__table__)
_COLUMNS = (
    *("uid", "name", "subject_type", "subject_id", "website_id", "booking_id", "customer_id"),
    *("version", "actor_kind", "actor_id", "actor_label", "door", "request_id", "ip"),
    *("changes", "meta"),
)
# Built once: putting a statement together costs more than sending it.
_INSERT = (
    insert(_EVENTS)
    .values({name: bindparam(name, type_=_EVENTS.c[name].type) for name in _COLUMNS})
    .returning(_EVENTS.c.id, _EVENTS.c.booking_id, _EVENTS.c.version)
)
_WRITTEN = _INSERT.cte("written")
_INSERT_BOTH = (
    insert(_OUTBOX)
    .from_select(
        ["event_id", "booking_id", "version"],
        select(_WRITTEN.c.id, _WRITTEN.c.booking_id, _WRITTEN.c.version),
    )
    .returning(_OUTBOX.c.event_id)
)


def record(session: Session, actor: Actor, event: NewEvent) -> int:
    """Append one event, and its outbox row when channels must hear of it. Returns the event's id.

    Runs in the caller's transaction, so a change and its consequences commit together. Event and
    outbox row are one statement: neither can exist without the other.
    """
    if event.dispatch:
        session.info["to_dispatch"] = True
    statement = _INSERT_BOTH if event.dispatch else _INSERT
    # Whoever may do a thing has it logged, also where they may not read the log.
    within = nullcontext() if is_open(session, event.website_id) else lifted(session)
    with within:
        return int(session.execute(statement, _row(actor, event)).scalar_one())


def record_many(session: Session, actor: Actor, events: Sequence[NewEvent]) -> None:
    """Append many events of which no channel hears, in this order.

    Only for who sees every website. Raises ValueError for an event that is to be dispatched.
    """
    if any(event.dispatch for event in events):
        raise ValueError("what is dispatched is recorded one by one")
    if events:
        insert_rows(session, _EVENTS, [_row(actor, event) for event in events])


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
