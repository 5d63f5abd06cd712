"""A test message to oneself: one real call by the website's account, for a person who watches.

It stands in the log of messages like any other.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.deliveries.channel import channels
from app.errors import Fault, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.messaging import letter, rows
from app.messaging.accounts import account_of
from app.messaging.carrying import MessageChannel
from app.messaging.composing import Draft
from app.messaging.logview import TEST
from app.messaging.models import Medium, Message, MessageSettings, MessageState
from app.messaging.rendering import Rendering
from app.messaging.results import Fate, Result, call_of
from app.messaging.segments import measure
from app.outbound import Answer, Client, Outgoing, Unreachable
from app.websites.models import Website

TESTED = "messages.tested"


def send_test(
    session: Session, actor: Actor, website: Website, medium: Medium, recipient: str
) -> Result:
    """Send it. Commits before the call, so that no transaction is held while it takes its time.

    Raises InvalidPayload while the account is off or not filled in.
    """
    channel, outgoing = _composed(session, actor, website, medium, recipient)
    message_id = call_of(outgoing).message_id
    session.commit()
    answer = _carried(channel, outgoing)
    result = call_of(outgoing).provider.read(answer)
    message = session.get_one(Message, message_id, with_for_update=True)
    now = datetime.now(UTC)
    if result.fate is Fate.TAKEN:
        rows.take(message, result, now)
    elif result.fate is Fate.UNCLEAR:
        message.reason = result.reason
    else:
        rows.advance(message, MessageState.FAILED)
        message.reason, message.error_code = result.reason, result.code
        message.sending_since = None
    session.flush()
    return result


def _composed(
    session: Session, actor: Actor, website: Website, medium: Medium, recipient: str
) -> tuple[MessageChannel, Outgoing]:
    settings = session.get(MessageSettings, website.id)
    account = account_of(settings, medium)
    channel = channels.get(medium.value)
    if settings is None or account is None or not isinstance(channel, MessageChannel):
        what = "SMS" if medium is Medium.SMS else "E-mail"
        fault = Fault("recipient", f"{what} is off, or something is missing: save that first.")
        raise InvalidPayload("Nothing can be sent yet.", [fault])
    meta = {"medium": medium.value, "provider": account.provider}
    event = NewEvent(TESTED, "messages", website.id, {}, meta, website_id=website.id)
    message = Message(
        website_id=website.id,
        event_id=record(session, actor, event),
        kind=TEST,
        medium=medium.value,
        audience=TEST,
        state=MessageState.QUEUED.value,
    )
    session.add(message)
    session.flush()
    words = _words(website, medium, settings.segment_price)
    now = datetime.now(UTC)
    draft = Draft(message, account, settings, recipient, words, now, may_be_sent=False)
    return channel, channel.outgoing(session, draft)


def _words(website: Website, medium: Medium, price: Decimal | None) -> Rendering:
    text = f"This is a test message of {website.name}. It arrived, so messages can be sent."
    if medium is Medium.SMS:
        size = measure(text)
        cost = size.cost(price)
        return Rendering("", text, "", None, size.count, is_on=True, cost=cost)
    title = f"Test message of {website.name}"
    page = letter.page(title, f"<p>{letter.escaped(text)}</p>", letter.Sender(website.name), "en")
    return Rendering(title, text, page, None, None, is_on=True)


def _carried(channel: MessageChannel, outgoing: Outgoing) -> Answer | Unreachable:
    async def call() -> Answer | Unreachable:
        async with Client(resolvers=1) as client:
            return await channel.carry(client, outgoing)

    # In a thread of its own: the caller's may have a running loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, call()).result()
