"""How a website sends its messages: the settings that managers change."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.deliveries.actions import address_changed
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.messaging.accounts import account_of
from app.messaging.models import Medium, MessageSettings
from app.messaging.settings_rules import LABELS, PRIVATE, clean

CHANGED = "messages.settings_changed"


def save(session: Session, actor: Actor, website_id: str, values: Mapping[str, Any]) -> bool:
    """Change the settings. Returns whether anything changed.

    Secrets left empty stay as they are. Whatever failed with an account that changed is tried
    again. Raises InvalidPayload with every fault.
    """
    settings = _locked(session, website_id)
    stored = {medium: dict(getattr(settings, medium) or {}) for medium in Medium}
    cleaned = clean(values, stored)
    changes = {
        name: _told(name, getattr(settings, name), cleaned[name])
        for name in LABELS
        if getattr(settings, name) != cleaned[name]
    }
    for medium in Medium:
        if medium.value in cleaned and cleaned[medium.value] != stored[medium]:
            changes[f"{medium}_account"] = [None, "changed"]
    if not changes:
        return False
    for name, value in cleaned.items():
        setattr(settings, name, value)
    session.flush()
    event = NewEvent(CHANGED, "messages", website_id, changes, website_id=website_id)
    record(session, actor, event)
    _look_again(session, actor, settings)
    return True


def _locked(session: Session, website_id: str) -> MessageSettings:
    """The row, made when it is not there, locked until the transaction ends."""
    session.execute(insert(MessageSettings).values(website_id=website_id).on_conflict_do_nothing())
    query = select(MessageSettings).where(MessageSettings.website_id == website_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).one()


def _look_again(session: Session, actor: Actor, settings: MessageSettings) -> None:
    for medium in Medium:
        account = account_of(settings, medium)
        if account is not None:
            address_changed(session, actor, account.key)


def _told(name: str, old: Any, new: Any) -> list[Any]:
    if name in PRIVATE:
        return ["set" if old else None, "changed" if old and new else "set" if new else None]
    return [_plain(old), _plain(new)]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
