"""What the site can be told to pretend when the hub calls, to see what the hub makes of it."""

from __future__ import annotations

import time
from typing import Any

MODES = {
    "ok": "Answer as it should",
    "down": "Be down (503)",
    "slow": "Be slow",
    "refuse": 'Answer 200 with "success": false',
    "gone": "Want no more webhooks (410)",
}
LONGEST = 60
REFUSAL = "The site was told to refuse."


def pretend(switches: dict[str, Any]) -> tuple[int, str] | None:
    """(status, message) to answer instead of working; None to go on, perhaps after a while."""
    mode = switches["mode"]
    if mode == "slow":
        time.sleep(min(float(switches["seconds"]), LONGEST))
    answers = {
        "down": (503, "The site was told to be down."),
        "refuse": (200, REFUSAL),
        "gone": (410, "The site was told to want no more webhooks."),
    }
    return answers.get(mode)
