"""A stand-in for Twilio's messages: it keeps what it is given, reports how it ended, and fails.

`POST /__fail {"mode": …, "times": n}` makes the next calls fail: `refuse` (with `code`, `status`),
`busy` (429, with `retry_after`), `error` (500, not taken), `error_taken` (500, but taken),
`silent` (taken, no answer), `undelivered` (taken, ends so with `code`), `mixed` (reports in the
wrong order), `unreported` (taken, no reports), `forged` (reports with a wrong signature), `twice`.
`POST /__answer {"from": …, "body": …, "url": …}` lets a guest answer.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import aiohttp
from aiohttp import web

from demo.standins.serving import Faults, page, run

ACCOUNT, TOKEN = "AC" + "5" * 32, "demo-twilio-token"
SERVICE = "MG" + "5" * 32
E164 = re.compile(r"\+[1-9]\d{6,14}")
STOPS = {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"}
STARTS = {"START", "YES", "UNSTOP"}
ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The message body exceeds the 1600 character limit."),
}


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """`X-Twilio-Signature` of a form posted to this address."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass
class Twilio:
    """One account. `pause`: seconds between two reports."""

    account: str = ACCOUNT
    token: str = TOKEN
    pause: float = 0.3
    messages: list[dict[str, Any]] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    faults: Faults = field(default_factory=Faults)
    calls: list[str] = field(default_factory=list)
    reported: list[tuple[str, int]] = field(default_factory=list)
    _reports: set[asyncio.Task[None]] = field(default_factory=set)

    def app(self) -> web.Application:
        app = web.Application()
        place = "/2010-04-01/Accounts/{account}/Messages.json"
        app.add_routes(
            [
                web.post(place, self.create),
                web.get(place, self.list),
                web.post("/__fail", self.faults.handle),
                web.post("/__answer", self.answer),
                web.get("/__state", self.state),
                web.get("/", self.show),
            ]
        )
        return app

    async def create(self, request: web.Request) -> web.Response:
        """Take a message, or refuse it as the real one does."""
        self.calls.append("create")
        form = {name: str(value) for name, value in (await request.post()).items()}
        fault = self.faults.next()
        if refused := self._refusal(request, form, fault):
            return refused
        message = self._take(form)
        self._report_soon(message, form.get("StatusCallback", ""), fault)
        if fault.get("mode") == "silent":
            await asyncio.sleep(60)
        if fault.get("mode") == "error_taken":
            return _error(20500, 500, "Internal error")
        return web.json_response(message, status=201)

    def _refusal(
        self, request: web.Request, form: Mapping[str, str], fault: Mapping[str, Any]
    ) -> web.Response | None:
        if not self._knows(request):
            return _error(20003)
        mode = fault.get("mode")
        if mode == "busy":
            wait = str(fault.get("retry_after", 2))
            return _error(20429, 429, "Too Many Requests", {"Retry-After": wait})
        if mode == "error":
            return _error(20500, 500, "Internal error")
        if mode == "refuse":
            return _error(int(fault["code"]), int(fault.get("status", 400)), "Refused")
        if not E164.fullmatch(form.get("To", "")):
            return _error(21211)
        if not form.get("Body"):
            return _error(21602)
        if len(form["Body"]) > 1600:
            return _error(21617)
        if not (form.get("MessagingServiceSid") or form.get("From")):
            return _error(21603)
        return _error(21610) if form["To"] in self.stopped else None

    def _knows(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "")
        return (
            given == aiohttp.encode_basic_auth(self.account, self.token)
            and request.match_info["account"] == self.account
        )

    def _take(self, form: Mapping[str, str]) -> dict[str, Any]:
        message = {
            "sid": "SM" + secrets.token_hex(16),
            "status": "accepted" if form.get("MessagingServiceSid") else "queued",
            "to": form["To"],
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "body": form["Body"],
            "num_segments": "1",
            "error_code": None,
            "error_message": None,
            "date_created": format_datetime(datetime.now(UTC)),
            "date_sent": None,
            "account_sid": self.account,
        }
        self.messages.append(message)
        return message

    async def list(self, request: web.Request) -> web.Response:
        """The newest messages first, to one number if that is asked for."""
        self.calls.append("list")
        if not self._knows(request):
            return _error(20003)
        to = request.query.get("To")
        found = [m for m in reversed(self.messages) if to in (None, m["to"])]
        size = int(request.query.get("PageSize", "50"))
        return web.json_response({"messages": found[:size], "next_page_uri": None})

    def _report_soon(self, message: dict[str, Any], url: str, fault: Mapping[str, Any]) -> None:
        if not url or fault.get("mode") == "unreported":
            return
        task = asyncio.get_running_loop().create_task(self._report(message, url, dict(fault)))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _report(self, message: dict[str, Any], url: str, fault: dict[str, Any]) -> None:
        mode = fault.get("mode")
        last = "undelivered" if mode == "undelivered" else "delivered"
        words = ["sent", last]
        words = words[::-1] if mode == "mixed" else words * (2 if mode == "twice" else 1)
        for word in words:
            await asyncio.sleep(self.pause)
            code = str(fault.get("code", 30003)) if word == "undelivered" else None
            form = self.report_form(message, word, code)
            token = "somebody-else" if mode == "forged" else self.token
            await self._post(url, form, token)
        message["status"], message["error_code"] = last, fault.get("code")

    def report_form(
        self, message: Mapping[str, Any], status: str, code: str | None = None
    ) -> dict[str, str]:
        """What a status report says, and something that nobody knows yet."""
        form = {
            "MessageSid": message["sid"],
            "SmsSid": message["sid"],
            "MessageStatus": status,
            "SmsStatus": status,
            "To": message["to"],
            "AccountSid": self.account,
            "RawDlrDoneDate": "2611211200",
            "SomethingNew": "1",
        }
        return {**form, "ErrorCode": code} if code else form

    async def answer(self, request: web.Request) -> web.Response:
        """A guest answers; STOP and START work here, too, as in the real one."""
        said = await request.json()
        word = str(said["body"]).strip().upper()
        if word in STOPS:
            self.stopped.add(said["from"])
        elif word in STARTS:
            self.stopped.discard(said["from"])
        form = {
            "MessageSid": said.get("sid") or "SM" + secrets.token_hex(16),
            "AccountSid": self.account,
            "From": said["from"],
            "To": said.get("to", "+15005550006"),
            "Body": said["body"],
            "NumMedia": "0",
        }
        status = await self._post(said["url"], form, self.token)
        return web.json_response({"answered": status})

    async def _post(self, url: str, form: Mapping[str, str], token: str) -> int:
        headers = {"X-Twilio-Signature": signature(token, url, form)}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(url, data=form, headers=headers) as response,
            ):
                self.reported.append((form.get("MessageStatus", "answer"), response.status))
                return response.status
        except aiohttp.ClientError:
            return 0

    async def state(self, request: web.Request) -> web.Response:
        held = {"messages": self.messages, "stopped": sorted(self.stopped), "calls": self.calls}
        return web.json_response({**held, "reported": self.reported})

    async def show(self, request: web.Request) -> web.Response:
        names = ("to", "body", "status", "error_code", "date_created")
        rows = ({name: message[name] for name in names} for message in self.messages)
        return page("Phones", "Text messages that would have been sent.", rows)


def _error(
    code: int, status: int = 0, message: str = "", headers: Mapping[str, str] | None = None
) -> web.Response:
    known = ERRORS.get(code, (400, "Bad request"))
    body = {
        "code": code,
        "message": message or known[1],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status or known[0],
    }
    return web.json_response(body, status=status or known[0], headers=headers)


if __name__ == "__main__":
    run("twilio", Twilio().app(), 8005)
