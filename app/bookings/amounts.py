"""Who may not see payments at a website sees no amount of its bookings, wherever they stand.

What is money says the field table (`MONEY`, and the prices inside the add-ons); who may see it is
`may_see`. Pages, history, forms, JSON, exports and the bodies of calls all ask here.
"""

from __future__ import annotations

import json
from typing import Any

from app.bookings.fields import EDITABLE, MONEY
from app.staff.permissions import Permission
from app.staff.scope import Scope

PRICED = MONEY | {"addons"}
"""Fields that hold an amount: nobody sets them who may not see it."""
HIDDEN = "hidden"
_ON_THE_WIRE = MONEY | {"unit_price", "cost", "price", "amount", "value", "payment_amount"}


def may_see(scope: Scope, website_id: str | None) -> bool:
    """Whether amounts of this website's bookings are shown."""
    return scope.can(Permission.PAYMENTS_VIEW, website_id)


def editable(scope: Scope, website_id: str) -> frozenset[str]:
    """The fields that this person may set."""
    return EDITABLE if may_see(scope, website_id) else EDITABLE - PRICED


def without(values: dict[str, Any]) -> dict[str, Any]:
    """A booking's JSON values: null for amounts, add-ons without their prices."""
    bare: dict[str, Any] = {n: None if n in MONEY else value for n, value in values.items()}
    bare["addons"] = [{**item, "unit_price": None} for item in bare.get("addons") or []]
    for name in ("tickets", "menu_choices", "travelers"):
        bare[name] = [{**item, "price": None} for item in bare.get(name) or []]
    return bare


def without_history(changes: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The {field: [old, new]} of an event, with a word in the place of every amount."""
    return {
        name: [HIDDEN, HIDDEN] if name in _ON_THE_WIRE else _redacted(pair)
        for name, pair in changes.items()
    }


def body_for(scope: Scope, website_id: str | None, text: str | None) -> str | None:
    """The body of a call about this website's bookings, as this reader gets it."""
    return text if may_see(scope, website_id) else redacted(text)


def redacted(text: str | None) -> str | None:
    """The body of a call without its amounts; all of it is hidden where it is no JSON."""
    if not text:
        return text
    try:
        return json.dumps(_redacted(json.loads(text)), ensure_ascii=False)
    except ValueError:
        return f"({HIDDEN}: it may hold amounts)"


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if name in _ON_THE_WIRE else _redacted(inner)
            for name, inner in value.items()
        }
    return [_redacted(inner) for inner in value] if isinstance(value, list) else value
