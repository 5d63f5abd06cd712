"""The RQ job of the deliveries. It carries nothing: the truth is in the database."""

from __future__ import annotations

import time

from app.deliveries.wake import bell, ringer

REST = 0.1
"""Seconds for which one wake-up serves all edits: however many there are, ten jobs a second."""


def pump() -> None:
    """Have this worker's loop look into the outbox, and once more for what came meanwhile."""
    bell.ring()
    time.sleep(REST)
    try:
        ringer.heard()
    finally:
        bell.ring()
