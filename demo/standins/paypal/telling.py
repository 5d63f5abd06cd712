"""Webhooks: made, signed, sent until they are taken, and spoiled on demand."""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from demo.standins.paypal.book import instant
from demo.standins.paypal.signing import Authority

CERTIFICATE = "/v1/notifications/certs/CERT-standin-1"
TRIES = 5


@dataclass
class Told:
    """One event, and what its receiver answered."""

    id: str
    type: str
    body: bytes
    answers: list[int | str] = field(default_factory=list)


@dataclass
class Teller:
    """Sends events to one address. `spoil`: `off`, `bad_signature`, `replay`, `out_of_order`,
    `wrong_amount` or nothing."""

    authority: Authority
    url: str = ""
    webhook_id: str = "WH-STANDIN"
    cert_base: str = ""
    """Where the certificate is said to be."""
    spoil: str = ""
    pause: float = 0.3
    told: list[Told] = field(default_factory=list)
    held: list[Told] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, kind: str, resource_type: str, resource: dict[str, Any]) -> None:
        """Say that something happened. Out of order: two are held and sent the wrong way round."""
        if self.spoil == "wrong_amount" and "amount" in resource:
            resource = {**resource, "amount": {**resource["amount"], "value": "0.01"}}
        told = Told(f"WH-{secrets.token_hex(8).upper()}", kind, b"")
        event = {
            "id": told.id,
            "event_version": "1.0",
            "create_time": instant(),
            "resource_type": resource_type,
            "resource_version": "2.0",
            "event_type": kind,
            "summary": kind.replace(".", " ").capitalize(),
            "resource": resource,
        }
        told.body = json.dumps(event).encode()
        self.told.append(told)
        if not self.url or self.spoil == "off":
            return
        if self.spoil == "out_of_order":
            self.held.append(told)
            if len(self.held) < 2:
                return
            queue, self.held = self.held[::-1], []
        else:
            queue = [told] * (3 if self.spoil == "replay" else 1)
        self._start(queue)

    def headers(self, body: bytes, *, genuine: bool = True) -> dict[str, str]:
        """The signature of a body."""
        transmission, at = str(uuid.uuid4()), instant()
        webhook_id = self.webhook_id if genuine else "WH-OTHER"
        return {
            "Content-Type": "application/json",
            "PayPal-Transmission-Id": transmission,
            "PayPal-Transmission-Time": at,
            "PayPal-Transmission-Sig": self.authority.sign(transmission, at, webhook_id, body),
            "PayPal-Cert-Url": f"{self.cert_base}{CERTIFICATE}",
            "PayPal-Auth-Algo": "SHA256withRSA",
        }

    def _start(self, queue: list[Told]) -> None:
        task = asyncio.get_running_loop().create_task(self._send(queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, queue: list[Told]) -> None:
        timeout = aiohttp.ClientTimeout(total=15)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for told in queue:
                for turn in range(TRIES):
                    await asyncio.sleep(self.pause * 2**turn)
                    if await self._once(session, told):
                        break

    async def _once(self, session: aiohttp.ClientSession, told: Told) -> bool:
        headers = self.headers(told.body, genuine=self.spoil != "bad_signature")
        try:
            async with session.post(self.url, data=told.body, headers=headers) as answer:
                told.answers.append(answer.status)
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError) as error:
            told.answers.append(type(error).__name__)
            return False
