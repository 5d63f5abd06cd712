"""What Twilio tells us: how a message ended, and what guests answer. Each may come twice, late, or
in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.opting import locked_survivor, set_sms_opt_in
from app.customers.queries import by_phone
from app.events.models import Actor
from app.ids import new_id
from app.messaging import health, rows
from app.messaging.accounts import TWILIO
from app.messaging.codes import reason_of, trouble_of
from app.messaging.models import Medium, Message, MessageSettings, MessageState
from app.messaging.results import Fate, Result
from app.payments.models import ProviderEvent

STOP_WORDS = frozenset(
    {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"}
)
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
STOP, START = "STOP", "START"
DOOR = "sms"
_STATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), MessageState.SENT),
    **dict.fromkeys(("delivered", "read", "partially_delivered"), MessageState.DELIVERED),
    "undelivered": MessageState.UNDELIVERED,
    **dict.fromkeys(("failed", "canceled"), MessageState.FAILED),
}
"""Of Twilio's words. A word that nobody taught us changes nothing."""

Form = Mapping[str, str]


def token_for(session: Session, message_id: UUID) -> str | None:
    """The auth token that signs reports about this message; None where there is none such."""
    query = (
        select(MessageSettings)
        .join(Message, Message.website_id == MessageSettings.website_id)
        .where(Message.id == message_id, Message.medium == Medium.SMS.value)
    )
    settings = session.scalars(query).one_or_none()
    return _token(settings) if settings and settings.sms_by == TWILIO else None


def accounts_of(session: Session, account_sid: str) -> Sequence[tuple[str, str]]:
    """(website, auth token) of whoever sends through this account."""
    query = select(MessageSettings).where(MessageSettings.sms_by == TWILIO)
    return [
        (settings.website_id, token)
        for settings in session.scalars(query.order_by(MessageSettings.website_id))
        if (settings.sms or {}).get("account_sid") == account_sid and (token := _token(settings))
    ]


def _token(settings: MessageSettings) -> str | None:
    return str((settings.sms or {}).get("auth_token") or "") or None


def report(session: Session, message_id: UUID, form: Form, now: datetime) -> bool:
    """Take a status report. Returns whether it told anything new.

    It also settles a message whose call had no answer.
    """
    state = _STATES.get(form.get("MessageStatus", "").lower())
    sid = form.get("MessageSid") or form.get("SmsSid")
    query = select(Message).where(Message.id == message_id).with_for_update()
    message = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if message is None or state is None or not sid:
        return False
    if message.provider_id not in (None, sid):
        return False  # of an earlier sending of the same message
    if message.state == MessageState.QUEUED:
        return False
    message.provider_id = sid
    if state in (MessageState.UNDELIVERED, MessageState.FAILED):
        return _failed(session, message, state, form.get("ErrorCode") or None, now)
    if not rows.advance(message, state):
        return False
    message.sending_since = None
    message.reason = message.error_code = None
    message.sent_at = message.sent_at or now
    if state is MessageState.DELIVERED:
        message.delivered_at = now
        rows.note_health(session, message, None, now)
    return True


def _failed(
    session: Session, message: Message, state: MessageState, code: str | None, now: datetime
) -> bool:
    trouble = trouble_of(code)
    result = Result(Fate.REFUSED, reason_of(code), trouble, code)
    if not rows.fail(session, message, state, result):
        return False
    message.sent_at = message.sent_at or now
    rows.note_health(session, message, trouble, now)
    return True


def wish_of(form: Form) -> str | None:
    """STOP or START, as the provider recognised it or by the default words; None: neither."""
    told = form.get("OptOutType", "").strip().upper()
    if told:
        return told if told in (STOP, START) else None
    word = form.get("Body", "").strip().upper()
    if word in STOP_WORDS:
        return STOP
    return START if word in START_WORDS else None


def answer(session: Session, website_id: str, form: Form, now: datetime) -> str | None:
    """Take what somebody answered: STOP and START are kept, once per message of theirs.

    Returns the wish, None when there was none or it was heard before.
    """
    wish, sid = wish_of(form), form.get("MessageSid") or form.get("SmsSid")
    if wish is None or not sid or not _is_new(session, website_id, sid, wish, now):
        return None
    found = by_phone(session, form.get("From", ""))
    if found is None:
        return None
    actor = Actor("customer", str(found.id), "Guest", DOOR)
    customer = locked_survivor(session, found.id)
    set_sms_opt_in(session, actor, customer.id, wish == START, DOOR, website_id=website_id)
    if wish == START:
        health.mended(customer, Medium.SMS, now)
    else:
        health.stopped(customer, now)
    session.flush()
    return wish


def _is_new(session: Session, website_id: str, sid: str, wish: str, now: datetime) -> bool:
    """A replayed STOP must not undo a later START."""
    row = {
        "id": new_id(),
        "provider": TWILIO,
        "event_id": sid,
        "event_type": f"inbound.{wish.lower()}",
        "website_id": website_id,
        "handled_at": now,
    }
    once = insert(ProviderEvent).values(row).on_conflict_do_nothing()
    made = session.execute(once.returning(ProviderEvent.id)).scalar_one_or_none()
    return made is not None
