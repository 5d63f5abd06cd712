"""Payments in the history, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.bookings.amounts import HIDDEN
from app.events.models import Event

SAID = {
    "payment.requested": "asked the guest to pay",
    "payment.received": "took the payment",
    "payment.failed": "could not take the payment",
    "payment.drifted": "found figures that are not the sum of the payments",
    "refund.requested": "asked for a refund",
    "refund.completed": "gave the money back",
    "refund.failed": "could not give the money back",
}
AMOUNTS = frozenset({"payment_amount", "counted_amount", "shown_amount"})
LABELS = {
    "payment_amount": "Amount",
    "payment_state": "State",
    "counted_amount": "Counted",
    "shown_amount": "Shown",
}
Say = Callable[[str, Any], str | None]


def said(event: Event) -> str:
    """What happened, and the provider's word for a trouble."""
    problem = str(event.meta.get("problem", ""))
    words = f"{SAID[event.name]} again" if event.meta.get("again") else SAID[event.name]
    return f"{words} ({problem.replace('_', ' ').lower()})" if problem else words


def details(opened: Mapping[str, list[Any]], say: Say) -> list[dict[str, str | None]]:
    """The amount, for who may see amounts."""
    hides = say("paid_amount", 1) == HIDDEN
    return [
        {"label": LABELS[name], "old": None, "new": HIDDEN if hides else str(opened[name][1])}
        for name in opened
        if name in AMOUNTS
    ]
