"""What people do with deliveries and destinations. Each leaves an event in the log.

Nothing here sends: it changes who is the head of a lane and asks a worker to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.deliveries import health, lanes
from app.deliveries.models import HEAD_STATES, Breaker, Delivery, Destination, State
from app.deliveries.wake import ask
from app.errors import Conflict, NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent

FIRST_IN_LINE = datetime(2000, 1, 1, tzinfo=UTC)
FINISHED = (State.DELIVERED, State.SKIPPED)


def replay(
    session: Session, actor: Actor, delivery_id: int, *, out_of_order: bool = False
) -> Delivery:
    """Send a delivery again, with the same event id.

    A dead head and a retry go at once. A finished one gets one more try; where something later of
    its lane was delivered already, only with `out_of_order`, since the receiver would step back.
    Raises NotFound, and Conflict when it cannot be sent now (the message says why).
    """
    delivery = _lock(session, delivery_id)
    before = delivery.state
    destination = _usable(session, delivery)
    if before in FINISHED:
        if not destination.flows:
            raise Conflict(f"The destination is not reachable now. {destination.waits_because}")
        _back_to_head(session, delivery, out_of_order)
        _send_now(session, delivery, destination)
    elif before in (State.FAILED, State.READY, State.PARKED):
        _send_now(session, delivery, destination)
    elif before == State.SENDING:
        raise Conflict("It is being sent right now.")
    else:
        raise Conflict("An earlier change of this booking must arrive first.")
    _audit(session, actor, delivery, "delivery.replayed", before, out_of_order=out_of_order)
    ask(session)
    return delivery


def replay_all(session: Session, actor: Actor, destination_ids: Sequence[UUID]) -> int:
    """Send every dead delivery of these destinations again. Returns how many."""
    count = sum(health.revive_all(session, key) for key in sorted(set(destination_ids)))
    query = select(Destination).where(Destination.id.in_(destination_ids))
    for destination in session.scalars(query):
        event = NewEvent(
            name="destination.replayed",
            subject_type="destination",
            subject_id=destination.key,
            website_id=destination.website_id,
            meta={"label": destination.label, "count": count},
        )
        record(session, actor, event)
    ask(session)
    return count


def skip(session: Session, actor: Actor, delivery_id: int) -> Delivery:
    """Pass a delivery by: it is not sent, and its lane goes on. It can be sent again later.

    Raises NotFound, and Conflict when it is being sent or is finished.
    """
    delivery = _lock(session, delivery_id)
    before = delivery.state
    if before == State.SENDING:
        raise Conflict("It is being sent right now.")
    if before in FINISHED:
        raise Conflict("It is finished already.")
    delivery.state, delivery.finished_at, delivery.fallback = State.SKIPPED, func.now(), None
    delivery.last_error = f"Passed by at the desk. {delivery.last_error or ''}".strip()
    session.flush()
    lanes.promote(session, [(delivery.destination_id, delivery.lane)])
    _audit(session, actor, delivery, "delivery.skipped", before)
    ask(session)
    return delivery


def switch(
    session: Session, actor: Actor, destination_id: UUID, on: bool, reason: str = ""
) -> Destination:
    """Switch a destination off (what is created waits) or on (what waited leaves). Idempotent.

    Switching on also closes an open breaker. Raises NotFound.
    """
    destination = _lock_destination(session, Destination.id == destination_id)
    if destination is None:
        raise NotFound("This destination does not exist.")
    if on and not (destination.is_on and destination.breaker == Breaker.CLOSED):
        health.switch_on(session, actor, destination)
    elif not on and destination.is_on:
        health.switch_off(session, actor, destination, reason or "Switched off at the desk.")
    ask(session)
    return destination


def address_changed(session: Session, actor: Actor, destination_key: str) -> None:
    """A destination has a new address or secret: what went wrong with the old one says nothing.

    Closes its breaker, revives what had failed, and takes back a switch-off by 410; what a person
    switched off stays off. Does nothing where nothing was ever sent.
    """
    destination = _lock_destination(session, Destination.key == destination_key)
    if destination is None:
        return
    if destination.is_on:
        health.close_breaker(session, destination)
    elif destination.off_reason == health.GONE:
        health.switch_on(session, actor, destination)
    ask(session)


def _lock_destination(session: Session, which: ColumnElement[bool]) -> Destination | None:
    query = select(Destination).where(which).with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def _lock(session: Session, delivery_id: int) -> Delivery:
    """The delivery with its lane and row locked, so that no worker moves either."""
    place = select(Delivery.destination_id, Delivery.lane).where(Delivery.id == delivery_id)
    lane = session.execute(place).one_or_none()
    if lane is None:
        raise NotFound("This delivery does not exist.")
    lanes.lock(session, [(lane.destination_id, lane.lane)])
    query = select(Delivery).where(Delivery.id == delivery_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _usable(session: Session, delivery: Delivery) -> Destination:
    """Its destination. Raises Conflict when that is off."""
    destination = session.get_one(Destination, delivery.destination_id)
    if not destination.is_on or destination.paused_reason:
        raise Conflict(f"The destination is off. {destination.waits_because}")
    return destination


def _send_now(session: Session, delivery: Delivery, destination: Destination) -> None:
    """Make the head of a lane due, with a new life if it was dead."""
    if delivery.state == State.FAILED:
        delivery.tries, delivery.give_up_at, delivery.finished_at = 0, None, None
    delivery.due_at = func.clock_timestamp()
    delivery.state = State.READY if destination.flows else State.PARKED
    if destination.breaker == Breaker.OPEN:  # it becomes the probe: the first in line, at once
        delivery.due_at = FIRST_IN_LINE
        destination.probe_at = func.clock_timestamp()
    session.flush()


def _back_to_head(session: Session, delivery: Delivery, out_of_order: bool) -> None:
    """Put a finished delivery at the head of its lane, before what waits there."""
    same_lane = (
        Delivery.destination_id == delivery.destination_id,
        Delivery.lane == delivery.lane,
    )
    later = select(Delivery.id).where(
        *same_lane, Delivery.position > delivery.position, Delivery.state == State.DELIVERED
    )
    overtaken = session.scalar(later.limit(1)) is not None
    if overtaken and not out_of_order:
        raise Conflict("A later change of this booking has arrived there already.")
    head = session.scalar(select(Delivery).where(*same_lane, Delivery.state.in_(HEAD_STATES)))
    if head is not None:
        if head.state == State.SENDING:
            raise Conflict("Another change of this booking is being sent: try again in a moment.")
        session.execute(update(Delivery).where(Delivery.id == head.id).values(state=State.WAITING))
    if overtaken or delivery.state == State.DELIVERED:
        delivery.fallback = delivery.state  # one try: nothing automatic goes backwards
    delivery.state = State.FAILED
    session.flush()


def _audit(
    session: Session,
    actor: Actor,
    delivery: Delivery,
    name: str,
    before: str,
    *,
    out_of_order: bool = False,
) -> None:
    event = NewEvent(
        name=name,
        subject_type="delivery",
        subject_id=str(delivery.id),
        website_id=delivery.website_id,
        booking_id=delivery.booking_id,
        changes={"state": [before, delivery.state]},
        meta={"event_id": delivery.event_id, "out_of_order": out_of_order},
    )
    record(session, actor, event)
