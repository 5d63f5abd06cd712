"""Stand-ins beside a test: each on a loop and in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from demo.standins.serving import start


@contextmanager
def serving(app: web.Application, port: int = 0) -> Iterator[str]:
    """Serve it on the loopback address until the block ends. Gives its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner, bound = asyncio.run_coroutine_threadsafe(start(app, port), loop).result(10)
    try:
        yield f"http://127.0.0.1:{bound}"
    finally:
        asyncio.run_coroutine_threadsafe(_stop(runner), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _stop(runner: web.AppRunner) -> None:
    """Also what still takes its time to answer."""
    waiting = asyncio.all_tasks() - {asyncio.current_task()}
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await runner.cleanup()
