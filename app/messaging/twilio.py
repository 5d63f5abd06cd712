"""SMS by Twilio. Its SDK composes the request; our own client makes the call.

Sending is not idempotent there. After a call whose answer is not known, the next one looks first
whether the message is on Twilio's list, and sends only what is not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlencode

import aiohttp

from app.deliveries.retry import read_retry_after
from app.messaging.accounts import Account, sender_of
from app.messaging.codes import reason_of, trouble_of
from app.messaging.results import Fate, Result, Trouble, call_of
from app.outbound import Answer, Client, Outgoing, Unreachable

REAL = "https://api.twilio.com"
UNCLEAR_FOR = timedelta(seconds=60)
"""How long after an unclear call nobody looks: by then it is on Twilio's list, if it was taken."""
SKEW = timedelta(minutes=2)
"""By how much Twilio's clock may differ from ours."""
LISTED = 100
VALID_FOR = 4 * 3600
"""Seconds after which a carrier need not try any more."""
LOOKED = "x-looked"
"""Header of an answer to a look that failed: whatever it says, the message may have been sent."""


@dataclass(frozen=True)
class Text:
    """One SMS."""

    to: str
    body: str
    callback: str
    valid_for: int = VALID_FOR
    """Seconds."""


@dataclass(frozen=True)
class Secret:
    """What a call needs beside the request."""

    user: str
    password: str
    look: Look | None = None

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": aiohttp.encode_basic_auth(self.user, self.password)}


@dataclass(frozen=True)
class Look:
    """What to look for before sending again."""

    request: Outgoing
    body: str
    since: datetime
    known: frozenset[str]
    """Messages that are others', by their ids."""

    def finds(self, listed: Mapping[str, Any]) -> bool:
        """Whether a message on the list is ours. (A trial account writes words before it.)"""
        made = _instant(listed.get("date_created"))
        return (
            str(listed.get("sid")) not in self.known
            and str(listed.get("body", "")).endswith(self.body)
            and (made is None or made >= self.since - SKEW)
        )


class Twilio:
    """The provider. `url`: where its API is; empty for the real one."""

    def __init__(self, url: str = "") -> None:
        self._url = url or REAL

    def send_request(self, account: Account, text: Text) -> Outgoing:
        """The request that sends a text, without its credentials."""
        values, sender = account.values, sender_of(account.values)
        by = "messaging_service_sid" if values.get("messaging_service_sid") else "from_"
        return self._record(
            account,
            "create",
            to=text.to,
            body=text.body,
            status_callback=text.callback,
            validity_period=text.valid_for,
            **{by: sender},
        )

    def look_request(self, account: Account, to: str) -> Outgoing:
        """The request that lists the newest messages to somebody."""
        return self._record(account, "list", to=to, limit=LISTED)

    def _record(self, account: Account, verb: str, **values: Any) -> Outgoing:
        from twilio.rest import Client as Sdk  # noqa: PLC0415 (it is large: only who sends loads it)

        client = Sdk(
            str(account.values["account_sid"]),
            str(account.values["auth_token"]),
            http_client=_Recorder(),
        )
        try:
            getattr(client.messages, verb)(**values)
        except _Recorded as recorded:
            made = recorded.request
        return replace(made, url=made.url.replace(REAL, self._url, 1))

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        """Look first where the last call was unclear; send what is not there."""
        secret = call_of(outgoing).secret
        if not isinstance(secret, Secret):
            raise TypeError("an SMS without credentials")
        if secret.look is not None:
            found = await self._look(client, secret, secret.look)
            if found is not None:
                return found
        headers = {**outgoing.headers, **secret.header}
        return await client.send(replace(outgoing, headers=headers))

    async def _look(
        self, client: Client, secret: Secret, look: Look
    ) -> Answer | Unreachable | None:
        """The message as it is on the list; None when it is not there; else no answer."""
        headers = {**look.request.headers, **secret.header}
        answer = await client.send(replace(look.request, headers=headers))
        if isinstance(answer, Unreachable):
            message = f"It may have been sent, and looking for it failed: {answer.message}"
            return replace(answer, message=message, arrived=True)
        listed = _json(answer.body).get("messages")
        if answer.status != 200 or not isinstance(listed, list):
            return replace(answer, headers={**answer.headers, LOOKED: "1"})
        for one in listed:
            if isinstance(one, dict) and look.finds(one):
                return replace(answer, body=json.dumps(one).encode())
        return None

    def read(self, answer: Answer | Unreachable) -> Result:
        """What an answer means."""
        if isinstance(answer, Unreachable):
            fate = Fate.UNCLEAR if answer.arrived else Fate.AGAIN
            return Result(fate, answer.message, Trouble.TRANSIENT)
        said = _json(answer.body)
        if LOOKED in answer.headers:
            reason = f"It may have been sent, and the list of messages answered {answer.status}."
            return Result(Fate.UNCLEAR, reason, Trouble.TRANSIENT)
        if 200 <= answer.status < 300 and said.get("sid"):
            return Result(Fate.TAKEN, provider_id=str(said["sid"]))
        code = str(said["code"]) if said.get("code") else None
        wish = read_retry_after(answer.headers.get("retry-after"))
        if answer.status == 429 or code == "20429":
            return Result(Fate.AGAIN, reason_of("20429"), Trouble.TRANSIENT, code, None, wish)
        if answer.status in (401, 403, 404):
            reason = reason_of(code) if code else f"The SMS account answered {answer.status}."
            return Result(Fate.AGAIN, reason, Trouble.CONFIGURATION, code, None, wish)
        if 400 <= answer.status < 500:
            return Result(Fate.REFUSED, reason_of(code), trouble_of(code), code)
        reason = f"Twilio answered {answer.status}: it may have sent the message."
        return Result(Fate.UNCLEAR, reason, Trouble.TRANSIENT, code, None, wish)


class _Recorded(Exception):
    """Carries a request out of the SDK instead of a call."""

    def __init__(self, request: Outgoing) -> None:
        super().__init__()
        self.request = request


class _Recorder:
    """In the place of the SDK's HTTP client: writes the request down and makes no call."""

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> NoReturn:
        if params:
            url = f"{url}?{urlencode(params, doseq=True)}"
        body = urlencode(data or {}, doseq=True).encode()
        raise _Recorded(Outgoing(url, dict(headers or {}), body, method))


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _instant(text: Any) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
