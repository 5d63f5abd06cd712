"""A stand-in for Microsoft's sign-in and Graph's `sendMail`: with its limits, and its failures.

`POST /__fail {"mode": …, "times": n}`: `busy` (429 with `retry_after`), `error` (500),
`silent` (taken, no answer), `refuse` (`status`, `code`), `expire` (the token at hand is refused).
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from demo.standins.serving import Faults, page, run

TENANT, CLIENT, SECRET = "demo-tenant", "demo-client", "demo-graph-secret"
MOST_AT_ONCE, MOST_A_MINUTE = 4, 30
LARGEST = 4 * 1024 * 1024


@dataclass
class Graph:
    """One tenant. `takes`: seconds for one call; `lives`: seconds that a token is good for."""

    takes: float = 0.05
    lives: float = 3600.0
    minute: float = 60.0
    letters: list[dict[str, Any]] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    calls: list[str] = field(default_factory=list)
    throttled: int = 0
    most_seen: int = 0
    _tokens: dict[str, float] = field(default_factory=dict)
    _times: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _busy: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.add_routes(
            [
                web.post("/{tenant}/oauth2/v2.0/token", self.token),
                web.post("/v1.0/users/{mailbox}/sendMail", self.send_mail),
                web.post("/__fail", self.faults.handle),
                web.get("/__state", self.state),
                web.get("/__letters/{number}", self.letter),
                web.get("/", self.show),
            ]
        )
        return app

    async def token(self, request: web.Request) -> web.Response:
        """A token by client credentials."""
        self.calls.append("token")
        form = await request.post()
        known = {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "grant_type": "client_credentials",
            "scope": "https://graph.microsoft.com/.default",
        }
        if request.match_info["tenant"] != TENANT or dict(form) != known:
            said = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret"}
            return web.json_response(said, status=401)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = time.monotonic() + self.lives
        said_well = {"token_type": "Bearer", "expires_in": int(self.lives), "access_token": token}
        return web.json_response(said_well)

    async def send_mail(self, request: web.Request) -> web.Response:
        """Take a letter within the limits of its mailbox."""
        self.calls.append("sendMail")
        mailbox = request.match_info["mailbox"]
        fault = self.faults.next()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if fault.get("mode") == "expire":
            self._tokens.clear()
        if self._tokens.get(token, 0.0) < time.monotonic():
            return _error(401, "InvalidAuthenticationToken")
        if wait := self._wait(mailbox):
            self.throttled += 1
            return _error(429, "ApplicationThrottled", {"Retry-After": str(wait)})
        self._busy[mailbox] += 1
        self.most_seen = max(self.most_seen, self._busy[mailbox])
        try:
            return await self._take(request, mailbox, fault)
        finally:
            self._busy[mailbox] -= 1

    def _wait(self, mailbox: str) -> int:
        """Seconds to wait; 0 while the mailbox is within its limits."""
        times, now = self._times[mailbox], time.monotonic()
        while times and times[0] <= now - self.minute:
            times.popleft()
        if len(times) >= MOST_A_MINUTE:
            return max(1, round(times[0] + self.minute - now))
        if self._busy[mailbox] >= MOST_AT_ONCE:
            return 1
        times.append(now)
        return 0

    async def _take(
        self, request: web.Request, mailbox: str, fault: Mapping[str, Any]
    ) -> web.Response:
        mode = fault.get("mode")
        if mode == "busy":
            wait = str(fault.get("retry_after", 2))
            return _error(429, "ApplicationThrottled", {"Retry-After": wait})
        if mode == "error":
            return _error(500, "InternalServerError")
        if mode == "refuse":
            return _error(int(fault["status"]), str(fault["code"]))
        body = await request.json()
        if problem := _problem(body):
            return _error(400, problem)
        await asyncio.sleep(self.takes)
        self.letters.append({"mailbox": mailbox, **body["message"]})
        if mode == "silent":
            await asyncio.sleep(60)
        return web.Response(status=202)

    async def state(self, request: web.Request) -> web.Response:
        held = {"letters": self.letters, "calls": self.calls, "throttled": self.throttled}
        return web.json_response({**held, "most_seen": self.most_seen})

    async def letter(self, request: web.Request) -> web.Response:
        """One letter as its reader sees it."""
        found = self.letters[int(request.match_info["number"])]
        return web.Response(text=found["body"]["content"], content_type="text/html")

    async def show(self, request: web.Request) -> web.Response:
        rows = [
            {
                "no": number,
                "to": ", ".join(r["emailAddress"]["address"] for r in letter["toRecipients"]),
                "subject": letter["subject"],
                "files": ", ".join(f["name"] for f in letter.get("attachments", [])),
            }
            for number, letter in enumerate(self.letters)
        ]
        return page("Letters", "E-mails that would have been sent: /__letters/<no>.", rows)


def _problem(body: Any) -> str | None:
    """What the real one would not take."""
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict) or "subject" not in message:
        return "RequestBodyRead"
    to = message.get("toRecipients") or []
    if not to or any("@" not in r["emailAddress"]["address"] for r in to):
        return "ErrorInvalidRecipients"
    if message["body"]["contentType"] not in ("HTML", "Text"):
        return "RequestBodyRead"
    headers = message.get("internetMessageHeaders", [])
    if any(not header["name"].startswith("x-") for header in headers):
        return "InvalidInternetMessageHeader"
    for file in message.get("attachments", []):
        if file["@odata.type"] != "#microsoft.graph.fileAttachment":
            return "RequestBodyRead"
        base64.b64decode(file["contentBytes"], validate=True)
    return None


def _error(status: int, code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    inner = {"request-id": secrets.token_hex(8), "date": "2026-11-21T00:00:00"}
    said = {"error": {"code": code, "message": code, "innerError": inner}}
    return web.json_response(said, status=status, headers=headers)


if __name__ == "__main__":
    run("graph", Graph().app(), 8006)
