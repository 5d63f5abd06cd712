"""Sign-in codes by SMS: a channel of their own, so that nothing else ever goes before them.

It has its own destination (and so its own pace) beside that of the same account's other messages;
no quiet hours, no consent: somebody sits there and waits. The code is derived as it leaves and
written nowhere: logs and rows get a text with dots in its place, and of the answer only what does
not repeat it. What may have been sent is never sent again: whoever waits asks for another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.config import Settings
from app.deliveries.channel import Claim, Meaning, Route, Unsendable, Unsent
from app.events.models import Event
from app.messaging import composing, facts, rows
from app.messaging.accounts import CAPTURE, Account, account_of, codes_by
from app.messaging.carrying import MessageChannel
from app.messaging.channel import STATUS_PATH
from app.messaging.composing import SENT_ALREADY, UNCLEAR
from app.messaging.deciding import GUEST
from app.messaging.models import Medium, Message, MessageSettings, MessageState
from app.messaging.results import Call, Capture, call_of
from app.messaging.segments import measure
from app.messaging.twilio import Secret, Text, Twilio
from app.outbound import Answer, Client, Outgoing, Unreachable
from app.signin import codes
from app.signin.models import OtpChallenge
from app.signin.rules import LIFE, rules
from app.venues.models import Activity, Kind, Venue
from app.websites.models import Website

KIND = "sign_in_code"
DOTS = "•" * codes.DIGITS
OVER = "The code has ended, or a newer one took its place."
TOLD = ("sid", "status", "code", "error_code")
"""Of an answer. The rest of it repeats the text and the number."""
_WORDS = {
    "en": "{code} is your sign-in code for {name}. It works for {minutes} minutes. "
    "Never tell it to anybody.",
    "es": "{code} es su código para entrar en {name}. Sirve durante {minutes} minutos. "
    "No se lo diga a nadie.",
}


def sender(session: Session, settings: Settings) -> str | None:
    """The website whose SMS account sends codes; None while there is none."""
    query = select(MessageSettings).order_by(MessageSettings.website_id)
    if settings.app_website:
        query = query.where(MessageSettings.website_id == settings.app_website)
    else:
        treks = select(Venue.website_id).join(Activity, Activity.venue_id == Venue.id)
        active = Activity.is_active & Venue.is_active & (Activity.kind == Kind.TREK.value)
        query = query.where(MessageSettings.website_id.in_(treks.where(active)))
    found = (row.website_id for row in session.scalars(query) if account_of(row, Medium.SMS))
    return next(found, None)


def said(code: str, language: str, name: str) -> str:
    """The text of a code."""
    words = _WORDS.get(language) or _WORDS["en"]
    return words.format(code=code, name=name[:40], minutes=int(LIFE.total_seconds() // 60))


class CodeChannel(MessageChannel):
    """Codes to whoever asked for one, known or not."""

    name = "sign_in"
    medium = Medium.SMS
    unclear = Meaning.DECLINED

    def __init__(self, settings: Settings) -> None:
        self._twilio = Twilio(settings.twilio_url)
        self._callback = settings.base_url.rstrip("/") + STATUS_PATH
        self._capture = Capture()

    def route(self, session: Session, events: Sequence[Event]) -> Iterable[tuple[Event, Route]]:
        """One destination: the SMS account of the event's website, by a lane of its own."""
        wanted = [event for event in events if event.name == codes.WANTED]
        found = facts.settings_of(session, {str(event.website_id) for event in wanted})
        for event in wanted:
            settings = found.get(str(event.website_id))
            account = account_of(settings, Medium.SMS)
            if account is not None:
                yield event, _route(event, account)

    def compose(
        self, session: Session, claims: Sequence[Claim]
    ) -> Mapping[int, Outgoing | Unsendable]:
        """Derive each code that still works; its row says `sending` before any call."""
        session.execute(text("SET LOCAL synchronous_commit = on"))
        alive = codes.sendable(session, [_challenge(claim) for claim in claims])
        sites = {claim.website_id for claim in claims if claim.website_id}
        settings = facts.settings_of(session, sites)
        names = select(Website.id, Website.name).where(facts.among(Website.id, sites))
        called = {row.id: row.name for row in session.execute(names)}
        events = [claim.event_id for claim in claims]
        written = select(Message).where(facts.among(Message.event_id, events))
        known = {row.event_id: row for row in session.scalars(written)}
        made: dict[int, Outgoing | Unsendable] = {}
        for claim in claims:
            message = known.get(claim.event_id) or _row(session, claim)
            chosen = settings.get(str(claim.website_id))
            one = alive.get(_challenge(claim))
            made[claim.id] = _not_now(claim, message, chosen, one is None) or self._outgoing(
                message, chosen, called, one
            )
        session.flush()
        return made

    def _outgoing(
        self,
        message: Message,
        settings: MessageSettings | None,
        called: Mapping[str, str],
        alive: tuple[OtpChallenge, int] | None,
    ) -> Outgoing:
        account = account_of(settings, Medium.SMS)
        if account is None or settings is None or alive is None:
            raise ValueError("this was not to be sent")
        challenge, left = alive
        name = settings.sender_name or called.get(settings.website_id, "")
        body = said(codes.code_of(rules, challenge), settings.language, name)
        shown = said(DOTS, settings.language, name)
        size, now = measure(body), composing.utc_now()
        rows.begin(
            message,
            now,
            recipient=f"…{challenge.phone[-3:]}",
            body=shown,
            language=settings.language,
            segments=size.count,
            cost=size.cost(settings.segment_price),
        )
        if account.provider == CAPTURE:
            call = Call(message.id, self._capture, now)
            return Outgoing(f"{CAPTURE}:{self.name}", {}, shown.encode(), "KEEP", call)
        return self._by_twilio(message, account, challenge.phone, body, shown, left, now)

    def _by_twilio(
        self,
        message: Message,
        account: Account,
        phone: str,
        body: str,
        shown: str,
        left: int,
        now: datetime,
    ) -> Outgoing:
        """What the log sees of the call; the call itself rides behind it."""
        text = Text(phone, body, f"{self._callback}?m={message.id}", left)
        request = self._twilio.send_request(account, text)
        secret = Secret(str(account.values["account_sid"]), str(account.values["auth_token"]))
        real = replace(request, context=Call(message.id, self._twilio, now, secret))
        call = Call(message.id, self._twilio, now, real)
        return Outgoing(request.url, request.headers, shown.encode(), request.method, call)

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        call = call_of(outgoing)
        if not isinstance(call.secret, Outgoing):
            return await call.provider.carry(client, outgoing)
        return without_words(await call.provider.carry(client, call.secret))


def without_words(answer: Answer | Unreachable) -> Answer | Unreachable:
    """An answer that the log may keep."""
    if isinstance(answer, Unreachable):
        return answer
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    kept = {name: told[name] for name in TOLD if name in told} if isinstance(told, dict) else {}
    return replace(answer, body=json.dumps(kept).encode())


def _route(event: Event, account: Account) -> Route:
    return Route(
        destination_key=codes_by(account),
        label=f"Sign-in codes: {account.label}",
        website_id=event.website_id,
        lane=f"{event.subject_id}:{GUEST}",
        position=0,
        shared=True,
        pace=account.pace,
    )


def _challenge(claim: Claim) -> UUID:
    return UUID(claim.lane.partition(":")[0])


def _row(session: Session, claim: Claim) -> Message:
    """Who it is for is not known, and would be no business of the log's readers."""
    made = Message(
        website_id=str(claim.website_id),
        event_id=claim.event_id,
        kind=KIND,
        medium=Medium.SMS.value,
        audience=GUEST,
        state=MessageState.QUEUED.value,
    )
    session.add(made)
    session.flush()
    return made


def _not_now(
    claim: Claim, message: Message, settings: MessageSettings | None, over: bool
) -> Unsendable | None:
    """Why it is not sent (any more)."""
    if message.state in rows.TAKEN:
        return Unsendable(Unsent.DONE, SENT_ALREADY)
    if message.state == MessageState.SENDING and claim.tries > 1:
        message.reason = UNCLEAR
        return Unsendable(Unsent.NOTHING, UNCLEAR)
    if over or account_of(settings, Medium.SMS) is None:
        reason = OVER if over else "Messages are switched off."
        rows.hold_back(message, reason)
        return Unsendable(Unsent.NOTHING, reason)
    return None
