"""Messages as channels of the delivery machine: SMS and e-mail, each through accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.config import Settings
from app.deliveries.channel import Meaning
from app.events.models import Event
from app.messaging import facts, health, rows
from app.messaging.accounts import CAPTURE, GRAPH, SMTP
from app.messaging.carrying import MessageChannel
from app.messaging.composing import Draft
from app.messaging.deciding import AUDIENCES, GUEST, OF_ALERTS
from app.messaging.envelopes import Letter
from app.messaging.facts import Visit
from app.messaging.graph import Graph
from app.messaging.models import Medium, Message, MessageSettings
from app.messaging.results import Call, Capture
from app.messaging.smtp import Smtp
from app.messaging.twilio import Look, Secret, Text, Twilio
from app.outbound import Outgoing

STATUS_PATH = "/api/webhooks/twilio/status"


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
