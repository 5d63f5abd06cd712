"""One call of a partner: admit, do, log, commit. What it changed and its log row are one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.api import logged
from app.api.bodies import Answer
from app.api.logged import LoggedCall, answer, log
from app.api.partner.caller import admitted
from app.apikeys.models import KeyScope
from app.extensions import db
from app.partners.callers import PartnerCaller

__all__ = ["Answer", "answer", "log"]  # and what is defined here

GROUP = "Partners"
OPEN = "partners bring their API key"
SECURITY = ("partnerKey", "partnerPair")


@dataclass(kw_only=True)
class Call(LoggedCall):
    """A call, and who makes it."""

    caller: PartnerCaller


def reading(scope: KeyScope, read: Callable[[PartnerCaller], dict[str, Any]]) -> Response:
    """Answer a call that changes nothing."""
    body = read(admitted(scope))
    db.session.commit()  # the key was used
    return answer(200, body)


def begun(found: PartnerCaller, event: str) -> Call:
    """A call that will be logged under its partner's door."""
    shown = {"Authorization": f"Bearer {found.key.prefix}…"}
    return Call(event, found.partner.door, shown, caller=found)


def changing(scope: KeyScope, event: str, make: Callable[[Call], Answer]) -> Response:
    """Answer a call that changes something, once for each Idempotency-Key, and log it."""
    return logged.changing(begun(admitted(scope), event), make)
