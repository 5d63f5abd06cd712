"""E-mails as providers want them: a MIME message, or Graph's JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

CALENDAR_NAME = "booking.ics"


@dataclass(frozen=True)
class Letter:
    """One e-mail. `id`: the same however often it is tried."""

    id: str
    to: Sequence[str]
    subject: str
    text: str
    html: str
    from_address: str
    from_name: str = ""
    reply_to: str | None = None
    calendar: str | None = None

    @property
    def calendar_method(self) -> str:
        """PUBLISH or CANCEL, as the file itself says."""
        return "CANCEL" if self.calendar and "METHOD:CANCEL" in self.calendar else "PUBLISH"

    @property
    def calendar_type(self) -> str:
        return f"text/calendar; charset=utf-8; method={self.calendar_method}"


def as_mime(letter: Letter) -> bytes:
    """Text, HTML and calendar as alternatives, and the calendar as a file to keep besides."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _one_line(letter.subject)
    message["From"] = _address(letter.from_address, letter.from_name)
    message["To"] = [_address(address) for address in letter.to]
    message["Message-ID"] = f"<{letter.id}@{letter.from_address.rpartition('@')[2]}>"
    message["X-OneBooking-Message"] = letter.id
    message["Auto-Submitted"] = "auto-generated"
    if letter.reply_to:
        message["Reply-To"] = _address(letter.reply_to)
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    if letter.calendar:
        params = {"method": letter.calendar_method, "charset": "utf-8"}
        message.add_alternative(
            letter.calendar.encode(), maintype="text", subtype="calendar", params=params
        )
        message.add_attachment(
            letter.calendar.encode(),
            maintype="text",
            subtype="calendar",
            params=params,
            filename=CALENDAR_NAME,
        )
    return message.as_bytes()


def as_graph(letter: Letter) -> bytes:
    """The body of Graph's `sendMail`."""
    content = {"contentType": "HTML", "content": letter.html}
    if not letter.html:
        content = {"contentType": "Text", "content": letter.text}
    message: dict[str, Any] = {
        "subject": _one_line(letter.subject),
        "body": content,
        "toRecipients": [_recipient(address) for address in letter.to],
        "internetMessageHeaders": [{"name": "x-onebooking-message", "value": letter.id}],
    }
    if letter.reply_to:
        message["replyTo"] = [_recipient(letter.reply_to)]
    if letter.from_name:
        message["from"] = _recipient(letter.from_address, letter.from_name)
    if letter.calendar:
        message["attachments"] = [_attachment(letter)]
    return json.dumps({"message": message, "saveToSentItems": False}, ensure_ascii=False).encode()


def _attachment(letter: Letter) -> dict[str, str]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": CALENDAR_NAME,
        "contentType": letter.calendar_type,
        "contentBytes": base64.b64encode((letter.calendar or "").encode()).decode(),
    }


def _recipient(address: str, name: str = "") -> dict[str, Any]:
    found = {"address": address}
    if name:
        found["name"] = _one_line(name)
    return {"emailAddress": found}


def _address(address: str, name: str = "") -> Address:
    """Raises ValueError for what is no address."""
    return Address(display_name=_one_line(name), addr_spec=address)


def _one_line(text: str) -> str:
    """A header cannot hold a second line."""
    return " ".join(text.split())
