"""What was changed of a website's templates and settings, as the timeline shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.events.models import Event
from app.messaging.languages import LANGUAGES
from app.messaging.logview import MEDIA, said_of
from app.messaging.settings_rules import EMAIL_BY, LABELS, SMS_BY
from app.messaging.variables import REGULAR

_WORDS = {
    "sms_by": SMS_BY,
    "email_by": EMAIL_BY,
    "language": LANGUAGES,
}
_OTHER = {
    "sms_account": "Account for SMS",
    "email_account": "Account for e-mail",
    "subject": "Subject",
    "body": "Words",
}


def lines(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events, newest first."""
    return [
        {
            "at": event.occurred_at,
            "actor": event.actor_label,
            "kind": "staff",
            "door": "",
            "summary": said(event),
            "changes": _changes(event),
            "note": None,
            "deliveries": [],
        }
        for event in events
    ]


def said(event: Event) -> str:
    """What happened, in words."""
    verb = event.name.partition(".")[2]
    which = f"{said_of(str(event.meta.get('kind', '')))} by {_medium(event)}"
    if event.meta.get("variant") not in (None, REGULAR):
        which += f" ({str(event.meta['variant']).replace('_', ' ')})"
    if verb == "template_changed":
        language = LANGUAGES.get(str(event.meta.get("language")), "")
        return f"changed the words: {which}{', ' + language if language else ''}"
    if verb == "template_switched":
        on = event.changes.get("is_on", [None, None])[1]
        return f"switched {'on' if on else 'off'}: {which}"
    if verb == "tested":
        return f"sent a test message by {_medium(event)}"
    return "changed the settings of messages"


def _medium(event: Event) -> str:
    return MEDIA.get(str(event.meta.get("medium", "")), "")


def _changes(event: Event) -> list[dict[str, Any]]:
    if event.name == "messages.template_switched":
        return []
    names = {**LABELS, **_OTHER}
    return [
        {"label": names.get(name, name), "old": _shown(name, pair[0]), "new": _shown(name, pair[1])}
        for name, pair in event.changes.items()
    ]


def _shown(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, list):
        return ", ".join(said_of(str(each)) for each in value) or None
    return _WORDS.get(name, {}).get(str(value), str(value))
