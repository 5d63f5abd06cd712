"""The webhook of a stand-in for a platform: it says that something changed, and not what."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

SECONDS = aiohttp.ClientTimeout(5)
SAID = {"event": "reservation"}


@dataclass
class Hint:
    """Calls `url`, and goes on whatever comes back; without an address it does nothing."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def send(self) -> None:
        """Call it, without waiting. From within the event loop."""
        if self.url:
            task = asyncio.get_running_loop().create_task(self._call())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _call(self) -> None:
        try:
            async with (
                aiohttp.ClientSession(timeout=SECONDS) as session,
                session.post(self.url, json=SAID, headers=self.headers),
            ):
                return
        except (aiohttp.ClientError, TimeoutError):
            return
