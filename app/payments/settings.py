"""How a website takes money: who changes it writes it down, but for the secret itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.errors import Fault, InvalidPayload
from app.events.actions import record
from app.events.models import Actor, NewEvent
from app.payments.models import PaymentSettings
from app.staff.permissions import Permission
from app.staff.scope import Scope

PLAIN = ("is_on", "client_id", "webhook_id", "is_live", "verify_online", "deposit_minutes")
LEAST, MOST = 5, 24 * 60
"""Minutes to pay in."""
_PRINTABLE = re.compile(r"[!-~]*")


def load(session: Session, website_id: str) -> PaymentSettings:
    """The settings, or those of a website that nobody has set up; not added to the session."""
    there = session.get(PaymentSettings, website_id)
    return there or PaymentSettings(
        website_id=website_id,
        is_on=False,
        client_id="",
        webhook_id="",
        is_live=False,
        verify_online=False,
        deposit_minutes=30,
    )


def change(
    session: Session, actor: Actor, scope: Scope, website_id: str, values: Mapping[str, Any]
) -> PaymentSettings:
    """Set them. An empty `secret` keeps the one that is there.

    Raises NotFound, Forbidden, and InvalidPayload.
    """
    manage, view = Permission.WEBSITES_MANAGE, Permission.WEBSITES_VIEW
    scope.demand(manage, website_id, seen_with=view)
    there = load(session, website_id)
    secret = str(values.get("secret") or "")
    _check(values, has_secret=bool(secret or there.secret))
    changes = {
        name: [getattr(there, name), values[name]]
        for name in PLAIN
        if getattr(there, name) != values[name]
    }
    for name in PLAIN:
        setattr(there, name, values[name])
    if secret:
        there.secret = secret
        changes["secret"] = [None, "replaced"]
    session.add(there)
    if changes:
        event = NewEvent(
            name="payment_settings.changed",
            subject_type="website",
            subject_id=website_id,
            website_id=website_id,
            changes=changes,
        )
        record(session, actor, event)
    session.flush()
    return there


def _check(values: Mapping[str, Any], *, has_secret: bool) -> None:
    faults = []
    minutes = values["deposit_minutes"]
    if not isinstance(minutes, int) or not LEAST <= minutes <= MOST:
        faults.append(Fault("deposit_minutes", f"Must be from {LEAST} to {MOST} minutes."))
    for name in ("client_id", "webhook_id", "secret"):
        text = str(values.get(name) or "")
        if len(text) > 200 or not _PRINTABLE.fullmatch(text):
            faults.append(Fault(name, "Must be what PayPal shows, without spaces."))
    if values["is_on"] and not values["client_id"]:
        faults.append(Fault("client_id", "Is needed to take money."))
    if values["is_on"] and not has_secret:
        faults.append(Fault("secret", "Is needed to take money."))
    if values["is_on"] and not values["webhook_id"]:
        faults.append(Fault("webhook_id", "Is needed: without it nobody hears of late payments."))
    if faults:
        raise InvalidPayload("Please check this.", faults)
