"""E-mail by SMTP. The address is checked as for every call, when the connection is made."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from app.messaging.accounts import Account
from app.messaging.envelopes import Letter, as_mime
from app.messaging.results import Fate, Result, Trouble, call_of
from app.outbound import DEADLINE, Answer, Client, Outgoing, Unreachable, policy

PORTS = {"starttls": 587, "tls": 465, "none": 25}
STAGE = "x-stage"
"""Header of an answer: at which command the server said it."""
RECIPIENT, DATA, BEFORE = "recipient", "data", "before"


@dataclass(frozen=True)
class Server:
    """Where and as whom."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str
    to: tuple[str, ...]


class Smtp:
    """The provider."""

    def request(self, account: Account, letter: Letter) -> Outgoing:
        server = self.server(account, letter)
        return Outgoing(f"smtp://{server.host}:{server.port}/", {}, as_mime(letter), "SEND")

    def server(self, account: Account, letter: Letter) -> Server:
        values = account.values
        tls = str(values.get("tls") or "starttls")
        port = int(values.get("port") or PORTS.get(tls, 587))
        login = (str(values.get("user") or ""), str(values.get("password") or ""))
        return Server(str(values["host"]), port, tls, *login, letter.from_address, tuple(letter.to))

    async def carry(self, client: Client, outgoing: Outgoing) -> Answer | Unreachable:
        """One connection, one message. What the server says becomes an answer."""
        server = call_of(outgoing).secret
        if not isinstance(server, Server):
            raise TypeError("an e-mail without a server")
        started = time.perf_counter()
        if server.tls == "none" and policy.https_only:
            return Unreachable("tls", "The mail server must be called by TLS.", arrived=False)
        sent = _Sent()
        try:
            async with asyncio.timeout(DEADLINE):
                text = await _talk(server, outgoing.body, sent)
                return Answer(250, {}, text.encode(), _since(started))
        except SMTPRecipientsRefused as error:
            first = error.recipients[0]
            return _said(first.code, first.message, RECIPIENT, started)
        except SMTPResponseException as error:
            stage = DATA if sent.data else BEFORE
            return _said(error.code, error.message, stage, started)
        except TimeoutError:
            message = f"No complete answer within {DEADLINE:g} seconds."
            return Unreachable("timeout", message, _since(started), sent.data)
        except _NotAllowed as error:
            return Unreachable("blocked", str(error), _since(started), arrived=False)
        except (SMTPException, OSError, ValueError):
            message = "The mail server could not be reached, or broke off."
            return Unreachable("connect", message, _since(started), sent.data)

    def read(self, answer: Answer | Unreachable) -> Result:
        """What the server's words mean."""
        if isinstance(answer, Unreachable):
            fate = Fate.UNCLEAR if answer.arrived else Fate.AGAIN
            return Result(fate, answer.message, Trouble.TRANSIENT)
        if answer.status == 250 and STAGE not in answer.headers:
            return Result(Fate.TAKEN)
        code, stage = str(answer.status), answer.headers.get(STAGE)
        reason = f"The mail server answered {code}."
        if stage == BEFORE:  # greeting, TLS, sign-in, sender: the account's, not the guest's
            return Result(Fate.AGAIN, reason, Trouble.CONFIGURATION, code)
        if answer.status < 500:
            return Result(Fate.AGAIN, reason, Trouble.TRANSIENT, code)
        trouble = Trouble.PERMANENT if stage == RECIPIENT else Trouble.CONTENT
        return Result(Fate.REFUSED, reason, trouble, code)


@dataclass
class _Sent:
    """Whether the message itself has begun to leave: from then on it may have arrived."""

    data: bool = False


class _NotAllowed(Exception):
    """The address is not public and not on the operator's list."""


async def _talk(server: Server, message: bytes, sent: _Sent) -> str:
    smtp = aiosmtplib.SMTP(
        hostname=server.host,
        sock=await _connected(server.host, server.port),
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        username=server.user or None,
        password=server.password or None,
        local_hostname="onebooking",
        timeout=DEADLINE,
    )
    await smtp.connect()
    try:
        await smtp.mail(server.sender, encoding="utf-8")
        await _recipients(smtp, server.to)
        sent.data = True
        return (await smtp.data(message)).message
    finally:
        with contextlib.suppress(SMTPException, OSError, TimeoutError):
            await asyncio.wait_for(smtp.quit(), 1.0)
        smtp.close()


async def _recipients(smtp: aiosmtplib.SMTP, to: tuple[str, ...]) -> None:
    """All of them; refused only where nobody is taken."""
    refused = []
    for address in to:
        try:
            await smtp.rcpt(address, encoding="utf-8")
        except aiosmtplib.SMTPRecipientRefused as error:
            refused.append(error)
    if len(refused) == len(to):
        raise SMTPRecipientsRefused(refused)


async def _connected(host: str, port: int) -> socket.socket:
    """A connection to the first address that may be called. Raises _NotAllowed, OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    trusted = policy.trusts(host)
    allowed = [one for one in found if trusted or policy.allows(str(one[4][0]))]
    if not allowed:
        raise _NotAllowed("The address is not public (OUTBOUND_ALLOW can permit it).")
    family, kind, protocol, _, address = allowed[0]
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    try:
        await loop.sock_connect(made, address)
    except BaseException:
        made.close()
        raise
    return made


def _said(code: int, text: str, stage: str, started: float) -> Answer:
    return Answer(code, {STAGE: stage}, text.encode()[:2_000], _since(started))


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
