"""Issuing, rotating and revoking API keys. The clear text exists once, in the answer."""

from __future__ import annotations

import secrets
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.apikeys import queries
from app.apikeys.models import ApiKey, KeyScope
from app.crypto import hash_secret
from app.errors import Conflict
from app.events.actions import record
from app.events.models import Actor, NewEvent

ALPHABET = string.ascii_letters + string.digits
RANDOM_LENGTH = 32
SHOWN = 4
"""Random characters that the visible prefix shows."""
WEBSITE_SCOPES = (KeyScope.MANAGE_BOOKINGS, KeyScope.READ_AVAILABILITY, KeyScope.MANAGE_TABLES)


@dataclass(frozen=True)
class Issued:
    """A new key with its clear text, to be shown once and kept by nobody."""

    key: ApiKey
    clear_text: str


def new_clear_text(owner: str) -> str:
    """`<owner>_sk_<random>_<checksum>`: a scanner of leaked secrets can tell it is one of ours."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    body = f"{owner}_sk_{random}"
    return f"{body}_{zlib.crc32(body.encode()):08x}"


def prefix_of(clear_text: str) -> str:
    """The beginning by which people tell keys apart: not enough to use it."""
    head, mark, tail = clear_text.partition("_sk_")
    return f"{head}{mark}{tail[:SHOWN]}" if mark else clear_text[:SHOWN]


def issue(
    session: Session,
    actor: Actor,
    website_id: str,
    name: str,
    scopes: Sequence[KeyScope] = WEBSITE_SCOPES,
    clear_text: str | None = None,
) -> Issued:
    """Make a key for a website. `clear_text` is for keys that are agreed on (the demo's)."""
    return _issue(session, actor, website_id, name.strip() or "API key", scopes, clear_text)


def _issue(
    session: Session,
    actor: Actor,
    website_id: str,
    name: str,
    scopes: Sequence[str],
    clear_text: str | None = None,
    allowed_ips: Sequence[str] = (),
) -> Issued:
    clear_text = clear_text or new_clear_text(website_id)
    key = ApiKey(
        name=name,
        website_id=website_id,
        prefix=prefix_of(clear_text),
        key_hash=hash_secret(clear_text),
        scopes=[str(scope) for scope in scopes],
        allowed_ips=list(allowed_ips),
    )
    session.add(key)
    session.flush()
    _record(session, actor, "website.key_issued", key)
    return Issued(key, clear_text)


def rotate(
    session: Session,
    actor: Actor,
    website_id: str,
    key_id: UUID,
    overlap: timedelta,
    now: datetime,
) -> Issued:
    """A new key with the same rights; the old one goes on working for `overlap`.

    Raises NotFound for another website's key, Conflict for one that has ended.
    """
    old = queries.lock(session, website_id, key_id)
    if not old.works_at(now):
        raise Conflict("This key does not work any more. Issue a new one.")
    until = now + overlap
    old.expires_at = min(old.expires_at, until) if old.expires_at else until
    _record(session, actor, "website.key_rotated", old, until=old.expires_at.isoformat())
    return _issue(session, actor, website_id, old.name, old.scopes, allowed_ips=old.allowed_ips)


def revoke(session: Session, actor: Actor, website_id: str, key_id: UUID, now: datetime) -> ApiKey:
    """End a key at once. Revoking it again does nothing. Raises NotFound."""
    key = queries.lock(session, website_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        _record(session, actor, "website.key_revoked", key)
    return key


def _record(session: Session, actor: Actor, name: str, key: ApiKey, **more: Any) -> None:
    meta = {"key_id": str(key.id), "key": key.prefix, "key_name": key.name, **more}
    event = NewEvent(name, "website", str(key.website_id), meta=meta, website_id=key.website_id)
    record(session, actor, event)
