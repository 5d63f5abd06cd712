"""The rows of the messages: where each is, and what was said. States never move backwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.customers.opting import set_sms_opt_in
from app.deliveries.channel import Claim
from app.events.actions import record
from app.events.models import SYSTEM, NewEvent
from app.messaging import health
from app.messaging.deciding import GUEST
from app.messaging.models import RANK, Kind, Medium, Message, MessageState
from app.messaging.results import Result, Trouble

FINAL = (
    *(MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED),
    *(MessageState.FAILED, MessageState.HELD_BACK),
)
TAKEN = (MessageState.SENT, MessageState.DELIVERED)


def audience_of(claim: Claim) -> str:
    """Whom a delivery is for: the end of its lane."""
    return claim.lane.rpartition(":")[2]


def new_row(claim: Claim, kind: Kind, medium: Medium, customer_id: UUID | None) -> Message:
    """A message that nothing has happened to yet."""
    audience = audience_of(claim)
    return Message(
        website_id=str(claim.website_id),
        event_id=claim.event_id,
        booking_id=claim.booking_id,
        customer_id=customer_id if audience == GUEST else None,
        kind=kind.value,
        medium=medium.value,
        audience=audience,
        state=MessageState.QUEUED.value,
    )


def hold_back(message: Message, reason: str) -> None:
    """It will not be sent."""
    message.state, message.reason = MessageState.HELD_BACK.value, reason
    message.sending_since = None


def put_off(message: Message, reason: str) -> None:
    """It waits its turn."""
    message.state, message.reason, message.sending_since = MessageState.QUEUED.value, reason, None


def begin(message: Message, now: datetime, **said: Any) -> None:
    """A call is about to begin: from here on it may have been sent."""
    message.state, message.sending_since = MessageState.SENDING.value, now
    message.reason = message.error_code = message.provider_id = None
    message.sent_at = message.delivered_at = None
    for name, value in said.items():
        setattr(message, name, value)


def advance(message: Message, state: MessageState) -> bool:
    """Move forward; news that are older than what is known change nothing."""
    if RANK[state] <= RANK[MessageState(message.state)]:
        return False
    message.state = state.value
    return True


def take(message: Message, result: Result, now: datetime) -> None:
    """The provider has it."""
    message.provider_id = result.provider_id or message.provider_id
    message.sent_at = message.sent_at or now
    message.sending_since = None
    if advance(message, MessageState.SENT):
        message.reason = message.error_code = None


def fail(session: Session, message: Message, state: MessageState, result: Result) -> bool:
    """It did not arrive and will not: noted, told, and remembered of the guest's number."""
    if not advance(message, state):
        return False
    message.reason, message.error_code = result.reason, result.code
    message.sending_since = None
    tell(session, message, "message.failed", result.trouble)
    return True


def tell(session: Session, message: Message, name: str, trouble: Trouble | None = None) -> None:
    """Write down that staff should look. A guest's SMS that failed may go on as an e-mail."""
    falls_back = (
        name == "message.failed" and message.medium == Medium.SMS and message.audience == GUEST
    )
    event = NewEvent(
        name=name,
        subject_type="message",
        subject_id=str(message.id),
        website_id=message.website_id,
        booking_id=message.booking_id,
        customer_id=message.customer_id,
        changes={"kind": [None, message.kind]},
        meta={
            "medium": message.medium,
            "audience": message.audience,
            "code": message.error_code,
            "trouble": trouble.value if trouble else None,
        },
        dispatch=falls_back,
    )
    record(session, SYSTEM, event)


def note_health(session: Session, message: Message, trouble: Trouble | None, now: datetime) -> None:
    """What a message's end says about the guest's number or address. Trouble None: it arrived."""
    if message.audience != GUEST or message.customer_id is None:
        return
    medium = Medium(message.medium)
    customer = session.get(Customer, message.customer_id)
    if customer is None or (trouble is None and health.is_well(customer, medium)):
        return
    session.refresh(customer, with_for_update={"key_share": True})
    if customer.erased_at is not None:
        return
    if trouble is None:
        health.arrived(customer, medium, now)
        return
    health.failed(customer, medium, trouble, message.error_code, now)
    if trouble is Trouble.CONSENT:
        source = "sms"  # the provider heard their STOP, and we did not
        set_sms_opt_in(session, SYSTEM, customer.id, False, source, website_id=message.website_id)
