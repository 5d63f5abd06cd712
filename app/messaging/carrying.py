"""What SMS and e-mail have in common as channels: routing, composing, and what a call came to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.deliveries.channel import Channel, Claim, Meaning, Route, Unsendable, Verdict
from app.deliveries.models import State
from app.deliveries.outcome import Attempt, Next
from app.events.models import Event
from app.messaging import composing, facts, rows
from app.messaging.accounts import account_of
from app.messaging.composing import UNCLEAR, Desk, Draft
from app.messaging.deciding import CAN_WAIT, EVENTS, GUEST, OF_ALERTS, kind_for
from app.messaging.facts import Visit
from app.messaging.models import Medium, Message, MessageSettings, MessageState
from app.messaging.results import Fate, Result, call_of
from app.messaging.twilio import UNCLEAR_FOR
from app.outbound import Answer, Client, Outgoing, Unreachable

_MEANING = {
    Fate.TAKEN: Meaning.DELIVERED,
    Fate.REFUSED: Meaning.DECLINED,
    Fate.AGAIN: Meaning.RETRY,
}


class MessageChannel(Channel):
    """What SMS and e-mail have in common."""

    medium: Medium
    audiences: tuple[str, ...] = (GUEST,)
    unclear = Meaning.RETRY

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        """Guests, and by e-mail also managers and the kitchen, of websites that send messages."""
        wanted = [event for event in events if event.name in EVENTS]
        if not wanted:
            return
        for_all = facts.website_for_all(session) if self._any_for_all(wanted) else None
        websites = {event.website_id or for_all for event in wanted} - {None}
        settings = facts.settings_of(session, {str(website) for website in websites})
        if not settings:
            return
        ids = {e.booking_id for e in wanted if e.booking_id and e.website_id in settings}
        visits = facts.visits(session, ids)
        for event in wanted:
            found = settings.get(str(event.website_id or for_all))
            visit = visits.get(event.booking_id) if event.booking_id else None
            for audience in self.audiences if found else ():
                route = self._route(event, found, visit, audience)
                if route is not None:
                    yield event, route

    def _any_for_all(self, events: Iterable[Event]) -> bool:
        return self.medium is Medium.EMAIL and any(
            event.name in OF_ALERTS and event.website_id is None for event in events
        )

    def _route(
        self, event: Event, settings: MessageSettings | None, visit: Visit | None, audience: str
    ) -> Route | None:
        account = account_of(settings, self.medium)
        kind = kind_for(event, visit.booking if visit else None, audience)
        if account is None or settings is None or kind is None:
            return None
        if not self.reaches(event, settings, visit, audience):
            return None
        return Route(
            destination_key=account.key,
            label=account.label,
            website_id=settings.website_id,
            lane=f"{event.booking_id or event.subject_id}:{audience}",
            position=event.version or 0,
            shared=True,
            pace=account.pace,
            can_wait=kind in CAN_WAIT,
        )

    def reaches(
        self, event: Event, settings: MessageSettings, visit: Visit | None, audience: str
    ) -> bool:
        """Whether there is anybody to be reached this way, as far as that is known already."""
        raise NotImplementedError

    def compose(
        self, session: Session, claims: Sequence[Claim]
    ) -> Mapping[int, Outgoing | Unsendable]:
        """Decide on each, write its row, and say what to send.

        The rows say `sending` before any call: that must be on the disk, else a crash of the
        database could make a message go twice.
        """
        session.execute(text("SET LOCAL synchronous_commit = on"))
        found = facts.read(session, claims, self.medium)
        desk = Desk(session, self.medium, found, composing.utc_now())
        made: dict[int, Outgoing | Unsendable] = {}
        for claim in claims:
            draft = desk.draft(claim)
            made[claim.id] = self.outgoing(session, draft) if isinstance(draft, Draft) else draft
        session.flush()
        return made

    def outgoing(self, session: Session, draft: Draft) -> Outgoing:
        """The call of a draft; its row says `sending` from now on."""
        raise NotImplementedError

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        return await call_of(outgoing).provider.carry(client, outgoing)

    def judge(self, answer: Answer, sent: Outgoing) -> Verdict:
        return self._verdict(call_of(sent).provider.read(answer))

    def unanswered(self, fault: Unreachable, sent: Outgoing) -> Verdict:
        return self._verdict(call_of(sent).provider.read(fault))

    def _verdict(self, result: Result) -> Verdict:
        meaning = _MEANING.get(result.fate, self.unclear)
        wait = UNCLEAR_FOR.total_seconds() if result.fate is Fate.UNCLEAR else 0.0
        return Verdict(meaning, result.reason, result.retry_after, wait)

    def closed(self, session: Session, keys: Collection[str]) -> Mapping[str, str]:
        """Accounts belong to no website alone: what one of them switches off is held back."""
        return {}

    def settled(
        self, session: Session, attempts: Sequence[Attempt], kept: Mapping[int, Next]
    ) -> None:
        """Bring the rows to what is known now. Also an answer that came late is the truth."""
        calls = {
            call_of(a.sent).message_id: a
            for a in attempts
            if isinstance(a.sent, Outgoing) and a.answer is not None
        }
        query = select(Message).where(Message.id.in_(calls)).order_by(Message.id)
        locked = query.with_for_update().execution_options(populate_existing=True)
        for message in session.scalars(locked).all():
            attempt = calls[message.id]
            self._settle(session, message, attempt, kept.get(attempt.claim.id))
        session.flush()

    def _settle(
        self, session: Session, message: Message, attempt: Attempt, step: Next | None
    ) -> None:
        if not isinstance(attempt.sent, Outgoing) or attempt.answer is None:
            return
        call, now = call_of(attempt.sent), composing.utc_now()
        result = call.provider.read(attempt.answer)
        if result.fate is Fate.TAKEN:
            rows.take(message, result, now)
            self.taken(session, message, now)
            return
        if message.sending_since != call.begun or message.state != MessageState.SENDING:
            return  # something newer is known
        given_up = step is not None and step.state is State.FAILED
        if result.fate is Fate.REFUSED:
            rows.fail(session, message, MessageState.FAILED, result)
            if result.trouble:
                rows.note_health(session, message, result.trouble, now)
        elif result.fate is Fate.UNCLEAR:
            message.reason = UNCLEAR if self.unclear is Meaning.DECLINED else result.reason
            if self.unclear is Meaning.DECLINED or given_up:
                rows.tell(session, message, "message.unclear")
        elif given_up:
            rows.fail(session, message, MessageState.FAILED, result)
        elif step is not None:
            rows.put_off(message, result.reason)
            message.error_code = result.code

    def taken(self, session: Session, message: Message, now: datetime) -> None:
        """What follows when the provider has it."""
