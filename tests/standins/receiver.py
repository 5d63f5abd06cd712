"""A source website's webhook endpoint: a real local server that can behave badly in many ways."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from app.webhooks.signing import central

OK = b'{"success": true, "message": "Booking updated"}'


@dataclass(frozen=True)
class Call:
    """One request as it came in. `at`: seconds of the server's clock."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Verified as the Central document's code does."""
        timestamp = int(self.headers["X-Webhook-Timestamp"])
        return (
            self.headers["X-Webhook-Signature"] == f"sha256={central(secret, timestamp, self.body)}"
        )


@dataclass
class Reply:
    """How to answer: after `delay` seconds; `drip` seconds between single bytes of the body."""

    status: int = 200
    body: bytes = OK
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0


Behaviour = Callable[[Call], Reply | Awaitable[Reply]]


@dataclass
class Receiver:
    """The endpoint. `behave` decides each answer; `calls` are all requests in order of arrival."""

    port: int = 0
    behave: Behaviour = field(default=lambda call: Reply())
    calls: list[Call] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, *replies: Reply) -> None:
        """Answer with these, one after the other; the last one repeats."""
        left = list(replies)
        self.behave = lambda call: left.pop(0) if len(left) > 1 else left[0]

    def by_booking(self) -> dict[str, list[Any]]:
        """The bodies received, by booking, in order of arrival."""
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for call in list(self.calls):
            found[call.json["booking_id"]].append(call.json)
        return dict(found)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        now = asyncio.get_running_loop().time()
        call = Call(request.path, dict(request.headers), await request.read(), now)
        self.calls.append(call)
        reply = self.behave(call)
        if not isinstance(reply, Reply):
            reply = await reply
        await asyncio.sleep(reply.delay)
        if not reply.drip:
            return web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        await response.prepare(request)
        for byte in reply.body:
            await response.write(bytes([byte]))
            await asyncio.sleep(reply.drip)
        return response


async def serve(receiver: Receiver) -> web.AppRunner:
    """Start it on the running loop."""
    app = web.Application(client_max_size=1 << 20)
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", receiver.port, backlog=1024, reuse_address=True)
    await site.start()
    receiver.port = runner.addresses[0][1]
    return runner


async def stop(runner: web.AppRunner) -> None:
    """Also what still takes its time to answer."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await runner.cleanup()


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver on a loop and thread of its own."""
    receiver = Receiver(port)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(serve(receiver), loop).result(10)
    try:
        yield receiver
    finally:
        asyncio.run_coroutine_threadsafe(stop(runner), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def raw_server(data: bytes, *, wait: float = 0.0) -> Iterator[str]:
    """Says `data` to whoever connects, without reading, and closes after `wait` seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(data)
                time.sleep(wait)

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(10)
