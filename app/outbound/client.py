"""The one function that calls other systems.

Every call has one deadline, reads a limited answer, follows no redirect, lets nobody unpack a
bomb, and connects only where `guard` allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from app.outbound.guard import Blocked, guarded_socket, policy, trusted_socket, unusable

DEADLINE = 15.0
"""Seconds for the whole call: names, connection, request and answer."""
BODY_LIMIT = 64 * 1024
KEEP_ALIVE = 1.5
"""Seconds. Shorter than servers keep idle connections, so that none closes as we write."""


@dataclass(frozen=True)
class Outgoing:
    """A call, ready to leave."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    context: Any = field(default=None, repr=False, compare=False)
    """What a channel needs to carry it (a credential, what to look for); never logged."""
    limit: int = BODY_LIMIT
    """Bytes of the answer that are read."""


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case; the body is cut at `Outgoing.limit`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    duration_ms: int

    @property
    def text(self) -> str:
        """The body for people: undecodable bytes are replaced."""
        return self.body.decode("utf-8", "replace").replace("\x00", "\ufffd")


@dataclass(frozen=True)
class Unreachable:
    """No answer. kind: `timeout`, `dns`, `connect`, `tls`, `blocked`, `address` or `protocol`."""

    kind: str
    message: str
    duration_ms: int = 0
    arrived: bool = True
    """False when it is certain that nothing reached the other side."""


class Client:
    """Connections that are used again. Use as `async with Client() as client`, in one loop."""

    def __init__(self, deadline: float = DEADLINE, resolvers: int = 64) -> None:
        self._deadline = deadline
        self._resolvers = resolvers
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Client:
        # Names are looked up in threads: a dead name server must not hold up the other names.
        self._pool = ThreadPoolExecutor(self._resolvers, "dns")
        asyncio.get_running_loop().set_default_executor(self._pool)
        for trusted, factory in ((False, guarded_socket), (True, trusted_socket)):
            connector = aiohttp.TCPConnector(
                limit=0, ttl_dns_cache=10, keepalive_timeout=KEEP_ALIVE, socket_factory=factory
            )
            self._sessions[trusted] = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=self._deadline),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "OneBooking/1", "Accept-Encoding": "identity"},
                auto_decompress=False,
            )
        return self

    async def __aexit__(self, *error: object) -> None:
        for session in self._sessions.values():
            await session.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def send(self, outgoing: Outgoing) -> Answer | Unreachable:
        """Make the call. Never raises for what the other side does."""
        started = time.perf_counter()
        if fault := unusable(outgoing.url):
            return Unreachable("address", fault, arrived=False)
        trusted = policy.trusts(urlsplit(outgoing.url).hostname or "")
        try:
            return await self._call(self._sessions[trusted], outgoing, started)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            kind, message = _explain(error, self._deadline)
            return Unreachable(kind, message, _since(started), _may_have_arrived(error))

    async def _call(
        self, session: aiohttp.ClientSession, outgoing: Outgoing, started: float
    ) -> Answer:
        async with session.request(
            outgoing.method,
            outgoing.url,
            data=outgoing.body,
            headers=outgoing.headers,
            allow_redirects=False,
        ) as response:
            body = bytearray()
            while len(body) < outgoing.limit:
                part = await response.content.read(outgoing.limit - len(body))
                if not part:
                    break
                body += part
            else:
                response.close()  # the rest is not wanted
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, bytes(body), _since(started))


def send_once(outgoing: Outgoing, deadline: float = DEADLINE) -> Answer | Unreachable:
    """Make one call and wait for it: for a person who watches."""

    async def call() -> Answer | Unreachable:
        async with Client(deadline, resolvers=1) as client:
            return await client.send(outgoing)

    # In a thread of its own: the caller's may have a running loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, call()).result()


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


def _may_have_arrived(error: Exception) -> bool:
    """Whether a connection stood, so that the other side may have taken the call."""
    return not isinstance(error, (aiohttp.ClientConnectorError, aiohttp.InvalidURL, UnicodeError))


def _explain(error: Exception, deadline: float) -> tuple[str, str]:
    """Kind and sentence. Nothing of what the other side said goes into the sentence."""
    if isinstance(error, TimeoutError):
        return "timeout", f"No complete answer within {deadline:g} seconds."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns", "The host name could not be resolved."
    if isinstance(error, (aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError)):
        return "tls", "The TLS certificate or handshake was not accepted."
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, Blocked):
            return "blocked", "The address is not public (OUTBOUND_ALLOW can permit it)."
        return "connect", "The connection was refused or failed."
    if isinstance(error, (aiohttp.InvalidURL, UnicodeError)):
        return "address", "The address is not a valid URL."
    if isinstance(error, (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        return "connect", "The connection was closed before an answer came."
    return "protocol", "The answer was not valid HTTP."
