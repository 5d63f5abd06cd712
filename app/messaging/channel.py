"""Messages as channels of the delivery machine: SMS and e-mail, each through accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.config import Settings
from app.deliveries.channel import Channel, Claim, Meaning, Route, Unsendable, Verdict
from app.deliveries.models import State
from app.deliveries.outcome import Attempt, Next
from app.events.models import Event
from app.messaging import composing, facts, health, rows
from app.messaging.accounts import CAPTURE, GRAPH, SMTP, account_of
from app.messaging.composing import UNCLEAR, Desk, Draft
from app.messaging.deciding import AUDIENCES, CAN_WAIT, EVENTS, GUEST, OF_ALERTS, kind_for
from app.messaging.envelopes import Letter
from app.messaging.facts import Visit
from app.messaging.graph import Graph
from app.messaging.models import Medium, Message, MessageSettings, MessageState
from app.messaging.results import Call, Capture, Fate, Result, call_of
from app.messaging.smtp import Smtp
from app.messaging.twilio import UNCLEAR_FOR, Look, Secret, Text, Twilio
from app.outbound import Answer, Client, Outgoing, Unreachable

STATUS_PATH = "/api/webhooks/twilio/status"
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


class SmsChannel(MessageChannel):
    """SMS to guests who agreed to them."""

    name = "sms"
    medium = Medium.SMS

    def __init__(self, settings: Settings) -> None:
        self._twilio = Twilio(settings.twilio_url)
        self._callback = settings.base_url.rstrip("/") + STATUS_PATH
        self._capture = Capture()

    def reaches(
        self, event: Event, settings: MessageSettings, visit: Visit | None, audience: str
    ) -> bool:
        if event.name == "message.failed" or visit is None:
            return False
        return visit.customer.sms_opt_in

    def outgoing(self, session: Session, draft: Draft) -> Outgoing:
        message, words = draft.message, draft.words
        since = message.sending_since or draft.now
        body = (message.body or words.text) if draft.may_be_sent else words.text
        to = (message.recipient or draft.recipient) if draft.may_be_sent else draft.recipient
        rows.begin(
            message,
            since if draft.may_be_sent else draft.now,
            recipient=to,
            body=body,
            language=words.language,
            segments=words.segments,
            cost=words.cost,
        )
        session.flush()
        begun = message.sending_since or draft.now
        if draft.account.provider == CAPTURE:
            return _captured(message, body.encode(), Call(message.id, self._capture, begun))
        request = self._twilio.send_request(
            draft.account, Text(to, body, f"{self._callback}?m={message.id}")
        )
        look = None
        if draft.may_be_sent:
            asked = self._twilio.look_request(draft.account, to)
            look = Look(asked, body, since, facts.known_ids(session, message))
        values = draft.account.values
        secret = Secret(str(values["account_sid"]), str(values["auth_token"]), look)
        return _with(request, Call(message.id, self._twilio, begun, secret))


class EmailChannel(MessageChannel):
    """E-mail to guests, managers and the kitchen."""

    name = "email"
    medium = Medium.EMAIL
    audiences = AUDIENCES
    unclear = Meaning.DECLINED
    """Without an answer it is not sent again: staff are told, and may."""

    def __init__(self, settings: Settings) -> None:
        self._graph = Graph(settings.graph_url, settings.graph_login_url)
        self._smtp = Smtp()
        self._capture = Capture()

    def reaches(
        self, event: Event, settings: MessageSettings, visit: Visit | None, audience: str
    ) -> bool:
        if event.name in OF_ALERTS:
            return True
        if audience == GUEST:
            address = visit.booking.customer_email if visit else None
            return bool(address) and not str(address).endswith(health.NOWHERE)
        named = {"manager": settings.manager_email, "kitchen": settings.kitchen_email}
        return bool(named[audience])

    def outgoing(self, session: Session, draft: Draft) -> Outgoing:
        message, words = draft.message, draft.words
        rows.begin(
            message,
            draft.now,
            recipient=draft.recipient,
            subject=words.subject,
            body=words.text,
            calendar=words.calendar,
            language=words.language,
        )
        session.flush()
        letter = _letter(draft)
        if draft.account.provider == GRAPH:
            secret = self._graph.secret(draft.account)
            call = Call(message.id, self._graph, draft.now, secret)
            return _with(self._graph.request(draft.account, letter), call)
        if draft.account.provider == SMTP:
            server = self._smtp.server(draft.account, letter)
            call = Call(message.id, self._smtp, draft.now, server)
            return _with(self._smtp.request(draft.account, letter), call)
        call = Call(message.id, self._capture, draft.now)
        return _captured(message, words.text.encode(), call)

    def taken(self, session: Session, message: Message, now: datetime) -> None:
        """No provider tells more of an e-mail than this."""
        rows.note_health(session, message, None, now)


def _letter(draft: Draft) -> Letter:
    values, words = draft.account.values, draft.words
    from_address = values.get("mailbox") or values.get("from_address") or "nobody@example.com"
    return Letter(
        id=str(draft.message.id),
        to=tuple(draft.recipient.split(", ")),
        subject=words.subject,
        text=words.text,
        html=words.html,
        from_address=str(from_address),
        from_name=draft.settings.sender_name,
        reply_to=draft.settings.reply_to,
        calendar=words.calendar,
    )


def _captured(message: Message, body: bytes, call: Call) -> Outgoing:
    return Outgoing(f"{CAPTURE}:{message.medium}", {}, body, "KEEP", call)


def _with(request: Outgoing, call: Call) -> Outgoing:
    return Outgoing(request.url, request.headers, request.body, request.method, call)
