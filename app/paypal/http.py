"""Calls to PayPal for a person who waits: httpx, one deadline for everything, no redirects.

Where a connection may go is decided as for every outbound call: by the final address, after names
are resolved (`app.outbound.guard`). What leaves by itself goes through the delivery machine.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import certifi
import httpx

from app.outbound import BODY_LIMIT, Answer, Outgoing, Unreachable, policy
from app.outbound.guard import Blocked, unusable

DEADLINE = 12.0
"""Seconds for a whole call. A person waits for it."""
T = TypeVar("T")


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to addresses that the policy allows: each is looked up once, checked, and used."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises Blocked, OSError for a name that nobody knows, and what httpx raises."""
        host = request.url.host
        if not policy.trusts(host):
            address = await _address_of(host, request.url.port or 443)
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=address)  # the Host header stays as it was
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def send(outgoing: Outgoing) -> Answer | Unreachable:
    """Make one call. Never raises for what the other side does."""
    started = time.perf_counter()
    if fault := unusable(outgoing.url):
        return Unreachable("address", fault, arrived=False)
    try:
        async with asyncio.timeout(DEADLINE):
            return await _call(outgoing, started)
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        kind, message = _explain(error)
        return Unreachable(kind, message, _since(started), _may_have_arrived(error))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Wait for it, wherever this is called from."""
    # In a thread of its own: the caller's may have a running loop.
    with ThreadPoolExecutor(1, "paypal") as thread:
        return thread.submit(asyncio.run, work).result()


async def _call(outgoing: Outgoing, started: float) -> Answer:
    async with (
        httpx.AsyncClient(
            transport=GuardedTransport(), follow_redirects=False, timeout=DEADLINE
        ) as client,
        client.stream(
            outgoing.method,
            outgoing.url,
            headers={"Accept-Encoding": "identity", **outgoing.headers},
            content=outgoing.body,
        ) as response,
    ):
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) >= BODY_LIMIT:
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(body[:BODY_LIMIT]), _since(started))


async def _address_of(host: str, port: int) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, address in found:
        if policy.allows(str(address[0])):
            return str(address[0])
    raise Blocked("Its address is not public.")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


def _may_have_arrived(error: Exception) -> bool:
    never = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, Blocked, socket.gaierror)
    return not isinstance(error, never)


def _explain(error: Exception) -> tuple[str, str]:
    """Kind and sentence, as `app.outbound` says them."""
    if isinstance(error, (TimeoutError, httpx.TimeoutException)):
        return "timeout", f"No complete answer within {DEADLINE:g} seconds."
    if isinstance(error, socket.gaierror):
        return "dns", "The host name could not be resolved."
    if isinstance(error, Blocked):
        return "blocked", "The address is not public (OUTBOUND_ALLOW can permit it)."
    if isinstance(error, (httpx.ConnectError, OSError)):
        return "connect", "The connection was refused or failed."
    if isinstance(error, httpx.NetworkError):
        return "connect", "The connection was closed before an answer came."
    return "protocol", "The answer was not valid HTTP."
