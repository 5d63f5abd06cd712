"""E-mail by Microsoft Graph: a token by client credentials, then `sendMail`.

There is no idempotency key. A call without an answer may have sent the e-mail: it is not sent
again by itself, and staff are told.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from app.deliveries.retry import read_retry_after
from app.messaging.accounts import Account
from app.messaging.envelopes import Letter, as_graph
from app.messaging.results import Fate, Result, Trouble, call_of
from app.outbound import Answer, Client, Outgoing, Unreachable

REAL, REAL_LOGIN = "https://graph.microsoft.com", "https://login.microsoftonline.com"
SCOPE = "https://graph.microsoft.com/.default"
EARLY = 120.0
"""Seconds before its end from which a token is not used any more."""
STEP = "x-step"
"""Header of an answer of the token endpoint, so that it is not taken for one of `sendMail`."""
BAD_ADDRESS = frozenset({"ErrorInvalidRecipients", "ErrorRecipientNotFound", "InvalidRecipients"})


@dataclass(frozen=True)
class Secret:
    """Credentials of an app registration."""

    tenant: str
    client_id: str
    client_secret: str


class Graph:
    """The provider. `url`, `login_url`: empty for the real ones."""

    def __init__(self, url: str = "", login_url: str = "") -> None:
        self._url, self._login_url = url or REAL, login_url or REAL_LOGIN
        self._tokens: dict[Secret, tuple[str, float]] = {}

    def request(self, account: Account, letter: Letter) -> Outgoing:
        """The request that sends a letter, without its token."""
        mailbox = quote(str(account.values["mailbox"]))
        url = f"{self._url}/v1.0/users/{mailbox}/sendMail"
        return Outgoing(url, {"Content-Type": "application/json"}, as_graph(letter))

    def secret(self, account: Account) -> Secret:
        names = ("tenant", "client_id", "client_secret")
        return Secret(*(str(account.values[name]) for name in names))

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        """Send with the token at hand; once more with a new one when that is refused."""
        secret = call_of(outgoing).secret
        if not isinstance(secret, Secret):
            raise TypeError("an e-mail without credentials")
        answer = await self._send(client, secret, outgoing)
        if isinstance(answer, Answer) and answer.status == 401 and STEP not in answer.headers:
            self._tokens.pop(secret, None)
            answer = await self._send(client, secret, outgoing)
        return answer

    async def _send(
        self, client: Client, secret: Secret, outgoing: Outgoing
    ) -> Answer | Unreachable:
        token = await self._token(client, secret)
        if not isinstance(token, str):
            return token
        headers = {**outgoing.headers, "Authorization": f"Bearer {token}"}
        return await client.send(replace(outgoing, headers=headers))

    async def _token(self, client: Client, secret: Secret) -> str | Answer | Unreachable:
        token, until = self._tokens.get(secret, ("", 0.0))
        if time.monotonic() < until:
            return token
        answer = await client.send(self._token_request(secret))
        if isinstance(answer, Unreachable):
            return replace(answer, message=f"No token: {answer.message}", arrived=False)
        said = _json(answer.body)
        if answer.status != 200 or not said.get("access_token"):
            # Its body may hold what nobody should read in a log.
            body = json.dumps({"error": str(said.get("error", ""))}).encode()
            return replace(answer, headers={**answer.headers, STEP: "token"}, body=body)
        until = time.monotonic() + float(said.get("expires_in", 0)) - EARLY
        self._tokens[secret] = (str(said["access_token"]), until)
        return str(said["access_token"])

    def _token_request(self, secret: Secret) -> Outgoing:
        form = {
            "client_id": secret.client_id,
            "client_secret": secret.client_secret,
            "grant_type": "client_credentials",
            "scope": SCOPE,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self._login_url}/{quote(secret.tenant)}/oauth2/v2.0/token"
        return Outgoing(url, headers, urlencode(form).encode())

    def read(self, answer: Answer | Unreachable) -> Result:
        """What an answer means. 202 is: taken, not: delivered."""
        if isinstance(answer, Unreachable):
            fate = Fate.UNCLEAR if answer.arrived else Fate.AGAIN
            return Result(fate, answer.message, Trouble.TRANSIENT)
        wish = read_retry_after(answer.headers.get("retry-after"))
        if STEP in answer.headers:
            reason = f"Microsoft did not sign us in (answered {answer.status})."
            code = str(_json(answer.body).get("error", "")) or None
            return Result(Fate.AGAIN, reason, Trouble.CONFIGURATION, code, None, wish)
        if answer.status == 202:
            return Result(Fate.TAKEN)
        return _refusal(answer, wish)


def _refusal(answer: Answer, wish: float | None) -> Result:
    status, error = answer.status, _json(answer.body).get("error")
    code = str(error.get("code", "")) or None if isinstance(error, dict) else None
    reason = f"Microsoft Graph answered {status}" + (f" ({code})." if code else ".")
    if code in BAD_ADDRESS:
        return Result(Fate.REFUSED, "There is no such address.", Trouble.PERMANENT, code)
    if status in (429, 503):
        return Result(Fate.AGAIN, reason, Trouble.TRANSIENT, code, None, wish)
    if status in (401, 403, 404):
        return Result(Fate.AGAIN, reason, Trouble.CONFIGURATION, code, None, wish)
    if 400 <= status < 500:
        return Result(Fate.REFUSED, reason, Trouble.CONTENT, code)
    return Result(Fate.UNCLEAR, reason, Trouble.TRANSIENT, code, None, wish)


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
