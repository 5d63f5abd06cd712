"""Places where a test kills this process, to show that nothing is lost there.

`DELIVERY_FAULT=<place>:<n>` dies at the n-th passing; it does nothing outside of tests.
"""

from __future__ import annotations

import asyncio
import os
import signal

_place, _, _count = os.environ.get("DELIVERY_FAULT", "").partition(":")
_left = int(_count or 1) if os.environ.get("ENV") == "test" and _place else 0


def reach(place: str) -> None:
    """Die here if the test says so."""
    global _left
    if _left and place == _place:
        _left -= 1
        if not _left:
            os.kill(os.getpid(), signal.SIGKILL)


def soon(place: str, seconds: float = 0.02) -> None:
    """Die here a moment later, if the test says so: in the midst of what follows."""
    if _left and place == _place:
        asyncio.get_running_loop().call_later(seconds, reach, place)
