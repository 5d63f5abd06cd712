"""The RQ job of the deliveries. It carries nothing: the truth is in the database."""

from __future__ import annotations

from app.deliveries.wake import bell, ringer


def pump() -> None:
    """Have this worker's loop look into the outbox."""
    ringer.heard()
    bell.ring()
