"""What was typed on the pages of connections. What it must look like is said in `rules`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.crypto import CannotDecrypt, keyring
from app.platforms.base import FormField, Kind
from app.platforms.models import PlatformConnection
from app.venues.forms import Sheet

Typed = MultiDict[str, str]
KEPT_FOR = 3600
"""Seconds for which a page keeps secrets that were typed and not saved yet."""
UNTOUCHED = "?"
"""In the place of a status: nobody has explained this word."""


@dataclass
class AccountSheet(Sheet):
    """The form of a connection: its values, without secrets, and what is wrong with them."""

    typed_secrets: frozenset[str] = frozenset()
    """Names of secrets that were typed before and are kept sealed."""
    kept: str = field(default="", repr=False)
    """Those, as the page carries them."""


def read(form: Typed, kind: Kind, who: UUID) -> dict[str, Any]:
    """What was typed, for the actions; secrets that were typed the time before among it."""
    before = _opened(form.get("kept", ""), kind, who)
    typed = {each.name: form.get(f"account.{each.name}", "") for each in kind.fields}
    account = {**typed, **{name: value for name, value in before.items() if not typed.get(name)}}
    return {
        "platform_type": kind.type,
        "account": account,
        "options": {each.name: form.get(f"options.{each.name}", "") for each in kind.options},
        "venue_id": _uuid(form.get("venue_id", "")),
        "activity_id": _uuid(form.get("activity_id", "")),
    }


def shown(kind: Kind, values: Mapping[str, Any], who: UUID) -> AccountSheet:
    """The sheet of what was typed: secrets are sealed, for this person and for an hour."""
    account, options = values.get("account") or {}, values.get("options") or {}
    secrets = {f.name: account[f.name] for f in kind.fields if f.secret and account.get(f.name)}
    plain = {f"account.{f.name}": account.get(f.name) for f in kind.fields if not f.secret}
    chosen = {f"options.{f.name}": options.get(f.name) or f.default for f in kind.options}
    return AccountSheet(
        values={**plain, **chosen, "activity_id": values.get("activity_id")},
        labels=_labels(kind),
        typed_secrets=frozenset(secrets),
        kept=_sealed(secrets, kind, who) if secrets else "",
    )


def stored(kind: Kind, connection: PlatformConnection | None) -> AccountSheet:
    """The sheet of what is saved, or an empty one with the usual."""
    account = (connection.configuration or {}) if connection else {}
    options = connection.options if connection else {}
    plain = {
        f"account.{f.name}": account.get(f.name) or f.default for f in kind.fields if not f.secret
    }
    chosen = {f"options.{f.name}": options.get(f.name) or f.default for f in kind.options}
    service = {"activity_id": connection.activity_id if connection else None}
    return AccountSheet(values={**plain, **chosen, **service}, labels=_labels(kind))


def read_words(form: Typed) -> dict[str, str]:
    """`{word: status}` of the table of words; a line without a word or an answer is left out."""
    count = min(len(form), 500)
    lines = ((form.get(f"word.{n}", "").strip(), form.get(f"status.{n}")) for n in range(count))
    return {word: status for word, status in lines if word and status not in (None, UNTOUCHED)}


def _labels(kind: Kind) -> dict[str, str]:
    groups: tuple[tuple[str, tuple[FormField, ...]], ...] = (
        ("account", tuple(kind.fields)),
        ("options", tuple(kind.options)),
    )
    return {f"{group}.{each.name}": each.label for group, fields in groups for each in fields} | {
        "is_enabled": "Switched on",
        "activity_id": "Its reservations are",
    }


def _sealed(secrets: Mapping[str, str], kind: Kind, who: UUID) -> str:
    until = datetime.now(UTC).timestamp() + KEPT_FOR
    return keyring.encrypt(json.dumps([str(who), kind.type, until, dict(secrets)]))


def _opened(token: str, kind: Kind, who: UUID) -> dict[str, str]:
    """Nothing for what we did not seal, for another person or platform, or too long ago."""
    if not token:
        return {}
    try:
        owner, type_, until, secrets = json.loads(keyring.decrypt(token))
    except (CannotDecrypt, ValueError, TypeError):  # also what was sealed for another purpose
        return {}
    is_theirs = (owner, type_) == (str(who), kind.type)
    return dict(secrets) if is_theirs and until > datetime.now(UTC).timestamp() else {}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
