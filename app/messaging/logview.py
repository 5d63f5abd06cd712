"""What the address of the Messages page asks for, and the words for what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

from flask import url_for

from app.messaging.models import Medium, MessageState
from app.messaging.queries import TROUBLED
from app.messaging.variables import LABELS

CODE = "sign_in_code"
"""The kind of messages by which somebody signs in."""
TEST = "test"
"""The kind, and the audience, of messages by which somebody tries an account."""
STATES = {
    MessageState.QUEUED.value: ("Queued", "grey"),
    MessageState.SENDING.value: ("Sending", "blue"),
    MessageState.SENT.value: ("Sent", "teal"),
    MessageState.DELIVERED.value: ("Delivered", "green"),
    MessageState.UNDELIVERED.value: ("Not delivered", "red"),
    MessageState.FAILED.value: ("Failed", "red"),
    MessageState.HELD_BACK.value: ("Held back", "amber"),
}
"""Label and tone of each state."""
MEDIA = {Medium.SMS.value: "SMS", Medium.EMAIL.value: "E-mail"}
KINDS = {kind.value: label for kind, label in LABELS.items()} | {
    CODE: "Sign-in code",
    TEST: "Test",
}
AUDIENCES = {"guest": "Guest", "manager": "Managers", "kitchen": "Kitchen", TEST: "Staff"}
CHOICES = {
    "state": [(TROUBLED, "Problems"), *((name, label) for name, (label, _) in STATES.items())],
    "kind": [*((kind.value, label) for kind, label in LABELS.items()), (CODE, "Sign-in code")],
    "medium": list(MEDIA.items()),
}


@dataclass(frozen=True)
class LogView:
    """The page as its address describes it. Words that nobody knows are left out."""

    website: str = ""
    q: str = ""
    """Reference or id of a booking."""
    state: str = ""
    kind: str = ""
    medium: str = ""
    customer: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> LogView:
        """From the query string."""
        known = {name: {value for value, _ in choices} for name, choices in CHOICES.items()}
        chosen = {name: args.get(name, "") for name in CHOICES}
        return cls(
            website=args.get("website", ""),
            q=args.get("q", "").strip()[:100].replace("\x00", ""),
            customer=_uuid(args.get("customer", "")),
            **{name: value if value in known[name] else "" for name, value in chosen.items()},
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the website was chosen."""
        return bool(self.q or self.state or self.kind or self.medium or self.customer)

    def args(self) -> dict[str, Any]:
        """The query string, without what is empty."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {name: value for name, value in values.items() if value}

    def url(self, **more: Any) -> str:
        """The address of this page."""
        return url_for("messages.index", **self.args(), **more)

    def cleared(self) -> str:
        """The address without any filter but the website."""
        return LogView(website=self.website).url()

    def chips(self) -> list[tuple[str, str]]:
        """What no field of the form shows: each with the address without it."""
        return [("One guest", replace(self, customer="").url())] if self.customer else []


def said_of(kind: str) -> str:
    """What people call a kind of message."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
