"""Sending a test webhook: one real signed call, for a person who watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.bookings.fields import FIELDS, STATUS_COMPANIONS, difference, values_of
from app.bookings.models import Booking
from app.deliveries.channel import Meaning
from app.deliveries.log import exchange_columns
from app.deliveries.models import SyncLog
from app.deliveries.outcome import judge_unreachable
from app.errors import Fault, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.ids import new_id
from app.outbound import Answer, Outgoing, Unreachable, send_once
from app.partners.models import Partner
from app.webhooks.channel import EVENTS, WebhookChannel
from app.webhooks.payload import body_of, outside, signed
from app.webhooks.receivers import Receiver, told
from app.websites.models import Website


@dataclass(frozen=True)
class Exchange:
    """The whole of a call, for display to whoever may manage the website."""

    url: str
    request_headers: dict[str, str]
    request_body: str
    success: bool
    message: str
    """What the answer means, in a sentence; empty when delivered."""
    status: int | None
    response_headers: dict[str, str]
    response_body: str
    duration_ms: int
    log_id: int


def send_test(
    session: Session,
    receiver: Receiver,
    booking: Booking | None,
    event: str,
    actor: Actor,
    website_id: str | None = None,
) -> Exchange:
    """Call a website's or partner's webhook with the booking as it is now, marked `"test": true`.

    Without a booking the ids are made up. Commits before the call, so that no transaction is held
    while the endpoint takes its time. Raises InvalidPayload for an unknown event, or when the
    receiver has no address or no secret. `website_id`: in whose log a partner's test is told.
    """
    website_id = receiver.id if isinstance(receiver, Website) else website_id
    outgoing = _compose(session, receiver, booking, event, actor)
    door, told_of = receiver.door, _audit_event(receiver, event, website_id)
    booking_id = booking.id if booking else None
    session.commit()
    answer = send_once(outgoing)
    judge = WebhookChannel().judge
    verdict = judge(answer, outgoing) if isinstance(answer, Answer) else judge_unreachable(answer)
    success = verdict.meaning is Meaning.DELIVERED
    entry = SyncLog(
        website_id=website_id,
        booking_id=booking_id,
        event_type=event,
        door=door,
        notes=["Test webhook."],
        error_message=verdict.message or None,
        request_id=actor.request_id,
        ip=actor.ip,
        **exchange_columns(outgoing, answer, success),
    )
    session.add(entry)
    told_of.meta["success"] = success
    record(session, actor, told_of)
    session.flush()
    return _exchange(outgoing, answer, success, verdict.message, entry.id)


def _compose(
    session: Session, receiver: Receiver, booking: Booking | None, event: str, actor: Actor
) -> Outgoing:
    if event not in EVENTS:
        known = ", ".join(sorted(EVENTS))
        raise InvalidPayload("Unknown event.", [Fault("event", f"Must be one of {known}.")])
    secrets = receiver.signing_secrets()
    if not receiver.webhook_url or not secrets:
        fault = Fault("webhook_url", "Enter the address (and make a secret) first.")
        raise InvalidPayload("There is no webhook to test.", [fault])
    data, id_there, author = _data(booking, event), _id_there(receiver, booking), actor.label
    if isinstance(receiver, Partner):
        data = {name: data[name] for name in sorted(told(receiver, data))}
        website = session.get(Website, booking.website_id) if booking else None
        author = website.name if website else "OneBooking"
    message = body_of(
        event_id=new_id(),
        event=event,
        source_booking_id=id_there,
        booking_id=booking.id if booking else new_id(),
        version=booking.version if booking else 0,
        data=data,
        updated_at=booking.updated_at if booking else datetime.now(UTC),
        updated_by=author,
    )
    return signed(receiver.webhook_url, secrets, {**message, "test": True})


def _id_there(receiver: Receiver, booking: Booking | None) -> UUID:
    """The id by which the receiver knows the booking."""
    if booking is None:
        return new_id()
    if isinstance(receiver, Partner):
        return booking.partner_uuid or booking.id
    return booking.source_booking_id


def _data(booking: Booking | None, event: str) -> dict[str, Any]:
    """Values as they are: applying them changes nothing at the source."""
    if booking is None:
        return {"status": "confirmed"}
    values = outside({n: pair[1] for n, pair in difference({}, values_of(booking)).items()})
    if event == "booking.created":
        return values
    return {"status": booking.status} | {
        name: value
        for name, value in values.items()
        if name in STATUS_COMPANIONS and value != FIELDS[name].empty
    }


def _audit_event(receiver: Receiver, event: str, website_id: str | None) -> NewEvent:
    kind = "partner" if isinstance(receiver, Partner) else "website"
    return NewEvent(
        name=f"{kind}.webhook_tested",
        subject_type=kind,
        subject_id=str(receiver.id),
        website_id=website_id,
        meta={"event": event},
    )


def _exchange(
    outgoing: Outgoing, answer: Answer | Unreachable, success: bool, message: str, log_id: int
) -> Exchange:
    answered = answer if isinstance(answer, Answer) else None
    return Exchange(
        url=outgoing.url,
        request_headers=dict(outgoing.headers),
        request_body=outgoing.body.decode(),
        success=success,
        message=message,
        status=answered.status if answered else None,
        response_headers=dict(answered.headers) if answered else {},
        response_body=answered.text if answered else "",
        duration_ms=answer.duration_ms,
        log_id=log_id,
    )
