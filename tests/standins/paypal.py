"""The stand-in for PayPal, running beside a test in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from aiohttp import web

from demo.standins.paypal.server import Standin, standin
from tests.standins.receiver import stop


@dataclass
class PayPalServer:
    """A stand-in that runs. `it` is looked at directly; people and faults come over HTTP."""

    base: str
    it: Standin

    def approve(self, order_id: str, choice: str = "pay") -> str:
        """The payer decides. Returns where they are sent."""
        form = {"token": order_id, "choice": choice}
        answer = httpx.post(f"{self.base}/checkoutnow", data=form, trust_env=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def fail(self, **how: Any) -> None:
        httpx.post(f"{self.base}/__fail", json=how, trust_env=False).raise_for_status()

    def decide(self, capture_id: str, status: str) -> None:
        said = {"capture": capture_id, "status": status}
        httpx.post(f"{self.base}/__decide", json=said, trust_env=False).raise_for_status()

    def asked(self, ending: str) -> list[str | None]:
        """The request ids of the calls whose address ends so."""
        return [key for path, key in self.it.calls if path.endswith(ending)]


@contextmanager
def serving() -> Iterator[PayPalServer]:
    """Serve on a free port of the loopback address until the end of the block."""
    made = standin("")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(_start(made), loop).result(10)
    try:
        yield PayPalServer(made.base, made)
    finally:
        asyncio.run_coroutine_threadsafe(stop(runner), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _start(made: Standin) -> web.AppRunner:
    runner = web.AppRunner(made.app(), shutdown_timeout=0, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.base = made.teller.cert_base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner
