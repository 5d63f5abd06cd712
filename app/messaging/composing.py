"""From a delivery to a message: decided when its turn comes, with what is true by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.deliveries.channel import Claim, Unsendable, Unsent
from app.messaging import health, rows
from app.messaging.accounts import Account
from app.messaging.deciding import (
    GUEST,
    KITCHEN,
    MANAGER,
    OF_ALERTS,
    OF_BOOKINGS,
    kind_for,
    senseless,
    wait_until,
)
from app.messaging.facts import Facts, Visit
from app.messaging.models import Kind, Medium, Message, MessageSettings, MessageState
from app.messaging.rendering import Order, Press, Rendering

SENT_ALREADY = "The provider had taken it already."


@dataclass(frozen=True)
class Draft:
    """One message that may go now: to whom, by which account, in which words."""

    message: Message
    account: Account
    settings: MessageSettings
    recipient: str
    words: Rendering
    now: datetime
    may_be_sent: bool
    """An earlier call is unclear: the provider must be asked before it is sent."""


class Desk:
    """Decides on the messages of one batch."""

    def __init__(self, session: Session, medium: Medium, facts: Facts, now: datetime) -> None:
        self._session = session
        self._medium = medium
        self._facts = facts
        self._now = now
        self._press = Press(session, list(facts.visits), now)

    def draft(self, claim: Claim) -> Draft | Unsendable:
        """The message of a delivery, or why there is none (now). Writes its row."""
        event = self._facts.events[claim.event_id]
        visit = self._facts.visits.get(event.booking_id) if event.booking_id else None
        audience = rows.audience_of(claim)
        kind = kind_for(event, visit.booking if visit else None, audience)
        if kind is None or (visit and audience == GUEST and visit.customer.erased_at):
            return Unsendable(Unsent.NOTHING, "Nothing is to be said any more.")
        message = self._facts.messages.get((claim.event_id, audience))
        if message is not None and _is_settled(message, claim):
            return Unsendable(Unsent.DONE, SENT_ALREADY)
        unclear = message is not None and message.state == MessageState.SENDING
        if unclear and message is not None and (waits := self._may_not_ask_yet(claim, message)):
            return waits
        account = self._facts.account(claim.website_id, self._medium)
        settings = self._facts.settings.get(str(claim.website_id))
        if account is None or settings is None:
            return self._held_back(claim, kind, visit, message, "Messages are switched off.")
        if not unclear and visit and (why := self._not_now(claim, kind, visit, message)):
            return why
        if visit and (told := self._told_otherwise(claim, kind, visit, settings)):
            return Unsendable(Unsent.NOTHING, told)
        recipient = self._recipient(claim, visit, settings)
        if isinstance(recipient, Reason):
            return self._held_back(claim, kind, visit, message, recipient.text)
        words = self._words(claim, kind, self._medium, visit)
        if not words.is_on:
            return Unsendable(Unsent.NOTHING, "These messages are switched off, or say nothing.")
        message = message or self._row(claim, kind, visit)
        return Draft(
            message,
            account,
            settings,
            recipient,
            words,
            self._now,
            unclear,
        )

    def _row(self, claim: Claim, kind: Kind, visit: Visit | None) -> Message:
        """The row of a message that had none yet."""
        made = rows.new_row(claim, kind, self._medium, visit.customer.id if visit else None)
        self._session.add(made)
        self._session.flush()
        return made

    def _held_back(
        self, claim: Claim, kind: Kind, visit: Visit | None, message: Message | None, reason: str
    ) -> Unsendable:
        rows.hold_back(message or self._row(claim, kind, visit), reason)
        return Unsendable(Unsent.NOTHING, reason)

    def _may_not_ask_yet(self, claim: Claim, message: Message) -> Unsendable | None:
        """After a call whose answer is not known: e-mail is left alone, an SMS looked for."""
        if self._medium is Medium.EMAIL:
            if claim.tries == 1:  # nothing of this life was tried: somebody sends it again
                return None
            message.reason = UNCLEAR
            rows.tell(self._session, message, "message.unclear")
            return Unsendable(Unsent.NOTHING, UNCLEAR)
        since = message.sending_since or self._now
        ready = since + LOOKS_AFTER
        if self._now >= ready:
            return None
        return Unsendable(Unsent.LATER, "It may have been sent: the provider is asked.", ready)

    def _not_now(
        self, claim: Claim, kind: Kind, visit: Visit, message: Message | None
    ) -> Unsendable | None:
        """Whether it came too late, is overtaken, or must wait for the end of the quiet hours."""
        event = self._facts.events[claim.event_id]
        newest = self._facts.changed_later.get(visit.booking.id, 0)
        if kind is Kind.CHANGE and event.version and event.version < newest:
            return Unsendable(Unsent.NOTHING, "A later change says it all.")
        if reason := senseless(kind, visit.booking, visit.place, self._now):
            return self._held_back(claim, kind, visit, message, reason)
        if rows.audience_of(claim) != GUEST:
            return None
        until = wait_until(kind, self._medium, visit.booking, visit.place, self._now)
        if until is None:
            return None
        clock = until.astimezone(visit.place.zone)
        reason = f"Quiet hours: it waits until {clock:%H:%M}."
        rows.put_off(message or self._row(claim, kind, visit), reason)
        return Unsendable(Unsent.LATER, reason, until)

    def _told_otherwise(
        self, claim: Claim, kind: Kind, visit: Visit, settings: MessageSettings
    ) -> str | None:
        """Why the guest needs no e-mail about this; None: they need one."""
        if self._medium is Medium.SMS or rows.audience_of(claim) != GUEST:
            return None
        sms_first = kind.value in settings.sms_first
        if claim.event_name == "message.failed":  # in the place of an SMS that did not arrive
            return None if sms_first else "It was e-mailed besides the SMS."
        account = self._facts.account(claim.website_id, Medium.SMS)
        if not sms_first or account is None or not health.may_sms(visit.customer)[0]:
            return None
        is_on = self._words(claim, kind, Medium.SMS, visit).is_on
        return "An SMS tells it." if is_on else None

    def _recipient(
        self, claim: Claim, visit: Visit | None, settings: MessageSettings
    ) -> str | Reason:
        audience = rows.audience_of(claim)
        if claim.event_name in OF_ALERTS:
            found = ", ".join(self._facts.managers.get(str(claim.website_id), ()))
            return found or Reason("Nobody is there to be told.")
        if audience in (MANAGER, KITCHEN):
            address = settings.manager_email if audience == MANAGER else settings.kitchen_email
            return address or Reason("No address is entered for it.")
        if visit is None:
            return Reason("The booking is not there any more.")
        if self._medium is Medium.SMS:
            may, why = health.may_sms(visit.customer)
            return str(visit.customer.phone) if may else Reason(why)
        address = visit.booking.customer_email or visit.customer.email
        may, why = health.may_email(visit.customer, address)
        return str(address) if may else Reason(why)

    def _words(self, claim: Claim, kind: Kind, medium: Medium, visit: Visit | None) -> Rendering:
        event = self._facts.events[claim.event_id]
        audience = rows.audience_of(claim)
        own = visit.customer.language if visit and audience == GUEST else None
        extra: Mapping[str, Any] = {"event": event.name, "meta": event.meta}
        if event.name in OF_BOOKINGS:
            extra = {**extra, "changed": sorted(event.changes)}
        return self._press.render(
            Order(str(claim.website_id), kind, medium, audience, own, event.booking_id, extra)
        )


@dataclass(frozen=True)
class Reason:
    """Why there is nobody to send to."""

    text: str


UNCLEAR = "No answer came: it may have been sent. It is not sent a second time by itself."
LOOKS_AFTER = timedelta(seconds=60)
"""How long the provider is given to list what it took."""


def _is_settled(message: Message, claim: Claim) -> bool:
    """Whether the provider's last word is known. In a new life only what was taken stays so, but
    for somebody who sends it once more on purpose."""
    if message.state not in rows.FINAL or claim.fallback is not None:
        return False
    return claim.tries > 1 or message.state in rows.TAKEN


def utc_now() -> datetime:
    """The clock of the channels; tests set another."""
    return datetime.now(UTC)
