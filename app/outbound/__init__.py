"""Calls to other systems: one function, one guard."""

from app.outbound.client import (
    BODY_LIMIT,
    DEADLINE,
    Answer,
    Client,
    Outgoing,
    Unreachable,
    send_once,
)
from app.outbound.guard import policy

__all__ = [
    "BODY_LIMIT",
    "DEADLINE",
    "Answer",
    "Client",
    "Outgoing",
    "Unreachable",
    "policy",
    "send_once",
]
