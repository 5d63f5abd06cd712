"""The API of the stand-in. Every POST that changes something must bear a request id; the same id
gives the same answer again."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from demo.standins.paypal import pages, shapes
from demo.standins.paypal.book import Book, Refused, refuse
from demo.standins.paypal.signing import Authority
from demo.standins.paypal.telling import CERTIFICATE, Teller

CLIENT, SECRET = "standin-client", "standin-secret"
EVENT = b'"webhook_event": '


@dataclass
class Fault:
    """What goes wrong next: `on` one kind of call (`token`, `create`, `get`, `capture`, `refund`,
    `verify`), `how`: `timeout` (done, but nobody hears of it), a status, or an issue."""

    on: str
    how: str
    times: int = 1
    retry_after: int | None = None
    delay: float = 60.0


@dataclass
class Standin:
    """All of it. `calls`: what was asked, in order."""

    book: Book = field(default_factory=Book)
    teller: Teller = field(default_factory=lambda: Teller(Authority()))
    base: str = ""
    tokens: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str | None]] = field(default_factory=list)
    wrong_amount: bool = False

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._errors], client_max_size=256 * 1024)
        app.add_routes(
            [
                web.post("/v1/oauth2/token", self.token),
                web.post("/v2/checkout/orders", self.create),
                web.get("/v2/checkout/orders/{id}", self.get_order),
                web.post("/v2/checkout/orders/{id}/capture", self.capture),
                web.post("/v2/payments/captures/{id}/refund", self.refund),
                web.get("/v2/payments/refunds/{id}", self.get_refund),
                web.post("/v1/notifications/verify-webhook-signature", self.verify),
                web.get(CERTIFICATE, self.certificate),
                web.post("/__fail", self.fail),
                web.post("/__webhook", self.webhook),
                web.get("/__state", self.state),
                *pages.routes(self),
            ]
        )
        return app

    @web.middleware
    async def _errors(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        except Refused as error:
            detail = {"issue": error.issue, "field": error.field, "description": "(said freely)"}
            body = {"name": error.name, "message": "It was refused.", "details": [detail]}
            body["debug_id"] = secrets.token_hex(6)
            return web.json_response(body, status=error.status)
        return response

    async def token(self, request: web.Request) -> web.Response:
        self._note(request)
        await self._fault("token")
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        form = await request.post()
        if request.headers.get("Authorization") != expected:
            body = {"error": "invalid_client", "error_description": "Client Authentication failed"}
            return web.json_response(body, status=401)
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        token = secrets.token_urlsafe(24)
        self.tokens.add(token)
        found: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": 32400}
        return web.json_response({**found, "scope": "", "app_id": "APP-STANDIN"})

    async def create(self, request: web.Request) -> web.Response:
        def make(body: dict[str, Any]) -> dict[str, Any]:
            return shapes.order_json(self.book, self.book.create(body), self.base)

        return await self._repeatable(request, "create", make)

    async def get_order(self, request: web.Request) -> web.Response:
        self._authorize(request)
        await self._fault("get")
        order = self.book.order(request.match_info["id"])
        return web.json_response(self._spoiled(shapes.order_json(self.book, order, self.base)))

    async def capture(self, request: web.Request) -> web.Response:
        def take(body: dict[str, Any]) -> dict[str, Any]:
            order = self.book.order(request.match_info["id"])
            made = self.book.capture(order)
            said = shapes.capture_json(made, self.base)
            self.teller.tell(f"PAYMENT.CAPTURE.{made.status}", "capture", said)
            return self._spoiled(shapes.order_json(self.book, order, self.base))

        return await self._repeatable(request, "capture", take)

    async def refund(self, request: web.Request) -> web.Response:
        def give(body: dict[str, Any]) -> dict[str, Any]:
            made = self.book.refund(request.match_info["id"], body)
            said = shapes.refund_json(self.book, made, self.base)
            self.teller.tell("PAYMENT.CAPTURE.REFUNDED", "refund", said)
            return said

        return await self._repeatable(request, "refund", give)

    async def get_refund(self, request: web.Request) -> web.Response:
        self._authorize(request)
        found = self.book.refunds.get(request.match_info["id"])
        if found is None:
            raise Refused(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        return web.json_response(shapes.refund_json(self.book, found, self.base))

    async def verify(self, request: web.Request) -> web.Response:
        """The event must have been spliced in as it came: its very bytes are checked."""
        self._authorize(request)
        await self._fault("verify")
        raw = await request.read()
        said = json.loads(raw)
        event = raw[raw.index(EVENT) + len(EVENT) : -1]
        known = self.teller.authority.knows(
            said["transmission_sig"],
            said["transmission_id"],
            said["transmission_time"],
            said["webhook_id"],
            event,
        )
        status = "SUCCESS" if known and said["webhook_id"] == self.teller.webhook_id else "FAILURE"
        return web.json_response({"verification_status": status})

    async def certificate(self, request: web.Request) -> web.Response:
        return web.Response(body=self.teller.authority.pem, content_type="application/x-pem-file")

    async def fail(self, request: web.Request) -> web.Response:
        """`{"on": "capture", "how": "timeout"}`, `{"on": "webhook", "how": "bad_signature"}`,
        `{"on": "amount"}`, `{"on": "tokens"}`; `{}` ends all of it."""
        said = await request.json()
        on = said.get("on")
        if on == "webhook":
            self.teller.spoil = said.get("how", "")
        elif on == "amount":
            self.wrong_amount = True
        elif on == "tokens":
            self.tokens.clear()
        elif on:
            self.faults.append(Fault(**said))
        else:
            self.faults, self.wrong_amount, self.teller.spoil = [], False, ""
        return web.json_response({"faults": [asdict(each) for each in self.faults]})

    async def webhook(self, request: web.Request) -> web.Response:
        """`{"url", "webhook_id"}`: where events go."""
        said = await request.json()
        self.teller.url = said.get("url", self.teller.url)
        self.teller.webhook_id = said.get("webhook_id", self.teller.webhook_id)
        return web.json_response({"url": self.teller.url, "webhook_id": self.teller.webhook_id})

    async def state(self, request: web.Request) -> web.Response:
        return web.json_response(self.holds())

    def holds(self) -> dict[str, Any]:
        """What it holds, as JSON."""
        return {
            "orders": [asdict(each) for each in self.book.orders.values()],
            "captures": [asdict(each) for each in self.book.captures.values()],
            "refunds": [asdict(each) for each in self.book.refunds.values()],
            "events": [
                {"id": each.id, "type": each.type, "answers": each.answers}
                for each in self.teller.told
            ],
            "webhook": {"url": self.teller.url, "webhook_id": self.teller.webhook_id},
        }

    async def _repeatable(
        self, request: web.Request, kind: str, make: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> web.Response:
        self._authorize(request)
        key = request.headers.get("PayPal-Request-Id", "")
        if not 0 < len(key) <= 108:
            raise Refused(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", "PayPal-Request-Id")
        fault = self._next_fault(kind)
        if fault is not None and fault.how != "timeout":
            self._break(fault)
        said = json.loads(await request.read() or b"{}")
        before, answer = self.book.answers.get(key, ("", {}))
        mark = f"{request.path} {json.dumps(said, sort_keys=True)}"
        if before and before != mark:
            raise refuse("DUPLICATE_REQUEST_ID")
        if not before:
            answer = make(said)
            self.book.answers[key] = (mark, answer)
            self.book.keep()
        if fault is not None:
            await asyncio.sleep(fault.delay)
        return web.json_response(answer, status=200 if before else 201)

    async def _fault(self, kind: str) -> None:
        fault = self._next_fault(kind)
        if fault is None:
            return
        if fault.how == "timeout":
            await asyncio.sleep(fault.delay)
        self._break(fault)

    def _next_fault(self, kind: str) -> Fault | None:
        fault = next((each for each in self.faults if each.on == kind), None)
        if fault is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
        return fault

    def _break(self, fault: Fault) -> None:
        if not fault.how.isdecimal():
            raise refuse(fault.how)
        wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        status = int(fault.how)
        body = json.dumps({"name": f"HTTP_{status}", "debug_id": secrets.token_hex(6)})
        raise _Broken(status, body, wait)

    def _authorize(self, request: web.Request) -> None:
        self._note(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise Refused(401, "AUTHENTICATION_FAILURE", "INVALID_TOKEN")

    def _note(self, request: web.Request) -> None:
        self.calls.append((request.path, request.headers.get("PayPal-Request-Id")))

    def _spoiled(self, order: dict[str, Any]) -> dict[str, Any]:
        """With another amount than what was asked for, while that is switched on."""
        if self.wrong_amount:
            for each in order["purchase_units"][0].get("payments", {}).get("captures", []):
                each["amount"] = {**each["amount"], "value": "0.01"}
        return order


class _Broken(web.HTTPException):
    """An answer without the shape of an API error."""

    def __init__(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.status_code = status
        super().__init__(text=body, headers=headers, content_type="application/json")


def standin(base: str, path: Path | None = None) -> Standin:
    """A stand-in that is reached at `base`."""
    made = Standin(Book.load(path), base=base)
    made.teller.cert_base = base
    return made
