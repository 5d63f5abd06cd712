"""A stand-in for a mail server (aiosmtpd): it keeps letters, and refuses when told to.

`fail(stage, code)`: at `RCPT` or `DATA` the next time; code 0 breaks the connection off after the
letter was taken.
"""

from __future__ import annotations

import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "demo-mail", "demo-mail-password"


class MailServer:
    """Use as `with MailServer() as server`: it runs in a thread of its own."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self._faults: list[tuple[str, int]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._knows,
            auth_required=True,
            auth_require_tls=False,
        )

    def __enter__(self) -> MailServer:
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()

    def fail(self, stage: str, code: int) -> None:
        self._faults.append((stage, code))

    def _fault(self, stage: str) -> int | None:
        if self._faults and self._faults[0][0] == stage:
            return self._faults.pop(0)[1]
        return None

    def _knows(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        well = data == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=well, handled=well)

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (code := self._fault("RCPT")) is not None:
            return f"{code} not this one"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        code = self._fault("DATA")
        if code:
            return f"{code} not now"
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        letter = message_from_bytes(raw, policy=policy.default)
        if isinstance(letter, EmailMessage):
            self.letters.append(letter)
        if code == 0 and server.transport is not None:
            server.transport.close()
        return "250 taken"
