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
_OF_GUEST = {"payment.requested": "tried to pay again", "payment.received": "paid"}
AMOUNTS = frozenset({"payment_amount", "counted_amount", "shown_amount"})
LABELS = {
    "payment_amount": "Amount",
    "payment_state": "State",
    "counted_amount": "The payments say",
    "shown_amount": "The booking says",
}
Say = Callable[[str, Any], str | None]
"""A field's value in words, for this reader."""


def said(event: Event, opened: Mapping[str, list[Any]], say: Say) -> str:
    """What happened, how much for who may see it, and the provider's word for a trouble."""
    words = SAID[event.name]
    if event.actor_kind == "customer":
        words = _OF_GUEST.get(event.name, words)
    if event.meta.get("again"):
        words += " again"
    amount = opened.get("payment_amount", [None, None])[1]
    if amount and not _hides(say):
        words += f": {amount}"
    problem = str(event.meta.get("problem", ""))
    return f"{words} ({problem.replace('_', ' ').lower()})" if problem else words


def note(event: Event, opened: Mapping[str, list[Any]], say: Say) -> str | None:
    """Both figures of a booking that drifted."""
    if event.name != "payment.drifted" or _hides(say):
        return None
    names = ("shown_amount", "counted_amount")
    return " ".join(f"{LABELS[name]}: {opened[name][1]}." for name in names if name in opened)


def _hides(say: Say) -> bool:
    return say("paid_amount", 1) == HIDDEN
