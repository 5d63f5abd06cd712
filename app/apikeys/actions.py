"""Issuing, editing, rotating and revoking API keys. The clear text exists once, in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.apikeys import queries, rules
from app.apikeys.models import ApiKey
from app.apikeys.owner import Owner, owner_of
from app.apikeys.spelling import new_clear_text, new_second_half, prefix_of
from app.crypto import hash_secret
from app.errors import Conflict
from app.events.actions import record
from app.events.models import Actor, NewEvent


@dataclass(frozen=True)
class Issued:
    """A new key with its clear text, to be shown once and kept by nobody."""

    key: ApiKey
    clear_text: str
    second_half: str | None = None
    """What a partner may show beside it."""


def issue(
    session: Session,
    actor: Actor,
    owner: Owner | str,
    name: str,
    clear_text: str | None = None,
    second_half: str | None = None,
    **values: Any,
) -> Issued:
    """Make a key for a website or a partner: `scopes`, `allowed_ips`, `expires_at` as in `rules`.

    `clear_text`, `second_half` are for keys that are agreed on (the demo's). Raises InvalidPayload.
    """
    owner = owner_of(owner)
    given = {"scopes": list(owner.scopes), **values, "name": name}
    cleaned = rules.clean(given, datetime.now(UTC))
    return _issue(session, actor, owner, cleaned, clear_text, second_half)


def _issue(
    session: Session,
    actor: Actor,
    owner: Owner,
    values: Mapping[str, Any],
    clear_text: str | None = None,
    second_half: str | None = None,
) -> Issued:
    clear_text = clear_text or new_clear_text(owner.slug)
    if owner.has_secrets:
        second_half = second_half or new_second_half()
    key = ApiKey(
        prefix=prefix_of(clear_text),
        key_hash=hash_secret(clear_text),
        secret_hash=hash_secret(second_half) if second_half else None,
        **{"allowed_ips": [], **owner.columns(), **values},
    )
    session.add(key)
    session.flush()
    _record(session, actor, owner, "key_issued", key)
    return Issued(key, clear_text, second_half)


def edit(
    session: Session,
    actor: Actor,
    owner: Owner | str,
    key_id: UUID,
    changes: Mapping[str, Any],
    now: datetime,
) -> ApiKey:
    """Change name, scopes, addresses or end of a key. No difference: nothing is written.

    Raises NotFound, InvalidPayload, and Conflict for a key that has ended, or for a later end of
    one that was replaced.
    """
    owner = owner_of(owner)
    key = queries.lock(session, owner, key_id)
    _demand_working(key, now)
    known = {name: value for name, value in changes.items() if name in rules.EDITABLE}
    same_end = known.get("expires_at") == key.expires_at
    cleaned = rules.clean(
        {name: value for name, value in known.items() if name != "expires_at" or not same_end}, now
    )
    if key.replaced_at and "expires_at" in cleaned:
        raise Conflict("This key was replaced: its end is settled. Revoke it to end it at once.")
    difference = {
        name: [getattr(key, name), value]
        for name, value in cleaned.items()
        if getattr(key, name) != value
    }
    for name, (_, value) in difference.items():
        setattr(key, name, value)
    if difference:
        session.flush()
        _record(session, actor, owner, "key_changed", key, _plain(difference))
    return key


def rotate(
    session: Session,
    actor: Actor,
    owner: Owner | str,
    key_id: UUID,
    overlap: timedelta,
    now: datetime,
) -> Issued:
    """A new key with the same rights and term; the old one goes on working for `overlap`.

    Raises NotFound for somebody else's key, Conflict for one that has ended or was replaced.
    """
    owner = owner_of(owner)
    old = queries.lock(session, owner, key_id)
    _demand_working(old, now)
    if old.replaced_at:
        raise Conflict("This key was replaced already. Issue a new one.")
    term = old.expires_at - old.created_at if old.expires_at else None
    until = now + overlap
    old.expires_at = min(old.expires_at, until) if old.expires_at else until
    old.replaced_at = now
    _record(session, actor, owner, "key_rotated", old, until=old.expires_at.isoformat())
    same = {name: getattr(old, name) for name in ("name", "scopes", "allowed_ips")}
    return _issue(session, actor, owner, {**same, "expires_at": now + term if term else None})


def revoke(
    session: Session, actor: Actor, owner: Owner | str, key_id: UUID, now: datetime
) -> ApiKey:
    """End a key at once. Revoking it again does nothing. Raises NotFound."""
    owner = owner_of(owner)
    key = queries.lock(session, owner, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        _record(session, actor, owner, "key_revoked", key)
    return key


def _demand_working(key: ApiKey, now: datetime) -> None:
    if not key.works_at(now):
        raise Conflict("This key does not work any more. Issue a new one.")


def _plain(difference: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {
        name: [v.isoformat() if isinstance(v, datetime) else v for v in pair]
        for name, pair in difference.items()
    }


def _record(
    session: Session,
    actor: Actor,
    owner: Owner,
    name: str,
    key: ApiKey,
    changes: Mapping[str, list[Any]] | None = None,
    **more: Any,
) -> None:
    meta = {"key_id": str(key.id), "key": key.prefix, "key_name": key.name, **more}
    event = NewEvent(
        f"{owner.kind}.{name}", owner.kind, owner.id, dict(changes or {}), meta, website_id=owner.at
    )
    record(session, actor, event)
