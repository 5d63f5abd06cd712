"""What the pages of connections show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request, url_for

from app.apikeys.pages import Crumb
from app.bookings.status import Status
from app.events import queries as events
from app.extensions import db
from app.platforms import exchanges, filling, queries, registry, rules, serving, wording
from app.platforms.base import Capability
from app.platforms.forms import UNTOUCHED
from app.platforms.models import PlatformConnection
from app.platforms.queries import MANAGE
from app.platforms.registry import label_of
from app.platforms.removing import standing
from app.staff.context import current_scope, now, settings
from app.staff.permissions import Permission
from app.venues.models import Venue
from app.websites.context import visible_websites, zone_of

HOOK = "/api/webhooks/platforms"
CHOICES = [(rules.SILENT, "Says nothing"), *((status.value, status.label) for status in Status)]


@dataclass(frozen=True)
class Word:
    """A platform's word for a status, and what it means to us."""

    word: str
    times: int
    """Reservations that are told with it."""
    status: str
    is_known: bool
    is_usual: bool
    """As its module knows it, not changed here."""


@dataclass(frozen=True)
class Pull:
    """How a pull stands."""

    is_under_way: bool
    is_begun: bool
    """A worker has it, or had it."""
    pages: int
    seen: int
    created: int
    changed: int
    gone: int
    waiting: int
    unread: int


def show(connection: PlatformConnection) -> dict[str, Any]:
    """The page of one connection."""
    session, moment, shared = db.session(), now(), head(connection)
    can_manage, label = shared["can_manage"], shared["label"]
    there = standing(session, connection) if can_manage else None
    found = events.of_subject(session, "platform", str(connection.id))
    return {
        **shared,
        "state": wording.state_of(connection, moment),
        "missing": filling.missing(session, connection, moment) if can_manage else 0,
        "pull": pull_of(connection, moment),
        "can_pull": Capability.LIST in _capabilities(connection),
        "words": words_of(connection),
        "choices": CHOICES,
        "untouched": UNTOUCHED,
        "service": _service(connection),
        "hook": hook_of(connection),
        "calls": exchanges.page(session, connection, limit=5).rows,
        "call_word": wording.call_word,
        "history": wording.lines(found),
        "past": there.past if there else 0,
        "hindered": there.hinders(label) if there else None,
    }


def head(connection: PlatformConnection) -> dict[str, Any]:
    """What all pages of a connection share."""
    venue = db.session.get_one(Venue, connection.venue_id)
    names = {website.id: website.name for website in visible_websites()}
    scope = current_scope()
    return {
        "c": connection,
        "kind": registry.KINDS.get(connection.platform_type),
        "label": label_of(connection.platform_type),
        "venue": venue,
        "website_name": names.get(connection.website_id, ""),
        "can_manage": scope.can(MANAGE, connection.website_id),
        "sees_venue": scope.can(Permission.VENUES_VIEW, connection.website_id),
        "sees_bookings": scope.can(Permission.BOOKINGS_VIEW, connection.website_id),
        "crumbs": crumbs(),
        "tz": zone_of(connection.website_id),
        "now": now(),
        "website_action": url_for("platforms.index"),
    }


def crumbs(connection: PlatformConnection | None = None) -> tuple[Crumb, ...]:
    """The way to the list, or to a connection's page."""
    way = (("Platforms", url_for("platforms.index")),)
    if connection is None:
        return way
    venue = db.session.get_one(Venue, connection.venue_id)
    there = url_for("platforms.show", connection_id=connection.id)
    return (*way, (f"{venue.name}, {label_of(connection.platform_type)}", there))


def pull_of(connection: PlatformConnection, moment: datetime) -> Pull:
    """How its pull stands, as the workers left word."""
    state, lease = connection.sync_state or {}, connection.sync_lease_until
    taken = lease is not None and lease > moment
    counts = {
        name: int(state.get(name) or 0)
        for name in ("pages", "seen", "created", "changed", "gone", "waiting")
    }
    return Pull(
        is_under_way=taken or connection.sync_wanted_at is not None,
        is_begun=taken,
        unread=len(state.get("unread") or ()),
        **counts,
    )


def words_of(connection: PlatformConnection) -> list[Word]:
    """Every word that is known or was seen; those that nobody has explained come first."""
    kind = registry.KINDS.get(connection.platform_type)
    usual = dict(kind.statuses) if kind else {}
    known, seen = {**usual, **connection.statuses}, queries.words_seen(db.session(), connection.id)
    pulled = (connection.sync_state or {}).get("unknown") or {}
    times = {**{str(word): int(count) for word, count in pulled.items()}, **seen}
    found = [
        Word(
            word,
            times.get(word, 0),
            known.get(word, UNTOUCHED),
            word in known,
            word in usual and word not in connection.statuses,
        )
        for word in {**known, **times}
    ]
    return sorted(found, key=lambda each: (each.is_known, -each.times, each.word))


def hook_of(connection: PlatformConnection) -> str:
    """The address at which its platform can tell that something changed."""
    base = settings().base_url.rstrip("/")
    return f"{base}{HOOK}/{connection.platform_type}/{connection.id}"


def asked_venue() -> UUID | None:
    """The venue of the address; None where it is none."""
    try:
        return UUID(request.values.get("venue_id", ""))
    except ValueError:
        return None


def pretty(body: str | None) -> str:
    """JSON with line breaks; anything else as it is."""
    try:
        return json.dumps(json.loads(body or ""), indent=2, ensure_ascii=False)
    except ValueError:
        return body or ""


def _capabilities(connection: PlatformConnection) -> frozenset[Capability]:
    if connection.platform_type not in registry.KINDS:
        return frozenset()
    return registry.capabilities_of(registry.account_of(db.session(), connection))


def _service(connection: PlatformConnection) -> str:
    """What its reservations are bookings of."""
    found = serving.of_connection(db.session(), connection)
    return found[0].name if len(found) == 1 else serving.BY_TIME
