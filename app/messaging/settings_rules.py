"""What the settings of a website's messages must look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from app.messaging.accounts import CAPTURE, GRAPH, SMTP, TWILIO, lacking
from app.messaging.languages import LANGUAGES
from app.messaging.models import Medium
from app.messaging.variables import GUEST_KINDS
from app.venues.values import Reading, Wrong, maybe_whole, maybe_words

OFF = "off"
SMS_BY = {OFF: "Off", CAPTURE: "Kept here, sent to nobody", TWILIO: "Twilio"}
EMAIL_BY = {
    OFF: "Off",
    CAPTURE: "Kept here, sent to nobody",
    GRAPH: "Microsoft 365 (Graph)",
    SMTP: "Mail server (SMTP)",
}
TLS = {"starttls": "STARTTLS", "tls": "TLS", "none": "None"}
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]+")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)


@dataclass(frozen=True)
class Credential:
    """A field of an account."""

    name: str
    label: str
    secret: bool = False
    """Never shown; empty keeps what is stored."""
    hint: str = ""


ACCOUNTS: dict[str, tuple[Credential, ...]] = {
    TWILIO: (
        Credential("account_sid", "Account SID", hint="Begins with AC."),
        Credential("auth_token", "Auth token", secret=True),
        Credential("messaging_service_sid", "Messaging service SID", hint="Begins with MG."),
        Credential("from_number", "From number", hint="Where there is no messaging service."),
        Credential("per_second", "Most SMS a second", hint="Empty: 10."),
    ),
    GRAPH: (
        Credential("tenant", "Tenant", hint="Id or domain of your organisation."),
        Credential("client_id", "Client id"),
        Credential("client_secret", "Client secret", secret=True),
        Credential("mailbox", "Mailbox", hint="The address that writes."),
    ),
    SMTP: (
        Credential("host", "Server", hint="smtp.example.com"),
        Credential("port", "Port", hint="Empty: what is usual."),
        Credential("tls", "Encryption"),
        Credential("user", "User"),
        Credential("password", "Password", secret=True),
        Credential("from_address", "From", hint="The address that writes."),
    ),
}
LABELS = {
    "sms_by": "SMS by",
    "email_by": "E-mail by",
    "sender_name": "Sender's name",
    "reply_to": "Answers go to",
    "manager_email": "Managers' address",
    "kitchen_email": "Kitchen's address",
    "contact_phone": "Phone for guests",
    "review_link": "Review link",
    "language": "Language",
    "segment_price": "Price of one SMS part",
    "sms_first": "E-mail only if no SMS can go",
}
"""Fields and what people call them; accounts are beside."""
PRIVATE = frozenset({"reply_to", "manager_email", "kitchen_email"})
"""Addresses of people: the log, which cannot forget, keeps only that they changed."""
OF_ACCOUNTS = {c.name: c.label for credentials in ACCOUNTS.values() for c in credentials}


def clean(values: Mapping[str, Any], stored: Mapping[Medium, Mapping[str, Any]]) -> dict[str, Any]:
    """The settings as they are stored. Raises InvalidPayload with every fault.

    `stored`: the accounts as they are, for secrets that were left empty.
    """
    reading = Reading(values)
    cleaned: dict[str, Any] = {
        "sms_by": reading.take("sms_by", _one_of(SMS_BY)),
        "email_by": reading.take("email_by", _one_of(EMAIL_BY)),
        "sender_name": reading.take("sender_name", maybe_words(100)) or "",
        "reply_to": reading.take("reply_to", _email),
        "manager_email": reading.take("manager_email", _email),
        "kitchen_email": reading.take("kitchen_email", _email),
        "contact_phone": reading.take("contact_phone", maybe_words(40)),
        "review_link": reading.take("review_link", _link),
        "language": reading.take("language", _one_of(LANGUAGES)),
        "segment_price": reading.take("segment_price", _price),
        "sms_first": _kinds(values.get("sms_first") or ()),
    }
    for medium in Medium:
        provider = cleaned[f"{medium}_by"]
        if provider in ACCOUNTS:
            cleaned[medium.value] = _account(reading, provider, values, stored[medium])
    reading.done("The settings cannot be saved like this.")
    return cleaned


def _account(
    reading: Reading, provider: str, values: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for credential in ACCOUNTS[provider]:
        value = reading.take(credential.name, _CHECKS.get(credential.name, maybe_words(300)))
        if credential.secret and not value:
            value = stored.get(credential.name)
        if value:
            found[credential.name] = value
    wrong = {fault.field for fault in reading.faults}
    for name in lacking(provider, found):
        if name not in wrong:
            reading.wrong(name, "Is needed.")
    return found


def _one_of(known: Mapping[str, str]) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in known:
            raise Wrong("Choose one of these.")
        return str(value)

    return parse


def _email(value: Any) -> str | None:
    text = maybe_words(254)(value)
    if text and not _EMAIL.fullmatch(text):
        raise Wrong("This is not an e-mail address.")
    return text


def _link(value: Any) -> str | None:
    text = maybe_words(500)(value)
    if text and not _ADDRESS.fullmatch(text):
        raise Wrong("Enter a whole address: https://example.com/review.")
    return text


def _price(value: Any) -> Decimal | None:
    text = maybe_words(20)(None if value is None else str(value))
    if text is None:
        return None
    try:
        price = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise Wrong("Enter an amount such as 0.04.") from None
    if not price.is_finite() or not 0 <= price < 1000 or price != round(price, 4):
        raise Wrong("Enter an amount such as 0.04, with at most four decimals.")
    return price


def _kinds(names: Any) -> list[str]:
    guests = [kind.value for kind in GUEST_KINDS]
    return [name for name in guests if name in names]


def _known_tls(value: Any) -> str:
    return _one_of(TLS)(value or "starttls")


def _host(value: Any) -> str | None:
    text = maybe_words(253)(value)
    if text and not re.fullmatch(r"[A-Za-z0-9.\-:]+", text):
        raise Wrong("Enter the name of a server: smtp.example.com.")
    return text


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "per_second": maybe_whole(1, 100),
    "port": maybe_whole(1, 65535),
    "tls": _known_tls,
    "host": _host,
    "mailbox": _email,
    "from_address": _email,
}
