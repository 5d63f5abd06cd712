"""Events in words: who, what, from what to what, as far as the reader may see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.bookings import amounts, payment_words
from app.bookings import wording as booking_words
from app.bookings.fields import FIELDS
from app.bookings.references import Reference
from app.crypto import DataKey
from app.events.models import Event
from app.messaging import settings_history as message_words
from app.partners.rules import EDITABLE as PARTNER_FIELDS
from app.platforms import telling as reservation_words
from app.platforms import wording as platform_words
from app.staff.permissions import Permission
from app.staff.scope import Scope
from app.venues import history as venue_words
from app.websites.rules import EDITABLE as WEBSITE_FIELDS

HIDDEN, ERASED = "hidden", "erased"
_SAID = {
    "booking.created": "made the booking",
    "booking.updated": "changed the booking",
    "booking.status_changed": "changed the status",
    "booking.conflict": "sent what staff had changed meanwhile",
    "website.registered": "added the website",
    "website.updated": "changed the website",
    "website.key_issued": "issued a key",
    "website.key_rotated": "replaced a key",
    "website.key_revoked": "revoked a key",
    "website.webhook_secret_rotated": "replaced the webhook secret",
    "website.webhook_tested": "sent a test webhook",
    "partner.added": "added the partner",
    "partner.updated": "changed the partner",
    "partner.venues_changed": "changed where the partner may book",
    "partner.key_issued": "issued a key",
    "partner.key_changed": "changed a key",
    "partner.key_rotated": "replaced a key",
    "partner.key_revoked": "revoked a key",
    "partner.webhook_secret_rotated": "replaced the webhook secret",
    "partner.webhook_tested": "sent a test webhook",
    "partner.person_invited": "invited somebody to a partner's portal",
    "partner.invitation_revoked": "took an invitation to a portal back",
    "partner.person_joined": "joined a partner's portal",
    "partner.person_switched_on": "let somebody into a portal again",
    "partner.person_switched_off": "switched somebody of a portal off",
    "message.failed": "could not deliver a message",
    "message.unclear": "does not know whether a message arrived",
    "user.signed_in": "signed in",
    "user.signed_out": "signed out",
    "user.sign_in_failed": "failed to sign in",
    "user.sessions_ended": "ended sessions",
    "customer.signed_in": "signed in by phone",
    "customer.signed_out": "was signed out on a device",
    "sign_in.code_wanted": "asked for a sign-in code",
    "message.wanted": "put a message on its way",
    "traveler.added": "added a traveler of a customer",
    "traveler.changed": "changed a traveler of a customer",
    "traveler.removed": "removed a traveler of a customer",
    "waiting.joined": "put somebody on the waiting list",
    "waiting.changed": "changed a party on the waiting list",
    "waiting.left": "took somebody off the waiting list",
    "waiting.offered": "offered places to who waited for them",
    "waiting.taken": "saw that an offered place was taken",
    "waiting.lapsed": "ended the wait for a place",
    "request.made": "asked for a change by the link",
    "request.withdrawn": "withdrew what they had asked for",
    "request.answered": "answered a guest's request",
    "alert.fired": "raised an alert",
    "alert.resolved": "ended an alert",
    "schedule.run_asked": "let scheduled work run",
    "import.started": "began to bring in another system's bookings",
    "import.finished": "brought in another system's bookings",
    "import.undone": "took an import back",
    "audit.exported": "took a part of the log along",
    "manifest.exported": "took along who goes on a departure",
    "customer.exported": "exported what is held about a customer",
    "customer.erased": "erased a customer",
    "payment_settings.changed": "changed how the website takes money",
    **payment_words.SAID,
    **platform_words.SAID,
    **reservation_words.SAID,
    "customer.updated": "corrected a customer",
    "customer.merged": "merged two records of a customer",
    "customer.merge_undone": "took a merge of two customers back",
    "customer.health_mended": "said that messages to a customer arrive again",
    "customer.opt_in_changed": "changed whether they want text messages",
}


_NAMED_BY = {
    "import": "system",
    "schedule": "job",
    "alert": "condition",
    "waiting": "departure",
    "departure": "departure",
    "platform": "connection",
}
"""Kinds of subjects whose name was written down with the event."""


@dataclass(frozen=True)
class Reader:
    """Who reads, and what they need for it, read once for a whole page."""

    scope: Scope
    keys: Mapping[UUID, DataKey] = field(default_factory=dict)
    references: Mapping[UUID, Reference] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    websites: Mapping[str, str] = field(default_factory=dict)
    partners: Mapping[str, str] = field(default_factory=dict)

    def may_open(self, event: Event) -> bool:
        """Sealed values are shown to who may see customers there."""
        return self.scope.can(Permission.CUSTOMERS_VIEW, event.website_id)

    def sees_money(self, event: Event) -> bool:
        """Amounts are shown to who may see payments there."""
        return amounts.may_see(self.scope, event.website_id)

    def sees_health(self, event: Event) -> bool:
        """Medical notes are shown to who may see them there."""
        return self.scope.can(Permission.CUSTOMERS_HEALTH, event.website_id)


def said(event: Event) -> str:
    """`changed the booking`; a name that nobody has put into words is taken apart."""
    if event.name in venue_words.SAID:
        return venue_words.said(event.name, event.meta)
    if event.subject_type == "messages":
        return message_words.said(event)
    return _SAID.get(event.name, humanised(event.name.partition(".")[2] or event.name).lower())


def humanised(word: str) -> str:
    """`membership_added` as `Membership added`."""
    return word.replace("_", " ").replace(".", ": ").capitalize()


def subject(event: Event, reader: Reader) -> str:
    """What it happened to, by the name that people know."""
    reference = reader.references.get(event.booking_id) if event.booking_id else None
    if reference:
        return reference.text
    if event.subject_type == "partner":
        return reader.partners.get(event.subject_id, "a partner")
    if event.subject_type == "venue":
        return str(event.meta.get("venue", "a venue"))
    if event.subject_type in _NAMED_BY:
        return str(event.meta.get(_NAMED_BY[event.subject_type], event.subject_id))
    known = reader.people if event.subject_type == "user" else reader.websites
    return known.get(event.subject_id, event.subject_id)


def changes(event: Event, reader: Reader) -> list[dict[str, str | None]]:
    """Old and new of every field, in the order of the field table."""
    key = reader.keys.get(event.customer_id) if event.customer_id else None
    opened, sealed = event.opened(key), event.sealed_fields()
    reference = reader.references.get(event.booking_id) if event.booking_id else None
    currency = reference.currency if reference else ""
    lines: list[dict[str, str | None]] = []
    for name in sorted(opened, key=_order):
        line: dict[str, str | None] = {"label": label(event, name)}
        hidden = _hides(event, reader, name, opened[name], name in sealed)
        for side, value in zip(("old", "new"), opened[name], strict=True):
            line[side] = hidden or _shown(event, reader, name, value, currency)
        lines.append(line)
    return lines


def label(event: Event, name: str) -> str:
    """What people call a field."""
    if event.subject_type == "booking" and name in FIELDS:
        return FIELDS[name].label
    if name in payment_words.LABELS:
        return payment_words.LABELS[name]
    if event.subject_type == "website" and name in WEBSITE_FIELDS:
        return WEBSITE_FIELDS[name]
    if event.subject_type == "partner" and name in PARTNER_FIELDS:
        return PARTNER_FIELDS[name]
    if event.subject_type == "platform":
        return platform_words.LABELS.get(name, name)
    if event.subject_type == "venue" and name in venue_words.LABELS:
        return venue_words.LABELS[name]
    return humanised(name)


def details(event: Event) -> list[tuple[str, str]]:
    """What else was written down with it."""
    return [(humanised(name), _text(value)) for name, value in event.meta.items()]


def _hides(event: Event, reader: Reader, name: str, pair: list[Any], sealed: bool) -> str | None:
    """The word in the place of a value that this reader does not get."""
    if sealed and not reader.may_open(event):
        return HIDDEN
    if sealed and pair == [None, None]:
        return ERASED
    if name == "medical_notes" and not reader.sees_health(event):
        return HIDDEN
    if name in payment_words.AMOUNTS and not reader.sees_money(event):
        return HIDDEN
    return None


def _shown(event: Event, reader: Reader, name: str, value: Any, currency: str) -> str | None:
    if event.subject_type == "booking":
        return booking_words.shown(name, value, currency, amounts=reader.sees_money(event))
    if event.subject_type == "venue":
        return None if value is None else str(venue_words.in_words(value))
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _order(name: str) -> tuple[int, str]:
    names = list(FIELDS)
    return (names.index(name), "") if name in FIELDS else (len(names), name)
