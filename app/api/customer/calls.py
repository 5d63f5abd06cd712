"""One call of a customer: admit, do, log, commit. What it changed and its log row are one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.api import logged
from app.api.bodies import Answer
from app.api.customer.caller import CustomerCaller, signed_in
from app.api.logged import LoggedCall, answer
from app.extensions import db

__all__ = ["Answer", "answer"]  # and what is defined here

GROUP = "Customers"
OPEN = "customers bring their token"
SECURITY = ("customerToken",)
HIDDEN = frozenset(
    ("special_requirements", "medical_notes", "emergency_contact_name", "emergency_contact_phone")
)
"""What the sync log does not keep of a body, at whatever depth."""


@dataclass(kw_only=True)
class Call(LoggedCall):
    """A call, and who makes it."""

    caller: CustomerCaller


def reading(read: Callable[[CustomerCaller], dict[str, Any]]) -> Response:
    """Answer a call that changes nothing."""
    body = read(signed_in())
    db.session.commit()  # the device was used
    return answer(200, body)


def changing(event: str, make: Callable[[Call], Answer]) -> Response:
    """Answer a call that changes something, once for each Idempotency-Key.

    It is logged with the website that `make` notes in the call, without what is `HIDDEN`.
    """
    caller = signed_in()
    shown = {"Authorization": "Bearer …"}
    call = Call(event, caller.door, shown, hidden=HIDDEN, caller=caller)
    return logged.changing(call, make)
