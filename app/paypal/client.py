"""PayPal's REST API as we use it: token, orders, captures, refunds, and "is this webhook yours?".

It composes and reads; `send` carries: httpx for a person who waits, the machine's client for what
leaves by itself. Every call that changes something bears a request id from our own row, so that
the same call again does nothing twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from app.config import Settings
from app.outbound import Answer, Outgoing, Unreachable
from app.payments.models import PaymentSettings

SANDBOX, LIVE = "https://api-m.sandbox.paypal.com", "https://api-m.paypal.com"
EARLIER = 60.0
"""Seconds before its end at which a token is not used any more."""

Send = Callable[[Outgoing], Awaitable[Answer | Unreachable]]
Note = Callable[[Outgoing, Answer | Unreachable], None]


class Provider:
    """Where PayPal is, for this installation. Configured by `create_app`."""

    def __init__(self) -> None:
        self._url = ""

    def configure(self, settings: Settings) -> None:
        """`PAYPAL_URL` stands in the place of both of PayPal's own addresses."""
        self._url = settings.paypal_url.rstrip("/")

    def base(self, *, live: bool) -> str:
        return self._url or (LIVE if live else SANDBOX)

    @property
    def is_elsewhere(self) -> bool:
        """Whether something stands in for PayPal."""
        return bool(self._url)


provider = Provider()


@dataclass(frozen=True)
class Account:
    """A website's account at PayPal."""

    base: str
    client_id: str
    secret: str = field(repr=False)
    webhook_id: str = ""

    @classmethod
    def of(cls, settings: PaymentSettings) -> Account:
        base = provider.base(live=settings.is_live)
        return cls(base, settings.client_id, settings.secret or "", settings.webhook_id)

    @property
    def key(self) -> str:
        """Under which its token is kept: another secret needs another token."""
        said = f"{self.base}\n{self.client_id}\n{self.secret}"
        return hashlib.sha256(said.encode()).hexdigest()


class Tokens:
    """Access tokens of this process, until shortly before they end."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, account: Account) -> str | None:
        token, until = self._kept.get(account.key, ("", 0.0))
        return token if until > time.monotonic() else None

    def keep(self, account: Account, token: str, seconds: float) -> None:
        self._kept[account.key] = token, time.monotonic() + seconds - EARLIER

    def drop(self, account: Account) -> None:
        self._kept.pop(account.key, None)


tokens = Tokens()


class PayPal:
    """One account. `note` hears of every call that was made, but for tokens."""

    def __init__(self, account: Account, send: Send, note: Note | None = None) -> None:
        self.account = account
        self._send = send
        self._note = note

    async def call(self, outgoing: Outgoing) -> Answer | Unreachable:
        """Make a call with a token; once more with a new one when PayPal does not know it."""
        answer = await self._authorized(outgoing)
        if isinstance(answer, Answer) and answer.status == 401:
            tokens.drop(self.account)
            answer = await self._authorized(outgoing)
        return answer

    async def _authorized(self, outgoing: Outgoing) -> Answer | Unreachable:
        token = tokens.get(self.account)
        if token is None:
            answer = await self.fetch_token()
            token = tokens.get(self.account)
            if token is None:
                return answer
        headers = {**outgoing.headers, "Authorization": f"Bearer {token}"}
        answer = await self._send(Outgoing(outgoing.url, headers, outgoing.body, outgoing.method))
        if self._note is not None:
            self._note(outgoing, answer)
        return answer

    async def fetch_token(self) -> Answer | Unreachable:
        """A new token, kept for the next calls."""
        answer = await self._send(token_call(self.account))
        if isinstance(answer, Answer) and answer.status == 200:
            data = data_of(answer)
            token, seconds = data.get("access_token"), data.get("expires_in")
            if isinstance(token, str) and token and isinstance(seconds, int):
                tokens.keep(self.account, token, seconds)
        return answer

    async def create_order(self, body: dict[str, Any], request_id: str) -> Answer | Unreachable:
        return await self.call(self._post("/v2/checkout/orders", body, request_id))

    async def get_order(self, order_id: str) -> Answer | Unreachable:
        return await self.call(self._get(f"/v2/checkout/orders/{quote(order_id, safe='')}"))

    async def capture(self, order_id: str, request_id: str) -> Answer | Unreachable:
        path = f"/v2/checkout/orders/{quote(order_id, safe='')}/capture"
        return await self.call(self._post(path, {}, request_id))

    async def get_refund(self, refund_id: str) -> Answer | Unreachable:
        return await self.call(self._get(f"/v2/payments/refunds/{quote(refund_id, safe='')}"))

    async def verify(self, body: bytes) -> Answer | Unreachable:
        """Ask whether a webhook is genuine; `body` is spliced by who knows the raw bytes."""
        url = f"{self.account.base}/v1/notifications/verify-webhook-signature"
        return await self.call(Outgoing(url, {"Content-Type": "application/json"}, body))

    def _post(self, path: str, body: dict[str, Any], request_id: str) -> Outgoing:
        return post(f"{self.account.base}{path}", body, request_id)

    def _get(self, path: str) -> Outgoing:
        return Outgoing(f"{self.account.base}{path}", {}, b"", "GET")


def post(url: str, body: dict[str, Any], request_id: str) -> Outgoing:
    """A call that may be repeated: PayPal knows it by its request id."""
    headers = {
        "Content-Type": "application/json",
        "PayPal-Request-Id": request_id,
        "Prefer": "return=representation",
    }
    return Outgoing(url, headers, json.dumps(body, separators=(",", ":")).encode())


def token_call(account: Account) -> Outgoing:
    """The call that answers with a token."""
    basic = base64.b64encode(f"{account.client_id}:{account.secret}".encode()).decode()
    headers = {
        "Authorization": f"Basic {basic}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return Outgoing(f"{account.base}/v1/oauth2/token", headers, b"grant_type=client_credentials")


def refund_call(
    account: Account, capture_id: str, body: dict[str, Any], request_id: str
) -> Outgoing:
    """The call that gives money back."""
    url = f"{account.base}/v2/payments/captures/{quote(capture_id, safe='')}/refund"
    return post(url, body, request_id)


def data_of(answer: Answer | Unreachable) -> dict[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    try:
        data = json.loads(answer.body) if isinstance(answer, Answer) else None
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
