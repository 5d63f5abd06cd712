"""Requests for a change: guests make them by their link, staff answer them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bookings.models import Booking
from app.errors import Conflict, Fault, InvalidPayload, NotFound
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.selfservice.models import ChangeRequest
from app.selfservice.queries import VIEW, of_booking
from app.staff.permissions import Permission
from app.staff.scope import Scope

EDIT = Permission.BOOKINGS_EDIT
MOST_OPEN = 3
"""Requests of one booking that wait for an answer."""
LONGEST, LONGEST_ANSWER = 1000, 500
"""Characters."""
ANSWERS = ("done", "declined")


def ask(session: Session, actor: Actor, booking: Booking, words: str) -> ChangeRequest:
    """Ask staff for something. The same words again, while they wait, are the same request.

    `booking` is locked. Raises InvalidPayload for no or too many words, Conflict for too many
    requests and for a booking that is over.
    """
    words = words.strip()
    if not words or len(words) > LONGEST:
        said = "Write what you would like to change." if not words else _too_long(LONGEST)
        raise InvalidPayload("Nothing was sent.", [Fault("words", said)])
    if booking.is_gone:
        raise Conflict("The booking is cancelled. Please book again, or call us.")
    waiting = [each for each in of_booking(session, booking.id) if each.state == "open"]
    for each in waiting:
        if each.words == words:
            return each
    if len(waiting) >= MOST_OPEN:
        raise Conflict("We have not answered your other requests yet. Please wait, or call us.")
    made = ChangeRequest(
        website_id=booking.website_id,
        booking_id=booking.id,
        customer_id=booking.customer_id,
        words=words,
        state="open",
    )
    session.add(made)
    session.flush()
    record(session, actor, _event("request.made", made))
    return made


def withdraw(
    session: Session, actor: Actor, booking: Booking, request_id: UUID, now: datetime
) -> bool:
    """The guest does not need it any more. Returns whether it still waited. Raises NotFound."""
    found = _locked(session, request_id)
    if found is None or found.booking_id != booking.id:
        raise NotFound("There is no such request.")
    if found.state != "open":
        return False
    found.state, found.answered_at = "withdrawn", now
    record(session, actor, _event("request.withdrawn", found))
    return True


def answer(
    session: Session,
    actor: Actor,
    scope: Scope,
    request_id: UUID,
    state: str,
    words: str,
    now: datetime,
) -> ChangeRequest:
    """Staff say `done` or `declined`, with words for the guest's page where they like.

    Raises NotFound, Forbidden, InvalidPayload, and Conflict for one that was answered already.
    """
    found = _locked(session, request_id)
    if found is None or not scope.can(VIEW, found.website_id):
        raise NotFound("There is no such request.")
    scope.demand(EDIT, found.website_id, seen_with=VIEW)
    if state not in ANSWERS:
        raise InvalidPayload("Choose done or declined.", [Fault("state", "Choose one.")])
    if len(words.strip()) > LONGEST_ANSWER:
        fault = Fault("answer", _too_long(LONGEST_ANSWER))
        raise InvalidPayload("Nothing was answered.", [fault])
    if found.state != "open":
        word = "withdrawn by the guest" if found.state == "withdrawn" else "answered already"
        raise Conflict(f"This request was {word}.")
    found.state, found.answer = state, words.strip() or None
    found.answered_by, found.answered_at = UUID(actor.id), now
    record(session, actor, _event("request.answered", found, answer=state))
    return found


def _locked(session: Session, request_id: UUID) -> ChangeRequest | None:
    query = select(ChangeRequest).where(ChangeRequest.id == request_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def _event(name: str, request: ChangeRequest, **meta: str) -> NewEvent:
    """What the log is told: that it happened. The words stay with the request."""
    return NewEvent(
        name=name,
        subject_type="request",
        subject_id=str(request.id),
        website_id=request.website_id,
        booking_id=request.booking_id,
        customer_id=request.customer_id,
        meta=meta,
    )


def _too_long(most: int) -> str:
    return f"Must be at most {most} characters long."
