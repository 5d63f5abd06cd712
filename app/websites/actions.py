"""What happens to websites: register, edit, switch on and off, rotate the webhook secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.apikeys import actions as apikeys
from app.crypto import new_webhook_secret
from app.deliveries.actions import address_changed
from app.errors import Fault, Forbidden, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.websites import queries, rules
from app.websites.models import Website

MANAGE = Permission.WEBSITES_MANAGE


@dataclass(frozen=True)
class Registered:
    """A new website with its secrets, to be shown once."""

    website: Website
    api_key: str
    webhook_secret: str


def register(
    session: Session,
    actor: Actor,
    scope: Scope,
    values: Mapping[str, Any],
    *,
    https_only: bool,
    api_key: str | None = None,
) -> Registered:
    """Add a website: `id`, `name`, `domain`, and what else `rules.EDITABLE` names.

    Raises Forbidden without websites:manage on *all* websites, and InvalidPayload. `api_key` is
    for keys that are agreed on (the demo's).
    """
    if not scope.can(MANAGE):
        raise Forbidden("Only who manages all websites may add one.")
    asked = {name: values.get(name) for name in ("id", "name", "domain")}
    given = {name: values[name] for name in rules.EDITABLE if values.get(name) is not None}
    cleaned = rules.clean({**asked, **given}, https_only=https_only)
    secret = new_webhook_secret()
    website = _insert(session, {**cleaned, "webhook_secret": secret})
    changes = {name: [None, value] for name, value in cleaned.items() if value is not None}
    _record(session, actor, "website.registered", website, changes)
    issued = apikeys.issue(session, actor, website.id, "First key", clear_text=api_key)
    return Registered(website, issued.clear_text, secret)


def _insert(session: Session, values: dict[str, Any]) -> Website:
    statement = insert(Website).values(**values).on_conflict_do_nothing().returning(Website)
    website = session.scalars(statement).one_or_none()
    if website is None:
        raise InvalidPayload("This website exists.", [Fault("id", "This id is taken.")])
    return website


def edit(
    session: Session,
    actor: Actor,
    scope: Scope,
    website_id: str,
    changes: Mapping[str, Any],
    *,
    https_only: bool,
) -> Website:
    """Change some fields; the history keeps old and new of each. No difference: nothing is written.

    Raises WebsiteNotFound, Forbidden and InvalidPayload.
    """
    website = queries.lock(session, scope, website_id, MANAGE)
    known = {name: value for name, value in changes.items() if name in rules.EDITABLE}
    cleaned = rules.clean(known, https_only=https_only)
    difference = {
        name: [getattr(website, name), value]
        for name, value in cleaned.items()
        if getattr(website, name) != value
    }
    for name, (_, value) in difference.items():
        setattr(website, name, value)
    if difference:
        session.flush()
        _record(session, actor, "website.updated", website, difference)
    if "webhook_url" in difference:
        address_changed(session, actor, website.door)
    return website


def switch(session: Session, actor: Actor, scope: Scope, website_id: str, on: bool) -> Website:
    """Switch a website on or off. While off its keys are refused and its webhooks wait."""
    return edit(session, actor, scope, website_id, {"is_active": on}, https_only=False)


def rotate_webhook_secret(
    session: Session,
    actor: Actor,
    scope: Scope,
    website_id: str,
    overlap: timedelta,
    now: datetime,
) -> str:
    """A new secret, in clear for the last time. For `overlap` the old one signs as well."""
    website = queries.lock(session, scope, website_id, MANAGE)
    secret = new_webhook_secret()
    website.old_webhook_secret = website.webhook_secret
    website.old_secret_until = now + overlap
    website.webhook_secret = secret
    session.flush()
    until = website.old_secret_until.isoformat()
    _record(session, actor, "website.webhook_secret_rotated", website, {}, until=until)
    address_changed(session, actor, website.door)
    return secret


def _record(
    session: Session,
    actor: Actor,
    name: str,
    website: Website,
    changes: dict[str, list[Any]],
    **meta: Any,
) -> None:
    event = NewEvent(name, "website", website.id, changes, meta, website_id=website.id)
    record(session, actor, event)
