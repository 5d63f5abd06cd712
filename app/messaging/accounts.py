"""The accounts through which websites send: each is a destination with a pace of its own.

Websites may share an account. Its key holds nothing secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.deliveries.channel import Pace
from app.messaging.models import Medium, MessageSettings

CAPTURE = "capture"
TWILIO, GRAPH, SMTP = "twilio", "graph", "smtp"
GRAPH_PACE = Pace(at_once=4, per_minute=30)
"""The limits of one mailbox."""
SMTP_PACE = Pace(at_once=4, per_minute=120)
TWILIO_A_SECOND = 10
NEEDED = {
    TWILIO: ("account_sid", "auth_token"),
    GRAPH: ("tenant", "client_id", "client_secret", "mailbox"),
    SMTP: ("host", "from_address"),
    CAPTURE: (),
}


@dataclass(frozen=True)
class Account:
    """One way to send for one website: `key` and `label` of its destination, and what it takes."""

    provider: str
    key: str
    label: str
    pace: Pace
    values: Mapping[str, Any]


def account_of(settings: MessageSettings | None, medium: Medium) -> Account | None:
    """The account of a website for a medium; None while it is off or not filled in."""
    if settings is None:
        return None
    provider = str(getattr(settings, f"{medium}_by"))
    values: Mapping[str, Any] = dict(getattr(settings, medium) or {})
    if provider not in NEEDED or lacking(provider, values):
        return None
    make = {TWILIO: _twilio, GRAPH: _graph, SMTP: _smtp, CAPTURE: _capture}[provider]
    key, label, pace = make(settings, medium, values)
    return Account(provider, f"{medium}:{key}", label, pace, values)


def codes_by(account: Account) -> str:
    """The key of the destination of sign-in codes that go by an SMS account."""
    return f"sign_in:{account.key}"


def lacking(provider: str, values: Mapping[str, Any]) -> list[str]:
    """What must still be filled in before this provider can send."""
    missing = [name for name in NEEDED.get(provider, ()) if not values.get(name)]
    if provider == TWILIO and not sender_of(values):
        missing.append("from_number")
    return missing


def sender_of(values: Mapping[str, Any]) -> str:
    """Who an SMS comes from: a messaging service, or a number."""
    return str(values.get("messaging_service_sid") or values.get("from_number") or "")


Described = tuple[str, str, Pace]


def _twilio(settings: MessageSettings, medium: Medium, values: Mapping[str, Any]) -> Described:
    sender = sender_of(values)
    a_second = int(values.get("per_second") or TWILIO_A_SECOND)
    pace = Pace(at_once=max(2, a_second), per_minute=60 * a_second)
    is_service = bool(values.get("messaging_service_sid"))
    label = "SMS by Twilio" if is_service else f"SMS from {sender}"
    return f"{values['account_sid']}:{sender}", label, pace


def _graph(settings: MessageSettings, medium: Medium, values: Mapping[str, Any]) -> Described:
    mailbox = str(values["mailbox"])
    return f"graph:{values['tenant']}:{mailbox.casefold()}", f"E-mail from {mailbox}", GRAPH_PACE


def _smtp(settings: MessageSettings, medium: Medium, values: Mapping[str, Any]) -> Described:
    user = values.get("user") or values["from_address"]
    label = f"E-mail from {values['from_address']} by {values['host']}"
    return f"smtp:{values['host']}:{user}", label, SMTP_PACE


def _capture(settings: MessageSettings, medium: Medium, values: Mapping[str, Any]) -> Described:
    what = "SMS" if medium is Medium.SMS else "E-mail"
    return f"{CAPTURE}:{settings.website_id}", f"{what} kept here ({settings.website_id})", Pace()
